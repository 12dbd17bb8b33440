"""Indicator values, each with the cells it rests on.

An indicator's query returns the rows that count. Here they are summed, divided, rounded half up
and led back to their cells. Nothing in this module knows a particular indicator.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple, cast

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import SqlError, connect, run_query
from sumida_data.base.frames import to_arrow
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_first_day, fiscal_year_last_day
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.form import Form, Wave, Waves

FIRST_REVISION = 1

_MAKE_ROOM = """
    CREATE TEMP TABLE counted (
        indicator_id VARCHAR, period VARCHAR, table_name VARCHAR, municipality_code VARCHAR,
        row_id VARCHAR, numerator DECIMAL(18, 4), denominator DECIMAL(18, 4), complete BOOLEAN,
        as_of DATE, department_code VARCHAR, carried_from VARCHAR
    );
    CREATE TEMP TABLE roles (
        indicator_id VARCHAR, period VARCHAR, role VARCHAR, field VARCHAR
    );
"""
# Tables of central files have no department, or nothing carried forward; the engine reads both.
_COUNT_ROWS = """
    INSERT INTO counted
    SELECT
        $indicator, $period, $table, t.municipality_code, t.row_id, q.numerator, {denominator},
        {complete}, t.as_of, t.department_code, t.carried_from
    FROM ({query}) AS q
    JOIN (
        SELECT * FROM {table}
        UNION ALL BY NAME
        SELECT NULL::VARCHAR AS department_code, NULL::VARCHAR AS carried_from WHERE false
    ) AS t ON q.row_id = t.row_id
    SEMI JOIN municipality AS m ON t.municipality_code = m.code
"""
_SUM_ROWS = """
    SELECT
        indicator_id, period, municipality_code,
        count(*) FILTER (WHERE complete),
        (sum(numerator) FILTER (WHERE complete))::DECIMAL(18, 4),
        (sum(denominator) FILTER (WHERE complete))::DECIMAL(18, 4),
        max(as_of) FILTER (WHERE complete),
        count(DISTINCT department_code) FILTER (WHERE carried_from IS NOT NULL),
        count(*) FILTER (WHERE NOT complete)
    FROM counted
    GROUP BY ALL
"""
_SUM_PARTS = """
    SELECT
        municipality_code, indicator_id, period, department_code,
        sum(numerator)::DECIMAL(18, 4) AS numerator,
        sum(denominator)::DECIMAL(18, 4) AS denominator
    FROM counted
    WHERE complete AND department_code IS NOT NULL
    GROUP BY ALL
    ORDER BY ALL
"""
_LEAD_BACK = """
    SELECT
        a.municipality_code, c.indicator_id, c.period, $revision::BIGINT AS revision, r.role,
        a.table_name, a.record_id AS row_id, a.field, a.source_file, a.file_sha256, a.sheet, a.cell,
        a.raw_text, a.value, a.change, a.correction_id, a.carried_from
    FROM counted AS c
    JOIN roles AS r USING (indicator_id, period)
    JOIN answer AS a
        ON a.record_id = c.row_id AND a.table_name = c.table_name AND a.field = r.field
    WHERE c.complete
    ORDER BY c.period, a.municipality_code, c.indicator_id, r.role, a.record_id, a.field
"""


class Coverage(NamedTuple):
    """Who was asked about a table in a quarter, and who answered.

    Attributes:
        asked: Number of departments asked; 0 where the table was not asked about.
        answered: Number of departments that answered, those without a change included.
    """

    asked: int
    answered: int


# Municipality code, quarter, survey table.
CoverageKey = tuple[str, str, str]


class QueryError(ValueError):
    """An indicator's query that cannot be run or does not return what it must."""


@dataclass(frozen=True, slots=True)
class Computed:
    """What was computed.

    Attributes:
        values: Rows of table ``indicator_value``.
        lineage: Table ``lineage``.
        parts: Sums by municipality_code, indicator_id, period and department_code: numerator,
            denominator. Only of indicators whose rows belong to departments.
    """

    values: list[Row]
    lineage: pa.Table
    parts: pa.Table


