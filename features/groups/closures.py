"""Whether a lead is closed: given up without having converted, and not opened again since."""

import narwhals as nw

from features.feature import Feature, Group

TABLE, CLOSED_DAYS = "closures", "days_since_closed"
CLOSED, REOPENED = nw.col("kind") == "closed", nw.col("kind") == "reopened"
# Of a closing and a reopening at the same time the reopening counts: days without a clock have no order.
SINCE = (nw.col("reopened_age") <= nw.col("age")).fill_null(False)

CLOSURES = Group(
    name="closures",
    table=TABLE,
    key="lead_id",
    en="Closing",
    zh="线索关闭",
    rows={"reopened_age": nw.when(REOPENED).then(nw.col("age")).min().over("row_id")},
    features=(
        Feature(
            CLOSED_DAYS,
            lambda rows: rows.where(CLOSED & ~SINCE).days_since(),
            "days",
            "days since the lead was closed without converting",
            "线索未转化关闭后的天数",
        ),
    ),
)
