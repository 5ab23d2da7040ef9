"""Databases as sources: the same rows whatever they come from, and one sentence where it fails."""

import os
import pwd
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from training.sources.mapping.mapping_file import Mapping, load
from training.sources.mapping.source_spec import Source
from training.sources.reading.database_copy import fetched, version
from training.sources.reading.read_tables import read_tables
from training.sources.source_rows import SourceRows, together

TABLE = (
    "CREATE TABLE orders (id INTEGER, who VARCHAR(9), moment TIMESTAMP, price NUMERIC(9, 2), gift BOOLEAN)"
)
ROWS = [(n, f"m{n % 3}", f"2024-01-{n % 28 + 1:02} 10:00:00", n + 0.25, n % 2 == 0) for n in range(1, 51)]
INSERT = "INSERT INTO orders VALUES " + ", ".join(
    f"({n}, '{who}', '{at}', {price}, {gift})" for n, who, at, price, gift in reversed(ROWS)
)
MAPPING = """about: A shop.
folder: .
sources:
  orders: {source}
tables:
  purchases:
    - source: orders
      where: NOT gift
      columns:
        occurred_at: moment
        order_id: id
        member_id: who
        quantity: {{value: 1}}
        unit_price_cents: {{column: price, times: 100}}
"""


def mapping(folder: Path, source: str) -> Mapping:
    (folder / "shop.yaml").write_text(MAPPING.format(source=source))
    return load(folder / "shop.yaml")


def rows(given: Mapping, folder: Path) -> SourceRows:
    copied = fetched(given, folder / "fetched")
    return together(list(read_tables(copied, folder)["purchases"]))


def same_rows(found: SourceRows) -> bool:
    """Whether all rows of ``ROWS`` without a gift are there, in order of their ids."""
    wanted = [(str(n), who, round(price * 100)) for n, who, _, price, gift in ROWS if not gift]
    return (
        found.read == 50
        and found.frame.select("order_id", "member_id", "unit_price_cents").rows() == wanted
        and found.frame["occurred_at"].dt.strftime("%F %T").to_list() == [r[2] for r in ROWS if not r[4]]
        and found.frame["_reason"].null_count() == found.frame.height
    )


@pytest.fixture
def sqlite(tmp_path: Path) -> Path:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(TABLE)
        connection.execute(INSERT)
    return tmp_path


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, without its password."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    binary = found[-1] if found else Path(shutil.which("initdb") or "")
    if not binary.is_file():
        assert "CI" not in os.environ, "PostgreSQL is missing, and a CI run may not do without it"
        pytest.skip("no PostgreSQL server is installed (Debian: apt install postgresql)")
    yield from _running(binary.parent)


