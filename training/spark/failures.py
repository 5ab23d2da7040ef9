"""What went wrong on executors, as the one sentence behind Spark's pages of stack traces."""

import re

RAISED = {"ValueError": ValueError, "FileNotFoundError": FileNotFoundError}
PYTHON = re.compile(
    rf"^({'|'.join(RAISED)}): (.+?)(?=\s*(?:SQLSTATE: \w+)?\s*(?:\n\s+at |\n\nDriver stack|\Z))", re.M | re.S
)
BARRIER, FEWER = "failed barrier ResultStage", "SPARK-24819"
GONE = {  # the first that is found
    BARRIER: "an executor was lost while trees were learnt, for which all are needed",
    "ExecutorLostFailure": "executors were lost, a task's as often as it may be tried",
    FEWER: "fewer cores are left than the fit was begun with",
    "Master removed our application": "the master took the run off",
    "SparkContext was shut down": "Spark's driver was shut down",
}


def lost_in_fit(error: Exception) -> bool:
    """Tell whether an executor was lost while trees were learnt, or just before: all others are well."""
    return any(sign in str(error) for sign in (BARRIER, FEWER))


class ClusterLostError(ConnectionError):
    """A cluster that is no longer there, at least not as it was."""

    def __init__(self, master: str, why: str) -> None:
        super().__init__(
            f"master {master!r}: {why}; the steps that are done are kept, and a further run goes on"
        )


def sentence(error: Exception, master: str) -> Exception | None:
    """Return what an executor raised, or that executors were lost; None where it is neither.

    >>> sentence(RuntimeError("Traceback\\nValueError: churn: about nobody\\n\\tat java"), "local")
    ValueError('churn: about nobody')
    """
    text = str(error)
    raised = None if isinstance(error, ValueError) else PYTHON.search(text)
    if raised:
        return RAISED[raised[1]](raised[2])
    found = next((why for sign, why in GONE.items() if sign in text), None)
    return ClusterLostError(master, found) if found else None
