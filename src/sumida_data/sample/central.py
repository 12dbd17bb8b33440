"""The central files: the ministry's card workbook, the document system's CSV, the data list."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Any

import pandas as pd

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_of, format_era_date
from sumida_data.base.xlsx import Book
from sumida_data.plan.values import round_half_up
from sumida_data.sample.returns import write_short_era_date
from sumida_data.sample.ward import Facts, Sample, SampleCards, seeded_random, share_out
from sumida_data.sources.central import Municipality
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.reading.workbook import SAMPLE_STAMP

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
        last_day = Period.parse(name).last_day
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
    book = Book(f"交付状況（{SAMPLE_STAMP}）", _CARD_LOOKS)
    sheet = book.book.add_worksheet("公表用")
    sheet.write(0, 0, f"マイナンバーカード交付状況（{format_era_date(cards.as_of)}時点）")
    sheet.write(1, 0, f"【{SAMPLE_STAMP}】架空の数値です。")
    sheet.write(2, 0, "※交付枚数は累計で、廃止や再交付を含む。")
    population_as_of, as_of = map(write_short_era_date, (cards.population_as_of, cards.as_of))
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
    for fiscal_year, its_months in groupby(months, fiscal_year_of):
        rows: list[Row] = []
        for month in its_months:
            for code, department in list_existing(departments, month).items():
                random = seeded_random(sample.seed, "drafts", code, month)
                row: Row = {"年月": f"{month.year}年{month.month}月", "所属コード": code}
                row |= {"所属名": department.section, "起案件数": random.randint(30, 180)}
                rows.append(row | {"対象外件数": random.randint(0, 12)})
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
    text.write(f"※{SAMPLE_STAMP}（架空の数値です）\r\n")
    return text.getvalue().encode(encoding)
