"""The progress table: what stands in each of its cells, and its footnotes.

It is laid out as the ward prints it: indicator, baseline, a column for each fiscal year, target.
Page, workbook and summary all show this one table.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Code, DataDictionary, Row
from sumida_data.base.periods import Period, fiscal_year_label, fiscal_year_of
from sumida_data.plan.models import Indicator, Plan
from sumida_data.present.words import (
    NOT_MEASURED,
    describe_as_of,
    format_amount,
    format_target,
)


@dataclass(frozen=True, slots=True)
class TableCell:
    """One cell of the table.

    Attributes:
        text: What it says, such as 59.3%; empty for a year not yet reported.
        number: Number of its footnote, from 1; None without one.
        caution: The status of the value in words where it is not plainly measured.
    """

    text: str
    number: int | None = None
    caution: str = ""

    @property
    def mark(self) -> str:
        """The footnote's mark, such as ※4, or nothing."""
        return f"※{self.number}" if self.number else ""

    @property
    def printed(self) -> str:
        """Text and mark, as 59.3% ※4."""
        return f"{self.text} {self.mark}".strip()


@dataclass(frozen=True, slots=True)
class TableRow:
    """One indicator's line; its value in the reported period is one of those of the years."""

    indicator: Indicator
    title: TableCell
    baseline: TableCell
    years: tuple[TableCell, ...]
    current: TableCell
    target: TableCell

    @property
    def texts(self) -> list[str]:
        """What its cells say, as printed."""
        cells = (self.baseline, *self.years, self.target)
        return [self.title.text + self.title.mark, *(cell.printed for cell in cells)]


@dataclass(frozen=True, slots=True)
class ProgressTable:
    """The progress table.

    Attributes:
        baseline_label: Fiscal year of the baselines, such as R3.
        year_labels: The fiscal years shown.
        target_label: Fiscal year of the targets.
        rows: One row per indicator, in the plan's order.
        footnotes: Texts of ※1, ※2 and so on.
        remarks: What must be known about values that are not plainly measured.
    """

    baseline_label: str
    year_labels: tuple[str, ...]
    target_label: str
    rows: tuple[TableRow, ...]
    footnotes: tuple[str, ...]
    remarks: tuple[str, ...]

    def list_headings(self, separator: str) -> list[str]:
        """Return the headings of the columns, with what stands between word and year."""
        first, last = (
            f"{word}{separator}{label}"
            for word, label in (("基準値", self.baseline_label), ("目標値", self.target_label))
        )
        return ["指標", first, *self.year_labels, last]

    @property
    def printed_footnotes(self) -> list[str]:
        """The footnotes as the ward prints them, such as (※4) 令和5年1月末の実績."""
        return [f"(※{number}) {text}" for number, text in enumerate(self.footnotes, 1)]


def newest_rows(frame: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Return the row of the newest revision by indicator and period, in order of periods."""
    rows = read_rows(frame.sort_values(["period", "revision"]))
    return {(row["indicator_id"], row["period"]): row for row in rows}


def build_table(
    dictionary: DataDictionary,
    plan: Plan,
    period: Period,
    values: Mapping[tuple[str, str], Row],
) -> ProgressTable:
    """Lay out the table of a reported period, from ``indicator_value`` by indicator and period.

    A year shows the value of its last period, the reported year that of the reported period.
    """
    years = _years_shown(plan, period)
    periods = _last_periods(period, values)
    notes = _collect_footnotes(plan, [periods[year] for year in years if year in periods], values)
    statuses = dictionary["indicator_value"].field("value_status").codes
    cautions = {name: code.title for name, code in statuses.items()} | {"measured": ""}
    rows = []
    for one in plan.indicators:
        cells = tuple(
            _write_value(one, values.get((one.indicator_id, periods[year])), notes, cautions)
            if year in periods
            else TableCell("")
            for year in years
        )
        rows.append(_build_row(plan, one, cells, cells[years.index(period.fiscal_year)], notes))
    labels = tuple(fiscal_year_label(year) for year in years)
    return ProgressTable(
        baseline_label=fiscal_year_label(plan.baseline_fiscal_year),
        year_labels=labels,
        target_label=fiscal_year_label(fiscal_year_of(plan.last_day)),
        rows=tuple(rows),
        footnotes=tuple(notes),
        remarks=tuple(_make_remarks(labels, rows, statuses)),
    )


def _years_shown(plan: Plan, period: Period) -> list[int]:
    # Until the plan's last year is reported, its target stands in its place.
    first = min(fiscal_year_of(plan.first_day), period.fiscal_year)
    last = max(fiscal_year_of(plan.last_day) - 1, period.fiscal_year)
    return list(range(first, last + 1))


def _last_periods(period: Period, values: Mapping[tuple[str, str], Row]) -> dict[int, str]:
    reported = sorted({name for _, name in values if name <= str(period)})
    return {Period.parse(name).fiscal_year: name for name in reported} | {
        period.fiscal_year: str(period)
    }


def _collect_footnotes(
    plan: Plan, periods: list[str], values: Mapping[tuple[str, str], Row]
) -> dict[str, int]:
    titles = [one.title_footnote for one in plan.indicators]
    targets = [one.target.footnote for one in plan.indicators]
    texts = [plan.footnotes[name] for name in (*titles, *targets) if name]
    rows = [values.get((one.indicator_id, name)) for one in plan.indicators for name in periods]
    texts += filter(None, map(_as_of_footnote, filter(None, rows)))
    return {text: number for number, text in enumerate(dict.fromkeys(texts), 1)}


def _as_of_footnote(row: Row) -> str | None:
    usual = row["value"] is None or row["as_of"] == Period.parse(row["period"]).last_day
    return None if usual else describe_as_of(row["as_of"])


def _write_value(
    indicator: Indicator, row: Row | None, notes: Mapping[str, int], cautions: Mapping[str, str]
) -> TableCell:
    if row is None:
        return TableCell(NOT_MEASURED, caution=cautions["not_measured"])
    status: str = row["value_status"]
    text = format_amount(indicator, row["value"], indicator.decimals)
    if row["value"] is None and status != "not_measured":
        text = cautions[status]
    return TableCell(text, notes.get(_as_of_footnote(row) or ""), cautions[status])


def _build_row(
    plan: Plan,
    indicator: Indicator,
    years: tuple[TableCell, ...],
    current: TableCell,
    notes: Mapping[str, int],
) -> TableRow:
    def number(name: str | None) -> int | None:
        return notes[plan.footnotes[name]] if name else None

    target = indicator.target
    return TableRow(
        indicator=indicator,
        title=TableCell(indicator.title, number(indicator.title_footnote)),
        baseline=TableCell(format_amount(indicator, indicator.baseline.value)),
        years=years,
        current=current,
        target=TableCell(format_target(plan, indicator, target), number(target.footnote)),
    )


def _make_remarks(
    labels: tuple[str, ...], rows: list[TableRow], statuses: Mapping[str, Code]
) -> Iterator[str]:
    for column, label in enumerate(labels):
        for status, code in statuses.items():
            titles = [row.title.text for row in rows if row.years[column].caution == code.title]
            meaning = code.description or code.title
            if status == "not_measured":
                meaning += f"(「{NOT_MEASURED}」。0ではない)"
            if titles:
                yield f"{label}：{meaning}：{'、'.join(titles)}"
