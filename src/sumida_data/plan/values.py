"""Indicator values, each with the cells it rests on.

An indicator's query returns the rows that count. Here they are summed, divided, rounded half up
and led back to their cells. Nothing in this module knows a particular indicator.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from math import ceil, floor
from typing import NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

from sumida_data.base.database import SqlError, connect, run_query
from sumida_data.base.frames import read_rows, to_arrow
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period, fiscal_year_first_day, fiscal_year_last_day
from sumida_data.plan.models import Indicator, Plan, Plans
from sumida_data.survey.departments import Department, list_existing
from sumida_data.survey.form import Form, SurveySheet, Wave, Waves

# Columns of what the value may be at least and at most.
OPEN_RANGE = ("possible_min", "possible_max")
_FIRST_REVISION = 1
_REPLIED = ("received", "no_change")
_KEY = ("indicator_id", "period", "municipality_code")
# One percent of them are enough people to publish.
_FEW = 1000

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
        t.* EXCLUDE (table_name, last_day, by_rows, looked_back_from),
        m.* EXCLUDE (number),
        concat_ws('/', m.municipality_code, t.indicator_id, t.period, t.revision) AS row_id,
        CASE WHEN by_rows THEN coalesce(c.newest, last_day) ELSE last_day END AS as_of,
        o.asked AS departments_asked, o.answered AS departments_answered,
        c.* EXCLUDE (indicator_id, period, municipality_code), d.period IS NOT NULL AS delivered,
        b.* EXCLUDE (municipality_code, indicator_id, period)
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
    LEFT JOIN back AS b USING (municipality_code, indicator_id, period)
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
# What the departments that are missing gave when they answered last, beyond what still counts of
# it; what begins anew each fiscal year is compared within the year.
_LOOK_BACK = """
    CREATE TEMP TABLE back AS
    WITH parts AS (
        SELECT
            indicator_id, period, municipality_code, department_code,
            sum(numerator) AS numerator, sum(denominator) AS denominator
        FROM counted WHERE complete GROUP BY ALL
    ), replied AS (
        SELECT municipality_code, period, table_name, unnest(read, recursive := true)
        FROM coverage
    ), lacking AS (
        SELECT
            t.indicator_id, t.period, c.municipality_code, c.department_code,
            (
                SELECT max(r.period) FROM replied AS r
                WHERE r.municipality_code = c.municipality_code AND r.table_name = c.table_name
                    AND r.department_code = c.department_code
                    AND r.period BETWEEN t.looked_back_from AND t.period
            ) AS last
        FROM task AS t
        JOIN (SELECT *, unnest(missing) AS department_code FROM coverage) AS c
            USING (period, table_name)
    )
    SELECT
        l.indicator_id, l.period, l.municipality_code,
        count(*) FILTER (l.last IS NULL) AS without_last,
        sum(greatest(coalesce(b.numerator, 0) - coalesce(n.numerator, 0), 0)) AS numerator_more,
        sum(greatest(coalesce(b.denominator, 0) - coalesce(n.denominator, 0), 0))
            AS denominator_more
    FROM lacking AS l
    LEFT JOIN parts AS b ON b.indicator_id = l.indicator_id AND b.period = l.last
        AND b.municipality_code = l.municipality_code AND b.department_code = l.department_code
    LEFT JOIN parts AS n ON n.indicator_id = l.indicator_id AND n.period = l.period
        AND n.municipality_code = l.municipality_code AND n.department_code = l.department_code
    GROUP BY ALL
"""
# Of a count of nothing: the sheets, or central files, that were read and hold no row that counts.
_LEAD_NOTHING_BACK = """
    WITH read_sheet AS (
        SELECT municipality_code, period, table_name, sheet, unnest(read, recursive := true)
        FROM coverage
        UNION ALL BY NAME
        SELECT DISTINCT
            municipality_code, period, table_name, sheet, source_file, file_sha256,
            file_sha256 AS row_id
        FROM answer AS a ANTI JOIN coverage AS c USING (municipality_code, period, table_name)
    )
    SELECT
        n.municipality_code, n.indicator_id, n.period, $revision::BIGINT AS revision,
        'searched' AS role, t.table_name, r.row_id, '*' AS field, r.source_file, r.file_sha256,
        r.sheet, NULL::VARCHAR AS cell, NULL::VARCHAR AS raw_text, NULL::VARCHAR AS value,
        'none' AS change, NULL::VARCHAR AS correction_id, NULL::VARCHAR AS carried_from
    FROM nothing AS n
    JOIN task AS t USING (indicator_id, period)
    JOIN read_sheet AS r USING (municipality_code, period, table_name)
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


class Reply(NamedTuple):
    """The return of a department that counts, as table ``response`` has it."""

    department_code: str
    row_id: str
    source_file: str
    file_sha256: str


class Coverage(NamedTuple):
    """Who was asked about a table in a quarter, and who answered."""

    municipality_code: str
    period: str
    table_name: str
    asked: int  # departments; 0 where the table was not asked about
    answered: int  # departments, those without a change included
    sheet: str = ""  # on which it was asked about
    missing: tuple[str, ...] = ()  # codes of the departments that have not answered
    read: tuple[Reply, ...] = ()


