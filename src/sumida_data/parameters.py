"""The parameters and what they must look like, told to officers in one line per mistake."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from sumida_data.base.metadata import DataDictionary, Field, HomeMunicipality, Quota
from sumida_data.many import Many
from sumida_data.packages.models import (
    Package,
    PackageError,
    Packages,
    Views,
    describe_package_tables,
)
from sumida_data.plan.models import Indicator, InitiativeRules, Plans, ReportedPeriod
from sumida_data.privacy.releases import Privacy
from sumida_data.quality.rules import QualityRules
from sumida_data.sample.ward import Sample
from sumida_data.site.models import SiteSettings
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.tables import TableDescriptions, build_dictionary

Line = tuple[str, str]
Columns = Mapping[str, Sequence[str]]


class RunAgain(RootModel[bool]):
    """Whether a run does everything again, even where nothing has changed since the last one."""


# One model for each key at the top of a file in conf/base/parameters.
PARAMETERS: dict[str, type[BaseModel]] = {
    "again": RunAgain,
    "finding_rules": FindingRules,
    "form": Form,
    "initiatives": InitiativeRules,
    "many": Many,
    "municipality": HomeMunicipality,
    "packages": Packages,
    "period": ReportedPeriod,
    "plans": Plans,
    "privacy": Privacy,
    "quality_rules": QualityRules,
    "quota": Quota,
    "sample": Sample,
    "site": SiteSettings,
    "sources": CentralSources,
    "tables": TableDescriptions,
    "views": Views,
    "waves": Waves,
}

_TOO_LONG, _TOO_SHORT = "{max_length}個までにしてください", "{min_length}個以上書いてください"
_MAPPING, _LIST = (
    "「名前: 値」の形で、1行に1つずつ書いてください",
    "[ ] で囲んだ一覧で書いてください",
)
_TEXT = "文字で書いてください(数字だけのものは引用符で囲みます)"
_WHOLE, _NUMBER = "整数で書いてください", "数で書いてください"
_BOOLEAN, _DAY = "true か false で書いてください", "2022-04-01 の形の日付で書いてください"
# By the types of pydantic's errors; its own sentences are English.
_ALLOWED: dict[str, str] = {
    "missing": "この項目は必ず書いてください",
    "extra_forbidden": "この名前の項目はありません。つづりを確かめるか、消してください",
    "literal_error": "使えるのは {expected} です",
    "string_pattern_mismatch": "{pattern} の形で書いてください",
    "string_too_long": "{max_length}字までにしてください",
    "greater_than_equal": "{ge} 以上にしてください",
    "greater_than": "{gt} より大きくしてください",
    "less_than_equal": "{le} 以下にしてください",
    "less_than": "{lt} より小さくしてください",
    "too_short": _TOO_SHORT,
    "too_long": _TOO_LONG,
    "string_type": _TEXT,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "tuple_type": _LIST,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "int_from_float": _WHOLE,
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "finite_number": _NUMBER,
    "bool_parsing": _BOOLEAN,
    "bool_type": _BOOLEAN,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "date_parsing": _DAY,
    "date_type": _DAY,
}


def find_mistakes(parameters: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Yield a line for each mistake: file, key, value found, what is allowed.

    Args:
        parameters: The raw parameters, as merged from files and command line.
        folder: Where the files lie, to name the one with the mistake.
    """
    read: dict[str, Any] = {}
    for key, model in PARAMETERS.items():
        if key not in parameters:
            yield f"{folder}: {key} がありません。{key}.yml を元に戻してください。"
            continue
        try:
            read[key] = model.model_validate(parameters[key])
        except ValidationError as error:
            for details in error.errors(include_url=False):
                # A list of which parts are wrong is not too short as well.
                if details["type"] != "too_short" or not details["input"]:
                    yield _describe(details, key, folder)
    if len(read) == len(PARAMETERS):
        for key, line in _find_unknown_names(read):
            yield f"{_file_of(key, folder)}: {line}"


def _describe(details: ErrorDetails, key: str, folder: Path) -> str:
    path = key + "".join(_step(part) for part in details["loc"])
    context = {name: str(value) for name, value in details.get("ctx", {}).items()}
    context["expected"] = context.get("expected", "").replace(" or ", "、")
    own = context.get("error", "")
    # Our own validators speak Japanese; what a library says in English helps nobody here.
    allowed = _ALLOWED.get(details["type"]) or (
        "この値は使えません" if own.isascii() else "{error}"
    )
    found = "" if details["type"] == "missing" else f" = {_shorten(details['input'])}"
    return f"{_file_of(key, folder)}: {path}{found} — {allowed.format_map(context)}。"


def _step(part: int | str) -> str:
    return f"[{part}]" if isinstance(part, int) else f".{part}"


