"""What a progress report says, before it is given the form of a page, a workbook or slides.

Its table is laid out as the ward prints it: indicator, baseline, a column for each fiscal year,
target. Page, papers and summary all show this one table.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.base.periods import Period, fiscal_year_label, fiscal_year_of
from sumida_data.plan.models import Indicator, Plan
from sumida_data.present.chart import Chart
from sumida_data.present.points import Standing, list_main_points
from sumida_data.present.words import (
    NOT_MEASURED,
    VERDICT_SYMBOLS,
    Language,
    describe_as_of,
    format_amount,
    format_month,
    format_target,
)
from sumida_data.report.survey import SurveyState
from sumida_data.survey.departments import list_existing, parse_departments

_NO_ROW: Row = {"value": None, "value_status": "not_measured"}


class TableCell(NamedTuple):
    """One cell of the table: a text such as 59.3%, empty for a year not yet reported.

    The mark is that of its footnote, such as ※4, or nothing; the caution is the status of the value
    in words where it is not plainly measured.
    """

    text: str
    mark: str = ""
    caution: str = ""

    @property
    def printed(self) -> str:
        """Text and mark, as 59.3% ※4."""
        return f"{self.text} {self.mark}".strip()


class IndicatorReport(NamedTuple):
    """What is said about one indicator: the cells of its line in the table, and what led to them.

    Attributes:
        current: Its cell in the reported period, which is one of those of the years.
        value: Its row of ``indicator_value`` in the period; the history has all, oldest first.
        progress: Its row of ``indicator_progress`` by the primary method; the others by others.
        verdict: The verdict of that row as printed, such as ◎ 達成.
        note: Its row of ``progress_note`` of the period, or None.
    """

    indicator: Indicator
    title: TableCell
    baseline: TableCell
    years: Sequence[TableCell]
    current: TableCell
    target: TableCell
    value: Row
    progress: Row
    verdict: str
    others: Sequence[Row]
    history: Sequence[Row]
    note: Row | None
    chart: Chart

    @property
    def texts(self) -> list[str]:
        """What the cells of its line say, as printed."""
        cells = (self.baseline, *self.years, self.target)
        return [self.title.text + self.title.mark, *(cell.printed for cell in cells)]


class ProgressReport(NamedTuple):
    """What the report of one period says.

    Attributes:
        labels: The fiscal years of the table, such as R3: of baselines, values and targets.
        footnotes: As the ward prints them, such as (※4) 令和5年1月末の実績.
        remarks: What must be known about values that are not plainly measured.
        hints: Rows of ``review_hint`` of the period: values worth a second look.
        initiatives: Rows of ``initiative`` of the period that may be published, in the order of
            their categories, each with its department as ``section`` and its ``effects`` in words;
            none where the form does not ask for them.
    """

    dictionary: DataDictionary
    municipality_name: str
    plan: Plan
    period: Period
    labels: Sequence[str]
    indicators: Sequence[IndicatorReport]
    footnotes: Sequence[str]
    remarks: Sequence[str]
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

    def list_headings(self, separator: str) -> list[str]:
        """Return the headings of the table, with what stands between word and year."""
        first, *years, last = self.labels
        return ["指標", f"基準値{separator}{first}", *years, f"目標値{separator}{last}"]

    @property
    def points(self) -> list[str]:
        """The main points, in sentences."""
        return self.sum_up(self.indicators)

    def sum_up(self, indicators: Sequence[IndicatorReport]) -> list[str]:
        """Return the main points of some of the indicators, their number by verdict first."""
        standings = []
        for one in indicators:
            before = one.history[-2] if len(one.history) > 1 else None
            standings.append(Standing(one.indicator, one.value, before, one.progress, one.note))
        return list_main_points(Language("ja", self.dictionary), standings)

    @property
    def notes(self) -> list[str]:
        """What is written below the table: footnotes, remarks, how verdicts are found, answers."""
        total = self.survey.total
        unchanged = f"、うち前回から変更なし{total.no_change}課" if total.no_change else ""
        return [
            *(*self.footnotes, *self.remarks, f"判定：{self.plan.methods[0].reason}"),
            f"回収率：{total.rate}（照会{total.asked}課のうち{total.answered}課が回答{unchanged}）",
        ]


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
    ``progress_note``, ``initiative``, ``initiative_effect_figure`` and ``department``; an indicator
    that has no value or progress in the period is a KeyError.
    """
    values = _newest_rows(tables["indicator_value"])
    table = _Table(dictionary, plan, period, values)
    compared = tables["indicator_progress"]
    methods = [_newest_rows(compared[compared["method"] == cuts.method]) for cuts in plan.methods]
    notes = {row["indicator_id"]: row for row in _rows_of(tables["progress_note"], period)}
    indicators = []
    for one in plan.indicators:
        name = one.indicator_id
        progress, *others = (rows[name, str(period)] for rows in methods)
        history = [row for key, row in values.items() if key[0] == name and key[1] <= str(period)]
        word = dictionary.word("indicator_progress.verdict", progress["verdict"])
        verdict = f"{VERDICT_SYMBOLS[progress['verdict']]} {word}"
        chart = Chart(plan, one, progress, history)
        value, note = values[name, str(period)], notes.get(name)
        line = (one, *table.write_line(one))
        indicators.append(
            IndicatorReport(*line, value, progress, verdict, others, history, note, chart)
        )
    return ProgressReport(
        dictionary=dictionary,
        municipality_name=municipality_name,
        plan=plan,
        period=period,
        labels=table.labels,
        indicators=indicators,
        footnotes=[f"({mark}) {text}" for text, mark in table.marks.items()],
        remarks=[*table.make_remarks(indicators)],
        survey=survey,
        hints=_rows_of(tables["review_hint"], period),
        corrections=_rows_of(tables["correction"], period),
        initiatives=_gather_initiatives(dictionary, period, tables),
        sample=any(row["sample"] for row in values.values()),
    )


