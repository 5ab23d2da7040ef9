"""A wrong mapping is refused with file, line, key and what is allowed."""

from pathlib import Path

import pytest

from training.params import load as load_params
from training.params import parse
from training.sources.mapping.cell_spec import Cell
from training.sources.mapping.mapping_file import Mapping, Part, load
from training.sources.mapping.source_spec import Join, Source
from training.sources.reading.table_reader import PartRows

SHIPPED = sorted(Path("mappings").glob("*.yaml"))
GOOD = """about: A shop.
folder: .
sources:
  orders: {file: orders.csv}
tables:
  purchases:
    - source: orders
      columns:
        occurred_at: day
        order_id: id
        member_id: who
        quantity: {value: 1}
        unit_price_cents: {column: price, times: 100}
"""
AT, PRICE = "tables.purchases.0", "column: price, times: 100"


def written(folder: Path, text: str = GOOD) -> Path:
    (folder / "orders.csv").write_text("id,day,who,price\n1,2024-01-01,m1,2.5\n")
    path = folder / "shop.yaml"
    path.write_text(text)
    return path


def refused(folder: Path, old: str, new: str) -> str:
    """The sentence with which a changed mapping is refused."""
    assert old in GOOD
    path = written(folder, GOOD.replace(old, new))
    with pytest.raises((ValueError, FileNotFoundError)) as caught:
        PartRows(load(path), load(path).root(), "purchases", 0).whole()
    return str(caught.value).replace(str(folder), "")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_shipped_mappings_are_valid_and_so_are_their_settings(path: Path) -> None:
    import yaml

    mapping = load(path)
    params = yaml.safe_load(Path("params.yaml").read_text())
    for key, value in mapping.params.items():
        params[key] = params[key] | value if isinstance(value, dict) else value
    found = parse(yaml.safe_dump(params | {"data": path.stem}))
    assert mapping.about.endswith(".")
    if "tasks" in mapping.params:
        assert set(found.tasks) | set(mapping.left_out) == set(load_params().tasks) | set(found.tasks)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("about: A shop.", "abut: A shop.", "line 1, abut: no such key"),
        ("about: A shop.\n", "", "about: this key is needed"),
        ("source: orders", "source: order", f"line 7, {AT}.source: no source 'order'; there are ['orders']"),
        (
            "{file: orders.csv}",
            "{file: a.csv, sep: ';;'}",
            "line 4, sources.orders.sep: String should have at",
        ),
        ("  purchases:", "  purchase:", "line 6, tables.purchase: Input should be 'members'"),
        (PRICE, "column: price, value: 1", f"line 13, {AT}.columns.unit_price_cents: exactly one of"),
        (PRICE, "column: price, time: 1", f"line 13, {AT}.columns.unit_price_cents.time: no such key"),
        (
            "who",
            "whom",
            f"orders.csv: column 'whom' is missing (/shop.yaml, line 11, {AT}.columns.member_id)",
        ),
        ("who", "whom", "; found are ['id', 'day', 'who', 'price']"),
        ("        order_id: id\n", "", f"line 8, {AT}.columns: purchases needs columns ['order_id']"),
        ("order_id", "ordre_id", "purchases has no columns ['ordre_id']; allowed are ['category', 'channel'"),
        (PRICE, "sql: price +", f"line 13, {AT}.columns.unit_price_cents.sql: not read as SQL"),
        (PRICE, "sql: price / cost", "column 'cost' is missing"),
        ("occurred_at: day", "occurred_at: who", "orders.csv: none of the 1 cells for purchases.occurred_at"),
        ("occurred_at: day", "occurred_at: who", f"is a time (/shop.yaml, line 9, {AT}.columns.occurred_at)"),
        ("file: orders.csv", "file: order.csv", "order.csv: not found"),
        ("folder: .", "folder: ./there", "there: no such folder"),
        ("orders\n ", "orders\n      keep: first\n ", f"line 8, {AT}.keep: 'first' is allowed for ["),
        ("orders\n ", "orders\n      where: price > 2\n ", f"line 8, {AT}.where:"),
    ],
)
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    assert sentence in refused(tmp_path, old, new)


def test_one_sentence_a_fault(tmp_path: Path) -> None:
    path = written(
        tmp_path, GOOD.replace("about: A shop.", "colour: red").replace("times: 100", "times: many")
    )
    with pytest.raises(ValueError, match="colour: no such key") as caught:
        load(path)
    assert len(str(caught.value).split("; ")) == 3  # about is needed, colour is not known, times is no number


def test_folder_below_the_data_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mapping = load(written(tmp_path, GOOD.replace("folder: .", "folder: shop")))
    monkeypatch.delenv("MEMBERLENS_DATA", raising=False)
    with pytest.raises(FileNotFoundError, match="MEMBERLENS_DATA, which is not set"):
        mapping.root()
    monkeypatch.setenv("MEMBERLENS_DATA", str(tmp_path))
    with pytest.raises(FileNotFoundError, match="no such folder"):
        mapping.root()
    (tmp_path / "shop").mkdir()
    assert mapping.root() == tmp_path / "shop"


def test_folder_beside_the_mapping(tmp_path: Path) -> None:
    assert load(written(tmp_path)).root() == tmp_path


def test_every_key_is_documented() -> None:
    text = Path("mappings/README.md").read_text()
    for model in (Mapping, Source, Join, Part, Cell):
        for name, spec in model.model_fields.items():
            assert f"`{spec.alias or name}" in text, f"{model.__name__}.{spec.alias or name}"


def test_the_documented_example_is_valid(tmp_path: Path) -> None:
    text = Path("mappings/README.md").read_text().split("```yaml\n")[1].split("```")[0]
    (tmp_path / "shop.yaml").write_text(text)
    mapping = load(tmp_path / "shop.yaml")
    assert set(mapping.tables) == {"members", "purchases"}
