"""Indicator values, each with the cells it rests on.

An indicator's query returns the rows that count. Here they are summed, divided, rounded half up
and led back to their cells. Nothing in this module knows a particular indicator.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from sumida_data.base.database import SqlError, connect, run_query
from sumida_data.base.frames import to_arrow
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_first_day, fiscal_year_last_day
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.form import Form, Waves

_FIRST_REVISION = 1
_REPLIED = ("received", "no_change")

_MAKE_ROOM = """
    CREATE TEMP TABLE counted (
        indicator_id VARCHAR, period VARCHAR, table_name VARCHAR, municipality_code VARCHAR,
        row_id VARCHAR, numerator DECIMAL(18, 4), denominator DECIMAL(18, 4), complete BOOLEAN,
        as_of DATE, department_code VARCHAR, carried_from VARCHAR
    );
    CREATE TEMP TABLE delivered (municipality_code VARCHAR, period VARCHAR, table_name VARCHAR);
"""
# Whether what was delivered counts or not.
_NOTE_DELIVERED = """
    INSERT INTO delivered SELECT DISTINCT municipality_code, period, '{0}' FROM {0}
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
    SEMI JOIN municipality AS m ON t.municipality_code = m.municipality_code
"""
_MEASURE = """
    SELECT
        t.* EXCLUDE (table_name, last_day, by_rows), m.* EXCLUDE (number),
        concat_ws('/', m.municipality_code, t.indicator_id, t.period, t.revision) AS row_id,
        CASE WHEN by_rows THEN coalesce(c.newest, last_day) ELSE last_day END AS as_of,
        o.asked AS departments_asked, o.answered AS departments_answered,
        c.* EXCLUDE (indicator_id, period, municipality_code), d.period IS NOT NULL AS delivered
    FROM task AS t
    CROSS JOIN municipality AS m
    LEFT JOIN (
        SELECT
            indicator_id, period, municipality_code,
            count(*) FILTER (WHERE complete) AS complete_rows,
            count(*) FILTER (WHERE NOT complete) AS incomplete_rows,
            (sum(numerator) FILTER (WHERE complete))::DECIMAL(18, 4) AS numerator,
            (sum(denominator) FILTER (WHERE complete))::DECIMAL(18, 4) AS denominator,
            max(as_of) FILTER (WHERE complete) AS newest,
            count(DISTINCT department_code) FILTER (WHERE carried_from IS NOT NULL) AS carried
        FROM counted
        GROUP BY ALL
    ) AS c USING (indicator_id, period, municipality_code)
    LEFT JOIN coverage AS o USING (municipality_code, period, table_name)
    LEFT JOIN delivered AS d USING (municipality_code, period, table_name)
    ORDER BY t.number, m.number
"""
# Of each department, and of each division from its own sums: percentages are never averaged.
_DIVIDE = """
    SELECT
        municipality_code, indicator_id, period, coalesce(division, '所属不明') AS division,
        department_code, section, sum(numerator)::DECIMAL(18, 4) AS numerator,
        sum(denominator)::DECIMAL(18, 4) AS denominator
    FROM counted LEFT JOIN section USING (period, department_code)
    WHERE complete AND department_code IS NOT NULL
    GROUP BY GROUPING SETS (
        (municipality_code, indicator_id, period, division),
        (municipality_code, indicator_id, period, division, department_code, section)
    )
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
    """Who was asked about a table in a quarter, and who answered."""

    municipality_code: str
    period: str
    table_name: str
    asked: int  # departments; 0 where the table was not asked about
    answered: int  # departments, those without a change included


class QueryError(ValueError):
    """An indicator's query that cannot be run or does not return what it must."""


