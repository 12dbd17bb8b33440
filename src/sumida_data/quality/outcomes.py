"""What an engine found."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one engine found of one rule.

    Attributes:
        rule_id: The rule.
        table: The table.
        subject: What of the table the rule is about, or ''.
        rows_checked: Rows looked at.
        failing: ``row_id`` of the rows that break the rule, in order.
    """

    rule_id: str
    table: str
    subject: str
    rows_checked: int
    failing: tuple[str, ...]

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells results apart: rule, table and subject."""
        return self.rule_id, self.table, self.subject


def name_rows(row_ids: Iterable[Any]) -> tuple[str, ...]:
    """Return the row ids in order; one that is missing is ''."""
    return tuple(sorted("" if pd.isna(row_id) else str(row_id) for row_id in row_ids))