def _shorten(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _file_of(key: str, folder: Path) -> str:
    heading = re.compile(rf"^{key}:", re.MULTILINE)
    for path in sorted(folder.rglob("*.yml")):
        if heading.search(path.read_text("utf-8")):
            return path.as_posix()
    return folder.as_posix()


def _find_unknown_names(read: Mapping[str, Any]) -> Iterator[Line]:
    """Yield, for names in one file that another does not know, the key of the file and a line."""
    form, sources, tables = read["form"], read["sources"], read["tables"]
    checks = {
        "waves": _check_waves(form, read["waves"]),
        "plans": _check_plans(read["plans"], form, sources),
    }
    try:
        dictionary = build_dictionary(tables, form)
    except ValidationError as error:
        yield from _tell_of_table(error, form)
    else:
        columns = {table.name: table.column_names for table in dictionary.tables}
        checks |= {
            "sources": _check_sources(sources, tables, columns),
            "quality_rules": _check_rules(read["quality_rules"], columns),
            "views": _check_views(read["views"], columns),
            "packages": _check_packages(read["packages"], read["plans"], sources, dictionary),
            "tables": _check_reasons(read["packages"], dictionary),
        }
    for key, lines in checks.items():
        yield from ((key, line) for line in lines)


def _refuse_unknown(place: str, name: str, allowed: Iterable[str]) -> Iterator[str]:
    names = list(allowed)
    if name not in names:
        yield f"{place}{name!r} — 使えるのは {'、'.join(names)} です。"


def _refuse_unknown_columns(
    place: str, table: str, names: Iterable[str], columns: Columns
) -> Iterator[str]:
    yield from _refuse_unknown(f"{place} の table = ", table, columns)
    for name in names if table in columns else ():
        yield from _refuse_unknown(f"{place} の項目 ", name, columns[table])


def _tell_of_table(error: ValidationError, form: Form) -> Iterator[Line]:
    for details in error.errors(include_url=False):
        table, told = details["input"], details.get("ctx", {}).get("error", details["msg"])
        is_form = isinstance(table, dict) and form.sheet_of(table.get("name", "")) is not None
        # What is wrong is a table, told by itself, or one value of it.
        where = (*details["loc"], *(() if isinstance(table, dict) else (repr(table),)))
        place = "".join(f"{part} — " for part in where)
        yield "form" if is_form else "tables", f"{place}{told}。"


def _check_waves(form: Form, waves: Waves) -> Iterator[str]:
    sheets = dict.fromkeys(part.sheet for part in form.answer_sheets)
    for period, wave in waves.root.items():
        for sheet in wave.sheets:
            yield from _refuse_unknown(f"waves.{period}.sheets = ", sheet, sheets)


def _check_plans(plans: Plans, form: Form, sources: CentralSources) -> Iterator[str]:
    parts = (*form.answer_sheets, *sources.root)
    columns = {part.table: [field.name for field in part.fields] for part in parts}
    for one in _list_definitions(plans):
        names = (*one.numerator_fields, *one.denominator_fields)
        yield from _refuse_unknown_columns(one.indicator_id, one.table, names, columns)


def _list_definitions(plans: Plans) -> Iterator[Indicator]:
    return (version for one in plans.indicators for version in one.versions)


def _check_sources(
    sources: CentralSources, tables: TableDescriptions, columns: Columns
) -> Iterator[str]:
    described = {table.name for table in tables.tables}
    for source in sources.root:
        if source.table not in described:
            yield (
                f"{source.source} の table = {source.table!r} — この名前の表を tables.yml に"
                "書いてください。"
            )
            continue
        names = [field.name for field in source.fields]
        yield from _refuse_unknown_columns(source.source, source.table, names, columns)
        filled = {*names, *tables.survey_columns, *source.heading_dates.values()}
        for name in columns[source.table]:
            if name not in filled:
                yield (
                    f"{source.source} に、表 {source.table} の列 {name!r} に入る項目がありません。"
                    "項目を加えるか、tables.yml からその列を消してください。"
                )


def _check_rules(rules: QualityRules, columns: Columns) -> Iterator[str]:
    for rule in rules.rules:
        yield from _refuse_unknown_columns(rule.rule_id, rule.table, rule.fields, columns)


def _check_views(views: Views, columns: Columns) -> Iterator[str]:
    for view in views.views:
        for table in view.tables:
            yield from _refuse_unknown(f"{view.name} の tables の ", table, columns)
        known = dict.fromkeys(name for table in view.tables for name in columns.get(table, ()))
        for item in (one for one in view.fields if isinstance(one, str)):
            yield from _refuse_unknown(f"{view.name} の fields の ", item, known)


def _check_packages(
    packages: Packages, plans: Plans, sources: CentralSources, dictionary: DataDictionary
) -> Iterator[str]:
    source_of = {source.table: source.source for source in sources.root}
    for package in packages.packages:
        for source in package.sources:
            place = f"{package.name} の sources の "
            yield from _refuse_unknown(place, source, ["survey", *source_of.values()])
        try:
            tables = describe_package_tables(package, dictionary, set(dictionary.names()))
        except PackageError as error:
            yield f"{package.name} — {str(error).removeprefix('packages.yml: ')}"
            continue
        if "indicator_value" in tables:
            yield from _check_credits(package, plans, source_of)


def _check_credits(package: Package, plans: Plans, source_of: Mapping[str, str]) -> Iterator[str]:
    rest_on: dict[str, str] = {}
    only = [one.only for one in package.resources if one.table == "indicator_value"]
    allowed = {name for one in only for name in one.get("indicator_id", ())}
    for one in _list_definitions(plans):
        if allowed and one.indicator_id not in allowed:
            continue
        rest_on.setdefault(source_of.get(one.table, "survey"), one.indicator_id)
    for source, indicator_id in rest_on.items():
        if source not in package.sources:
            yield (
                f"{package.name} の sources に {source!r} がありません。"
                f"指標 {indicator_id} の出所なので、加えてください。"
            )


def _check_reasons(packages: Packages, dictionary: DataDictionary) -> Iterator[str]:
    resources = (resource for package in packages.packages for resource in package.resources)
    names = dict.fromkeys(one.table for one in resources if one.table in dictionary)
    for table in (dictionary[name] for name in names):
        for field in table.fields:
            if field.published and not _says_why_empty(field):
                yield (
                    f"表 {table.name} の列 {field.name} — 公開する列です。空になるなら、そのわけを "
                    "empty: {code: 理由} に、空にならないなら required: true と書いてください。"
                )


def _says_why_empty(field: Field) -> bool:
    return bool(field.required or field.status or field.empty)