def compute_indicators(
    municipalities: Mapping[str, str],
    plans: Plans,
    tables: Mapping[str, pd.DataFrame],
    coverage: Sequence[Coverage],
    response: pd.DataFrame,
    departments: Sequence[Department] = (),
) -> tuple[list[Row], pa.Table, list[Row]]:
    """Compute every indicator of every plan measured, for every quarter of table ``response``.

    One indicator of one quarter is counted for all municipalities, names by code, at once, and the
    answers are searched once for the lineage of all: a ward and a nation take the same path.

    Returns:
        Rows of table ``indicator_value``, table ``lineage``, and rows of table
        ``indicator_value_by_department``, where the name of a department at the end of the quarter
        counts; a row of a division has no department.

    Raises:
        QueryError: If an indicator's query fails; the message names the indicator.
    """
    sample = bool(response["sample"].any())
    # Definitions are those in force on the last day of the period.
    periods = [*map(Period.parse, sorted(response["period"].unique()))]
    tasks = [
        (plan, one.version_on(period.last_day), period)
        for period in periods
        for plan in plans.measured_in(period)
        for one in plan.indicators
    ]
    columns = ["municipality_code", "municipality_name"]
    places = pd.DataFrame(municipalities.items(), columns=columns).reset_index(names="number")
    with connect() as connection:
        connection.register("municipality", places)
        connection.register("section", _list_sections(departments, periods))
        connection.register("coverage", pd.DataFrame(coverage, columns=Coverage._fields))
        connection.execute(_MAKE_ROOM)
        for name, frame in tables.items():
            connection.register(name, to_arrow(frame))
            connection.execute(_NOTE_DELIVERED.format(name))
        roles = [role for task in tasks for role in _count_rows(connection, *task)]
        described = [
            _describe(*task) | {"number": number, "sample": sample}
            for number, task in enumerate(tasks)
        ]
        connection.register("roles", pa.Table.from_pylist(roles))
        connection.register("task", pa.Table.from_pylist(described))
        rows = connection.sql(_MEASURE).to_arrow_table().to_pylist()
        values = [row | _evaluate(row, *tasks[row["number"]]) for row in rows]
        lineage = connection.sql(_LEAD_BACK, params={"revision": _FIRST_REVISION})
        parts = connection.sql(_DIVIDE).to_arrow_table().to_pylist()
        divided = [_divide(part, *plans.owners[part["indicator_id"]]) for part in parts]
        return values, lineage.to_arrow_table(), divided


def _list_sections(departments: Sequence[Department], periods: Sequence[Period]) -> pd.DataFrame:
    """Return the departments as they are called at the end of each quarter."""
    rows = [
        (str(period), code, one.division, one.section)
        for period in periods
        for code, one in list_existing(departments, period.last_day).items()
    ]
    columns = ["period", "department_code", "division", "section"]
    return pd.DataFrame(rows, columns=columns, dtype="string")


def _describe(plan: Plan, indicator: Indicator, period: Period) -> Row:
    """Return what the values of an indicator in a quarter have in common."""
    broken_by = plan.indicator(indicator.indicator_id).break_between(date.min, period.last_day)
    return {
        "plan_id": plan.plan_id,
        "indicator_id": indicator.indicator_id,
        "indicator_title": indicator.title,
        "period": str(period),
        "revision": _FIRST_REVISION,
        "fiscal_year": period.fiscal_year,
        "fiscal_quarter": period.quarter,
        "unit": indicator.unit,
        "definition_version": indicator.definition_version,
        "series_break": getattr(broken_by, "valid_from", None),
        "table_name": indicator.table,
        "last_day": period.last_day,
        "by_rows": indicator.as_of != "period",
    }


def _count_rows(
    connection: duckdb.DuckDBPyConnection, plan: Plan, indicator: Indicator, period: Period
) -> list[Row]:
    """Add the rows that count to ``counted``, and return the roles of the fields they rest on."""
    year = period.fiscal_year
    facts = {
        "period": str(period),
        "as_of": period.last_day,
        "fiscal_year_first_day": fiscal_year_first_day(year),
        "previous_fiscal_year_first_month": f"{fiscal_year_first_day(year - 1):%Y-%m}",
        "previous_fiscal_year_last_month": f"{fiscal_year_last_day(year - 1):%Y-%m}",
        "plan_first_day": plan.first_day,
    }
    connection.register("reporting_period", pa.Table.from_pylist([facts]))
    is_ratio, name = indicator.kind == "ratio", indicator.indicator_id
    statement = _COUNT_ROWS.format(
        query=indicator.query,
        table=indicator.table,
        denominator="q.denominator" if is_ratio else "NULL",
        # A row that lacks a part would shift the ratio, so it counts in neither part.
        complete=f"q.numerator IS NOT NULL{' AND q.denominator IS NOT NULL' * is_ratio}",
    )
    owner = {"indicator": name, "period": str(period), "table": indicator.table}
    try:
        run_query(connection, statement, owner)
    except SqlError as error:
        raise QueryError(f"指標 {name} の query を実行できません: {error}") from error
    return [
        {"indicator_id": name, "period": str(period), "role": role, "field": field}
        for role in ("numerator", "denominator")
        for field in getattr(indicator, f"{role}_fields")
    ]


