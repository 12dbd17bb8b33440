"""Who was asked, and who answered."""

from collections import Counter
from dataclasses import dataclass

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


def measure_coverage(
    form: Form, waves: Waves, response: pd.DataFrame
) -> dict[tuple[str, str], Coverage]:
    """Count for each (quarter, survey table) the departments asked and those that answered."""
    known = response.dropna(subset=["department_code"])
    replied = known[known["response_status"].isin(["received", "no_change"])]
    coverage = {}
    for period in sorted(known["period"].unique()):
        wave = waves.root[period]
        asked, answered = (_count_by_sheet(wave, period, frame) for frame in (known, replied))
        for part in form.answer_sheets:
            coverage[period, part.table] = Coverage(asked[part.sheet], answered[part.sheet])
    return coverage


def _count_by_sheet(wave: Wave, period: str, response: pd.DataFrame) -> Counter[str]:
    codes = response.loc[response["period"] == period, "department_code"].unique()
    return Counter(sheet for code in codes for sheet in wave.sheets_for(code))
