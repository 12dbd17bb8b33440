"""The sample ward: what may be set about it, what is true there on a day, and its central files.

The facts are in CSV files of the project, one for each table of the survey, with a day for
whatever begins. The central files are the ministry's card workbook, the document system's CSV and
the open data list. All but the published totals is invented.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, groupby, pairwise
from random import Random
from typing import Any, Literal

import pandas as pd
from pydantic import Field as Described
from pydantic import NonNegativeInt, PositiveInt

from sumida_data.base import periods
from sumida_data.base.metadata import Model, Name, PeriodText, Row
from sumida_data.base.xlsx import SAMPLE_MARK, Book
from sumida_data.plan.values import round_half_up
from sumida_data.present.words import format_short_day
from sumida_data.sources.central import Municipality
from sumida_data.survey.departments import Department, list_existing
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
    population: PositiveInt
    cards: NonNegativeInt
    national_rate: NonNegativeInt


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
# Smallest and largest number of people invented, by the last character of a municipality's name.
_POPULATIONS = {"市": (15_000, 230_000), "区": (60_000, 700_000), "町": (3_000, 25_000)}
_VILLAGE = (300, 8_000)
_CARD_LOOKS: dict[str, dict[str, Any]] = {
    "wrapped": {"text_wrap": True, "border": 1, "align": "center"},
    "thousands": {"num_format": "#,##0"},
    "one_place": {"num_format": "0.0"},
}
_APPROVAL_HEADINGS = ("年月", "所属コード", "所属名", "起案件数", "電子決裁件数", "対象外件数")
# Other days that a data list gives of a data set, here all the same.
_DAYS = ("データセット_最終更新日", "ファイル_公開日", "ファイル_最終更新日")


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
        first_day = periods.fiscal_year_first_day(periods.fiscal_year_of(day)).isoformat()
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


def make_external_files(
    sample: Sample,
    facts: Facts,
    home_code: str,
    departments: Sequence[Department],
    municipalities: Sequence[Municipality],
) -> dict[str, bytes]:
    """Make the central files of all quarters of the sample, by path below their folder.

    The published figures are those of the municipality with the code ``home_code``; without facts
    of open data there is no list of them.
    """
    files: dict[str, bytes] = {}
    for name, settings in sample.periods.items():
        last_day = periods.Period.parse(name).last_day
        months = pd.date_range(settings.first_month, last_day, freq="MS").date
        if cards := settings.cards:
            rows = _count_cards(sample.seed, cards, home_code, municipalities)
            path = f"mynumber_card/{name}/マイナンバーカード交付状況.xlsx"
            files[path] = _write_card_workbook(cards, rows)
        if sample.approval_rates:
            approvals = _count_approvals(sample, departments, months)
            path = f"document_approval/{name}/文書管理システム月次集計.csv"
            files[path] = _write_csv(_APPROVAL_HEADINGS, approvals, "cp932")
        for constant in facts.get("open_data_list", ()):
            listed = [
                {**constant, **one, **dict.fromkeys(_DAYS, one["データセット_公開日"])}
                for one in facts["open_dataset"]
                if one["データセット_公開日"] <= last_day.isoformat()
            ]
            path = f"open_dataset/{name}/{home_code}_open_data_list.csv"
            files[path] = _write_csv(constant, listed, "utf-8-sig")
    return files


def _count_cards(
    seed: int, cards: SampleCards, home_code: str, municipalities: Iterable[Municipality]
) -> list[tuple[Any, ...]]:
    """Return the nation and its municipalities: prefecture, name, population, cards."""
    rows = []
    for one in municipalities:
        random = seeded_random(seed, "cards", one.code)
        population = random.randint(*_POPULATIONS.get(one.name[-1], _VILLAGE))
        issued = population * (10 * cards.national_rate + random.randint(-80, 80)) // 1000
        if one.code == home_code:
            population, issued = cards.population, cards.cards
        rows.append((one.prefecture_name, one.name, population, issued))
    return [("全国", "", sum(row[2] for row in rows), sum(row[3] for row in rows)), *rows]


def _write_card_workbook(cards: SampleCards, rows: Iterable[tuple[Any, ...]]) -> bytes:
    book = Book(f"交付状況（{SAMPLE_MARK}）", _CARD_LOOKS)
    sheet = book.book.add_worksheet("公表用")
    sheet.write(0, 0, f"マイナンバーカード交付状況（{periods.format_era_date(cards.as_of)}時点）")
    sheet.write(1, 0, f"【{SAMPLE_MARK}】架空の数値です。")
    sheet.write(2, 0, "※交付枚数は累計で、廃止や再交付を含む。")
    population_as_of, as_of = map(format_short_day, (cards.population_as_of, cards.as_of))
    headings = [
        "都道府県名",
        "市区町村名",
        f"総数（人口）\n【{population_as_of}時点】",
        f"交付枚数\n【{as_of}時点】",
        "人口に対する\n交付枚数率（%）",
    ]
    sheet.write_row(4, 0, headings, book.looks["wrapped"])
    sheet.set_row(4, 45)
    sheet.set_column(0, 4, 18)
    sheet.fit_to_pages(1, 0)
    for number, (prefecture, name, population, issued) in enumerate(rows, start=5):
        sheet.write_row(number, 0, (prefecture, name))
        sheet.write_row(number, 2, (population, issued), book.looks["thousands"])
        rate = round_half_up(Decimal(100 * issued) / population, 1)
        sheet.write_number(number, 4, rate, book.looks["one_place"])
    return book.close()


def _count_approvals(
    sample: Sample, departments: Sequence[Department], months: Iterable[date]
) -> Iterator[Row]:
    for fiscal_year, its_months in groupby(months, periods.fiscal_year_of):
        rows: list[Row] = [
            {
                "年月": f"{month.year}年{month.month}月",
                "所属コード": code,
                "所属名": department.section,
                "起案件数": random.randint(30, 180),
                "対象外件数": random.randint(0, 12),
            }
            for month in its_months
            for code, department in list_existing(departments, month).items()
            for random in [seeded_random(sample.seed, "drafts", code, month)]
        ]
        countable = [row["起案件数"] - row["対象外件数"] for row in rows]
        total = round(sample.approval_rates[fiscal_year] * sum(countable))
        weights = [
            count * seeded_random(sample.seed, "habit", row["所属コード"]).randint(75, 115)
            for count, row in zip(countable, rows, strict=True)
        ]
        for row, approvals in zip(rows, share_out(total, weights), strict=True):
            yield row | {"電子決裁件数": approvals}


def _write_csv(headings: Iterable[str], rows: Iterable[Mapping[str, Any]], encoding: str) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(headings))
    writer.writeheader()
    writer.writerows(rows)
    text.write(f"※{SAMPLE_MARK}（架空の数値です）\r\n")
    return text.getvalue().encode(encoding)