class QueryError(ValueError):
    """An indicator's query that cannot be run or does not return what it must."""


def compute_indicators(
    municipalities: Mapping[str, str],
    plans: Plans,
    tables: Mapping[str, pd.DataFrame],
    coverage: Sequence[Coverage],
    response: pd.DataFrame,
    departments: Sequence[Department] = (),
    people: Collection[str] = (),
) -> tuple[list[Row], pa.Table, list[Row]]:
    """Compute every indicator of every plan measured, for every quarter of table ``response``.

    One indicator of one quarter is counted for all municipalities, names by code, at once, and the
    answers are searched once for the lineage of all: a ward and a nation take the same path.
    Where the unit is one of ``people``, no range is given, because it would reveal few people.

    Returns:
        Rows of table ``indicator_value``, table ``lineage``, and rows of table
        ``indicator_value_by_department``, where the name of a department at the end of the quarter
        counts; a row of a division has no department.

    Raises a QueryError if an indicator's query fails; the message names the indicator.
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
        connection.register("coverage", _arrange(coverage))
        connection.execute(_MAKE_ROOM)
        for name, frame in tables.items():
            connection.register(name, to_arrow(frame))
            connection.execute(_NOTE_DELIVERED.format(name))
        roles = [role for task in tasks for role in _count_rows(connection, *task)]
        described = [
            _describe(*task, people) | {"number": number, "sample": sample}
            for number, task in enumerate(tasks)
        ]
        connection.register("roles", pa.Table.from_pylist(roles))
        connection.register("task", pa.Table.from_pylist(described))
        connection.execute(_LOOK_BACK)
        rows = connection.sql(_MEASURE).to_arrow_table().to_pylist()
        values = [row | _evaluate(row, *tasks[row["number"]]) for row in rows]
        lineage = _lead_back(connection, values)
        parts = connection.sql(_DIVIDE).to_arrow_table().to_pylist()
        divided = [_divide(part, *plans.owners[part["indicator_id"]]) for part in parts]
        return values, lineage, divided


def _lead_back(connection: duckdb.DuckDBPyConnection, values: Sequence[Row]) -> pa.Table:
    keys = pa.schema([(name, pa.string()) for name in _KEY])
    nothing = [one for one in values if one["value"] is not None and not one["complete_rows"]]
    connection.register("nothing", pa.Table.from_pylist(nothing, schema=keys))
    first = {"revision": _FIRST_REVISION}
    cells = connection.sql(_LEAD_BACK, params=first).to_arrow_table()
    sheets = connection.sql(_LEAD_NOTHING_BACK, params=first).to_arrow_table()
    return pa.concat_tables([cells, sheets.cast(cells.schema)])


def _arrange(coverage: Sequence[Coverage]) -> pa.Table:
    reply = pa.struct([(name, pa.string()) for name in Reply._fields])
    types = dict.fromkeys(Coverage._fields, pa.string()) | {"asked": pa.int64()}
    types |= {"answered": pa.int64(), "missing": pa.list_(pa.string()), "read": pa.list_(reply)}
    rows = [one._asdict() | {"read": [reply._asdict() for reply in one.read]} for one in coverage]
    return pa.Table.from_pylist(rows, schema=pa.schema(types.items()))


def _list_sections(departments: Sequence[Department], periods: Sequence[Period]) -> pd.DataFrame:
    """Return the departments as they are called at the end of each quarter."""
    rows = [
        (str(period), code, one.division, one.section)
        for period in periods
        for code, one in list_existing(departments, period.last_day).items()
    ]
    columns = ["period", "department_code", "division", "section"]
    return pd.DataFrame(rows, columns=columns, dtype="string")


def _describe(plan: Plan, indicator: Indicator, period: Period, people: Collection[str]) -> Row:
    """Return what the values of an indicator in a quarter have in common."""
    begins_anew = indicator.kind == "flow" or indicator.year_to_date
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
        "of_people": indicator.unit.endswith(tuple(people)),
        "definition_version": indicator.definition_version,
        "series_break": getattr(broken_by, "valid_from", None),
        "table_name": indicator.table,
        "last_day": period.last_day,
        "by_rows": indicator.as_of != "period",
        "looked_back_from": f"FY{period.fiscal_year}Q1" if begins_anew else "",
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
        nothing = dict.fromkeys(("value", "numerator", "denominator", *OPEN_RANGE))
        return nothing | {"value_status": "not_measured", "note": reason}
    value = calculate(indicator, row["numerator"], row["denominator"])
    status, note = _explain(row, value, indicator)
    missing, *bounds = _find_range(row, indicator) if value is not None else ("", None, None)
    return {
        **dict(zip(OPEN_RANGE, bounds, strict=True)),
        "value": value,
        "numerator": None if value is None else row["numerator"] or Decimal(0),
        "denominator": None if value is None else row["denominator"],
        "value_status": status,
        "note": f"{note or ''}{missing}" or None,
    }


def _explain(row: Row, value: Decimal | None, indicator: Indicator) -> tuple[str, str | None]:
    """Return the status of what was counted, and what must be said of it."""
    notes = []
    reason = "分子が分母より大きいか、0より小さい" if row["denominator"] else "分母が0の"
    if value is None and (row["denominator"] or row["complete_rows"]):
        notes.append(f"{reason}ため、求められない。")
    status = "cannot_say" if value is None else "measured"
    if row["carried"]:
        status = status.replace("measured", "carried_forward_in_part")
        notes.append(f"{row['carried']}課は前回から変更なしとして引き継いだ。")
    if row["incomplete_rows"]:
        parts = "か".join(filter(None, (indicator.numerator_words, indicator.denominator_words)))
        notes.append(f"{parts}が空の{row['incomplete_rows']}行は数に入れていない。")
    return status, "".join(notes) or None


def _find_range(row: Row, indicator: Indicator) -> tuple[str, Decimal | None, Decimal | None]:
    """Return the range of the value if those who are missing had answered as they did last.

    There are bounds where all of these once answered, and where they reveal nothing of few people.
    """
    if (without_last := row["without_last"]) is None:
        return "", None, None
    missing = row["departments_asked"] - row["departments_answered"]
    remark = f"未回答の{missing}課の分は入っていない。"
    is_ratio = indicator.kind == "ratio"
    if row["of_people"] or (is_ratio and row["denominator"] < _FEW):
        return remark, None, None
    low, high = _find_bounds(row) if is_ratio else _find_most(row, indicator)
    if without_last:
        remark += f"うち{without_last}課の分は、前の回答がなく分からない。"
    first, last = map(write_number, (low, high))
    found = f"ると{first}〜{last}" if low < high else f"ても{first}のまま"
    remark += f"前に答えた分を数え{found}。"
    return (remark, None, None) if without_last else (remark, low, high)


def _find_bounds(row: Row) -> tuple[Decimal, Decimal]:
    """Return the bounds of a rate, in whole percents, so that they reveal nothing of few people."""
    part, more = row["numerator"], row["denominator_more"]
    whole = row["denominator"] + more
    return Decimal(floor(100 * part / whole)), Decimal(min(ceil(100 * (part + more) / whole), 100))


def _find_most(row: Row, indicator: Indicator) -> tuple[Decimal, Decimal]:
    """Return a count and how high it can be."""
    counted = row["numerator"] or Decimal(0)
    most = counted + row["numerator_more"]
    return round_half_up(counted, indicator.decimals), round_half_up(most, indicator.decimals)


def _say_why_not_measured(row: Row, plan: Plan, indicator: Indicator, period: Period) -> str | None:
    """Say why there is no value although nothing went wrong, or return None."""
    if indicator.kind == "cumulative" and period.last_day < plan.first_day:
        return "計画の初日より前のため、数えていない。"
    if row["departments_asked"] is not None:
        unanswered = None if row["departments_answered"] else "回答した課がない。"
        return unanswered if row["departments_asked"] else "この期間は照会していない。"
    # A municipality without a row in the counts has none in any of them.
    if row["complete_rows"] is not None or (row["delivered"] and indicator.kind != "ratio"):
        return None
    return f"{'数える期間の行がそろわ' if row['delivered'] else 'この期間のデータが'}ない。"


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
    """Say which departments were asked about each survey table, and what they answered."""
    # Rows without a department are of files whose sender is unknown.
    known = response[response["department_code"].notna()]
    quarters: dict[tuple[str, str], dict[str, Reply | None]] = {}
    for row in read_rows(known[["municipality_code", "response_status", "period", *Reply._fields]]):
        replies = quarters.setdefault((row["municipality_code"], row["period"]), {})
        has_replied = row["response_status"] in _REPLIED
        reply = Reply(*(row[name] for name in Reply._fields)) if has_replied else None
        replies[row["department_code"]] = reply or replies.get(row["department_code"])
    return [
        _cover(of, part, waves.root[of[1]], replies)
        for of, replies in quarters.items()
        for part in form.answer_sheets
    ]


def _cover(
    of: tuple[str, str], part: SurveySheet, wave: Wave, replies: Mapping[str, Reply | None]
) -> Coverage:
    asked = {code: one for code, one in replies.items() if part.sheet in wave.sheets_for(code)}
    read = tuple(one for one in asked.values() if one)
    missing = tuple(code for code, one in asked.items() if not one)
    return Coverage(*of, part.table, len(asked), len(read), part.sheet, missing, read)


def _divide(part: Row, plan: Plan, indicator: Indicator) -> Row:
    """Return the value of a department or, where the part names none, of a division."""
    code = part["department_code"]
    value = calculate(indicator, part["numerator"], part["denominator"])
    return part | {
        "row_id": f"{indicator.indicator_id}/{part['period']}/{code or part['division']}",
        "plan_id": plan.plan_id,
        "indicator_title": indicator.title,
        "level": "課" if code else "部",
        "organisation_code": code or part["division"],
        "value": value,
        "unit": indicator.unit,
        "value_status": "measured" if value is not None else "cannot_say",
    }