def _evaluate(row: Row, plan: Plan, indicator: Indicator, period: Period) -> Row:
    if reason := _say_why_not_measured(row, plan, indicator, period):
        nothing = dict.fromkeys(("value", "numerator", "denominator"))
        return nothing | {"value_status": "not_measured", "note": reason}
    value = calculate(indicator, row["numerator"], row["denominator"])
    status, note = _explain(row, value)
    return {
        "value": value,
        "numerator": None if value is None else row["numerator"] or Decimal(0),
        "denominator": None if value is None else row["denominator"],
        "value_status": status,
        "note": note,
    }


def _explain(row: Row, value: Decimal | None) -> tuple[str, str | None]:
    """Return the status of what was counted, and what must be said of it."""
    notes = []
    if value is None and row["denominator"]:
        notes.append("分子が分母より大きいか、0より小さいため、求められない。")
    elif value is None and row["complete_rows"]:
        notes.append("分母が0のため、求められない。")
    status = "cannot_say" if value is None else "measured"
    if row["carried"]:
        status = status.replace("measured", "carried_forward_in_part")
        notes.append(f"{row['carried']}課は前回から変更なしとして引き継いだ。")
    if row["incomplete_rows"]:
        notes.append(f"分子か分母が空の{row['incomplete_rows']}行は数に入れていない。")
    return status, "".join(notes) or None


def _say_why_not_measured(row: Row, plan: Plan, indicator: Indicator, period: Period) -> str | None:
    """Say why there is no value although nothing went wrong, or return None."""
    if indicator.kind == "cumulative" and period.last_day < plan.first_day:
        return "計画の初日より前のため、数えていない。"
    if row["departments_asked"] is not None:
        nobody = None if row["departments_answered"] else "回答した課がない。"
        return nobody if row["departments_asked"] else "この期間は照会していない。"
    # A municipality without a row in the counts has none in any of them.
    is_there = row["complete_rows"] is not None
    is_there |= row["delivered"] and indicator.kind != "ratio"
    return None if is_there else "この期間のデータがない。"


def round_half_up(number: Decimal, decimals: int) -> Decimal:
    """Round as the ward does (四捨五入): a five rounds away from zero."""
    return number.quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)


def write_number(number: Decimal | int) -> str:
    """Write a number with commas and without zeros at its end."""
    return f"{Decimal(number).normalize():,f}"


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


def measure_coverage(form: Form, waves: Waves, response: pd.DataFrame) -> list[Coverage]:
    """Count the departments asked about each survey table and those that answered."""
    # Rows without a department are of files whose sender nobody knows.
    known = response[response["department_code"].notna()]
    departments = [known[name] for name in ("municipality_code", "period", "department_code")]
    replied = known["response_status"].isin(_REPLIED).groupby(departments).any()
    asked, answered = Counter[tuple[str, ...]](), Counter[tuple[str, ...]]()
    keys: list[tuple[str, str, str]] = replied.index.to_list()
    for (municipality, period, code), has_replied in zip(keys, replied, strict=True):
        for sheet in waves.root[period].sheets_for(code):
            asked[municipality, period, sheet] += 1
            answered[municipality, period, sheet] += bool(has_replied)
    return [
        Coverage(*of, part.table, asked[*of, part.sheet], answered[*of, part.sheet])
        for of in dict.fromkeys(key[:2] for key in keys)
        for part in form.answer_sheets
    ]


def _divide(part: Row, plan: Plan, indicator: Indicator) -> Row:
    """Return the value of a department or, where the part names none, of a division."""
    code = part["department_code"]
    value = calculate(indicator, part["numerator"], part["denominator"])
    return part | {
        "row_id": f"{indicator.indicator_id}/{part['period']}/{code or part['division']}",
        "plan_id": plan.plan_id,
        "indicator_title": indicator.title,
        "level": "課" if code else "部",
        "value": value,
        "unit": indicator.unit,
        "value_status": "measured" if value is not None else "cannot_say",
    }
