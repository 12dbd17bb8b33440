from decimal import Decimal

import pytest

from sumida_data.base.quota import Quota, describe_gaps

QUOTA = Quota(
    departments_missing_share=Decimal("0.1"), rows_set_aside_share=Decimal("0.05"), reason="仮"
)


@pytest.mark.parametrize(
    ("answered", "exceeds"),
    [(80, False), (72, False), (71, True), (0, True)],
)
def test_departments(*, answered: int, exceeds: bool) -> None:
    departments, _ = describe_gaps(QUOTA, asked=80, answered=answered, rows=1, rows_set_aside=0)
    assert departments.exceeds_quota == exceeds
    assert (departments.missing, departments.total) == (80 - answered, 80)


@pytest.mark.parametrize(("set_aside", "exceeds"), [(0, False), (5, False), (6, True)])
def test_rows(*, set_aside: int, exceeds: bool) -> None:
    rows = 100 - set_aside
    _, gap = describe_gaps(QUOTA, asked=1, answered=1, rows=rows, rows_set_aside=set_aside)
    assert gap.exceeds_quota == exceeds
    assert (gap.missing, gap.total) == (set_aside, 100)


def test_nothing_asked_is_no_gap() -> None:
    gaps = describe_gaps(QUOTA, asked=0, answered=0, rows=0, rows_set_aside=0)
    assert not any(gap.exceeds_quota for gap in gaps)