class _Count(NamedTuple):
    """Sums over the rows that count."""

    rows: int = 0
    numerator: Decimal | None = None
    denominator: Decimal | None = None
    newest: date | None = None
    carried_departments: int = 0
    incomplete_rows: int = 0


class _Task(NamedTuple):
    """What is computed at a time, for all municipalities."""

    plan: Plan
    indicator: Indicator  # by the definition in force on the last day of the period
    period: Period
    series_break: date | None

    @property
    def key(self) -> tuple[str, str]:
        """The indicator's id and the period; no other task has both."""
        return self.indicator.indicator_id, str(self.period)


class ValueEngine:
    """Computes indicator values over a set of typed tables.

    One indicator of one quarter is counted for all municipalities at once, and the answers are
    searched once for the lineage of all, so that a ward and a nation take the same path. Use it as
    a context manager: it holds an in-memory database.
    """

    def __init__(
        self,
        municipalities: Mapping[str, str],
        plans: Plans,
        tables: Mapping[str, pd.DataFrame],
        coverage: Mapping[CoverageKey, Coverage],
        *,
        sample: bool,
    ) -> None:
        """Load the tables.

        Args:
            municipalities: Names of the municipalities whose values are computed, by code.
            plans: The plans.
            tables: The typed tables and ``answer``, by name.
            coverage: Who was asked about a survey table and who answered.
            sample: Whether the data are sample data.
        """
        self._municipalities = municipalities
        self._plans = plans
        self._coverage = coverage
        self._sample = sample
        self._connection = connect()
        self._connection.register("municipality", pa.table({"code": list(municipalities)}))
        for name, frame in tables.items():
            self._connection.register(name, to_arrow(frame))

    def __enter__(self) -> "ValueEngine":
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def compute(self, periods: Sequence[str]) -> Computed:
        """Compute every indicator of every plan measured, for every quarter.

        Raises:
            QueryError: If an indicator's query fails; the message names the indicator.
        """
        tasks = list(self._list_tasks(map(Period.parse, periods)))
        self._connection.execute(_MAKE_ROOM)
        for task in tasks:
            self._set_period(task)
            self._count_rows(task)
        counts: dict[tuple[str, str], dict[str, _Count]] = defaultdict(dict)
        for name, period, code, *sums in self._connection.execute(_SUM_ROWS).fetchall():
            counts[name, period][code] = _Count(*sums)
        return Computed(
            [row for task in tasks for row in self._values(task, counts[task.key])],
            self._connection.sql(_LEAD_BACK, params={"revision": FIRST_REVISION}).to_arrow_table(),
            self._connection.sql(_SUM_PARTS).to_arrow_table(),
        )

    def _list_tasks(self, periods: Iterable[Period]) -> Iterator[_Task]:
        for period in periods:
            for plan in self._plans.measured_in(period):
                for indicator in plan.indicators:
                    version = indicator.version_on(period.last_day)
                    broken_by = indicator.break_between(date.min, period.last_day)
                    yield _Task(plan, version, period, broken_by.valid_from if broken_by else None)

    def _set_period(self, task: _Task) -> None:
        period, before = task.period, task.period.fiscal_year - 1
        row = {
            "period": str(period),
            "as_of": period.last_day,
            "fiscal_year_first_day": fiscal_year_first_day(period.fiscal_year),
            "previous_fiscal_year_first_month": f"{fiscal_year_first_day(before):%Y-%m}",
            "previous_fiscal_year_last_month": f"{fiscal_year_last_day(before):%Y-%m}",
            "plan_first_day": task.plan.first_day,
        }
        self._connection.register("reporting_period", pa.Table.from_pylist([row]))

    def _count_rows(self, task: _Task) -> None:
        """Add the rows that count, and the fields they rest on, to ``counted`` and ``roles``."""
        indicator = task.indicator
        is_ratio = indicator.kind == "ratio"
        statement = _COUNT_ROWS.format(
            query=indicator.query,
            table=indicator.table,
            denominator="q.denominator" if is_ratio else "NULL",
            # A row that lacks a part would shift the ratio, so it counts in neither part.
            complete=f"q.numerator IS NOT NULL{' AND q.denominator IS NOT NULL' * is_ratio}",
        )
        name, period = task.key
        owner = {"indicator": name, "period": period, "table": indicator.table}
        try:
            run_query(self._connection, statement, owner)
        except SqlError as error:
            raise QueryError(f"指標 {name} の query を実行できません: {error}") from error
        roles = [("numerator", field) for field in indicator.numerator_fields]
        roles += [("denominator", field) for field in indicator.denominator_fields]
        self._connection.executemany(
            "INSERT INTO roles VALUES (?, ?, ?, ?)", [(name, period, *role) for role in roles]
        )

    def _values(self, task: _Task, counts: Mapping[str, _Count]) -> list[Row]:
        delivered = self._find_delivered(task)
        common = {
            "plan_id": task.plan.plan_id,
            "indicator_id": task.indicator.indicator_id,
            "indicator_title": task.indicator.title,
            "period": str(task.period),
            "revision": FIRST_REVISION,
            "fiscal_year": task.period.fiscal_year,
            "fiscal_quarter": task.period.quarter,
            "unit": task.indicator.unit,
            "definition_version": task.indicator.definition_version,
            "series_break": task.series_break,
            "sample": self._sample,
        }
        return [
            common
            | {"municipality_code": code, "municipality_name": name}
            | self._value(task, code, counts.get(code, _Count()), delivered=code in delivered)
            for code, name in self._municipalities.items()
        ]

    def _value(self, task: _Task, code: str, count: _Count, *, delivered: bool) -> Row:
        indicator, period = task.indicator, task.period
        coverage = self._coverage.get((code, str(period), indicator.table))
        reason = _reason_not_measured(task, count, coverage, delivered=delivered)
        value = None if reason else calculate(indicator, count.numerator, count.denominator)
        status = _status_of(value, reason, count)
        newest = None if indicator.as_of == "period" else count.newest
        return {
            "row_id": f"{code}/{indicator.indicator_id}/{period}/{FIRST_REVISION}",
            "as_of": newest or period.last_day,
            "value": value,
            "numerator": None if value is None else count.numerator or Decimal(0),
            "denominator": None if value is None else count.denominator,
            "value_status": status,
            "departments_asked": coverage.asked if coverage else None,
            "departments_answered": coverage.answered if coverage else None,
            "note": reason or _describe_count(count, status),
        }

    def _find_delivered(self, task: _Task) -> set[str]:
        """Return the municipalities whose file of the period has rows, counted or not."""
        rows = self._connection.execute(
            f"SELECT DISTINCT municipality_code FROM {task.indicator.table} "  # noqa: S608
            "WHERE period = $period",
            {"period": str(task.period)},
        )
        return {code for (code,) in rows.fetchall()}


