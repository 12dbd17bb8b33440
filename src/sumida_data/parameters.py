"""The parameters and what they must look like, reported to officers in one line per mistake."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from sumida_data.base.metadata import ONE_LINE, DataDictionary, HomeMunicipality, Quota
from sumida_data.many import Many
from sumida_data.packages.models import (
    Package,
    PackageError,
    Packages,
    Views,
    describe_package_tables,
)
from sumida_data.plan.models import Indicator, InitiativeRules, Plans, ReportedPeriod
from sumida_data.privacy.counts import Privacy
from sumida_data.quality.rules import QualityRules
from sumida_data.sample.ward import Sample
from sumida_data.site.content import SiteSettings
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.tables import TableDescriptions, build_dictionary

# The key of a file with a mistake, and what is wrong there.
Lines = Iterator[tuple[str, str]]
Columns = Mapping[str, Sequence[str]]


class RunAgain(RootModel[bool]):
    """Whether a run does everything again, even where nothing has changed since the last one."""


class Parameters(BaseModel):
    """All that the files in conf/base/parameters say, by the keys at their top."""

    again: RunAgain
    finding_rules: FindingRules
    form: Form
    initiatives: InitiativeRules
    many: Many
    municipality: HomeMunicipality
    packages: Packages
    period: ReportedPeriod
    plans: Plans
    privacy: Privacy
    quality_rules: QualityRules
    quota: Quota
    sample: Sample
    site: SiteSettings
    sources: CentralSources
    tables: TableDescriptions
    views: Views
    waves: Waves


# The model of each key.
PARAMETERS: dict[str, type[BaseModel]] = Parameters.__annotations__

# By what is wrong in the words of pydantic, whose own sentences are English.
_ALLOWED = {
    kind: text
    for text, kinds in {
        "kind は {expected_tags} のどれかにしてください": ("union_tag_invalid",),
        "kind: を書いてください": ("union_tag_not_found",),
        "この項目は必ず書いてください": ("missing",),
        "この名前の項目はありません。つづりを確かめるか、消してください": ("extra_forbidden",),
        "使えるのは {expected} です": ("literal_error",),
        "{pattern} の形で書いてください": ("string_pattern_mismatch",),
        "{max_length}字までにしてください": ("string_too_long",),
        "{ge} 以上にしてください": ("greater_than_equal",),
        "{gt} より大きくしてください": ("greater_than",),
        "{le} 以下にしてください": ("less_than_equal",),
        "{lt} より小さくしてください": ("less_than",),
        "{min_length}個以上書いてください": ("too_short",),
        "{max_length}個までにしてください": ("too_long",),
        "文字で書いてください(数字だけのものは引用符で囲みます)": ("string_type", "invalid_key"),
        "「名前: 値」の形で、1行に1つずつ書いてください": (
            *("dict_type", "model_type", "model_attributes_type"),
        ),
        "[ ] で囲んだ一覧で書いてください": ("tuple_type",),
        "整数で書いてください": ("int_parsing", "int_type", "int_from_float"),
        "数で書いてください": ("decimal_parsing", "decimal_type", "finite_number"),
        "true か false で書いてください": ("bool_parsing", "bool_type"),
        "2022-04-01 の形の日付で書いてください": (
            *("date_from_datetime_parsing", "date_from_datetime_inexact"),
            *("date_parsing", "date_type"),
        ),
    }.items()
    for kind in kinds
}


def find_mistakes(parameters: Mapping[str, Any], folder: Path) -> Iterator[str]:
    """Yield a line for each mistake: file, key, value found, what is allowed.

    The parameters are raw, as merged from files and command line; the folder is that of the files.
    """
    try:
        found = _find_unknown_names(Parameters.model_validate(parameters))
    except ValidationError as error:
        found = (
            (str(details["loc"][0]), _describe(details, parameters))
            for details in error.errors(include_url=False)
            # A list of which parts are wrong is not too short as well, and what may be a name or
            # more than that is reported once.
            if (details["type"], not details["input"]) != ("too_short", False)
            if details["loc"][-1] != "constrained-str" or isinstance(details["input"], str)
        )
    for key, line in found:
        yield f"{_file_of(key, folder)}: {line}"


def _describe(details: ErrorDetails, parameters: Mapping[str, Any]) -> str:
    key, *rest = details["loc"]
    if details["type"] == "missing" and not rest:
        return f"{key} がありません。{key}.yml を元に戻してください。"
    context = {name: str(value) for name, value in details.get("ctx", {}).items()}
    if context.get("pattern") == ONE_LINE:
        context["pattern"] = "空でない1行"
    context["expected"] = context.get("expected", "").replace(" or ", "、")
    # Our own validators speak Japanese; what a library says in English helps nobody here.
    own = "この値は使えません" if context.get("error", "").isascii() else "{error}"
    allowed = _ALLOWED.get(details["type"], own).format_map(context).removesuffix("。")
    value = repr(details["input"])
    shown = value if len(value) <= 60 else f"{value[:57]}..."
    found = "" if details["type"] == "missing" else f" = {shown}"
    return f"{_locate(details, parameters)}{found} — {allowed}。"


def _locate(details: ErrorDetails, parameters: Mapping[str, Any]) -> str:
    """Return the path to a value, as packages.packages[3].title.

    A step that there is not is one that is missing, or a choice that pydantic had.
    """
    steps, inside = "", parameters
    for number, one in enumerate(details["loc"], 1):
        try:
            inside = inside[one]  # type: ignore[index]  # LookupError or TypeError
        except (LookupError, TypeError):
            if details["type"] != "missing" or number < len(details["loc"]):
                continue
        steps += f"[{one}]" if isinstance(one, int) else f".{one}"
    return steps.removeprefix(".")


def _file_of(key: str, folder: Path) -> str:
    heading = re.compile(rf"^{key}:", re.MULTILINE)
    files = sorted(folder.rglob("*.yml"))
    found = (path for path in files if heading.search(path.read_text("utf-8")))
    return next(found, folder).as_posix()


def _find_unknown_names(read: Parameters) -> Lines:
    """Yield, for names in one file that another does not know, the key of the file and a line."""
    yield from _check_asked(read)
    try:
        dictionary = build_dictionary(read.tables, read.form)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            table, mistake = details["input"], details.get("ctx", {}).get("error", details["msg"])
            # What is wrong is a table, which is the mistake, or one value of it.
            is_table = isinstance(table, dict)
            key = "form" if is_table and read.form.sheet_of(table.get("name", "")) else "tables"
            where = (*details["loc"], *(() if is_table else (repr(table),)))
            yield key, "".join(f"{part} — " for part in where) + f"{mistake}。"
    else:
        columns = {table.name: table.column_names for table in dictionary.tables}
        yield from _check_sources(read, columns)
        yield from _check_references(dictionary, columns)
        yield from _check_uses(read, columns)
        yield from _check_values(read, dictionary)
        yield from _check_packages(read, dictionary)
        yield from _check_reasons(read.packages, dictionary)


def _refuse(key: str, place: str, name: str, allowed: Iterable[str]) -> Lines:
    names = list(allowed)
    if name not in names:
        yield key, f"{place}{name!r} — 使えるのは {'、'.join(names)} です。"


def _refuse_columns(
    key: str, place: str, table: str, names: Iterable[str], columns: Columns
) -> Lines:
    yield from _refuse(key, f"{place} の table = ", table, columns)
    for name in names if table in columns else ():
        yield from _refuse(key, f"{place} の項目 ", name, columns[table])


def _check_asked(read: Parameters) -> Lines:
    sheets = dict.fromkeys(part.sheet for part in read.form.answer_sheets)
    for period, wave in read.waves.listed.items():
        for sheet in wave.sheets:
            yield from _refuse("waves", f"waves.{period}.sheets = ", sheet, sheets)
    parts = (*read.form.answer_sheets, *read.sources.root)
    columns = {part.table: [field.name for field in part.fields] for part in parts}
    for one in _list_versions(read.plans):
        names = (*one.numerator_fields, *one.denominator_fields)
        yield from _refuse_columns("plans", one.indicator_id, one.table, names, columns)


def _list_versions(plans: Plans) -> list[Indicator]:
    return [version for one in plans.indicators for version in one.versions]


def _check_sources(read: Parameters, columns: Columns) -> Lines:
    key, tables = "sources", read.tables
    described = {table.name for table in tables.tables}
    for source in read.sources.root:
        name, table = source.source, source.table
        if table not in described:
            wanted = "この名前の表を tables.yml に書いてください。"
            yield key, f"{name} の table = {table!r} — {wanted}"
            continue
        fields = [field.name for field in source.fields]
        yield from _refuse_columns(key, name, table, fields, columns)
        filled = {*fields, *tables.survey_columns, *source.heading_dates.values()}
        for column in (one for one in columns[table] if one not in filled):
            yield (
                key,
                f"{name} に、表 {table} の列 {column!r} に入る項目がありません。"
                "項目を加えるか、tables.yml からその列を消してください。",
            )


def _check_references(dictionary: DataDictionary, columns: Columns) -> Lines:
    for table in dictionary.tables:
        for key in table.foreign_keys:
            place = f"表 {table.name} の foreign_keys"
            yield from _refuse_columns("tables", place, key.table, key.reference_fields, columns)


def _check_values(read: Parameters, dictionary: DataDictionary) -> Lines:
    """Check the values by which settings choose rows: one misspelt would choose none."""
    allowed = {
        (table.name, field.name): field.enum
        for table in dictionary.tables
        for field in table.fields
        if field.enum
    }
    # What counts people says so in any table.
    allowed |= {("", column): enum for (_, column), enum in allowed.items()}
    for key, place, table, chosen in _list_choices(read):
        for column, values in chosen.items():
            for value in values if (table, column) in allowed else ():
                place_of = f"{place} の {column} の "
                yield from _refuse(key, place_of, value, allowed[table, column])


def _list_choices(read: Parameters) -> Iterator[tuple[str, str, str, Mapping[str, Sequence[str]]]]:
    """Yield the key of the file, the place, the table and values by column."""
    for rule in read.quality_rules.rules:
        yield "quality_rules", rule.rule_id, rule.table, rule.when
    for package in read.packages.packages:
        for resource in package.resources:
            yield "packages", f"{package.name} の {resource.table}", resource.table, resource.only
    yield "privacy", "people_kinds", "", read.privacy.people_kinds


def _check_uses(read: Parameters, columns: Columns) -> Lines:
    """Check what rules and views say of tables."""
    for rule in read.quality_rules.rules:
        yield from _refuse_columns("quality_rules", rule.rule_id, rule.table, rule.fields, columns)
    for view in read.views.views:
        for table in view.tables:
            yield from _refuse("views", f"{view.name} の tables の ", table, columns)
        known = dict.fromkeys(name for table in view.tables for name in columns.get(table, ()))
        for item in (one for one in view.fields if isinstance(one, str)):
            yield from _refuse("views", f"{view.name} の fields の ", item, known)


def _check_packages(read: Parameters, dictionary: DataDictionary) -> Lines:
    key, sources = "packages", {one.table: one.source for one in read.sources.root}
    licenses = {"survey": read.packages.licenses[0].name}
    licenses |= {one.source: one.license for one in read.sources.root}
    terms = [one.name for one in read.packages.source_licenses]
    for package in read.packages.packages:
        place = f"{package.name} の sources の "
        for source in package.sources:
            yield from _refuse(key, place, source, licenses)
            if source in licenses:
                yield from _refuse(key, f"{place}{source} の license = ", licenses[source], terms)
        try:
            tables = describe_package_tables(package, dictionary, set(dictionary.names()))
        except PackageError as error:
            yield key, f"{package.name} — {str(error).removeprefix('packages.yml: ')}"
            continue
        if "indicator_value" in tables:
            for line in _check_credits(package, _list_versions(read.plans), sources):
                yield key, line


def _check_credits(
    package: Package, versions: Iterable[Indicator], sources: Mapping[str, str]
) -> Iterator[str]:
    values = [one.only for one in package.resources if one.table == "indicator_value"]
    only = {name for one in values for name in one.get("indicator_id", ())}
    rest_on: dict[str, str] = {}
    for one in versions:
        if not only or one.indicator_id in only:
            rest_on.setdefault(sources.get(one.table, "survey"), one.indicator_id)
    for source, indicator_id in rest_on.items():
        if source not in package.sources:
            yield (
                f"{package.name} の sources に {source!r} がありません。"
                f"指標 {indicator_id} の出所なので、加えてください。"
            )


def _check_reasons(packages: Packages, dictionary: DataDictionary) -> Lines:
    used = {resource.table for package in packages.packages for resource in package.resources}
    for table in (one for one in dictionary.tables if one.name in used):
        for field in table.fields:
            if field.published and not any((field.required, field.status, field.empty)):
                yield (
                    "tables",
                    f"表 {table.name} の列 {field.name} — 公開する列です。空になるなら、そのわけを "
                    "empty: {code: 理由} に、空にならないなら required: true と書いてください。",
                )
