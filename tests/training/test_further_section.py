"""A further section of the report is a module, a template, its words and its place: nothing else knows it."""

import json
import re
import shutil
import sys
from pathlib import Path

import pytest
from project_copy import ROOT, copied, run

MODULE = '''"""How many rows the test has."""

from typing import Literal

from pydantic import with_config
from typing_extensions import TypedDict

from training.data.artifacts import STRICT
from training.reporting.sections.checks import checks
from training.reporting.source import Source


@with_config(STRICT)
class Extent(TypedDict):
    """Rows of the test, and checks that looked at them."""

    assessed: Literal[True]
    rows: int
    checks: int


def extent(source: Source) -> Extent:
    """Return the number of rows and of checks."""
    return {"assessed": True, "rows": source.detail["n"], "checks": len(source.section(checks)["checks"])}
'''
TEMPLATE = """{% call m.section(number, name, found) %}
<p>{{ t("extent.rows", rows=found.rows | count, checks=found.checks) }}</p>
{% endcall %}
"""
WORDS = {
    "section.extent": ["Extent of the test", "检验规模"],
    "lead.extent": ["How much was looked at.", "检验涉及的数据量。"],
    "extent.rows": ["{rows} rows, {checks} checks.", "{rows} 行，{checks} 项检查。"],
}
REPORT = """
import sys
sys.path.append("tests")
import stages
from training.stages.report import report
report(stages.params(), "churn")
"""
WRONG = """
from training.data.artifacts import read_artifact, write_artifact
from training.reporting.build import Report
from pathlib import Path
folder = Path("experiments/made-up/churn")
found = read_artifact(Report, folder)
sections = found["sections"] | {"extent": {"assessed": True, "rows": 1}}
write_artifact(folder, Report, found | {"sections": sections})
"""


@pytest.fixture
def project(made_up: Path, tmp_path: Path) -> Path:
    """A copy of the project with one section more, and the stage files of the made-up task."""
    copied(tmp_path, links=False)
    room = tmp_path / "training/reporting"
    (room / "sections/extent.py").write_text(MODULE)
    (room / "templates/sections/extent.html.j2").write_text(TEMPLATE)
    with (room / "strings.yaml").open("a") as file:
        file.writelines(f"{key}: {json.dumps(said, ensure_ascii=False)}\n" for key, said in WORDS.items())
    listed = (room / "build.py").read_text().replace("data, checks, method,", "data, checks, extent, method,")
    imported = "from training.reporting.sections.gates import"
    listed = listed.replace(imported, f"from training.reporting.sections.extent import extent\n{imported}")
    (room / "build.py").write_text(listed)
    shutil.copytree(ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(made_up, tmp_path, dirs_exist_ok=True)
    return tmp_path


def test_a_section_is_four_files_typed_and_told_in_both_languages(project: Path):
    done = run(project, sys.executable, "-c", REPORT)
    assert done.returncode == 0, done.stderr[-2000:]
    out = project / "experiments/made-up/churn"
    sections = json.loads((out / "report.json").read_text())["sections"]
    assert list(sections).index("extent") == list(sections).index("checks") + 1
    found = sections["extent"]
    part = re.findall(r'<section id="extent".*?</section>', (out / "report.html").read_text(), re.DOTALL)[0]
    for words in WORDS.values():
        for said in words:
            assert said.format(rows=f"{found['rows']:,}", checks=found["checks"]) in part
    done = run(project, sys.executable, "-c", WRONG)
    assert "report.json: sections.extent.checks: Field required" in done.stderr
