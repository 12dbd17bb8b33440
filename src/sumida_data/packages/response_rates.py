"""How completely the departments answered: by division, and by table."""

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import select
from sumida_data.base.frames import build_frame, to_arrow
from sumida_data.base.metadata import DataDictionary, Table
from sumida_data.base.periods import Period
from sumida_data.survey.form import Form

# Half up to one decimal, in whole numbers, which are exact.
_PERCENTAGE = "((2000 * {part} + {whole}) // (2 * {whole})) * 0.1"

# A department may have sent several returns; it has answered if one of them counts.
_BY_DIVISION = f"""
WITH departments AS (
    SELECT municipality_code, period, division, department_code,
        bool_or(response_status IN ('received', 'no_change')) AS answered,
        bool_or(response_status = 'no_change') AS no_change,
        bool_or(sample) AS sample
    FROM response WHERE division IS NOT NULL
    GROUP BY ALL
), rates AS (
    SELECT municipality_code, period,
        if(grouping(division) = 1, '{{whole}}', '部') AS level,
        if(grouping(division) = 1, '{{whole}}全体', division) AS organisation,
        count(*) AS asked,
        count(*) FILTER (answered) AS answered,
        count(*) FILTER (no_change) AS no_change,
        -- A division without answers is as invented as the others.
        bool_or(bool_or(sample)) OVER (PARTITION BY period) AS sample
    FROM departments
    GROUP BY GROUPING SETS ((municipality_code, period), (municipality_code, period, division))
), set_aside AS (
    SELECT municipality_code, period, count(*) AS files
    FROM response WHERE response_status = 'set_aside' GROUP BY ALL
)
SELECT rates.*, {_PERCENTAGE.format(part="answered", whole="asked")} AS response_rate,
    -- The department of a return that cannot be used is unknown.
    CASE level WHEN '{{whole}}' THEN coalesce(files, 0) END AS unusable,
    concat_ws('/', municipality_code, period, organisation) AS row_id
FROM rates LEFT JOIN set_aside USING (municipality_code, period)
ORDER BY ALL
"""  # noqa: S608  # the values put in are constants
_STATUSES = ("answered", "not_applicable", "undetermined", "not_answered", "unreadable")
_COUNTS = ", ".join(f"count(*) FILTER (answer_status = '{one}') AS {one}" for one in _STATUSES)
# An empty cell that the form does not ask for is no gap.
_BY_TABLE = f"""
WITH not_asked AS (
    SELECT record_id, condition.field
    FROM answer JOIN condition USING (table_name)
    WHERE answer.field = condition.on_field AND NOT list_contains(choices, coalesce(value, ''))
), counts AS (
    SELECT municipality_code, period, table_name, table_title,
        count(*) AS cells, {_COUNTS},
        count(carried_from) AS carried_forward,
        bool_or(sample) AS sample
    FROM answer JOIN item USING (table_name, field) ANTI JOIN not_asked USING (record_id, field)
    GROUP BY ALL
)
SELECT counts.*, cells - not_answered - unreadable AS given,
    {_PERCENTAGE.format(part="given", whole="cells")} AS answer_rate,
    concat_ws('/', municipality_code, period, table_name) AS row_id
FROM counts
ORDER BY ALL
"""  # noqa: S608  # the values put in are constants
# A form need not have any.
_CONDITION = pa.schema([(name, pa.string()) for name in ("table_name", "field", "on_field")])
_CONDITION = _CONDITION.append(pa.field("choices", pa.list_(pa.string())))


def measure_response_rates(response: pd.DataFrame, dictionary: DataDictionary) -> pd.DataFrame:
    """Return table ``response_rate``; one row is the ward or one division in one quarter.

    The word for the whole, such as 区 or 市, is the first that its description allows.
    """
    described = dictionary["response_rate"]
    [whole, *_] = described.field("level").enum or ()
    return _measure(described, _BY_DIVISION.format(whole=whole), response=to_arrow(response))


def measure_answer_rates(
    answer: pd.DataFrame, dictionary: DataDictionary, form: Form
) -> pd.DataFrame:
    """Return table ``answer_rate``; one row is one table of the survey in one quarter.

    The cells of central files do not count.
    """
    items, conditions = [], []
    for sheet in form.answer_sheets:
        for field in sheet.fields:
            cell = {"table_name": sheet.table, "field": field.name}
            if not field.optional:
                items.append(cell | {"table_title": sheet.title})
            for name, choices in field.asked_when.items():
                conditions.append(cell | {"on_field": name, "choices": choices})
    return _measure(
        dictionary["answer_rate"],
        _BY_TABLE,
        answer=to_arrow(answer),
        item=pa.Table.from_pylist(items),
        condition=pa.Table.from_pylist(conditions, _CONDITION),
    )


def _measure(described: Table, query: str, **tables: pa.Table) -> pd.DataFrame:
    rows = select(query, **tables).to_pylist()
    for row in rows:
        row["as_of"] = Period.parse(row["period"]).last_day
    return build_frame(described, rows)
