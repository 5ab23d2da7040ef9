"""Where a member stands with the brand: one rule for features, portraits and reports."""

import narwhals as nw

from features.lifecycle_limits import LifecycleLimits

# In the order of a relation. A responder is a prospect who has answered a campaign: purchases alone do not
# show it, so that the feature says prospect and the portrait, which knows the answers, responder.
STAGES = {
    "prospect": ("prospect", "潜在客户"),
    "responder": ("has answered, not bought", "已响应未购买"),
    "new": ("new customer", "新客户"),
    "mature": ("established customer", "成熟客户"),
    "silent": ("silent", "沉默客户"),
    "lost": ("lost", "流失客户"),
}

STAGE_READS = ("orders", "days_since_order", "days_since_first_order", "gap_mean_days")


def stage(limits: LifecycleLimits) -> nw.Expr:
    """Return the stage from the features of ``STAGE_READS``.

    Lost comes before silent, silent before new. Who bought once has no usual pause; the days decide.
    """
    since = nw.col("days_since_order")
    usual = (nw.col("gap_mean_days") * limits.silent_pauses).fill_null(0.0)
    is_new = nw.col("days_since_first_order") <= limits.new_days
    active = nw.when(is_new).then(nw.lit("new")).otherwise(nw.lit("mature"))
    is_silent = (since > limits.silent_days) & (since > usual)
    bought = nw.when(is_silent).then(nw.lit("silent")).otherwise(active)
    bought = nw.when(since > limits.lost_days).then(nw.lit("lost")).otherwise(bought)
    return nw.when(nw.col("orders") == 0).then(nw.lit("prospect")).otherwise(bought)
