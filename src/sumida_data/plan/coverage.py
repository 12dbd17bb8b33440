"""Who was asked, and who answered."""

from collections import Counter
from dataclasses import dataclass
from typing import cast

import pandas as pd

from sumida_data.survey.form import Form, Wave, Waves


@dataclass(frozen=True, slots=True)
class Coverage:
    """Who was asked about a table in a quarter, and who answered.

    Attributes:
        asked: Number of departments asked; 0 where the table was not asked about.
        answered: Number of departments that answered, those without a change included.
    """

    asked: int
    answered: int


# Municipality code, quarter, survey table.
CoverageKey = tuple[str, str, str]


def measure_coverage(
    form: Form, waves: Waves, response: pd.DataFrame
) -> dict[CoverageKey, Coverage]:
    """Count the departments asked about each survey table and those that answered."""
    known = response.dropna(subset=["department_code"])
    coverage = {}
    for group, ours in known.groupby(["municipality_code", "period"]):
        code, period = cast("tuple[str, str]", group)
        wave = waves.root[period]
        replied = ours[ours["response_status"].isin(["received", "no_change"])]
        asked, answered = (_count_by_sheet(wave, frame) for frame in (ours, replied))
        for part in form.answer_sheets:
            coverage[code, period, part.table] = Coverage(asked[part.sheet], answered[part.sheet])
    return coverage


def _count_by_sheet(wave: Wave, response: pd.DataFrame) -> Counter[str]:
    codes = response["department_code"].unique()
    return Counter(sheet for code in codes for sheet in wave.sheets_for(code))
