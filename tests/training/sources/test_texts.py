"""Free texts of an own table: planted topics and tone are found, nothing personal is kept, noise has none."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
import yaml
from text_worlds import CHINESE_STAFF, MAPPING, PERSONAL, STAFF, reviews, shop

from features import own_tables
from features.groups.own import own_group
from features.own_tables import OwnColumn, OwnTable
from features.texts import OTHER, TextModel
from training import params as settings
from training.sources.check import check
from training.sources.mapping.mapping_file import load
from training.sources.proposal.propose import propose
from training.sources.texts import topics
from training.sources.texts.learn import learn
from training.stages.ingest import ingest

ROOT = Path(__file__).parents[3]

SIZE = 1_000
TABLE = OwnTable(
    name="reviews", key="member_id", en="reviews", zh="评价", columns=(
        OwnColumn(name="stars", unit="stars", en="stars", zh="评分"),
        OwnColumn(name="comment", unit="text", en="comments", zh="评价内容", rated_by="stars"),
    ),
)  # fmt: skip


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> tuple[Path, TextModel]:
    """The shop's reviews, taken in by the stage: the folder of the data set, and how they are read."""
    folder = tmp_path_factory.mktemp("texts")
    shop(folder, size=SIZE)
    (folder / "mappings").mkdir()
    (folder / "mappings" / "shop.yaml").write_text(MAPPING.replace("folder: .", f"folder: {folder}"))
    given = yaml.safe_load((ROOT / "params.yaml").read_text()) | {"data": "shop"}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        (folder / "params.yaml").write_text(yaml.safe_dump(given))
        params = settings.load()
        ingest(params)
    (table,) = own_tables.load(folder / params.build / "tables")
    return folder / params.build, table.texts[0]


def rows(size: int, seed: int = 0) -> pl.DataFrame:
    """Reviews as ingest holds them."""
    named = {"who": "member_id", "stars": "x_stars", "comment": "x_comment"}
    return reviews(seed, size).rename(named).with_columns(known_time=pl.col("day") * 86_400)


def test_planted_topics_are_found_each_by_its_own_name(stored: tuple[Path, TextModel]) -> None:
    build, model = stored
    truth = reviews(0, SIZE).sort("day", maintain_order=True)
    read = pl.read_parquet(build / "tables" / "own_reviews.parquet")
    assert read.columns[-2:] == ["x_comment_topic", "x_comment_tone"]
    topic = read["x_comment_topic"]
    named = pl.DataFrame({"about": truth["about"], "topic": topic}).filter(pl.col("topic") != OTHER)
    pure = named.group_by("topic", "about").len().group_by("topic").agg(pl.col("len").max())["len"].sum()
    assert len(named) > 0.7 * SIZE
    assert pure > 0.95 * len(named)
    assert named.group_by("about").agg(pl.col("topic").n_unique())["about"].n_unique() == 4
    assert model.same_topic is not None
    assert model.same_topic > 0.75


def test_the_tone_tells_bad_from_good(stored: tuple[Path, TextModel]) -> None:
    build, model = stored
    tone = pl.read_parquet(build / "tables" / "own_reviews.parquet")["x_comment_tone"].to_numpy()
    sign = reviews(0, SIZE).sort("day", maintain_order=True)["sign"].to_numpy()
    assert np.mean(np.sign(tone) == sign) > 0.95
    assert model.tone_from == "stars"
    assert model.tone_auc is not None
    assert model.tone_auc > 0.75  # a third of the planted stars is 3, whatever the text says


def test_nothing_personal_and_no_text_is_kept(stored: tuple[Path, TextModel]) -> None:
    build, _ = stored
    files = [path for path in build.rglob("*") if path.is_file()]
    assert {"own_reviews.parquet", own_tables.FILE, "ingest.json", "quarantine.parquet"} <= {
        f.name for f in files
    }
    for path in files:
        text = pl.read_parquet(path).write_ndjson() if path.suffix == ".parquet" else path.read_text("utf-8")
        for word in (*PERSONAL, STAFF, CHINESE_STAFF, "days late"):
            assert word.lower() not in text.lower(), (path.name, word)


