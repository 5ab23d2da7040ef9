"""Files of another system: read as they stand, or refused by the first cell that does not fit."""

from dataclasses import replace

import polars as pl
import pytest

from models.acting.off_policy import LogError
from training.acting import arms, whatif
from training.acting.audience import read_reach
from training.acting.contact_files import NUMBER, TAKEN, TEXT, YES_OR_NO, Cell, read_table, require_one_row

CELLS = {"subject": TEXT, "sent": YES_OR_NO, "margin": replace(NUMBER, empty=True)}
NEEDED = ("subject", "sent")


def read(path, text):
    path.write_text(text)
    return read_table(path, NEEDED, LogError, CELLS)


def test_ids_keep_their_zeros_and_truth_and_money_are_read(tmp_path):
    found = read(tmp_path / "a.csv", "subject,sent,margin\n00123,TRUE,\n1e5, 0 ,12.50\n7,1,-3\n")
    assert found["subject"].to_list() == ["00123", "1e5", "7"]
    assert found["sent"].to_list() == [True, False, True]
    assert found["margin"].to_list() == [None, 12.5, -3.0]


def test_parquet_says_the_same(tmp_path):
    table = pl.DataFrame({"subject": [5, 6], "sent": [1.0, 0.0], "margin": [True, None]})
    table.write_parquet(tmp_path / "a.parquet")
    found = read_table(tmp_path / "a.parquet", NEEDED, LogError, CELLS)
    assert found.rows() == [("5", True, 1.0), ("6", False, None)]
    nested = table.with_columns(margin=pl.lit([1.0]))
    nested.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(LogError, match=r"margin: List.*allowed in every row is a number"):
        read_table(tmp_path / "a.parquet", NEEDED, LogError, CELLS)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a,yes,1\n", r"line 2, sent: 'yes'; allowed is true or false, 1 or 0"),
        ("a,1,1\nb,5,1\nc,7,1\n", r"line 3, sent: '5' \(and 1 more rows\); allowed"),
        ("a,,1\n", "line 2, sent: empty; allowed is true"),
        (",1,1\n", "line 2, subject: empty; allowed is a text"),
        ('a,1,"1,234.50"\n', r"line 2, margin: '1,234\.50'; allowed is a number, such as 1234\.5"),
        ("a,1,¥5\n", "line 2, margin: '¥5'"),
        ("a,1,NaN\n", "line 2, margin: 'NaN'"),
        ("a,1,1\nb,1,1,234.50\n", "line 3: has more cells than the header; a comma in a cell needs quotes"),
        ("", "has no rows"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(tmp_path, rows, says):
    with pytest.raises(LogError, match=says) as error:
        read(tmp_path / "a.csv", f"subject,sent,margin\n{rows}")
    assert str(error.value).startswith(str(tmp_path / "a.csv"))


def test_a_missing_column_is_said_with_those_that_are_there(tmp_path):
    with pytest.raises(LogError, match=r"column subject is missing.*the file has 'subject;sent'"):
        read(tmp_path / "a.csv", "subject;sent\na;1\n")


def test_a_row_that_is_there_twice_is_named(tmp_path):
    with pytest.raises(LogError, match="subject b stands in more than one row"):
        require_one_row(pl.DataFrame({"subject": ["a", "b", "b"]}), ("subject",), tmp_path, LogError)


def test_bounds_are_part_of_what_is_allowed():
    assert Cell(pl.Float64, least=0.0, most=1.0).allowed == "a number from 0 to 1"
    assert TAKEN.allowed == "a number above 0 to 1"
    assert Cell(pl.Float64, least=0.0).allowed == "a number from 0, such as 1234.5"


def test_who_refuses_and_agrees_at_once_is_not_taken_to_agree(tmp_path):
    rows = "subject_id,channel,consent,address\nm1,sms,true,true\nm1,sms,false,true\n"
    (tmp_path / "reach.csv").write_text(rows)
    with pytest.raises(ValueError, match="subject_id m1, channel sms stands in more than one row"):
        read_reach(tmp_path / "reach.csv")
    (tmp_path / "reach.csv").write_text(rows.replace("false", "no"))
    with pytest.raises(ValueError, match="line 3, consent: 'no'; allowed is true or false"):
        read_reach(tmp_path / "reach.csv")
    (tmp_path / "reach.csv").write_text(rows.replace("m1,sms,false", "007,sms,"))
    assert read_reach(tmp_path / "reach.csv").rows()[1] == ("007", "sms", None, True)


def test_a_log_or_a_policy_that_says_a_thing_twice_is_refused(tmp_path):
    log = pl.DataFrame({"subject": ["a", "b"], "option": "x", "probability": 0.5, "reward": 1.0})
    policy = pl.DataFrame({"subject": ["a", "b"], "option": "x", "probability": 0.5})
    for name, table in (("log", log), ("log2", pl.concat([log, log])), ("twice", pl.concat([policy] * 2))):
        table.write_csv(tmp_path / f"{name}.csv")
    with pytest.raises(LogError, match=r"log2\.csv: subject a stands in more than one row"):
        whatif.make(tmp_path / "log2.csv", tmp_path / "twice.csv")
    with pytest.raises(LogError, match=r"twice\.csv: subject a, option x stands in more than one row"):
        whatif.make(tmp_path / "log.csv", tmp_path / "twice.csv")
    policy.with_columns(probability=pl.Series([1.5, -0.5])).write_csv(tmp_path / "beyond.csv")
    with pytest.raises(LogError, match=r"beyond\.csv, line 2, probability: '1\.5'.*from 0 to 1"):
        whatif.make(tmp_path / "log.csv", tmp_path / "beyond.csv")


def test_what_came_after_the_draw_chooses_nobodys_option(tmp_path):
    with pytest.raises(LogError, match="--by reward: is not known before the draw"):
        arms.read(tmp_path / "log.csv", arms.columns("region, reward"), {})
    assert arms.columns(" region, age,,region") == ["region", "age"]
    with pytest.raises(LogError, match="cost sms=2: sms has a cost already"):
        arms.costs(["sms=1", "sms=2"])
