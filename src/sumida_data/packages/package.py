"""Data packages as files: tables as CSV and Parquet, a workbook, and what explains them."""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from xlsxwriter.worksheet import Worksheet

from sumida_data.base.fingerprint import hash_code
from sumida_data.base.frames import hash_rows, read_rows, write_parquet
from sumida_data.base.metadata import DataDictionary, Listed, Model, Row
from sumida_data.base.xlsx import FOOTER, Book, measure
from sumida_data.packages import descriptor, versions
from sumida_data.packages.descriptor import Surroundings, describe_copy
from sumida_data.packages.models import PackageError
from sumida_data.packages.published import Dataset, PublishedPackage, PublishedTable, select_package
from sumida_data.packages.versions import History
from sumida_data.present.words import load_templates
from sumida_data.quality.data_package import find_errors, split_packages
from sumida_data.quality.overview import write_statement
from sumida_data.quality.readability import Examiner, list_data_files, say_scores

SAMPLE_WARNING = "見本データ：架空の回答から作ったもので、実際の数値ではありません。"

# The headings of the sheets that explain, and how wide their columns are.
_ABOUT = {"項目": 22, "内容": 110}
_FIELDS = {"シート": 22, "列の見出し": 26, "英数字の列名": 26, "型": 8, "単位": 8}
_FIELDS |= {"意味": 60, "空欄の理由": 30}
_TYPE_WORDS = {"string": "文字", "integer": "整数", "number": "数"}
_TYPE_WORDS |= {"date": "日付", "yearmonth": "年月", "boolean": "真偽"}
_YES_OR_NO = {True: "はい", False: "いいえ"}
_FONT = {"font_name": "Yu Gothic", "font_size": 10.5}
_LOOKS: dict[str, dict[str, Any]] = {
    "heading": {"bold": True, "bg_color": "#DCE6F1", "text_wrap": True, "valign": "vcenter"},
    "wrapped": {"text_wrap": True, "valign": "top"},
}
_RUNS = re.compile(r"[\s\ufeff\u200b]*[=+\-@＝＋－−＠]|[\t\r\n]|'")

Files = Mapping[str, bytes]


class Build(Model):
    """A package as it was written: a hash of all that it was made of, and of each file by path."""

    made_of: str
    files: dict[str, str]


class Builds(Listed[dict[str, Build]]):
    """Packages as they were written, by name."""


class BuiltPackages(dict[str, bytes]):
    """Packages by path, of which some were taken as they had been written, and checked, before."""

    def __init__(self, before: Files | None = None, builds: Builds | None = None) -> None:
        """Begin with none; a run gives those that the last one wrote, and what it knew of them."""
        super().__init__()
        self.taken: set[str] = set()
        self.builds: dict[str, Build] = {}
        self._before, self._known = split_packages(before or {}), builds.root if builds else {}

    def add(self, name: str, made_of: str, build: Callable[[], Files]) -> None:
        """Add a package: as it was written before if it was made of the same, else built."""
        made: Files = self._before[name]
        if self._known.get(name) == _note(made_of, made):
            self.taken.add(name)
        else:
            made = build()
        self.builds[name] = _note(made_of, made)
        self.update({f"{name}/{path}": content for path, content in made.items()})


def _note(made_of: str, files: Files) -> Build:
    hashes = {path: sha256(one).hexdigest() for path, one in sorted(files.items())}
    return Build(made_of=made_of, files=hashes)


class PackagesValidator:
    """Refuses packages that break their promises; for the ``validator:`` of a Kedro catalogue."""

    def validate(self, data: dict[str, bytes]) -> dict[str, bytes]:
        """Return the packages as they are; a PackageError names each file and row at fault."""
        known = data.taken if isinstance(data, BuiltPackages) else ()
        new = ((name, files) for name, files in split_packages(data).items() if name not in known)
        errors = [f"{name}/{error}" for name, files in new for error in find_errors(files)]
        if errors:
            raise PackageError("公開できないパッケージがあります。\n" + "\n".join(errors))
        return data