def test_own_features_read_topic_and_tone(stored: tuple[Path, TextModel]) -> None:
    build, model = stored
    (table,) = own_tables.load(build / "tables")
    columns = {one.name: one for one in table.columns}
    assert list(columns) == ["stars", "comment_topic", "comment_tone"]
    assert columns["comment_topic"].values == model.names
    names = {feature.name for feature in own_group(table).columns()}
    assert {"own_reviews__comment_tone__mean_90d", "own_reviews__comment_topic__last"} <= names
    assert not any("comment_tone__sum" in name for name in names)


def test_later_texts_teach_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TOPICS", (6,))
    given = rows(600)
    table = TABLE.model_copy(update={"learn_until": 200 * 86_400})
    later = pl.when(pl.col("day") >= 200).then(pl.lit("alpha beta gamma delta")).otherwise("x_comment")
    one, other = learn(table, given)["comment"], learn(table, given.with_columns(x_comment=later))["comment"]
    measured = {"same_topic": None, "tone_auc": None}
    assert one.model_copy(update=measured) == other.model_copy(update=measured)
    assert one.names


def test_noise_has_no_topics(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topics, "TOPICS", (3, 5))
    rng = np.random.default_rng(0)
    words = [
        f"{a}{b}{c}" for a in ("ba", "ko", "mi") for b in ("lu", "te", "ra") for c in ("sun", "dor", "vik")
    ]
    texts = [" ".join(rng.choice(words, 6)) for _ in range(600)]
    (model,) = learn(TABLE, rows(600).with_columns(x_comment=pl.Series(texts))).values()
    assert len(model.names) <= 1


def test_too_few_texts_are_told(tmp_path: Path) -> None:
    lines = list(check(shop(tmp_path, size=60)).lines())
    assert any("own_reviews.few_texts" in line and "learnt from" in line for line in lines)
    assert any("texts reviews.comment: learnt from" in line and "topics: none" in line for line in lines)


def test_free_text_that_is_counted_as_a_category_is_told(tmp_path: Path) -> None:
    path = shop(tmp_path, size=300)
    path.write_text(MAPPING.replace("unit: text, rated_by: stars", "unit: category"))
    (line,) = [line for line in check(path).lines() if "own_reviews.free_text" in line]
    assert "`unit: text`" in line


def test_free_text_is_proposed_with_its_ratings(tmp_path: Path) -> None:
    shop(tmp_path, size=300)
    (tmp_path / "people.csv").rename(tmp_path / "members.csv")
    pl.read_csv(tmp_path / "reviews.csv").rename({"who": "member_id"}).write_csv(tmp_path / "reviews.csv")
    pl.read_csv(tmp_path / "members.csv").rename({"id": "member_id"}).write_csv(tmp_path / "members.csv")
    found = propose([tmp_path / "members.csv", tmp_path / "reviews.csv"])
    assert "unit: text" in found.text
    assert "rated_by: rating" in found.text
    assert any("read as topics and tone, and not kept: comment" in line for line in found.unsure)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("by: stars", "by: hue", "`rated_by` of comment: no column of numbers 'hue'; there are ['stars']"),
        (
            "unit: stars",
            "unit: stars, never: [Anna]",
            "`rated_by` and `never` belong to a column of unit text",
        ),
        ("{member_id: who}", "everybody", "a column of unit text is for rows of member_id, lead_id"),
        (
            "unit: text, rated_by: stars",
            "unit: category",
            "`learn_until` is for a table with a column of unit",
        ),
        ("      stars:", "      comment_tone:", "a column 'comment_tone' stands beside the text 'comment'"),
    ],
)
def test_a_fault_of_the_mapping_is_named(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    path, text = (
        tmp_path / "shop.yaml",
        MAPPING.replace("    columns:\n", "    learn_until: 2024-05-01\n    columns:\n"),
    )
    path.write_text(text.replace(old, new).replace("rated_by: stars, " if "tone" in new else "#", ""))
    with pytest.raises(ValueError, match="own_tables") as caught:
        load(path)
    assert sentence in str(caught.value)
