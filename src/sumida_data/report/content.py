"""What a progress report says, before it is given the form of a page, a workbook or slides.

Its table is laid out as the ward prints it: indicator, baseline, a column for each fiscal year,
target. Page, papers and summary all show this one table.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Code, DataDictionary, Row
from sumida_data.base.periods import Period, fiscal_year_label, fiscal_year_of
from sumida_data.plan.models import Indicator, Plan
from sumida_data.present.chart import Chart
from sumida_data.present.points import Standing, list_main_points
from sumida_data.present.words import (
    NOT_MEASURED,
    Language,
    describe_as_of,
    format_amount,
    format_month,
    format_target,
    format_verdict,
)
from sumida_data.report.survey import SurveyState
from sumida_data.survey.departments import list_existing, parse_departments

# Rows of a table by indicator and period.
ByPeriod = Mapping[tuple[str, str], Row]
_NO_ROW: Row = {"value": None, "value_status": "not_measured"}


class TableCell(NamedTuple):
    """One cell of the table.

    Attributes:
        text: What it says, such as 59.3%; empty for a year not yet reported.
        mark: That of its footnote, such as ※4, or nothing.
        caution: The status of the value in words where it is not plainly measured.
    """

    text: str
    mark: str = ""
    caution: str = ""

    @property
    def printed(self) -> str:
        """Text and mark, as 59.3% ※4."""
        return f"{self.text} {self.mark}".strip()


class TableRow(NamedTuple):
    """One indicator's line; its value in the reported period is one of those of the years."""

    indicator: Indicator
    title: TableCell
    baseline: TableCell
    years: Sequence[TableCell]
    current: TableCell
    target: TableCell

    @property
    def texts(self) -> list[str]:
        """What its cells say, as printed."""
        cells = (self.baseline, *self.years, self.target)
        return [self.title.text + self.title.mark, *(cell.printed for cell in cells)]


class ProgressTable(NamedTuple):
    """The progress table.

    Attributes:
        labels: The fiscal years of the columns, such as R3: of baselines, values and targets.
        rows: One row per indicator, in the plan's order.
        footnotes: As the ward prints them, such as (※4) 令和5年1月末の実績.
        remarks: What must be known about values that are not plainly measured.
    """

    labels: Sequence[str]
    rows: Sequence[TableRow]
    footnotes: Sequence[str]
    remarks: Sequence[str]

    def list_headings(self, separator: str) -> list[str]:
        """Return the headings of the columns, with what stands between word and year."""
        first, *years, last = self.labels
        return ["指標", f"基準値{separator}{first}", *years, f"目標値{separator}{last}"]


class IndicatorReport(NamedTuple):
    """What is said about one indicator.

    Attributes:
        value: Its row of ``indicator_value`` in the reported period.
        progress: Its row of ``indicator_progress`` by the plan's primary method.
        verdict: The verdict of that row as printed, such as ◎ 達成.
        others: Its rows by the other methods.
        history: Its rows of ``indicator_value`` up to the reported period, oldest first.
        note: Its row of ``progress_note`` of the period, or None.
    """

    line: TableRow
    value: Row
    progress: Row
    verdict: str
    others: Sequence[Row]
    history: Sequence[Row]
    note: Row | None
    chart: Chart


