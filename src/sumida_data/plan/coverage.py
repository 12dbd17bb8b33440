"""Who was asked, and who answered."""

from dataclasses import dataclass

import pandas as pd

from sumida_data.survey.form import Form, Waves


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
    asked = known.groupby("period")["department_code"].nunique()
    answered = replied.groupby("period")["department_code"].nunique()
    return {
        (period, part.table): Coverage(int(asked[period]), int(answered.get(period, 0)))
        if part.sheet in waves.root[period].sheets
        else Coverage(0, 0)
        for period in asked.index
        for part in form.answer_sheets
    }
