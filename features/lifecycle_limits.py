"""What a brand decides about the stages of a relation: ``lifecycle:`` in params.yaml."""

from pydantic import Field, model_validator

from features.section import Section


class LifecycleLimits(Section):
    """When a member is new, silent and lost, counted from orders; the rule is ``features.lifecycle.stage``.

    Parameters
    ----------
    new_days
        Who bought first within so many days is new.
    silent_days, silent_pauses
        Who bought nothing for more than so many days, and for more than so many of their own usual
        pauses, is silent.
    lost_days
        Who bought nothing for more than so many days is lost.
    unseen_days
        Who neither bought nor visited for so many days is out of sight, whatever the stage: not asked
        about leaving but about coming back. Without a limit only orders decide.
    """

    new_days: int = Field(default=90, ge=1)
    silent_days: int = Field(default=90, ge=1)
    silent_pauses: float = Field(default=2.0, ge=1)
    lost_days: int = Field(default=365, ge=2)
    unseen_days: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _silent_before_lost(self) -> "LifecycleLimits":
        if self.silent_days >= self.lost_days:
            raise ValueError(f"silent_days {self.silent_days} is not below lost_days {self.lost_days}")
        return self