def build_packages(
    surroundings: Surroundings,
    dictionary: DataDictionary,
    frames: Mapping[str, pd.DataFrame],
    before: Files,
    examiner: Examiner,
    last_versions: Mapping[str, str],
    built: BuiltPackages | None = None,
) -> BuiltPackages:
    """Build every package, as contents by path, such as ``dx-indicators/datapackage.json``.

    They are added to those built. Before are the packages as they were last published; the last
    versions are those of every package that ever was. The examiner says how readable the files are.

    Raises a PackageError if packages.yml asks for what cannot be published, or for the removal of
    what was not announced to go.
    """
    packages, last = surroundings.packages, split_packages(before)
    known = [one.name for one in packages.packages] + [one.name for one in packages.withdrawn]
    if vanished := set(last) - set(known):
        raise PackageError(
            f"packages.yml: 公開した {'、'.join(sorted(vanished))} がありません。元に戻すか、"
            "withdrawn に name、title、withdrawn_on、reason を書いてください。"
        )
    results = read_rows(frames["check_result"])
    levels = dictionary.words("readability_score.level")
    built = BuiltPackages() if built is None else built
    for package in packages.packages:
        name, files = package.name, last[package.name]
        published = select_package(package, dictionary, frames, surroundings.municipality)
        tables = {resource.table for resource in package.resources}
        statement = write_statement(tables, results, dictionary)
        last_version = last_versions.get(name, "")
        draft = _Draft(published, surroundings, statement, levels, files, last_version)
        built.add(name, draft.hash_all(), partial(draft.build, examiner))
    return built


class _Draft(NamedTuple):
    """A package whose version is not known yet, and its files ``before``, as last published.

    The statement is what the checks say of its tables, the levels are words for how readable its
    files are. A package never published has the last version of that name.
    """

    published: PublishedPackage
    surroundings: Surroundings
    statement: str
    levels: Mapping[str, str]
    before: Files
    last_version: str

    def hash_all(self) -> str:
        """Return a hash of all that decides the files, and of the code that makes them."""
        published, around = self.published, self.surroundings
        tables = [*published.tables, *published.explaining]
        decides = (
            [(one.table, one.deprecated, hash_rows(one.rows)) for one in tables],
            [len(published.tables), replace(published, tables=(), explaining=())],
            # What is said of other packages is said elsewhere.
            around.packages.model_copy(update={"packages": (), "withdrawn": ()}),
            [around.municipality, around.sources, around.held_back],
            [self.statement, self.levels, self.last_version],
            [(path, sha256(one).hexdigest()) for path, one in sorted(self.before.items())],
            hash_code(),
        )
        return sha256(repr(decides).encode()).hexdigest()

    def build(self, examiner: Examiner) -> dict[str, bytes]:
        """Decide the version and return the files; the examiner says how readable they are."""
        before = Dataset(self.published.package.name, self.before)
        history: History = []
        changes = [versions.FIRST]
        # Real data do not continue what invented data began, nor the other way round.
        if self.before and before.descriptor["sumida:sample"] is self.published.sample:
            history, changes = before.versions, list(versions.compare(self.published, before))
        if changes:
            history = versions.add_version(self.published, history, changes, self.last_version)
        made = self._write(history, examiner)
        if not changes and made != self.before:
            history = versions.add_version(self.published, history, [versions.REWORDED])
            made = self._write(history, examiner)
        return made

    def _write(self, history: History, examiner: Examiner) -> dict[str, bytes]:
        published = self.published
        package = descriptor.describe_package(published, self.surroundings, history)
        data, resources = _write_data(published, package)
        planned = package | {"resources": [*resources, {"path": "changelog.json", "format": ""}]}
        scored = examiner.score(list_data_files(planned, data, self.before))
        scores: dict[str, float] = {level: float(score) for level, score in scored.items()}
        whole = package | {"sumida:readability": scores, "resources": resources}
        log = versions.describe_log(published, package, history)
        readme = load_templates("packages").get_template("README.md")
        text = readme.render(
            package=package,
            tables=published.tables,
            explanations=published.explaining,
            history=history,
            quality=f"{self.statement}\n国の「行政データにおける機械可読性に関するルール」による"
            f"点数は、{say_scores(scores, self.levels)}です(それぞれ100点満点)。\n",
            notices=log["corrections"],
            warning=SAMPLE_WARNING,
        )
        csvw = _write_json(descriptor.describe_in_csvw(whole))
        dcat = _write_json(descriptor.describe_in_dcat(whole))
        schema_org = _write_json(descriptor.describe_in_schema_org(whole))
        program = (files("sumida_data.packages") / "recompute.py").read_bytes()
        feed = versions.write_feed(package, log["versions"])
        documents = {
            "README.md": ("説明(README)", text.encode()),
            "csv-metadata.json": ("CSVの説明(CSV on the Web)", csvw),
            "dcat.jsonld": ("カタログの説明(DCAT-AP 3)", dcat),
            "schema_org.jsonld": ("検索エンジンのための説明(schema.org)", schema_org),
            "changelog.json": ("変更の記録", _write_json(log)),
            "changelog.atom": ("変更の記録(購読用)", feed),
            "recompute.py": ("公表した値と判定を計算し直すプログラム(Python)", program),
        }
        resources += [describe_copy(title, path, one) for path, (title, one) in documents.items()]
        written = {path: content for path, (_, content) in documents.items()}
        return {"datapackage.json": _write_json(whole), **written, **data}