def _newest_rows(frame: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Return the row of the newest revision by indicator and period, in order of periods."""
    rows = read_rows(frame.sort_values(["period", "revision"]))
    return {(row["indicator_id"], row["period"]): row for row in rows}


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


class _Table:
    """Writes the cells of the table of a reported period.

    A year shows the value of its last period, the reported year that of the reported period.
    """

    def __init__(
        self,
        dictionary: DataDictionary,
        plan: Plan,
        period: Period,
        values: Mapping[tuple[str, str], Row],
    ) -> None:
        first = min(fiscal_year_of(plan.first_day), period.fiscal_year)
        # Until the plan's last year is reported, its target stands in its place.
        last = max(fiscal_year_of(plan.last_day) - 1, period.fiscal_year)
        reported = sorted({name for _, name in values if name <= str(period)} | {str(period)})
        last_periods = {Period.parse(name).fiscal_year: name for name in reported}
        self.periods = {year: last_periods.get(year) for year in range(first, last + 1)}
        years = (plan.baseline_fiscal_year, *self.periods, fiscal_year_of(plan.last_day))
        self.labels = [*map(fiscal_year_label, years)]
        self.statuses = dictionary["indicator_value"].field("value_status").codes
        self.plan, self.period, self.values = plan, period, values
        titles = [one.title_footnote for one in plan.indicators]
        targets = [one.target.footnote for one in plan.indicators]
        texts = [plan.footnotes[name] for name in filter(None, (*titles, *targets))]
        for one in plan.indicators:
            texts += filter(None, map(partial(self._say_day, one), self.periods.values()))
        self.marks = {text: f"※{number}" for number, text in enumerate(dict.fromkeys(texts), 1)}

    def write_line(self, one: Indicator) -> tuple[TableCell, TableCell, Any, TableCell, TableCell]:
        """Return title, baseline, the years' values, the current one and the target."""
        cells = {year: self._write_value(one, name) for year, name in self.periods.items()}
        target = self._print(format_target(self.plan, one, one.target), one.target.footnote)
        baseline = TableCell(format_amount(one, one.baseline.value))
        title = self._print(one.title, one.title_footnote)
        return title, baseline, [*cells.values()], cells[self.period.fiscal_year], target

    def _print(self, text: str, footnote: str | None) -> TableCell:
        return TableCell(text, self.marks[self.plan.footnotes[footnote]] if footnote else "")

    def _write_value(self, one: Indicator, period: str | None) -> TableCell:
        if period is None:
            return TableCell("")
        row = self._find(one, period)
        status, value = row["value_status"], row["value"]
        caution = "" if status == "measured" else self.statuses[status].title
        plain = value is not None or status == "not_measured"
        text = format_amount(one, value, one.decimals) if plain else caution
        return TableCell(text, self.marks.get(self._say_day(one, period), ""), caution)

    def _find(self, one: Indicator, period: str | None) -> Row:
        return self.values.get((one.indicator_id, period or ""), _NO_ROW)

    def _say_day(self, one: Indicator, period: str | None) -> str:
        """Return the footnote of a value as of another day than its period's last, or nothing."""
        row = self._find(one, period)
        usual = row["value"] is None or row["as_of"] == Period.parse(row["period"]).last_day
        return "" if usual else describe_as_of(row["as_of"])

    def make_remarks(self, lines: Sequence[IndicatorReport]) -> Iterator[str]:
        """Yield by year and status of which indicators the value is not plainly measured."""
        for column, label in enumerate(self.labels[1:-1]):
            for status, code in self.statuses.items():
                titles = [
                    one.title.text for one in lines if one.years[column].caution == code.title
                ]
                meaning = code.description or code.title
                if status == "not_measured":
                    meaning += f"(「{NOT_MEASURED}」。0ではない)"
                if titles:
                    yield f"{label}：{meaning}：{'、'.join(titles)}"
