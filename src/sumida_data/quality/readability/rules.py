"""The rules and what breaking one costs."""

import csv
from functools import cache
from importlib.resources import files
from typing import Final, Literal, NamedTuple

Severity = Literal["fatal", "critical", "major", "minor"]
Level = Literal["L1", "L2", "L3"]
LEVELS: Final[tuple[Level, ...]] = ("L1", "L2", "L3")

# Points taken from the hundred of a level; a fatal break leaves none.
_POINTS: Final[dict[Level, dict[Severity, int]]] = {
    "L1": {"fatal": 100, "critical": 10, "major": 5, "minor": 2},
    "L2": {"fatal": 100, "critical": 40, "major": 30, "minor": 10},
    "L3": {"fatal": 100, "critical": 15, "major": 10, "minor": 5},
}


class Rule(NamedTuple):
    """A rule in our own words.

    Attributes:
        rule_id: Its id in the national list, such as L1-01.
        title: What it is about.
        applies_to: ``all`` files, or ``excel`` or ``csv`` only.
        severity: How grave a break is.
        how_to_fix: What to do about one.
    """

    rule_id: str
    title: str
    applies_to: Literal["all", "excel", "csv"]
    severity: Severity
    how_to_fix: str

    @property
    def level(self) -> Level:
        """The level to which it belongs."""
        return next(level for level in LEVELS if self.rule_id.startswith(level))

    @property
    def points(self) -> int:
        """The points that a break takes from the hundred of its level."""
        return _POINTS[self.level][self.severity]


@cache
def list_rules() -> tuple[Rule, ...]:
    """Return the thirty rules in the order of the national list."""
    text = files(__package__).joinpath("rules.csv").read_text("utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    return tuple(Rule(*row) for row in rows)  # type: ignore[arg-type]  # a test holds the table
