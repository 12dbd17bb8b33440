"""What a progress report says, before it is given the form of a page or a workbook."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.base.periods import Period, fiscal_year_label
from sumida_data.plan.models import Plan
from sumida_data.present.chart import Chart, lay_out_progress
from sumida_data.present.language import Language
from sumida_data.present.points import Standing, list_main_points
from sumida_data.present.words import format_month, format_verdict
from sumida_data.report.survey import SurveyState
from sumida_data.report.table import ProgressTable, TableRow, build_table, newest_rows
from sumida_data.survey.departments import list_existing, parse_departments


@dataclass(frozen=True, slots=True)
class IndicatorReport:
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
    others: tuple[Row, ...]
    history: tuple[Row, ...]
    note: Row | None
    chart: Chart

    @property
    def standing(self) -> Standing:
        """Where the indicator is, and where it was in the quarter before."""
        before = self.history[-2] if len(self.history) > 1 else None
        return Standing(self.line.indicator, self.value, before, self.progress, self.note)


@dataclass(frozen=True, slots=True)
class ProgressReport:
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
    indicators: tuple[IndicatorReport, ...]
    survey: SurveyState
    hints: tuple[Row, ...]
    corrections: tuple[Row, ...]
    initiatives: tuple[Row, ...]
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
        return list_main_points(
            Language("ja", self.dictionary), [one.standing for one in indicators]
        )

    @property
    def notes(self) -> list[str]:
        """What is written below the table: footnotes, remarks, how verdicts are found, answers."""
        total = self.survey.total
        unchanged = f"、うち前回から変更なし{total.no_change}課" if total.no_change else ""
        return [
            *self.table.printed_footnotes,
            *self.table.remarks,
            f"判定：{self.plan.methods[0].reason}",
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
    ``progress_note``, ``initiative``, ``initiative_effect_figure`` and ``department``.

    Raises:
        KeyError: If an indicator has no value or progress in the period.
    """
    values = newest_rows(tables["indicator_value"])
    compared = tables["indicator_progress"]
    progress = [newest_rows(compared[compared["method"] == cuts.method]) for cuts in plan.methods]
    table = build_table(dictionary, plan, period, values)
    notes = {row["indicator_id"]: row for row in _rows_of(tables["progress_note"], period)}
    reports = (
        _report_indicator(dictionary, plan, period, line, values, progress, notes)
        for line in table.rows
    )
    return ProgressReport(
        dictionary=dictionary,
        municipality_name=municipality_name,
        plan=plan,
        period=period,
        table=table,
        indicators=tuple(reports),
        survey=survey,
        hints=_rows_of(tables["review_hint"], period),
        corrections=_rows_of(tables["correction"], period),
        initiatives=_gather_initiatives(dictionary, period, tables),
        sample=any(row["sample"] for row in values.values()),
    )


def _gather_initiatives(
    dictionary: DataDictionary, period: Period, tables: Mapping[str, pd.DataFrame]
) -> tuple[Row, ...]:
    if "initiative" not in tables:
        return ()
    known = parse_departments(read_rows(tables["department"]))
    existing = list_existing(known, period.last_day)
    key = itemgetter("department_code", "initiative_name")
    effects: dict[tuple[str, str], list[str]] = defaultdict(list)
    for row in _rows_of(tables["initiative_effect_figure"], period):
        effects[key(row)].append(f"{row['effect']} {row['printed'] or ''}".strip())
    order = [*(dictionary["initiative"].field("category").enum or ()), None]
    rows = sorted(
        _rows_of(tables["initiative"], period), key=lambda row: order.index(row["category"])
    )
    return tuple(
        row
        | {
            "section": existing[code].section if (code := key(row)[0]) in existing else code,
            "effects": effects[key(row)],
        }
        for row in rows
        if row["may_publish"] == "可"
    )


def _rows_of(frame: pd.DataFrame, period: Period) -> tuple[Row, ...]:
    return tuple(read_rows(frame[frame["period"] == str(period)]))


def _report_indicator(  # one argument for each thing that is said of it
    dictionary: DataDictionary,
    plan: Plan,
    period: Period,
    line: TableRow,
    values: Mapping[tuple[str, str], Row],
    progress: Sequence[Mapping[tuple[str, str], Row]],
    notes: Mapping[str, Row],
) -> IndicatorReport:
    name = line.indicator.indicator_id
    history = tuple(
        row for (owner, key), row in values.items() if owner == name and key <= str(period)
    )
    compared, *others = (rows[name, str(period)] for rows in progress)
    return IndicatorReport(
        line=line,
        value=values[name, str(period)],
        progress=compared,
        verdict=format_verdict(dictionary, compared["verdict"]),
        others=tuple(others),
        history=history,
        note=notes.get(name),
        chart=lay_out_progress(plan, line.indicator, compared, history),
    )
