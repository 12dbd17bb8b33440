"""What is true in the sample ward on a day: its procedures, services, trainings and the rest.

The facts stand in CSV files of the project, one for each table of the survey, with a day for
whatever begins. All but the published totals is invented.
"""

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random

from sumida_data.base.periods import fiscal_year_first_day, fiscal_year_of
from sumida_data.survey.form import SurveySheet

Value = str | int | Decimal | date | None
Record = dict[str, Value]
# The rows of each table's CSV file, as texts; a sheet new in the form has none yet.
Facts = Mapping[str, Sequence[Mapping[str, str]]]

# What is known only once the thing has begun; its status is then the first choice.
_KNOWN_LATER = {
    "online_started_on": ("online_cases",),
    "cashless_started_on": ("payment_methods",),
    "consultation_started_on": ("annual_cases",),
}

_PARSERS: dict[str, Callable[[str], Value]] = {
    "integer": int,
    "number": Decimal,
    "date": date.fromisoformat,
}


def parse_facts(files: Mapping[str, bytes]) -> Facts:
    """Return the facts of CSV files in UTF-8 by their names, such as ``procedure.csv``."""
    return {
        name.removesuffix(".csv"): tuple(csv.DictReader(content.decode("utf-8-sig").splitlines()))
        for name, content in files.items()
    }


def list_records(facts: Facts, part: SurveySheet, department_code: str, day: date) -> list[Record]:
    """Return what a department truthfully answers in a part of the form.

    Args:
        facts: The facts of all departments.
        part: A part of the form.
        department_code: The department.
        day: The last day of the quarter; events are those of its fiscal year.
    """
    rows = [row for row in facts.get(part.table, ()) if row["department_code"] == department_code]
    begun, last_day = "since", day.isoformat()
    first_day = ""
    if part.kind == "events":
        begun = next(field.name for field in part.key_fields if field.type == "date")
        first_day = fiscal_year_first_day(fiscal_year_of(day)).isoformat()
    known = [row for row in rows if first_day <= row.get(begun, "") <= last_day]
    return [_parse_row(part, _state_on(day, part, row)) for row in known]


def seeded_random(*seed: object) -> Random:
    """Return a generator that depends on nothing but these words and numbers."""
    return Random("/".join(map(str, seed)))  # noqa: S311  # invents sample data, keeps no secret


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a total in proportion to weights into whole numbers that add up to it."""
    whole = sum(weights)
    bounds = [total * reached // whole for reached in accumulate(weights, initial=0)]
    return [upper - lower for lower, upper in pairwise(bounds)]


def count_staff(seed: int, department_codes: list[str]) -> list[int]:
    """Return the number of staff of each department, some 24 on average."""
    return [seeded_random(seed, "staff", code).randint(8, 40) for code in department_codes]


def count_trainees(rate: Decimal, staff: list[int]) -> list[int]:
    """Return how many of each department's staff were trained, so that the sum has the rate."""
    return share_out(round(rate * sum(staff)), staff)


def _state_on(day: date, part: SurveySheet, row: Mapping[str, str]) -> dict[str, str]:
    state = dict(row)
    choices = {field.name: field.enum for field in part.fields}
    for started_on in row.keys() & _KNOWN_LATER:
        if row[started_on] and row[started_on] <= day.isoformat():
            status = started_on.replace("started_on", "status")
            state[status] = (choices[status] or ("",))[0]
        else:
            state |= dict.fromkeys(_KNOWN_LATER[started_on], "")
    return state


def _parse_row(part: SurveySheet, row: dict[str, str]) -> Record:
    return {
        field.name: _PARSERS.get(field.type, str)(text) if (text := row.get(field.name)) else None
        for field in part.fields
    }
