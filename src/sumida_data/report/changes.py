"""What changed in a department's answers since it last answered."""

from collections import defaultdict
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from sumida_data.base.database import connect
from sumida_data.base.frames import to_arrow
from sumida_data.survey.form import Form

# A record has another id in every quarter; its key is what stays.
_COMPARISON = """
    WITH part_answer AS (
        SELECT department_code, period, table_name, record_id, field, value,
            item.sheet, sheet_number, is_key, period = $period AS is_now
        FROM answer JOIN item USING (table_name, field)
        WHERE department_code IS NOT NULL AND period <= $period
    ), compared AS (
        SELECT *, string_agg(value, '|' ORDER BY field) FILTER (is_key)
            OVER (PARTITION BY record_id) AS key
        FROM part_answer
        QUALIFY bool_or(is_now) OVER (PARTITION BY department_code) AND (
            is_now OR period = max(period) FILTER (NOT is_now) OVER (PARTITION BY department_code)
        )
    ), pair AS (
        SELECT department_code, sheet, sheet_number,
            max(value) FILTER (is_now) AS value,
            max(value) FILTER (NOT is_now) AS earlier
        FROM compared
        GROUP BY department_code, sheet, sheet_number, table_name, key, field
    )
    SELECT department_code, sheet,
        count(*) FILTER (earlier IS NULL AND value IS NOT NULL) AS added,
        count(*) FILTER (earlier IS NOT NULL AND value IS NULL) AS removed,
        count(*) FILTER (earlier != value) AS changed
    FROM pair
    WHERE department_code IN (SELECT department_code FROM compared WHERE NOT is_now)
    GROUP BY department_code, sheet, sheet_number
    ORDER BY department_code, sheet_number
"""


@dataclass(frozen=True, slots=True)
class SheetChange:
    """How the answers of a sheet differ from those of the department's last return.

    Attributes:
        sheet: The sheet.
        added: Answers where there was none.
        removed: Answers that are gone.
        changed: Answers that are others now.
    """

    sheet: str
    added: int
    removed: int
    changed: int

    def __str__(self) -> str:
        counts = {"増": self.added, "減": self.removed, "変更": self.changed}
        return f"{self.sheet}({' '.join(f'{word}{n}' for word, n in counts.items() if n)})"

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


def count_changes(
    form: Form, period: str, answer: pd.DataFrame
) -> dict[str, tuple[SheetChange, ...]]:
    """Compare each department's answers of a quarter with those of the last quarter it answered.

    Args:
        form: The survey form.
        period: The quarter.
        answer: Table ``answer``, all quarters.

    Returns:
        For each department that has answered now and before, the sheets that differ.
    """
    with connect() as connection:
        connection.register("answer", to_arrow(answer))
        connection.register("item", _list_items(form))
        rows = connection.execute(_COMPARISON, {"period": period}).fetchall()
    changes: dict[str, list[SheetChange]] = defaultdict(list)
    for code, *difference in rows:
        change = SheetChange(*difference)
        changes[code] += [change] if change else []
    return {code: tuple(sheets) for code, sheets in changes.items()}


def _list_items(form: Form) -> pa.Table:
    sheets = list(dict.fromkeys(part.sheet for part in form.answer_sheets))
    return pa.Table.from_pylist(
        [
            {
                "table_name": part.table,
                "field": item.name,
                "is_key": item.key,
                "sheet": part.sheet,
                "sheet_number": sheets.index(part.sheet),
            }
            for part in form.answer_sheets
            for item in part.fields
        ]
    )
