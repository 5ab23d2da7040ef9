"""How the free texts of an own table are read, learnt from the earlier of them."""

from collections.abc import Iterator

import numpy as np
import polars as pl

from features.own_tables import OwnColumn, OwnTable
from features.plain_text import LONGEST
from features.texts import TextModel
from training.sources.judging.findings import Finding
from training.sources.texts import tone, topics
from training.sources.texts.vocabulary import Texts, vocabulary

MOST = 10_000  # texts learnt from, and later ones that are held against them: drawn where there are more
SEED = 0


def learn(table: OwnTable, frame: pl.DataFrame) -> dict[str, TextModel]:
    """Return how each free text of a table is read, by its column.

    Only texts known before ``learn_until`` are learnt from; without it, the earlier half.

    Parameters
    ----------
    frame
        All rows: the key, ``known_time`` (seconds) and the columns ``x_<name>``.
    """
    return {one.name: _learnt(table, one, frame) for one in table.columns if one.kind == "text"}


def _learnt(table: OwnTable, column: OwnColumn, frame: pl.DataFrame) -> TextModel:
    rating = pl.col(f"x_{column.rated_by}").cast(pl.Float64) if column.rated_by else pl.lit(None, pl.Float64)
    rows = frame.select(
        "known_time", subject=table.key, text=pl.col(column.stored).str.slice(0, LONGEST), rating=rating
    ).filter(pl.col("text").str.strip_chars().str.len_chars() > 0)
    until = table.learn_until
    if until is None:
        until = int(rows["known_time"].quantile(0.5, "nearest") or 0)
    is_early = pl.col("known_time") < until
    early, later = _some(rows.filter(is_early)), _some(rows.filter(~is_early))
    return _model(column, early, later, until)


def _some(rows: pl.DataFrame) -> pl.DataFrame:
    return rows if len(rows) <= MOST else rows.sample(MOST, seed=SEED)


def _model(column: OwnColumn, early: pl.DataFrame, later: pl.DataFrame, until: int) -> TextModel:
    words = vocabulary(Texts(early["text"].to_list(), early["subject"].to_list(), column.never))
    about = [word for word in words if not tone.is_opinion(word)]
    rows = topics.term_rows(early["text"].to_list(), about)
    idf = topics.idf_of(rows)
    found = topics.topics(rows, idf, about, early["subject"].rank("dense").to_numpy() - 1, SEED)
    said: dict[str, object] = {"tone": tone.word_list(), "tone_from": "words"}
    if (learnt := _rated_tone(early, words)) is not None:
        said = {"start": learnt[0], "tone": learnt[1], "tone_from": column.rated_by}
    if found is not None and any(topic.words for topic in found.topics):
        said |= {"topics": found.topics, "weights": _by_term(found.weights, about)}
        said |= {"idf": dict(zip(about, idf.tolist(), strict=True))}
    words_of = {"column": column.name, "en": column.en, "zh": column.zh}
    counts = {"texts": len(early), "subjects": early["subject"].n_unique(), "learnt_until": until}
    model = TextModel.model_validate({**words_of, **counts, **said})
    refits = [_with(model, weights, about) for weights in found.again] if model.topics and found else []
    held = {"same_topic": _same(model, refits, later), "tone_auc": _tone_auc(model, early, later)}
    return model.model_copy(update=held)


def _rated_tone(early: pl.DataFrame, words: list[str]) -> tuple[float, dict[str, float]] | None:
    if early["rating"].n_unique() < 3:  # two ratings and none
        return None
    rated = tone.scaled(early["rating"].to_numpy())
    return tone.learnt(early["text"].to_list(), rated, sorted({*words, *tone.plain_words()}))


def _by_term(weights: np.ndarray, words: list[str]) -> dict[str, dict[int, float]]:
    columns = zip(words, weights.T.tolist(), strict=True)
    return {word: {at: weight for at, weight in enumerate(column) if weight} for word, column in columns}


def _with(model: TextModel, weights: np.ndarray, words: list[str]) -> TextModel:
    return model.model_copy(update={"weights": _by_term(weights, words)})


def _same(model: TextModel, refits: list[TextModel], later: pl.DataFrame) -> float | None:
    """Share of later texts about a topic that a model of half the subjects finds about the same."""
    texts = later["text"].head(1_000).to_list()
    own = [model.topic(text) for text in texts]
    about = [(text, name) for text, name in zip(texts, own, strict=True) if name in model.names]
    if not refits or not about:
        return None
    return round(float(np.mean([[one.topic(text) == name for text, name in about] for one in refits])), 4)


def _tone_auc(model: TextModel, early: pl.DataFrame, later: pl.DataFrame) -> float | None:
    every = pl.concat([early["rating"], later["rating"]])
    if every.n_unique() < 3 or later["rating"].null_count() == len(later):
        return None
    rated = tone.scaled(every.to_numpy())[len(early) :]
    told = [model.tone_of(text) for text in later["text"]]
    return tone.auc(np.array(told, dtype=float), rated)


def findings(table: OwnTable) -> Iterator[Finding]:
    """Yield the texts from which no topics could be learnt."""
    for model in table.texts:
        if not model.names:
            says = (
                f"no topic of {model.column} was found again on halves of the subjects: {model.texts:,} "
                f"texts of {model.subjects:,} subjects were learnt from, {topics.FEWEST} with common words "
                "are needed"
            )
            advice = "Its tone alone becomes features; bring more texts, or a later `learn_until`"
            yield Finding(table.stored, "few_texts", says, advice, stops=False)