def _running(binaries: Path) -> Iterator[str]:
    folder = Path(tempfile.mkdtemp(prefix="memberlens-postgres-"))
    options: dict[str, Any] = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    if os.getuid() == 0:  # the server refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        options |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    secret, data = folder / "secret", folder / "data"
    secret.write_text("a secret")
    secret.chmod(0o644)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    setup = ["-U", "memberlens", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync", "-E", "UTF8"]
    subprocess.run([binaries / "initdb", "-D", data, *setup], cwd=folder, **options)
    flags = f"-c listen_addresses=127.0.0.1 -p {port} -k {folder} -c fsync=off"
    control = [binaries / "pg_ctl", "-D", data, "-w"]
    subprocess.run([*control, "-o", flags, "start"], cwd=folder, **options)
    try:
        yield f"postgresql://memberlens:${{SHOP_PASSWORD}}@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], cwd=folder, **options)
        shutil.rmtree(folder)


@pytest.fixture
def postgres(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The server's URL, its table filled."""
    import psycopg

    monkeypatch.setenv("SHOP_PASSWORD", "a secret")
    with psycopg.connect(server.replace("${SHOP_PASSWORD}", "a%20secret")) as connection:
        connection.execute("DROP TABLE IF EXISTS orders")
        connection.execute(TABLE)
        connection.execute(INSERT)  # type: ignore[call-overload]
    return server


def test_a_table_of_sqlite(sqlite: Path) -> None:
    assert same_rows(rows(mapping(sqlite, "{url: 'sqlite:///shop.db', table: orders}"), sqlite))


def test_a_table_of_duckdb(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as connection:
        connection.execute(TABLE)
        connection.execute(INSERT)
    assert same_rows(rows(mapping(tmp_path, "{url: 'duckdb:///shop.duckdb', table: main.orders}"), tmp_path))


def test_a_table_of_a_postgresql_server(postgres: str, tmp_path: Path) -> None:
    assert same_rows(rows(mapping(tmp_path, f"{{url: '{postgres}', table: public.orders}}"), tmp_path))


def test_types_that_a_postgresql_server_has_beside(postgres: str, tmp_path: Path) -> None:
    query = """SELECT '{"a": [1, "x"]}'::jsonb AS j, ARRAY[1, 2] AS l, 'a:b%c' AS t,
        'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS u, '2024-07-01 12:00+08'::timestamptz AS z,
        NULL::integer AS n, '2024-07-01'::date AS d;"""
    source = Source(url=postgres, query=query)
    given = mapping(tmp_path, f"{{url: '{postgres}', table: orders}}").with_sources({"orders": source})
    copied = fetched(given, tmp_path / "fetched").sources["orders"].file
    row = pl.read_parquet(copied).row(0, named=True)
    assert (row["j"], row["l"], row["t"], row["n"]) == ('{"a": [1, "x"]}', "[1, 2]", "a:b%c", None)
    assert row["u"] == "b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
    assert row["z"].isoformat() == "2024-07-01T04:00:00+00:00"
    assert row["d"].isoformat() == "2024-07-01"


def test_a_lost_connection_leaves_nothing_behind(postgres: str, tmp_path: Path) -> None:
    lost = """SELECT n, CASE WHEN n > 250000 THEN pg_terminate_backend(pg_backend_pid()) END
        FROM generate_series(1, 300000) n"""
    source = Source(url=postgres, query=lost)
    given = mapping(tmp_path, f"{{url: '{postgres}', table: orders}}").with_sources({"orders": source})
    with pytest.raises(ValueError, match=r"^database query: .*terminat") as caught:
        fetched(given, tmp_path / "fetched")
    assert "secret" not in str(caught.value)
    assert list((tmp_path / "fetched").iterdir()) == []


def test_the_version_is_the_count_of_rows_or_what_is_asked_for(postgres: str, tmp_path: Path) -> None:
    assert version(Source(url=postgres, table="orders"), tmp_path) == "[(50,)]"
    newest = Source(url=postgres, table="orders", version="SELECT MAX(id), MIN(id) FROM orders")
    assert version(newest, tmp_path) == "[(50, 1)]"


def test_an_empty_table_has_columns_and_no_rows(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute(TABLE)
    given = mapping(tmp_path, "{url: 'sqlite:///shop.db', query: 'SELECT *, 0 AS k FROM orders;'}")
    text = (tmp_path / "shop.yaml").read_text().replace("where: NOT gift", "where: k IS NULL")
    (tmp_path / "shop.yaml").write_text(text)
    found = rows(load(given.place.path), tmp_path)
    assert (found.read, found.frame.height) == (0, 0)


def test_cells_of_several_types_are_text_and_none_is_lost(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "a.db") as connection:
        connection.execute("CREATE TABLE t (x)")
        connection.executemany("INSERT INTO t VALUES (?)", [(1,), ("a",), (None,), (2.5,)])
    given = mapping(tmp_path, "{url: 'sqlite:///a.db', table: t}")
    copied = fetched(given, tmp_path / "fetched").sources["orders"].file
    assert sorted(pl.read_parquet(copied)["x"].to_list(), key=str) == ["1", "2.5", None, "a"]


@pytest.mark.parametrize(
    ("source", "error", "sentence"),
    [
        ("{url: 'sqlite:///none.db', table: orders}", FileNotFoundError, r"none\.db: no such database file"),
        ("{url: 'sqlite:///shop.db', table: stalls}", ValueError, "database stalls: .*no such table: stalls"),
        ("{url: 'sqlite:///shop.db', query: SELEC 1}", ValueError, "database query: .*syntax error"),
        (
            "{url: 'oracle://a/b', table: t}",
            ValueError,
            r"'oracle' is not known; allowed are \['duckdb', 'sq",
        ),
        ("{url: 'postgresql://u:${NOT_SET}@h/d', table: t}", ValueError, "variable NOT_SET is not set"),
        ("{url: 'postgresql://u:hush@127.0.0.1:9/d', table: t}", ValueError, "database t: .*refused"),
        ("{url: 'mysql://u:hush@127.0.0.1:9/d', table: t}", ValueError, "database t: .*refused"),
        ("{url: 'sqlite:///shop.db'}", ValueError, "a `url` needs either `table` or `query`"),
        ("{url: 'sqlite:///shop.db', file: a.csv, table: t}", ValueError, "found both"),
        ("{file: a.csv, table: t}", ValueError, "belong to a `url`"),
    ],
)
def test_what_cannot_be_read_is_named_without_its_password(
    sqlite: Path, source: str, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence) as caught:
        rows(mapping(sqlite, source), sqlite)
    assert "hush" not in str(caught.value)
