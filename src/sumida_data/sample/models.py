"""What may be set about the sample data."""

from datetime import date
from decimal import Decimal
from typing import Literal

from pydantic import Field as Described

from sumida_data.base.metadata import Model, Name, PeriodText

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
