"""What each option would bring each member: answers, or added answers where a trial released an effect."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl
import polars.selectors as cs

from features import engines
from features.groups.campaigns import CONTENT, CONTENT_HISTORY
from features.groups.engagement import INTEREST
from features.groups.purchases import AFFINITY
from models.acting.inputs import ADDED, ANSWERS, Effects
from models.acting.options import Options
from models.acting_model import acting_folder, beside
from models.fitted.booster_sum import BoosterSum
from models.fitted.model import Model
from models.fitted.release_format import UPLIFT
from training.acting.contents import contents, past
from training.data.feature_groups import available
from training.data.rows import tables
from training.params import Params

BY_CONTENT = (CONTENT, CONTENT_HISTORY, AFFINITY, INTEREST)  # the groups that read what is asked about
FEWEST = 30  # rows of a past campaign, and expected answers in it, from which its level counts
FEWEST_EXPECTED = 5.0


def effects(params: Params, subjects: pl.Series, options: Options) -> Effects:
    """Ask the response model that is acted on about every option for every subject, as of the extract.

    Raises
    ------
    FileNotFoundError
        The stages of ``response`` have not run.
    OptionsError
        A content that was never sent.
    """
    folder = params.build / "response"
    model = Model.load(acting_folder(folder))
    snapshot = pl.read_parquet(folder / "snapshot" / "snapshot.parquet").unique("subject_id", keep="first")
    members = subjects.to_frame("subject_id").join(snapshot, on="subject_id", maintain_order="left")
    moment = int(members["as_of"].max() or 0)
    asked = contents(past(tables(params.build / "tables")["contacts"], moment), options)
    shape = len(subjects), len(options.options)
    probability, effect = np.zeros(shape), np.zeros(shape)
    amount = BoosterSum.load(beside(folder) / UPLIFT)
    for at, frame in _frames(params, members, asked):
        probability[:, at] = model.probability(frame)
        added = None if amount is None else amount.predict(model.inputs(frame).matrix)
        effect[:, at] = probability[:, at] if added is None else np.clip(added, -1, 1)
    unit = ANSWERS if amount is None else ADDED
    off = levels(pl.read_parquet(folder / "test.parquet"), params.release.learn == "to_the_end")
    return Effects(probability, effect, unit, off, asked)


def _frames(params: Params, members: pl.DataFrame, asked: pl.DataFrame) -> Iterator[tuple[int, pl.DataFrame]]:
    """Each option with all members' features: what depends on the content computed, the rest as it is."""
    who = members.select("as_of", member_id="subject_id", place=pl.int_range(pl.len()))
    spine = asked.select("option", cs.starts_with("asked_")).join(who, how="cross").sort("option", "place")
    spine = spine.with_columns(row_id=pl.int_range(pl.len(), dtype=pl.Int64))
    found = _features(params, spine)
    own = [name for name in found.columns if name in members.columns and name != "as_of"]
    for (option,), part in found.group_by("option", maintain_order=True):
        yield option, members.with_columns(part.select(own).get_columns())


def _features(params: Params, spine: pl.DataFrame) -> pl.DataFrame:
    groups = available(params, BY_CONTENT)
    with TemporaryDirectory(prefix="asked-") as name:
        asked, out = Path(name) / "asked.parquet", Path(name) / "features.parquet"
        spine.write_parquet(asked)
        engine = params.engine
        engines.to_parquet(asked, params.build / "tables", groups, out, engine.memory, engine.threads)
        return pl.read_parquet(out).sort("row_id")


def levels(test: pl.DataFrame, learnt: bool) -> np.ndarray:
    """Return observed over expected answers of each past campaign of the test, shape (campaigns,).

    Their spread holds the chance in small campaigns too: intervals from it are rather too wide.

    Parameters
    ----------
    learnt
        The model that scores has learnt from these campaigns since, their mean level with them: what is
        left to be unsure of is how campaigns differ.
    """
    # Summed in order of rows: Polars' threads add up in any, and the last digit of a plan would change.
    of = np.unique(test["campaign_id"].to_numpy(), return_inverse=True)[1]
    n, seen, expected = (
        np.bincount(of, None if name is None else test[name].to_numpy())
        for name in (None, "label", "probability")
    )
    enough = (n >= FEWEST) & (expected >= FEWEST_EXPECTED)
    level = seen[enough] / expected[enough]
    return level / level.mean() if learnt and len(level) else level
