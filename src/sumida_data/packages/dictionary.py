"""What columns and codes mean, as tables of their own."""

from collections.abc import Iterable, Iterator
from typing import Any

from sumida_data.base.metadata import Table

DATA_DICTIONARY = "data_dictionary"
CODE_LIST = "code_list"


def list_columns(tables: Iterable[Table]) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``data_dictionary``; one row is one column."""
    for table in tables:
        for field in table.fields:
            yield {
                "table_name": table.name,
                "table_title": table.title,
                "column_name": field.name,
                "column_title": field.title,
                "column_title_en": field.title_en,
                "type": field.type,
                "unit": field.unit,
                "description": field.description,
                "status_column": field.status,
                "empty_means": "、".join(field.empty.values()) or None,
                "deprecated": field.deprecated,
            }


def list_codes(tables: Iterable[Table]) -> Iterator[dict[str, Any]]:
    """Yield the rows of ``code_list``; one row is one code of one column."""
    for table in tables:
        for field in table.fields:
            for code in field.enum or ():
                meaning = field.codes.get(code)
                title = meaning.title if meaning else code
                yield {
                    "table_name": table.name,
                    "column_name": field.name,
                    "code": code,
                    "title": title,
                    "description": (meaning and meaning.description) or title,
                }
