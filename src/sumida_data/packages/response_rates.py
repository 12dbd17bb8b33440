"""How completely the departments answered: by division, and by table."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import build_frame, to_arrow
from sumida_data.base.metadata import DataDictionary
from sumida_data.base.periods import Period
from sumida_data.plan.values import round_half_up
from sumida_data.survey.form import Form

WHOLE = "区全体"

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
        if(grouping(division) = 1, '区', '部') AS level,
        if(grouping(division) = 1, '{WHOLE}', division) AS organisation,
        count(*) AS asked,
        count(*) FILTER (answered) AS answered,
        count(*) FILTER (no_change) AS no_change,
        -- A division of which nobody answered is as invented as the others.
        bool_or(bool_or(sample)) OVER (PARTITION BY period) AS sample
    FROM departments
    GROUP BY GROUPING SETS ((municipality_code, period), (municipality_code, period, division))
), set_aside AS (
    SELECT municipality_code, period, count(*) AS files
    FROM response WHERE response_status = 'set_aside' GROUP BY ALL
)
-- Whose a return is that cannot be used, nobody knows.
SELECT rates.*, CASE level WHEN '区' THEN coalesce(files, 0) END AS unusable
FROM rates LEFT JOIN set_aside USING (municipality_code, period)
ORDER BY ALL
"""  # noqa: S608  # the only value put in is a constant
# An empty cell that the form does not ask for is no gap.
_BY_TABLE = """
WITH not_asked AS (
    SELECT record_id, condition.field
    FROM answer JOIN condition USING (table_name)
    WHERE answer.field = condition.on_field AND NOT list_contains(choices, coalesce(value, ''))
)
SELECT municipality_code, period, table_name,
    count(*) AS cells,
    count(*) FILTER (answer_status = 'answered') AS answered,
    count(*) FILTER (answer_status = 'not_applicable') AS not_applicable,
    count(*) FILTER (answer_status = 'undetermined') AS undetermined,
    count(*) FILTER (answer_status = 'not_answered') AS not_answered,
    count(*) FILTER (answer_status = 'unreadable') AS unreadable,
    count(carried_from) AS carried_forward,
    bool_or(sample) AS sample
FROM answer JOIN item USING (table_name, field) ANTI JOIN not_asked USING (record_id, field)
GROUP BY ALL
ORDER BY ALL
"""


def measure_response_rates(response: pd.DataFrame, dictionary: DataDictionary) -> pd.DataFrame:
    """Return table ``response_rate``; one row is the ward or one division in one quarter.

    Args:
        response: Table ``response``.
        dictionary: Descriptions of the tables.
    """
    with connect() as connection:
        connection.register("response", to_arrow(response))
        rows = connection.sql(_BY_DIVISION).to_arrow_table().to_pylist()
    measured = (
        _complete(row, row["organisation"])
        | {"response_rate": _percentage(row["answered"], row["asked"])}
        for row in rows
    )
    return build_frame(dictionary["response_rate"], measured)


def measure_answer_rates(
    answer: pd.DataFrame, dictionary: DataDictionary, form: Form
) -> pd.DataFrame:
    """Return table ``answer_rate``; one row is one table of the survey in one quarter.

    Args:
        answer: Table ``answer``, of which the cells of central files do not count.
        dictionary: Descriptions of the tables.
        form: The survey form.
    """
    titles = {sheet.table: sheet.title for sheet in form.answer_sheets}
    with connect() as connection:
        connection.register("answer", to_arrow(answer))
        connection.register("item", pa.Table.from_pylist(_list_items(form)))
        connection.register("condition", pa.Table.from_pylist(_list_conditions(form)))
        rows = connection.sql(_BY_TABLE).to_arrow_table()
    measured = (_measure_answers(row, titles) for row in rows.to_pylist())
    return build_frame(dictionary["answer_rate"], measured)


def _list_items(form: Form) -> list[dict[str, Any]]:
    return [
        {"table_name": sheet.table, "field": field.name}
        for sheet in form.answer_sheets
        for field in sheet.fields
        if not field.optional
    ]


def _list_conditions(form: Form) -> list[dict[str, Any]]:
    return [
        {"table_name": sheet.table, "field": field.name, "on_field": name, "choices": choices}
        for sheet in form.answer_sheets
        for field in sheet.fields
        for name, choices in field.asked_when.items()
    ]


def _measure_answers(row: dict[str, Any], titles: Mapping[str, str]) -> dict[str, Any]:
    given = row["cells"] - row["not_answered"] - row["unreadable"]
    return _complete(row, row["table_name"]) | {
        "table_title": titles[row["table_name"]],
        "answer_rate": _percentage(given, row["cells"]),
    }


def _complete(row: dict[str, Any], name: str) -> dict[str, Any]:
    return row | {
        "row_id": f"{row['municipality_code']}/{row['period']}/{name}",
        "as_of": Period.parse(row["period"]).last_day,
    }


def _percentage(part: int, whole: int) -> Decimal:
    return round_half_up(Decimal(100 * part) / whole, 1)
