"""``memberlens``: the commands of training and serving under one name."""

import sys


def main() -> None:
    """``memberlens serving …`` is the service's command line, everything else the pipeline's."""
    if sys.argv[1:2] == ["serving"]:
        from serving.__main__ import main as run

        del sys.argv[1]
    else:
        from training.__main__ import main as run
    run()


if __name__ == "__main__":
    main()