def round_half_up(number: Decimal, decimals: int) -> Decimal:
    """Round as the ward does (四捨五入): a five rounds away from zero."""
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def calculate(
    indicator: Indicator, numerator: Decimal | None, denominator: Decimal | None
) -> Decimal | None:
    """Return the value that sums give, rounded half up, or None where it cannot be said.

    What no part of a whole can be, such as 57,627 %, is not said either.
    """
    if indicator.kind != "ratio":
        return round_half_up(numerator or Decimal(0), indicator.decimals)
    if not denominator or numerator is None:
        return None
    value = round_half_up(100 * numerator / denominator, indicator.decimals)
    most = indicator.most_possible
    return value if value >= 0 and (most is None or value <= most) else None


def _reason_not_measured(
    task: _Task, count: _Count, coverage: Coverage | None, *, delivered: bool
) -> str | None:
    """Say why there is no value although nothing went wrong, or return None."""
    if task.indicator.kind == "cumulative" and task.period.last_day < task.plan.first_day:
        return "計画の初日より前のため、数えていない。"
    if coverage is not None:
        if coverage.asked == 0:
            return "この期間は照会していない。"
        return None if coverage.answered else "回答した課がない。"
    if count.rows or count.incomplete_rows:
        return None
    if task.indicator.kind == "ratio" or not delivered:
        return "この期間のデータがない。"
    return None