class ProgressReport(NamedTuple):
    """What the report of one period says.

    Attributes:
        dictionary: The descriptions of all fields, with the words of their codes.
        municipality_name: Whose figures these are.
        indicators: One entry per indicator, in the plan's order.
        hints: Rows of ``review_hint`` of the period: values worth a second look.
        corrections: Rows of ``correction`` of the period.
        initiatives: Rows of ``initiative`` of the period that may be published, in the order of
            their categories, each with its department as ``section`` and its ``effects`` in words;
            none where the form does not ask for them.
        sample: Whether sample data went into any figure.
    """

    dictionary: DataDictionary
    municipality_name: str
    plan: Plan
    period: Period
    table: ProgressTable
    indicators: Sequence[IndicatorReport]
    survey: SurveyState
    hints: Sequence[Row]
    corrections: Sequence[Row]
    initiatives: Sequence[Row]
    sample: bool

    @property
    def caption(self) -> str:
        """The caption of the progress table, such as R4：令和4年12月現在…."""
        label = fiscal_year_label(self.period.fiscal_year)
        return f"{label}：{format_month(self.period.last_day)}現在、各課取組状況調査などより集計"

    @property
    def points(self) -> list[str]:
        """The main points, in sentences."""
        return self.sum_up(self.indicators)

    def sum_up(self, indicators: Sequence[IndicatorReport]) -> list[str]:
        """Return the main points of some of the indicators, their number by verdict first."""
        standings = []
        for one in indicators:
            before = one.history[-2] if len(one.history) > 1 else None
            known = (one.value, before, one.progress, one.note)
            standings.append(Standing(one.line.indicator, *known))
        return list_main_points(Language("ja", self.dictionary), standings)

    @property
    def notes(self) -> list[str]:
        """What is written below the table: footnotes, remarks, how verdicts are found, answers."""
        total = self.survey.total
        unchanged = f"、うち前回から変更なし{total.no_change}課" if total.no_change else ""
        return [
            *self.table.footnotes,
            *self.table.remarks,
            f"判定：{self.plan.methods[0].reason}",
            f"回収率：{total.rate}（照会{total.asked}課のうち{total.answered}課が回答{unchanged}）",
        ]