def _write_json(content: Row) -> bytes:
    return f"{json.dumps(content, ensure_ascii=False, indent=2)}\n".encode()


def _write_data(published: PublishedPackage, package: Row) -> tuple[dict[str, bytes], list[Row]]:
    """Return the tables as files by path, and the descriptions of these files."""
    files: dict[str, bytes] = {}
    resources, copies = [], []
    for table in (*published.tables, *published.explaining):
        name = table.table.name
        files[f"{name}.csv"] = csv = write_csv(table)
        files[f"{name}.parquet"] = parquet = _write_parquet(table)
        resources.append(descriptor.describe_csv(table, f"{name}.csv", csv))
        copies.append(describe_copy(table.table.title, f"{name}.parquet", parquet))
    book = f"{published.package.name}.xlsx"
    files[book] = _write_workbook(published, package)
    copies.append(describe_copy(published.package.title, book, files[book]))
    return files, resources + copies


def write_csv(published: PublishedTable) -> bytes:
    """Write UTF-8 with a byte order mark and lines ending in LF.

    A text that a spreadsheet would take for a formula gets an apostrophe before it, and so does one
    that begins with an apostrophe: the first apostrophe of a text is never its own, and leaving it
    out gives the text itself. Numbers and days have none. Parquet and XLSX need no such guard.
    """
    lines = _Lines()
    # Python 3.11 puts a text with a lone CR in quotes only if lines end in it.
    writer = csv.writer(lines, lineterminator="\r\n")
    writer.writerow(published.rows.column_names)
    writer.writerows(zip(*map(_write_cells, published.rows.columns), strict=True))
    text = "".join(line.removesuffix("\r\n") + "\n" for line in lines)
    # Without the mark Excel reads Japanese CSV as Shift_JIS.
    return text.encode("utf-8-sig")


class _Lines(list[str]):
    write = list.append


def _write_cells(column: pa.ChunkedArray) -> list[str | None]:
    texts = column.cast(pa.string())
    if pa.types.is_decimal(column.type):
        # 59.3000 has zeros that only its storage needs.
        texts = pc.replace_substring_regex(texts, r"\.?0+$", "")
    cells: list[str | None] = texts.to_pylist()
    return list(map(guard_formula, cells)) if pa.types.is_string(column.type) else cells


def guard_formula(text: str | None) -> str | None:
    """Put an apostrophe before a text that a spreadsheet would run, or that begins with one.

    Spreadsheets overlook white space before a formula, and Japanese ones read ＝ as =.
    """
    return f"'{text}" if text and _RUNS.match(text) else text


def _write_parquet(published: PublishedTable) -> bytes:
    """Write Parquet whose columns carry title, description and unit as field metadata."""
    columns = []
    for column, field in zip(published.rows.schema, published.table.fields, strict=True):
        words = field.model_dump(include={"title", "title_en", "description", "unit"})
        columns.append(column.with_metadata({key: word for key, word in words.items() if word}))
    return write_parquet(published.rows.cast(pa.schema(columns)))


