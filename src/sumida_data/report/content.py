"""What a progress report says, before it is given the form of a page, a workbook or slides.

Its table is laid out as the ward prints it: indicator, baseline, a column for each fiscal year,
target. Page, papers and summary all show this one table, and how the survey behind it went.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Gap, Quota, Row
from sumida_data.base.periods import Period, fiscal_year_label, fiscal_year_of
from sumida_data.plan.models import Indicator, Plan
from sumida_data.present import words
from sumida_data.present.chart import Chart
from sumida_data.present.points import IndicatorStatus, list_main_points
from sumida_data.survey.findings import FindingRules

# The statuses of returns that count.
ANSWERED = {"received", "no_change"}
_NO_ROW: Row = {"value": None, "value_status": "not_measured"}


class DivisionState(NamedTuple):
    """How many departments of a division answered; 計 is the division of all.

    Those that answered 前回から変更なし are among them; the others sent nothing that can be used.
    """

    division: str
    asked: int
    answered: int
    no_change: int
    not_received: int
    rate: str


class SetAside(NamedTuple):
    """Findings by severity, returns that cannot be used, and rows left out of the figures."""

    findings: Counter[str]
    files: Sequence[str]
    rows: int

    def __bool__(self) -> bool:
        """Whether something was left out of the figures."""
        return bool(self.findings["error"] or self.files or self.rows)


class SurveyState:
    """How the survey of one period went, from tables of all periods.

    Divisions are in the order of department codes, and ``sections`` are the departments asked, by
    code. Each row of findings is a rule with its number of findings, errors first, then the
    most frequent. What was set aside in the period, or belongs to none, is apart from the rest.
    """

    def __init__(
        self, period: str, response: pd.DataFrame, finding: pd.DataFrame, rules: FindingRules
    ) -> None:
        status, ours = response["response_status"], response["period"].eq(period)
        departments = (
            response.assign(
                answered=status.isin(ANSWERED),
                no_change=status.eq("no_change"),
                # What came and could not be used has to be mended, not to be asked for.
                responded=status.ne("not_received"),
            )[ours]
            .groupby("department_code")
            .agg(
                {"division": "first", "section": "first"}
                | dict.fromkeys(("answered", "no_change", "responded"), "any")
            )
        )
        by_division = departments.groupby("division", sort=False)
        self.divisions = [_count_answers(str(name), rows) for name, rows in by_division]
        self.total = _count_answers("計", departments)
        self.sections = {str(code): str(name) for code, name in departments["section"].items()}
        self.missing_sections = tuple(departments.loc[~departments["responded"], "section"])
        # What was found in a file that a newer one has replaced needs no action.
        replaced = response.loc[status.eq("superseded"), "source_file"]
        found = finding[~finding["source_file"].isin(replaced)]
        concerned = found["period"].isna() | found["period"].eq(period)
        self.set_aside = _sum_up(response[ours], found[concerned])
        self.set_aside_elsewhere = _sum_up(response[~ours], found[~concerned])
        counted = Counter(found.loc[concerned, "rule_id"])
        self.findings = [rules[name].model_dump() | {"count": n} for name, n in counted.items()]
        # The severities happen to be in the order of the alphabet.
        self.findings.sort(key=lambda one: (one["severity"], -one["count"], one["rule_id"]))


def _count_answers(name: str, departments: pd.DataFrame) -> DivisionState:
    asked = len(departments)
    answered, no_change = (int(departments[one].sum()) for one in ("answered", "no_change"))
    rate = words.format_percentage(answered, asked)
    return DivisionState(name, asked, answered, no_change, asked - answered, rate)


def _sum_up(response: pd.DataFrame, finding: pd.DataFrame) -> SetAside:
    status = response["response_status"]
    files = sorted(response.loc[status.eq("set_aside"), "source_file"])
    rows = int(response.loc[status.ne("superseded"), "rows_set_aside"].sum())
    return SetAside(Counter(finding["severity"]), files, rows)


def measure_gaps(
    quota: Quota, period: Period, response: pd.DataFrame, changed: Collection[str] = ()
) -> Iterator[Gap]:
    """Set what a quarter and those after it lack beside the quota: the figures of all go out.

    Of quarters before it whose figures are ``changed`` in public, gaps beyond the quota count too.
    """
    first = str(period)
    goes_out = response["period"].gt(first) | response["period"].isin([*changed])
    for name in sorted({first, *response.loc[goes_out, "period"]}):
        ours = response[response["period"].eq(name)]
        counting = ours[ours["response_status"].isin(ANSWERED)]
        asked, answered = (one["department_code"].nunique() for one in (ours, counting))
        rows, set_aside = (int(counting[one].sum()) for one in ("rows", "rows_set_aside"))
        whose = "" if name == first else f"{Period.parse(name).title}の"
        for what, missing, total, share in (
            ("未回答の課", asked - answered, asked, quota.departments_missing_share),
            ("集計から除いた行", set_aside, rows + set_aside, quota.rows_set_aside_share),
        ):
            title = f"{whose}{what}"
            gap = Gap(title=title, missing=missing, total=total, allowed_share=share)
            if name >= first or gap.exceeds_quota:
                yield gap


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


@dataclass(frozen=True)
class IndicatorReport(IndicatorStatus):
    """What is said of one indicator: the cells of its line in the table, and what led to them."""

    title: TableCell
    baseline: TableCell
    years: Sequence[TableCell]
    current: TableCell  # in the reported period; one of those of the years
    target: TableCell
    printed_verdict: str  # by the primary method, such as ◎ 達成
    others: Sequence[Row]  # of indicator_progress, by the other methods
    history: Sequence[Row]  # of indicator_value up to the period, oldest first
    chart: Chart

    @property
    def texts(self) -> list[str]:
        """What the cells of its line say, as printed."""
        cells = (self.baseline, *self.years, self.target)
        return [self.title.text + self.title.mark, *(cell.printed for cell in cells)]


class ProgressReport:
    """What the report of one period says.

    Attributes:
        labels: The fiscal years of the table, such as R3: of baselines, values and targets.
        footnotes: As the ward prints them, such as (※4) 令和5年1月末の実績.
        points: The main points, in sentences.
        remarks: What must be known about values that are not plainly measured.
        hints: Rows of ``review_hint`` of the period: values worth a second look.
        initiatives: Rows of ``initiative`` of the period that may be published, in the order of
            their categories, each with its department as ``section`` and its ``effects`` in words;
            none where the form does not ask for them.
    """

    def __init__(
        self,
        dictionary: DataDictionary,
        municipality_name: str,
        plan: Plan,
        period: Period,
        tables: Mapping[str, pd.DataFrame],
        survey: SurveyState,
    ) -> None:
        """Gather what is said.

        The tables are ``indicator_value``, ``indicator_progress``, ``review_hint``, ``correction``,
        ``progress_note``, ``initiative`` and ``initiative_effect_figure``; an indicator that has no
        value or progress in the period is a KeyError.
        """
        self.dictionary, self.municipality_name = dictionary, municipality_name
        self.plan, self.period, self.survey = plan, period, survey
        self._values = _newest_rows(tables["indicator_value"])
        self._periods = self._choose_periods()
        self._marks = self._mark_footnotes()
        compared = tables["indicator_progress"]
        methods = [_newest_rows(compared[compared["method"] == one.method]) for one in plan.methods]
        notes = {row["indicator_id"]: row for row in _rows_of(tables["progress_note"], period)}
        self.indicators = [
            self._describe(one, [rows[one.indicator_id, str(period)] for rows in methods], notes)
            for one in plan.indicators
        ]
        self.points = self.sum_up(self.indicators)
        years = (plan.baseline_fiscal_year, *self._periods, fiscal_year_of(plan.last_day))
        self.labels = [*map(fiscal_year_label, years)]
        self.footnotes = [f"({mark}) {text}" for text, mark in self._marks.items()]
        self.remarks = [*self._make_remarks()]
        self.hints = _rows_of(tables["review_hint"], period)
        self.corrections = _rows_of(tables["correction"], period)
        self.initiatives = self._gather_initiatives(tables) if "initiative" in tables else []
        self.sample = any(row["sample"] for row in self._values.values())

    @property
    def caption(self) -> str:
        """The caption of the progress table, such as R4：令和4年12月現在…."""
        label = fiscal_year_label(self.period.fiscal_year)
        month = words.format_month(self.period.last_day)
        return f"{label}：{month}現在、各課取組状況調査などより集計"

    def list_headings(self, separator: str) -> list[str]:
        """Return the headings of the table, with the separator between word and year."""
        first, *years, last = self.labels
        return ["指標", f"基準値{separator}{first}", *years, f"目標値{separator}{last}"]

    def sum_up(self, indicators: Sequence[IndicatorReport]) -> list[str]:
        """Return the main points of some of the indicators, their number by verdict first."""
        return list_main_points(words.Language("ja", self.dictionary), indicators)

    @property
    def notes(self) -> list[str]:
        """What is written below the table: footnotes, remarks, how verdicts are found, answers."""
        total = self.survey.total
        unchanged = f"、うち前回から変更なし{total.no_change}課" if total.no_change else ""
        return [
            *(*self.footnotes, *self.remarks, f"判定：{self.plan.methods[0].reason}"),
            f"回収率：{total.rate}（照会{total.asked}課のうち{total.answered}課が回答{unchanged}）",
        ]

    def _choose_periods(self) -> dict[int, str]:
        """Return by fiscal year the last period that has values, or nothing.

        Of the reported year that is the reported period.
        """
        plan, last, values = self.plan, str(self.period), self._values
        year = self.period.fiscal_year
        # Until the plan's last year is reported, its target takes its place.
        to = max(fiscal_year_of(plan.last_day) - 1, year)
        reported = sorted({name for _, name in values if name <= last} | {last})
        periods = {Period.parse(name).fiscal_year: name for name in reported}
        first = min(fiscal_year_of(plan.first_day), year)
        return {one: periods.get(one, "") for one in range(first, to + 1)}

    def _mark_footnotes(self) -> dict[str, str]:
        """Return the mark of each footnote by its text: those of the plan, then those of values."""
        plan = self.plan
        titles = [one.title_footnote for one in plan.indicators]
        targets = [one.target.footnote for one in plan.indicators]
        texts = [plan.footnotes[name] for name in filter(None, (*titles, *targets))]
        for one in plan.indicators:
            texts += filter(None, map(partial(self._say_day, one), self._periods.values()))
        return {text: f"※{number}" for number, text in enumerate(dict.fromkeys(texts), 1)}

    def _describe(
        self, one: Indicator, progress: Sequence[Row], notes: Mapping[str, Row]
    ) -> IndicatorReport:
        name, last = one.indicator_id, str(self.period)
        cells = {year: self._write_value(one, period) for year, period in self._periods.items()}
        history = [row for key, row in self._values.items() if key[0] == name and key[1] <= last]
        verdict = progress[0]["verdict"]
        word = self.dictionary.word("indicator_progress.verdict", verdict)
        return IndicatorReport(
            indicator=one,
            value=self._values[name, last],
            before=history[-2] if len(history) > 1 else None,
            progress=progress[0],
            note=notes.get(name),
            title=self._cite(one.title, one.title_footnote),
            baseline=TableCell(words.format_amount(one, one.baseline.value)),
            years=[*cells.values()],
            current=cells[self.period.fiscal_year],
            target=self._cite(words.format_target(self.plan, one, one.target), one.target.footnote),
            printed_verdict=f"{words.VERDICT_SYMBOLS[verdict]} {word}",
            others=progress[1:],
            history=history,
            chart=Chart(self.plan, one, progress[0], history),
        )

    def _cite(self, text: str, footnote: str | None) -> TableCell:
        return TableCell(text, self._marks[self.plan.footnotes[footnote]] if footnote else "")

    def _write_value(self, one: Indicator, period: str) -> TableCell:
        if not period:
            return TableCell("")
        row = self._values.get((one.indicator_id, period), _NO_ROW)
        status, value = row["value_status"], row["value"]
        known = self.dictionary.words("indicator_value.value_status") | {"measured": ""}
        plain = value is not None or status == "not_measured"
        text = words.format_amount(one, value, one.decimals) if plain else known[status]
        return TableCell(text, self._marks.get(self._say_day(one, period), ""), known[status])

    def _say_day(self, one: Indicator, period: str) -> str:
        """Return the footnote of a value as of another day than its period's last, or nothing."""
        row = self._values.get((one.indicator_id, period), _NO_ROW)
        usual = row["value"] is None or row["as_of"] == Period.parse(row["period"]).last_day
        return "" if usual else words.describe_as_of(row["as_of"])

    def _make_remarks(self) -> Iterator[str]:
        """Yield by year and status of which indicators the value is not plainly measured."""
        codes = self.dictionary["indicator_value"].field("value_status").codes
        for column, label in enumerate(self.labels[1:-1]):
            for status, code in codes.items():
                lines = [one for one in self.indicators if one.years[column].caution == code.title]
                meaning = code.description or code.title
                if status == "not_measured":
                    meaning += f"(「{words.NOT_MEASURED}」。0ではない)"
                if lines:
                    yield f"{label}：{meaning}：{'、'.join(one.title.text for one in lines)}"

    def _gather_initiatives(self, tables: Mapping[str, pd.DataFrame]) -> list[Row]:
        effects: dict[tuple[str, str], list[str]] = defaultdict(list)
        for row in _rows_of(tables["initiative_effect_figure"], self.period):
            effect = f"{row['effect']} {row['printed'] or ''}".strip()
            effects[row["department_code"], row["initiative_name"]].append(effect)
        initiatives = [
            row
            | {"section": self.survey.sections.get(code, code)}
            | {"categories": [one for one in (row["category"], row["other_category"]) if one]}
            | {"effects": effects[code, row["initiative_name"]]}
            for row in _rows_of(tables["initiative"], self.period)
            if row["may_publish"] == "可"
            for code in [row["department_code"]]
        ]
        order = [*(self.dictionary["initiative"].field("category").enum or ()), None]
        return sorted(initiatives, key=lambda row: order.index(row["category"]))


def _newest_rows(frame: pd.DataFrame) -> dict[tuple[str, str], Row]:
    """Return the row of the newest revision by indicator and period, in order of periods."""
    rows = read_rows(frame.sort_values(["period", "revision"]))
    return {(row["indicator_id"], row["period"]): row for row in rows}


def _rows_of(frame: pd.DataFrame, period: Period) -> list[Row]:
    return read_rows(frame[frame["period"] == str(period)])
