"""What an audit of the dependencies says."""

import json

from advisories import verdict

CLEAN = {"name": "numpy", "version": "2.4.0", "vulns": []}
BAD = {"name": "old", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]}
UNKNOWN = {"name": "own", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_and_is_named():
    code, said = verdict(json.dumps({"dependencies": [CLEAN, BAD, UNKNOWN]}))
    assert code == 1
    assert said[0] == "old 1.0: PYSEC-1, fixed in ['1.1']"
    assert said[-1] == "audit: 1 known vulnerabilities in 2 packages; no advisories here for 1 others"


def test_what_cannot_be_asked_is_said_and_does_not_fail():
    code, said = verdict(json.dumps({"dependencies": [UNKNOWN, UNKNOWN]}))
    assert (code, said) == (
        0,
        ["audit: 0 known vulnerabilities in 0 packages; no advisories here for 2 others"],
    )
    assert verdict("<html>gateway</html>") == (0, ["audit: not done, the advisories could not be asked"])


def test_clean_is_clean():
    assert verdict(json.dumps({"dependencies": [CLEAN]})) == (
        0,
        ["audit: 0 known vulnerabilities in 1 packages"],
    )
