"""Who the member or the lead is: slow attributes, as they were known at the moment."""

import narwhals as nw

from features.feature import DAY, Feature, Group

NEWEST = {"newest_age": nw.col("age").min().over("row_id")}

PROFILE = Group(
    name="profile",
    table="members",
    en="Profile",
    zh="会员资料",
    rows=NEWEST,
    features=(
        Feature(
            "tenure_days",
            lambda rows: nw.coalesce(
                (rows["as_of"].max() - rows["joined_time"].min()) / DAY, rows["age"].max() / DAY
            ),
            "days",
            "days since joining",
            "入会天数",
        ),
        Feature("region", lambda rows: rows.last("region"), "category", "sales region", "所在区域"),
        Feature("city_tier", lambda rows: rows.last("city_tier"), "category", "city tier", "城市级别"),
        Feature(
            "source", lambda rows: rows.last("source"), "category", "where the member came from", "来源渠道"
        ),
        Feature(
            "profile_changes",
            lambda rows: rows.count() - 1,
            "changes",
            "changes of the profile",
            "资料变更次数",
            0,
        ),
    ),
)

LEAD_PROFILE = Group(
    name="lead",
    table="leads",
    key="lead_id",
    en="The lead",
    zh="线索信息",
    rows=NEWEST,
    features=(
        Feature(
            "lead_age_days",
            lambda rows: rows["age"].max() / DAY,
            "days",
            "days since creation",
            "线索创建天数",
        ),
        Feature(
            "lead_source", lambda rows: rows.last("source"), "category", "source of the lead", "线索来源"
        ),
        Feature(
            "landing_page", lambda rows: rows.last("landing_page"), "category", "page of arrival", "落地页"
        ),
        Feature("lead_region", lambda rows: rows.last("region"), "category", "sales region", "所在区域"),
        Feature("lead_city_tier", lambda rows: rows.last("city_tier"), "category", "city tier", "城市级别"),
        Feature(
            "interest",
            lambda rows: rows.last("interest"),
            "category",
            "product category asked for",
            "意向品类",
        ),
        Feature("lead_cost", lambda rows: rows.last("cost_cents"), "cents", "cost of the lead", "线索成本"),
        Feature(
            "created_hour",
            lambda rows: (rows["event_time"].max() % DAY) // 3600,
            "hour",
            "hour of creation (UTC)",
            "创建时刻（UTC 小时）",
        ),
        Feature(
            "created_weekday",
            lambda rows: (rows["event_time"].max() // DAY + 3) % 7,
            "weekday",
            "weekday of creation (Monday is 0)",
            "创建星期（周一为 0）",
        ),
        Feature(
            "known_member",
            lambda rows: (~rows["member_id"].is_null()).max().cast(nw.Int64),
            "yes",
            "was a member already (1 = yes)",
            "是否已是会员（1 为是）",
            0,
        ),
    ),
)


def attributes(group: Group, columns: dict[str, bool]) -> Group:
    """Return ``group`` with the brand's own attributes: ``columns`` says of each whether it is a category.

    A group with a table takes the newest known value; one without reads ``asked_<column>``.
    """

    def feature(column: str, category: bool) -> Feature:
        words = column.removeprefix("x_").replace("_", " ")
        unit = "category" if category else "number"
        expr = (lambda rows: rows.last(column)) if group.table else nw.col(f"asked_{column}")
        name = f"content_{column}" if group.table is None else column
        return Feature(name, expr, unit, words, words)

    added = tuple(feature(name, category) for name, category in sorted(columns.items()))
    return Group(**{**vars(group), "features": group.features + added})
