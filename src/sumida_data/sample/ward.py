"""The sample ward: what may be set about it, and what is true there on a day.

The facts stand in CSV files of the project, one for each table of the survey, with a day for
whatever begins. All but the published totals is invented.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from random import Random
from typing import Literal

from pydantic import Field as Described

from sumida_data.base.metadata import Model, Name, PeriodText
from sumida_data.base.periods import fiscal_year_first_day, fiscal_year_of
from sumida_data.survey.form import SurveySheet

Flaw = Literal["no_reply", "no_change", "text_for_number", "no_code", "sent_twice"]


class SampleCards(Model):
    """The municipality's row in the ministry's card workbook of one quarter.

    Attributes:
        as_of: The day of the cards.
        population_as_of: The day of the population.
        population: Its population.
        cards: Cards issued there.
        national_rate: Percent of people with a card elsewhere, about.
    """

    as_of: date
    population_as_of: date
    population: int
    cards: int
    national_rate: int


class SamplePeriod(Model):
    """One quarter of sample data.

    Attributes:
        cards: The municipality's row in the card workbook; None where there is no such file.
        first_month: First day of the first month in the document system's file, which ends
            with the quarter.
        training_rate: Share of the staff trained in security since 1 April.
        flaws: Codes of the departments whose return is not as it should be. ``no_reply``: there
            is none; ``no_change``: it says so and leaves the stock sheets empty;
            ``text_for_number``: a number of its last procedure is a word; ``no_code``: its code
            is empty; ``sent_twice``: an earlier return still has the last quarter's answers.
    """

    cards: SampleCards | None = None
    first_month: date
    training_rate: Decimal = Described(ge=0, le=1)
    flaws: dict[Flaw, tuple[str, ...]]


class Sample(Model):
    """The sample data.

    Attributes:
        seed: Same seed, same bytes.
        respondents: Names, obviously invented, of those who fill in the form.
        guidance: The lines of the form's first sheet.
        notes: The lines below each table.
        heading_groups: For each table, the headings above its headings by the first field below
            each; an empty one leaves the fields from there without.
        approval_rates: Electronic approval rate by fiscal year; without any there is no file.
        periods: The quarters to make.
    """

    seed: int
    respondents: tuple[str, ...]
    guidance: tuple[str, ...]
    notes: tuple[str, ...]
    heading_groups: dict[Name, dict[Name, str]]
    approval_rates: dict[int, Decimal] = Described(default_factory=dict)
    periods: dict[PeriodText, SamplePeriod]


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
    """Return what a department truthfully answers in a part of the form at the end of a quarter.

    Events are those of the quarter's fiscal year.
    """
    begun, first_day, last_day = "since", "", day.isoformat()
    if part.kind == "events":
        begun = next(field.name for field in part.key_fields if field.type == "date")
        first_day = fiscal_year_first_day(fiscal_year_of(day)).isoformat()
    return [
        _read_on(last_day, part, row)
        for row in facts.get(part.table, ())
        if row["department_code"] == department_code and first_day <= row.get(begun, "") <= last_day
    ]


def _read_on(day: str, part: SurveySheet, row: Mapping[str, str]) -> Record:
    state = dict(row)
    for started_on in row.keys() & _KNOWN_LATER:
        if "" < row[started_on] <= day:
            status = started_on.replace("started_on", "status")
            choices = next((one.enum for one in part.fields if one.name == status), None)
            state[status] = (choices or ("",))[0]
        else:
            state |= dict.fromkeys(_KNOWN_LATER[started_on], "")
    return {
        field.name: _PARSERS.get(field.type, str)(text) if (text := state.get(field.name)) else None
        for field in part.fields
    }


def seeded_random(*seed: object) -> Random:
    """Return a generator that depends on nothing but these words and numbers."""
    return Random("/".join(map(str, seed)))  # noqa: S311  # invents sample data, keeps no secret


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a total in proportion to weights into whole numbers that add up to it."""
    whole = sum(weights)
    bounds = [total * reached // whole for reached in accumulate(weights, initial=0)]
    return [upper - lower for lower, upper in pairwise(bounds)]


def train_staff(seed: int, rate: Decimal, codes: Iterable[str]) -> list[tuple[int, int]]:
    """Return of each department its staff, some 24, and how many of them were trained.

    Of the staff of all the share ``rate`` was.
    """
    staff = [seeded_random(seed, "staff", code).randint(8, 40) for code in codes]
    return list(zip(staff, share_out(round(rate * sum(staff)), staff), strict=True))
