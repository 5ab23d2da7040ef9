"""``make audit``: what pip-audit found on the locked packages; standard input is its JSON.

A known vulnerability fails. A package that the service of advisories does not know, or a service
that cannot be reached, is said and does not: an index without advisories must not stop the work.
"""

import json
import sys


def verdict(report: str) -> tuple[int, list[str]]:
    """Exit code and what to say.

    Examples
    --------
    >>> verdict("")
    (0, ['audit: not done, the advisories could not be asked'])
    """
    try:
        packages = json.loads(report)["dependencies"]
    except (ValueError, KeyError):
        return 0, ["audit: not done, the advisories could not be asked"]
    known = [package for package in packages if "skip_reason" not in package]
    found = [
        f"{package['name']} {package['version']}: {one['id']}, fixed in {one['fix_versions'] or 'none'}"
        for package in known
        for one in package["vulns"]
    ]
    said = f"audit: {len(found)} known vulnerabilities in {len(known)} packages"
    left = len(packages) - len(known)
    return int(bool(found)), [*found, said + (f"; no advisories here for {left} others" if left else "")]


if __name__ == "__main__":
    code, lines = verdict(sys.stdin.read())
    print("\n".join(lines))
    sys.exit(code)
