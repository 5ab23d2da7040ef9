"""What each option is asked as: the newest campaign of its content, over its channel where there was one.

The model reads a campaign's category, offer and discount too; an option that is to be sent as something
else than the last time needs a campaign of that kind in the source.
"""

import polars as pl

from models.acting.options import Option, Options, OptionsError

ASKED = "asked_"


def contents(campaigns: pl.DataFrame, options: Options) -> pl.DataFrame:
    """Return a row for each option that is no care: ``option`` (place) and the columns ``asked_…``.

    Parameters
    ----------
    campaigns
        Past contents: ``asked_channel``, ``asked_content_type``, others, and ``as_of`` (seconds).

    Raises
    ------
    OptionsError
        A content that the brand has never sent: nothing is known of its answers.
    """
    rows = [
        _content(campaigns, option, options).with_columns(option=pl.lit(place, pl.Int64))
        for place, option in enumerate(options.options)
        if not option.care
    ]
    if not rows:
        where = options.place.at("options")
        raise OptionsError(f"{where}: every one is care of complaints; add one that members may be sent")
    return pl.concat(rows)


def _content(campaigns: pl.DataFrame, option: Option, options: Options) -> pl.DataFrame:
    alike = campaigns.filter(pl.col("asked_content_type") == option.content)
    if alike.is_empty():
        there = ", ".join(campaigns["asked_content_type"].drop_nulls().unique().sort())
        where = options.place.at("options", option.name, "content")
        raise OptionsError(
            f"{where}: {option.content!r} was never sent, so that nothing is known of its answers; contents "
            f"in the source: {there or 'none'}"
        )
    over = alike.filter(pl.col("asked_channel") == option.channel)
    newest = (over if len(over) else alike).sort("as_of", "campaign_id").tail(1)
    return newest.with_columns(asked_channel=pl.lit(option.channel)).drop("as_of")


def past(contacts: pl.LazyFrame, moment: int) -> pl.DataFrame:
    """Return the contents sent before ``moment`` (seconds), a row a campaign."""
    names = [name for name in contacts.collect_schema().names() if name.startswith("content_")]
    asked = [pl.col(name).first().alias(f"{ASKED}{name.removeprefix('content_')}") for name in names]
    known = contacts.filter(pl.col("known_time") < moment).group_by("campaign_id")
    return known.agg(*asked, as_of=pl.col("event_time").max()).collect()
