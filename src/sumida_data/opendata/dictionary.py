"""What columns and codes mean, as tables of their own."""

from collections.abc import Iterable, Iterator
from typing import Any

from sumida_data.metadata import Field, Table

_COLUMN_TEXTS = {
    "table_name": ("表", "Table", "表の名前。"),
    "table_title": ("表の題", "Table title", "表の日本語の題。"),
    "column_name": ("列", "Column", "列の名前。"),
    "column_title": ("列の題", "Column title", "列の日本語の題。"),
    "column_title_en": ("列の題(英語)", "Column title in English", "列の英語の題。"),
    "type": ("型", "Type", "値の型。Table Schemaの言葉による。"),
    "unit": ("単位", "Unit", "数の単位。数でない列では空。"),
    "description": ("説明", "Description", "値が何を表すか。"),
    "status_column": ("理由の列", "Status column", "値が空である理由を示す列。ないときは空。"),
    "empty_means": ("空の意味", "Empty means", "空が表すこと。理由の列があるときは空。"),
    "deprecated": ("廃止の予告", "Deprecated", "列をなくすと予告した期間。予告がないときは空。"),
}
_CODE_TEXTS = {
    "table_name": ("表", "Table", "コードのある表の名前。"),
    "column_name": ("列", "Column", "コードのある列の名前。"),
    "code": ("コード", "Code", "列に書かれる値。"),
    "title": ("コードの題", "Code title", "コードの日本語の題。"),
    "description": ("コードの意味", "Meaning", "コードが表すこと。"),
}


def _describe(texts: dict[str, tuple[str, str, str]]) -> tuple[Field, ...]:
    return tuple(
        Field(name=name, title=title, title_en=title_en, description=description)
        for name, (title, title_en, description) in texts.items()
    )


DATA_DICTIONARY = Table(
    name="data_dictionary",
    title="データ辞書",
    title_en="Data dictionary",
    description="1行は、1つの表の1つの列。",
    primary_key=("table_name", "column_name"),
    fields=_describe(_COLUMN_TEXTS),
)
CODE_LIST = Table(
    name="code_list",
    title="コード表",
    title_en="Code list",
    description="1行は、1つの列に書かれる1つのコード。",
    primary_key=("table_name", "column_name", "code"),
    fields=_describe(_CODE_TEXTS),
)


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
