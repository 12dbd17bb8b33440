"""The data dictionary, made from the descriptions of the form and of the other tables."""

from typing import Self

from pydantic import model_validator

from sumida_data.base.metadata import Code, DataDictionary, Field, ForeignKey, Model, Name, Table
from sumida_data.base.periods import Period
from sumida_data.survey.form import Form, FormField, SurveySheet

STATUS_SUFFIX = "_status"
# An empty number or date must say why it is empty; a text or a choice says so itself.
_TYPES_WITH_STATUS = {"integer", "number", "date"}
_NOT_GIVEN = {"not_given": "回答がない、または当てはまらない"}


class AnswerStatus(Model):
    """The description of the status columns beside numbers and dates; titles are endings."""

    title: str
    title_en: str
    enum: dict[str, Code]


class TableDescription(Model):
    """A table whose columns are given in full, or by name where several tables share them.

    Attributes:
        made_of: Tables of survey sheets without which there is no such table.
    """

    name: Name
    title: str
    title_en: str
    description: str
    listed: bool = False
    made_of: tuple[Name, ...] = ()
    primary_key: tuple[Name, ...] = ("row_id",)
    foreign_keys: tuple[ForeignKey, ...] = ()
    fields: tuple[Field | Name, ...]


class TableDescriptions(Model):
    """The contents of tables.yml: shared fields, and the tables that come from no survey sheet.

    Tables of survey sheets begin with the survey columns.
    """

    fields: tuple[Field, ...]
    survey_columns: tuple[Name, ...]
    answer_status: AnswerStatus
    tables: tuple[TableDescription, ...]

    @model_validator(mode="after")
    def _refuse_unknown_names(self) -> Self:
        shared = {field.name for field in self.fields}
        tables = {table.name: table.fields for table in self.tables}
        for name, fields in {"survey_columns": self.survey_columns, **tables}.items():
            if unknown := [one for one in fields if isinstance(one, str) and one not in shared]:
                raise ValueError(f"{name} の列 {'、'.join(unknown)} が fields にありません")
        return self


def build_dictionary(descriptions: TableDescriptions, form: Form) -> DataDictionary:
    """Describe every table: those of the survey sheets first, then the others."""
    shared = {field.name: field for field in descriptions.fields}
    survey = [_describe_sheet(sheet, descriptions, shared) for sheet in form.answer_sheets]
    others = [
        _describe_table(table, shared)
        for table in descriptions.tables
        if all(map(form.sheet_of, table.made_of))
    ]
    return DataDictionary(tables=(*survey, *others))


def status_column(field_name: str) -> str:
    """Return the name of the column that says why a number or date is empty."""
    return field_name + STATUS_SUFFIX


def has_status(field: Field) -> bool:
    """Tell whether a survey field has a status column beside it."""
    return field.type in _TYPES_WITH_STATUS


def _describe_table(table: TableDescription, shared: dict[str, Field]) -> Table:
    fields = [shared[item] if isinstance(item, str) else item for item in table.fields]
    return Table(**table.model_dump(exclude={"fields", "made_of"}), fields=tuple(fields))


def _describe_sheet(
    sheet: SurveySheet, descriptions: TableDescriptions, shared: dict[str, Field]
) -> Table:
    fields = [shared[name] for name in descriptions.survey_columns]
    for item in sheet.fields:
        if item.personal:
            continue
        fields.append(_describe_answer(item))
        if has_status(item):
            fields.append(_describe_status(item, descriptions.answer_status))
    return Table(
        name=sheet.table,
        title=sheet.title,
        title_en=sheet.title_en,
        description=sheet.description,
        counts_only=sheet.counts_only,
        fields=tuple(fields),
    )


def _describe_answer(item: FormField) -> Field:
    shown = item.model_dump(include=set(Field.model_fields))
    # Only the key is certain to be there: an officer may leave any other cell empty.
    shown["required"] = item.key
    if item.asked_from:
        shown["description"] += f"{Period.parse(item.asked_from).title}から照会している。"
    if has_status(item):
        shown["status"] = status_column(item.name)
    elif not item.key:
        shown["empty"] = _NOT_GIVEN
    return Field(**shown)


def _describe_status(item: FormField, status: AnswerStatus) -> Field:
    return Field.model_validate(
        {
            "name": status_column(item.name),
            "title": item.title + status.title,
            "title_en": item.title_en + status.title_en,
            "enum": status.enum,
            "required": True,
            "published": item.published,
            "deprecated": item.deprecated,
            "asked_from": item.asked_from,
        }
    )