def newest_rows(frame: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Return the row of the newest revision by indicator and period, in order of periods."""
    rows = read_rows(frame.sort_values(["period", "revision"]))
    return {(row["indicator_id"], row["period"]): row for row in rows}


def build_report(
    dictionary: DataDictionary,
    municipality_name: str,
    plan: Plan,
    period: Period,
    tables: Mapping[str, pd.DataFrame],
    survey: SurveyState,
) -> ProgressReport:
    """Gather what the report of a period says.

    The tables are ``indicator_value``, ``indicator_progress``, ``review_hint``, ``correction``,
    ``progress_note``, ``initiative``, ``initiative_effect_figure`` and ``department``.

    Raises:
        KeyError: If an indicator has no value or progress in the period.
    """
    values = newest_rows(tables["indicator_value"])
    compared = tables["indicator_progress"]
    methods = [newest_rows(compared[compared["method"] == cuts.method]) for cuts in plan.methods]
    table = build_table(dictionary, plan, period, values)
    notes = {row["indicator_id"]: row for row in _rows_of(tables["progress_note"], period)}
    indicators = []
    for line in table.rows:
        name = line.indicator.indicator_id
        progress, *others = (rows[name, str(period)] for rows in methods)
        history = [row for key, row in values.items() if key[0] == name and key[1] <= str(period)]
        verdict = format_verdict(dictionary, progress["verdict"])
        chart = Chart(plan, line.indicator, progress, history)
        known = (values[name, str(period)], progress, verdict, others, history, notes.get(name))
        indicators.append(IndicatorReport(line, *known, chart))
    return ProgressReport(
        dictionary=dictionary,
        municipality_name=municipality_name,
        plan=plan,
        period=period,
        table=table,
        indicators=indicators,
        survey=survey,
        hints=_rows_of(tables["review_hint"], period),
        corrections=_rows_of(tables["correction"], period),
        initiatives=_gather_initiatives(dictionary, period, tables),
        sample=any(row["sample"] for row in values.values()),
    )


def _rows_of(frame: pd.DataFrame, period: Period) -> list[Row]:
    return read_rows(frame[frame["period"] == str(period)])


def _gather_initiatives(
    dictionary: DataDictionary, period: Period, tables: Mapping[str, pd.DataFrame]
) -> list[Row]:
    if "initiative" not in tables:
        return []
    known = parse_departments(read_rows(tables["department"]))
    existing = list_existing(known, period.last_day)
    effects: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in _rows_of(tables["initiative_effect_figure"], period):
        told = f"{row['effect']} {row['printed'] or ''}".strip()
        effects[row["department_code"], row["initiative_name"]].append(told)
    initiatives = []
    for row in _rows_of(tables["initiative"], period):
        if row["may_publish"] == "可":
            code = row["department_code"]
            section = existing[code].section if code in existing else code
            told_of = effects[code, row["initiative_name"]]
            initiatives.append(row | {"section": section, "effects": told_of})
    order = [*(dictionary["initiative"].field("category").enum or ()), None]
    return sorted(initiatives, key=lambda row: order.index(row["category"]))


def build_table(
    dictionary: DataDictionary, plan: Plan, period: Period, values: ByPeriod
) -> ProgressTable:
    """Lay out the table of a reported period, from ``indicator_value`` by indicator and period.

    A year shows the value of its last period, the reported year that of the reported period.
    """
    first = min(fiscal_year_of(plan.first_day), period.fiscal_year)
    # Until the plan's last year is reported, its target stands in its place.
    last = max(fiscal_year_of(plan.last_day) - 1, period.fiscal_year)
    reported = sorted({name for _, name in values if name <= str(period)} | {str(period)})
    last_periods = {Period.parse(name).fiscal_year: name for name in reported}
    periods = {year: last_periods.get(year) for year in range(first, last + 1)}
    marks = _mark_footnotes(plan, filter(None, periods.values()), values)
    statuses = dictionary["indicator_value"].field("value_status").codes
    cautions = {name: code.title for name, code in statuses.items()} | {"measured": ""}

    def write(indicator: Indicator, name: str | None) -> TableCell:
        if name is None:
            return TableCell("")
        row = values.get((indicator.indicator_id, name), _NO_ROW)
        status = row["value_status"]
        text = format_amount(indicator, row["value"], indicator.decimals)
        if row["value"] is None and status != "not_measured":
            text = cautions[status]
        return TableCell(text, marks.get(_as_of_footnote(row), ""), cautions[status])

    def print_text(text: str, footnote: str | None) -> TableCell:
        return TableCell(text, marks[plan.footnotes[footnote]] if footnote else "")

    rows = []
    for one in plan.indicators:
        cells = {year: write(one, name) for year, name in periods.items()}
        title = print_text(one.title, one.title_footnote)
        target = print_text(format_target(plan, one, one.target), one.target.footnote)
        baseline = TableCell(format_amount(one, one.baseline.value))
        current = cells[period.fiscal_year]
        rows.append(TableRow(one, title, baseline, [*cells.values()], current, target))
    years = (plan.baseline_fiscal_year, *periods, fiscal_year_of(plan.last_day))
    labels = [*map(fiscal_year_label, years)]
    footnotes = [f"({mark}) {text}" for text, mark in marks.items()]
    return ProgressTable(labels, rows, footnotes, [*_make_remarks(labels[1:-1], rows, statuses)])


def _mark_footnotes(plan: Plan, periods: Iterator[str], values: ByPeriod) -> dict[str, str]:
    """Return the mark of each footnote by its text: first those of the plan, then of values."""
    titles = [one.title_footnote for one in plan.indicators]
    targets = [one.target.footnote for one in plan.indicators]
    shown = [*periods]
    keys = [(one.indicator_id, name) for one in plan.indicators for name in shown]
    texts = chain(
        (plan.footnotes[name] for name in (*titles, *targets) if name),
        filter(None, (_as_of_footnote(values.get(key, _NO_ROW)) for key in keys)),
    )
    return {text: f"※{number}" for number, text in enumerate(dict.fromkeys(texts), 1)}


def _as_of_footnote(row: Row) -> str:
    usual = row["value"] is None or row["as_of"] == Period.parse(row["period"]).last_day
    return "" if usual else describe_as_of(row["as_of"])


def _make_remarks(
    labels: Sequence[str], rows: Sequence[TableRow], statuses: Mapping[str, Code]
) -> Iterator[str]:
    for column, label in enumerate(labels):
        for status, code in statuses.items():
            titles = [row.title.text for row in rows if row.years[column].caution == code.title]
            meaning = code.description or code.title
            if status == "not_measured":
                meaning += f"(「{NOT_MEASURED}」。0ではない)"
            if titles:
                yield f"{label}：{meaning}：{'、'.join(titles)}"