def _status_of(value: Decimal | None, reason: str | None, count: _Count) -> str:
    if reason:
        return "not_measured"
    if value is None:
        return "cannot_say"
    return "carried_forward_in_part" if count.carried_departments else "measured"


def _describe_count(count: _Count, status: str) -> str | None:
    notes = []
    if status == "cannot_say" and count.denominator:
        notes.append("分子が分母より大きいか、0より小さいため、求められない。")
    elif status == "cannot_say" and count.rows:
        notes.append("分母が0のため、求められない。")
    if count.carried_departments:
        notes.append(f"{count.carried_departments}課は前回から変更なしとして引き継いだ。")
    if count.incomplete_rows:
        notes.append(f"分子か分母が空の{count.incomplete_rows}行は数に入れていない。")
    return "".join(notes) or None


def measure_coverage(
    form: Form, waves: Waves, response: pd.DataFrame
) -> dict[CoverageKey, Coverage]:
    """Count the departments asked about each survey table and those that answered."""
    known = response.dropna(subset=["department_code"])
    coverage = {}
    for group, ours in known.groupby(["municipality_code", "period"]):
        code, period = cast("tuple[str, str]", group)
        wave = waves.root[period]
        replied = ours[ours["response_status"].isin(["received", "no_change"])]
        asked, answered = (_count_by_sheet(wave, frame) for frame in (ours, replied))
        for part in form.answer_sheets:
            coverage[code, period, part.table] = Coverage(asked[part.sheet], answered[part.sheet])
    return coverage


def _count_by_sheet(wave: Wave, response: pd.DataFrame) -> Counter[str]:
    codes = response["department_code"].unique()
    return Counter(sheet for code in codes for sheet in wave.sheets_for(code))


def divide_values(
    plans: Plans, parts: Iterable[Row], departments: Sequence[Department]
) -> list[Row]:
    """Compute every value by division and by department, each from its own sums.

    A percentage of a division comes from its summed parts; percentages of departments are never
    averaged.

    Args:
        plans: The plans.
        parts: Sums by municipality_code, indicator_id, period and department_code: numerator,
            denominator.
        departments: The departments over time; the name at the end of the quarter counts.

    Returns:
        Rows of table ``indicator_value_by_department``. A row of a division has no department.
    """
    rows: list[Row] = []
    owners = {one.indicator_id: plan for plan in plans.root for one in plan.indicators}
    by_division: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for part in parts:
        code, period = part["department_code"], part["period"]
        known = list_existing(departments, Period.parse(period).last_day).get(code)
        division = known.division if known else "所属不明"
        by_division[part["municipality_code"], part["indicator_id"], period, division].append(part)
        rows.append(_describe_part(owners, part, division, known.section if known else None))
    for (*_, division), ours in by_division.items():
        sums = {name: _add(part[name] for part in ours) for name in ("numerator", "denominator")}
        rows.append(_describe_part(owners, ours[0] | {"department_code": None} | sums, division))
    columns = ("municipality_code", "indicator_id", "period", "division", "department_code")
    return sorted(rows, key=lambda row: str(tuple(row[name] for name in (*columns, "section"))))


def _add(numbers: Iterable[Decimal | None]) -> Decimal | None:
    known = [number for number in numbers if number is not None]
    return sum(known, Decimal(0)) if known else None


def _describe_part(
    owners: Mapping[str, Plan], part: Row, division: str, section: str | None = None
) -> Row:
    plan, code = owners[part["indicator_id"]], part["department_code"]
    indicator = plan.indicator(part["indicator_id"])
    value = calculate(indicator, part["numerator"], part["denominator"])
    return {
        "row_id": f"{indicator.indicator_id}/{part['period']}/{code or division}",
        **part,
        "plan_id": plan.plan_id,
        "indicator_title": indicator.title,
        "level": "課" if code else "部",
        "division": division,
        "section": section,
        "value": value,
        "unit": indicator.unit,
        "value_status": "measured" if value is not None else "cannot_say",
    }
