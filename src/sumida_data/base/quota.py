"""How large the gaps of a quarter may be before a person must accept them."""

from decimal import Decimal

from pydantic import Field as Described

from sumida_data.base.metadata import Model


class Quota(Model):
    """The gaps up to which the figures of a quarter need nobody's acceptance.

    Attributes:
        departments_missing_share: Departments without a usable return, of those asked.
        rows_set_aside_share: Rows left out of the figures, of all rows in the returns that count.
        reason: Why these.
        two_people: Whether another account must approve than ran and publishes.
    """

    departments_missing_share: Decimal = Described(ge=0, le=1)
    rows_set_aside_share: Decimal = Described(ge=0, le=1)
    reason: str
    two_people: bool = False


class Gap(Model):
    """How much of one kind is missing from the figures of a quarter.

    Attributes:
        title: What is missing.
        missing: How many are missing.
        total: How many there should be.
        allowed_share: The share up to which nobody needs to accept the gap.
    """

    title: str
    missing: int
    total: int
    allowed_share: Decimal

    @property
    def exceeds_quota(self) -> bool:
        """Whether a named person must accept the gap before anything is published."""
        return self.missing > self.allowed_share * self.total


def describe_gaps(
    quota: Quota, *, asked: int, answered: int, rows: int, rows_set_aside: int
) -> tuple[Gap, ...]:
    """Set the gaps of a quarter beside the quota.

    Args:
        quota: The quota.
        asked: Departments asked.
        answered: Of these, departments with a usable return.
        rows: Rows that count.
        rows_set_aside: Rows left out, of the same returns.
    """
    return (
        Gap(
            title="未回答の課",
            missing=asked - answered,
            total=asked,
            allowed_share=quota.departments_missing_share,
        ),
        Gap(
            title="集計から除いた行",
            missing=rows_set_aside,
            total=rows + rows_set_aside,
            allowed_share=quota.rows_set_aside_share,
        ),
    )