def _write_workbook(published: PublishedPackage, package: Row) -> bytes:
    """Write the package as XLSX: two sheets that explain it, then a sheet per table.

    The former are plain tables themselves, as the national rules ask.
    """
    book = Book(
        published.title,
        _LOOKS,
        default_date_format="yyyy-mm-dd",
        # XlsxWriter changes the properties given, and the next workbook would differ.
        default_format_properties=dict(_FONT),
    )
    _write_lines(book, "説明", _ABOUT, _describe(published, package))
    lines = list(_list_fields(published))
    fields = _write_lines(book, "列の説明", _FIELDS, lines)
    for number, (*_, description, _reasons) in enumerate(lines, start=1):
        # LibreOffice does not make a row higher for wrapped text by itself.
        fields.set_row(number, 15 * (1 + len(description) // 30))
    for table in (*published.tables, *published.explaining[:1]):
        _write_table(book, table)
    for sheet in book.book.worksheets():
        sheet.set_footer(FOOTER)
        if published.sample:
            sheet.set_header(f"&C{SAMPLE_WARNING}")
    return book.close()


def _write_lines(
    book: Book, name: str, widths: Mapping[str, int], lines: Iterable[Sequence[str]]
) -> Worksheet:
    sheet = book.add_sheet(name)
    sheet.freeze_panes(1, 0)
    sheet.write_row(0, 0, widths, book.looks["heading"])
    for column, width in enumerate(widths.values()):
        sheet.set_column(column, column, width)
    for number, line in enumerate(lines, start=1):
        sheet.write_row(number, 0, line, book.looks["wrapped"])
    return sheet


def _describe(published: PublishedPackage, package: Row) -> Iterator[Sequence[str]]:
    yield "題名", published.title
    if published.sample:
        yield "注意", SAMPLE_WARNING
    yield "内容", package["description"]
    yield "提供者", package["contributors"][0]["title"]
    for terms in package["licenses"]:
        yield "利用条件", f"{terms['title']} {terms['path']}"
    for source in package["sources"]:
        yield "出典", source["sumida:credit"]
    yield "版", f"{package['version']}（{package['sumida:address']}）"
    yield "引用の仕方", package["sumida:citation"]
    if published.first_day:
        yield "対象の時点", "{start} から {end}".format_map(package["sumida:temporal"])
    yield (
        "空欄",
        "値がないことを表す。数と日付の理由は「列の説明」の「空欄の理由」にある列に、それ以外はそこに書いたとおり。",
    )
    for table in (*published.tables, *published.explaining[:1]):
        yield table.table.title, f"{table.table.description}（{table.rows.num_rows}行）"


def _list_fields(published: PublishedPackage) -> Iterator[tuple[str, ...]]:
    for table in published.tables:
        titles = {field.name: field.title for field in table.table.fields}
        for field in table.table.fields:
            yield (
                table.table.title,
                field.title,
                field.name,
                _TYPE_WORDS[field.type],
                field.unit or "",
                field.description,
                field.say_empty() or (titles[field.status] if field.status else ""),
            )


def _write_table(book: Book, published: PublishedTable) -> None:
    sheet, fields = book.add_sheet(published.table.title), published.table.fields
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_row(0, 32)
    sheet.autofilter(0, 0, published.rows.num_rows, len(fields) - 1)
    for column, field in enumerate(fields):
        title = f"{field.title}({field.unit})" if field.unit else field.title
        words: dict[Any, str] = {name: code.title for name, code in field.codes.items()}
        words |= _YES_OR_NO if field.type == "boolean" else {}
        values = [words.get(value, value) for value in published.rows[field.name].to_pylist()]
        sheet.write(0, column, title, book.looks["heading"])
        # Wide enough for the values, and for the heading in two lines.
        longest = max((measure(str(value)) for value in set(values)), default=0)
        sheet.set_column(column, column, min(40, max(longest, measure(title) // 2)) + 3)
        sheet.write_column(1, column, values)
