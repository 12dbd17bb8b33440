"""The gate: tables go in, and what may go out of them comes out.

It takes four steps, in this order. Free text is emptied but for the cells that a person has
released. Small counts of people are withheld. Every published column, and every column that
published ones are split from, is searched for what reaches or names a person: the row is held back
where it can be left out honestly, with what belongs to it, and elsewhere the package is blocked.
What is left of free words is listed, so that a person sees each before it is public. There is no
way around it: packages are built from nothing but what it returns.

What analysts see passes by the same detectors: free text and what seems to name or reach a person
are in ``data/03_primary``, which is for the office alone. An individual number is in no database,
even where the office lets its analysts see the rest.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import Any, Literal, NamedTuple

import pandas as pd

from sumida_data.base.characters import hash_parts, write_plainly
from sumida_data.base.frames import change_texts, read_rows
from sumida_data.base.metadata import DataDictionary, Field, Row, Table
from sumida_data.packages.models import Package, Packages, Resource
from sumida_data.packages.published import choose_rows
from sumida_data.plan.models import Indicator
from sumida_data.privacy.counts import CellCount, Privacy, withhold_counts
from sumida_data.privacy.personal import find_kinds
from sumida_data.survey.blank_form import GUIDANCE_SHEET
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading import registers

HIDDEN = "【伏せた】個人に関する記載のおそれがあります"
# Shorter ones are no individual number, and telephone numbers have lost their zero.
_SMALLEST_LONG_NUMBER = 10**11
_REASONS: dict[str, str] = {
    "mail_address": "メールアドレスがあります",
    "phone_number": "電話番号があります",
    "extension": "内線番号があります",
    "my_number": "個人番号(マイナンバー)があります",
    "personal_number": "口座、旅券、免許証、保険証など、人を表す番号があります",
    "address": "番地までの住所があります",
    "birth_date": "生年月日があります",
    "circumstance": "年齢と病気や事情があります",
    "few_people": "少ない人数が分かる書き方があります",
    "person_name": "敬称や「氏名」の付いた名前があります",
    "cover_name": "表紙に書かれた氏名があります",
    "suppressed": "人数が少ない",
    "suppressed_with_it": "秘匿した人数や公開しない行が分かる",
    "released": "公開が認められた",
    "release_void": "公開を認めたときと文字が違う",
    "release_unused": "公開を認めた欄が見つからない",
    "with_it": "公開しない行についての記載があります",
    "cleared": "個人に関する記載でないと判断した",
}
# The name of who released what is in the sample.
_SAMPLE = "見本"
_PLACES_NAMED = 5
_PLACE = ("source_file", "sheet", "cell")
# Tables of which one row is one cell, with the column that names the record it belongs to.
_CELL_TABLES = {"answer": "record_id", "lineage": "row_id"}
_OF_CELL = ("raw_text", "value")
# Rows of the first are taken from the second, and have its ids.
_TAKEN_FROM = {"progress_note": "indicator_explanation"}
# Made by code: any digits may stand in an id or a hash.
_MADE_BY_CODE = ("row_id", "record_id", "_sha256")
_TOO_SHORT = 9
# What departments add to the name of the form that they were sent, and that names no person.
_ADDED = re.compile(
    r"(?:修正|訂正|再提出|差し?替え?|最新|最終|確定|の?コピー|版|回目|[^\w/]|[\d_])*\.[a-z]+"
)

_NUMBERED = re.compile(r"[\W\d_]+")
_QUOTED_SHEET = re.compile(
    r"(?:シート「|「(?=[^「」]+」(?:[と、]?「[^「」]+」)*の?シート))([^「」]+)」"
)

Frames = Mapping[str, pd.DataFrame]


class Release(NamedTuple):
    """A text that may go out."""

    periods: tuple[str, str]  # the first and the last quarter for which it is released
    department_code: str
    part: SurveySheet
    key: str  # what names the record there; its key answers joined by |
    item: FormField
    text: str
    sample: bool  # comes with the sample, and concerns invented answers alone

    @property
    def place(self) -> tuple[str, str]:
        """The typed table and its field."""
        return self.part.table, self.item.name

    def is_expected(self, frame: pd.DataFrame) -> bool:
        """Tell whether it should name a row: what comes with the sample, only of a sample."""
        return not self.sample or bool(frame["sample"].any())

    def find(self, frame: pd.DataFrame) -> pd.Series:
        """Return which rows of the typed table it names."""
        texts = frame[[item.name for item in self.part.key_fields]].astype(str)
        is_key = texts.iloc[:, 0].str.cat(texts.iloc[:, 1:], sep="|").eq(self.key)
        is_ours = is_key & frame["department_code"].eq(self.department_code)
        is_ours &= frame["sample"] | (not self.sample)
        return (is_ours & frame["period"].between(*self.periods)).fillna(value=False)


def parse_releases(rows: Iterable[Mapping[str, str]], form: Form) -> list[Release]:
    """Read the rows of released_texts.csv.

    Raises a ReferenceTableError if a row names something that is no free text of the form, or
    leaves out its text, its reason or who released it.
    """
    known = {
        (part.sheet, item.title): (part, item)
        for part in form.answer_sheets
        for item in part.fields
        if item.free_text and not part.counts_only
    }
    releases = []
    for place, row in registers.list_rows(rows, "released_texts"):
        registers.require(row, ("department_code", "text", "released_by", "reason"), place)
        registers.parse_day(row, "released_on", place)
        if (row["sheet"], row["field"]) not in known:
            allowed = "、".join(f"{sheet}の{title}" for sheet, title in known)
            raise registers.ReferenceTableError(
                f"{place}: シート {row['sheet']!r} の項目 {row['field']!r} は、公開を認められる"
                f"自由記入ではありません。認められるのは {allowed} です。"
            )
        part, item = known[row["sheet"], row["field"]]
        first, last = map(str, registers.parse_periods(row, place))
        department, key, text = row["department_code"], row["row"], row["text"]
        sample = row["released_by"] == _SAMPLE
        releases.append(Release((first, last), department, part, key, item, text, sample))
    return releases


def parse_cleared(rows: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Read from the rows of cleared_texts.csv the texts that hold no personal data.

    Raises a ReferenceTableError if a row leaves out its text, its reason, or who decided it and
    when.
    """
    cleared = set()
    for place, row in registers.list_rows(rows, "cleared_texts"):
        registers.require(row, ("text", "decided_by", "reason"), place)
        registers.parse_day(row, "decided_on", place)
        cleared.add(row["text"])
    return frozenset(cleared)


class GateAction(NamedTuple):
    """What the gate did to a column; a row of table ``privacy_check`` without its id."""

    package_name: str | None
    table_name: str
    field: str
    outcome: str
    reason: str
    cells: int
    places: str | None = None

    def as_row(self) -> Row:
        """Return the row of table ``privacy_check``."""
        return {"row_id": hash_parts(*self[:-2]), **self._asdict()}


@dataclass(frozen=True, slots=True)
class GuardedTables:
    """What may go out.

    Of ``free_words``, a row has ``text``, the titles of ``table`` and ``field``, the ``place`` of
    the first cell and the number of ``cells``.
    """

    frames: dict[str, pd.DataFrame]
    dictionary: DataDictionary  # a free text is published where any cell of it is released
    blocked: set[str]  # names of packages that must not be built
    outcomes: list[GateAction]
    held_back: dict[str, int]  # how many rows are left out, by table
    free_words: list[Row]

    def admit(self, packages: Packages) -> Packages:
        """Return the packages without those that are blocked."""
        admitted = tuple(one for one in packages.packages if one.name not in self.blocked)
        return packages.model_copy(update={"packages": admitted})


def guard(
    frames: Frames,
    dictionary: DataDictionary,
    indicators: Sequence[Indicator],
    privacy: Privacy,
    releases: Sequence[Release],
    packages: Packages,
    cleared: frozenset[str] = frozenset(),
) -> GuardedTables:
    """Let through what may go out of tables, ``personal_hit`` among them; they do not change."""
    guarded = dict(frames)
    counted = list(_empty_free_text(guarded, dictionary, releases))
    dictionary = _publish_released(dictionary, counted)
    counted += withhold_counts(guarded, dictionary, indicators, privacy, packages)
    outcomes = [
        GateAction(None, table, field, outcome, _REASONS[outcome], cells)
        for table, field, outcome, cells in counted
    ]
    screen = _Screen(guarded, dictionary, cleared)
    for package in packages.packages:
        screen.look_at(package)
    for name, rows in screen.held.items():
        left = guarded[name][~guarded[name]["row_id"].isin(rows)]
        guarded[name] = left.reset_index(drop=True)
    blocked = {str(one.package_name) for one in screen.outcomes if one.outcome == "blocked"}
    admitted = [one for one in packages.packages if one.name not in blocked]
    return GuardedTables(
        guarded,
        dictionary,
        blocked,
        # Two packages may publish the same table.
        [*outcomes, *dict.fromkeys(screen.outcomes)],
        {name: len(rows) for name, rows in sorted(screen.held.items())},
        list(_list_free_words(admitted, guarded, dictionary)),
    )


def _publish_released(dictionary: DataDictionary, counted: Iterable[CellCount]) -> DataDictionary:
    """Let a free text be a column only if there is anything in it."""
    tables = {table.name: table for table in dictionary.tables}
    for name, field, outcome, _ in counted:
        if outcome == "released":
            fields = {item.name: item for item in tables[name].fields}
            fields[field] = fields[field].model_copy(update={"published": True})
            tables[name] = tables[name].model_copy(update={"fields": tuple(fields.values())})
    return DataDictionary(tables=tuple(tables.values()))


def _empty_free_text(
    frames: dict[str, pd.DataFrame], dictionary: DataDictionary, releases: Iterable[Release]
) -> Iterator[CellCount]:
    """Empty free text but for what is released, and yield what became of the releases."""
    for table, name in (one for one in _list_free_texts(dictionary) if one[0] in frames):
        frame, unused = frames[table], 0
        kept = pd.Series(None, index=frame.index, dtype=frame[name].dtype)
        concerned = pd.Series(data=False, index=frame.index)
        for one in (one for one in releases if one.place == (table, name)):
            found = one.find(frame)
            kept = kept.mask(found & frame[name].fillna("").eq(one.text), one.text)
            concerned |= found
            unused += one.is_expected(frame) and not found.any()
        frames[table] = frame.assign(**{name: kept})
        tally = {
            "released": int(kept.notna().sum()),
            "release_void": int((concerned & kept.isna()).sum()),
            "release_unused": unused,
        }
        yield from ((table, name, outcome, cells) for outcome, cells in tally.items() if cells)


class _Screen:
    """Searches what packages publish; ``held`` are the ids of rows to leave out, by table."""

    def __init__(self, frames: Frames, dictionary: DataDictionary, cleared: frozenset[str]) -> None:
        self.held: dict[str, set[str]] = {}
        self.outcomes: list[GateAction] = []
        self._frames, self._dictionary, self._cleared = frames, dictionary, cleared
        by_column = frames["personal_hit"].groupby(["table_name", "field"])["record_id"]
        self._named = {column: set(records) for column, records in by_column}

    def look_at(self, package: Package) -> None:
        """Search the tables of a package; a missing one is reported where it is built."""
        resources = [one for one in package.resources if one.table in self._frames]
        for resource in resources:
            frame, table = choose_rows(self._frames, resource), self._dictionary[resource.table]
            outcome = "held_back" if resource.hold_back else "blocked"
            for item in filter(_is_searched, table.fields):
                for kind, rows in self._find(table, item, frame).items():
                    self._note(package.name, table.name, item.name, outcome, kind, rows)
        for resource in (one for one in resources if one.table in self.held):
            self._hold_children(package, resource, resources)

    def _find(self, table: Table, item: Field, frame: pd.DataFrame) -> dict[str, set[str]]:
        """Return the rows with data of a kind in a column, by kind."""
        found: dict[str, set[str]] = defaultdict(set)
        values, rows = frame[item.name], frame["row_id"]
        for value in values.dropna().unique() if item.type != "date" else ():
            for kind in find_in_value(value, listed=table.listed or item.listed):
                found[kind].update(rows[values.eq(value)])
        named = self._named.get((_TAKEN_FROM.get(table.name, table.name), item.name), set())
        found["cover_name"] = named & set(rows[values.notna()])
        cleared = set(rows[values.isin(self._cleared)]) if item.type == "string" else set()
        if seen := cleared & set().union(*found.values()):
            self._note(None, table.name, item.name, "cleared", "cleared", seen)
        return {kind: left for kind, ours in found.items() if (left := ours - cleared)}

    def _note(
        self, package: str | None, table: str, field: str, outcome: str, kind: str, rows: set[str]
    ) -> None:
        places = sorted(find_places(self._frames, table, field, rows).values())
        details = _REASONS[kind], len(rows), "、".join(places[:_PLACES_NAMED]) or None
        self.outcomes.append(GateAction(package, table, field, outcome, *details))
        if outcome == "held_back":
            self.held.setdefault(table, set()).update(rows)

    def _hold_children(
        self, package: Package, parent: Resource, resources: Iterable[Resource]
    ) -> None:
        """Hold back what other tables of the package say of rows that are held back."""
        key = list(parent.primary_key or self._dictionary[parent.table].primary_key)
        frame = self._frames[parent.table]
        keys = frame.loc[frame["row_id"].isin(self.held[parent.table]), key].drop_duplicates()
        for name in (one.table for one in resources if one.table != parent.table):
            ours = self._frames[name]
            if set(key) <= set(ours.columns):
                rows = set(ours.merge(keys, on=key)["row_id"])
                if new := rows - self.held.get(name, set()):
                    self._note(package.name, name, key[-1], "held_back", "with_it", new)


def _is_searched(item: Field) -> bool:
    return (item.published or item.screened) and not item.enum


def find_in_value(value: Any, *, listed: bool = False) -> tuple[str, ...]:
    """Say what kinds of personal data a value is or holds; lists of the office name no person."""
    if isinstance(value, str):
        kinds = find_kinds(value)
        # 様似町 is a town.
        return tuple(one for one in kinds if one != "person_name") if listed else kinds
    if isinstance(value, bool) or value < _SMALLEST_LONG_NUMBER:
        return ()
    return find_kinds(str(int(value)))


def find_places(frames: Frames, table: str, field: str, rows: Iterable[str]) -> dict[str, str]:
    """Say in which file, sheet and cell fields of rows were read, by ``row_id``."""
    if "answer" not in frames:
        return {}
    answer = frames["answer"]
    ours = answer["table_name"].eq(_TAKEN_FROM.get(table, table)) & answer["field"].eq(field)
    found = answer.loc[ours & answer["record_id"].isin(list(rows)), ["record_id", *_PLACE]]
    return {row: f"{file} {sheet}!{cell}" for row, file, sheet, cell in found.fillna("").to_numpy()}


def _list_free_words(
    packages: Iterable[Package], frames: Frames, dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield the free words that packages publish, each once for its column, as they go out."""
    published = {one.table: (package, one) for package in packages for one in package.resources}
    for name in filter(frames.__contains__, published):
        (package, resource), table = published[name], dictionary[name]
        frame = choose_rows(frames, resource)
        for parent in (one for one in package.resources if one.table == resource.rows_of):
            key = list(parent.primary_key or dictionary[parent.table].primary_key)
            frame = frame.merge(choose_rows(frames, parent)[key].drop_duplicates(), on=key)
        for item in table.free_words:
            found = frame.groupby(item.name, sort=False)["row_id"].agg(["first", "size"])
            places = find_places(frames, name, item.name, found["first"])
            for text, row_id, cells in found.itertuples(name=None):
                yield {
                    "text": write_plainly(text),
                    "table": table.title,
                    "field": item.title,
                    "place": places.get(row_id, ""),
                    "cells": int(cells),
                }


def count_void_releases(privacy_check: pd.DataFrame) -> int:
    """Count the cells whose release no longer fits their text, from ``privacy_check``."""
    void = privacy_check["outcome"].isin(["release_void", "release_unused"])
    return int(privacy_check.loc[void, "cells"].sum())


class BlockedPackage(NamedTuple):
    """A package, or rows of it, stopped for reasons: for each column and kind, but without data."""

    name: str
    title: str
    reasons: tuple[str, ...]


def list_stopped(
    packages: Packages, privacy_check: pd.DataFrame, outcome: Literal["blocked", "held_back"]
) -> list[BlockedPackage]:
    """Say in words which packages were stopped as a whole or in part, from ``privacy_check``."""
    titles = {one.name: one.title for one in packages.packages}
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for row in read_rows(privacy_check[privacy_check["outcome"].eq(outcome)]):
        words = f"表 {row['table_name']} の列 {row['field']} の{row['cells']}欄に、{row['reason']}"
        places = f"({row['places']})" if row["places"] else ""
        reasons[row["package_name"]].append(f"{words}{places}。")
    return [BlockedPackage(name, titles[name], tuple(found)) for name, found in reasons.items()]


def hide_from_analysts(
    frames: Frames,
    dictionary: DataDictionary,
    privacy: Privacy,
    cleared: frozenset[str],
    form: Form,
) -> dict[str, pd.DataFrame]:
    """Return the tables as analysts may see them; ``personal_hit`` is among them.

    Files bear the names of the forms that were handed out, perhaps with 修正 or a number, and
    sheets those of the form; other names, in which people may be named, give way to the start of a
    hash, for files of their content, in paths and in sentences.
    """
    opened, shown = privacy.analysts_see_texts, dict(frames)
    masks = ({}, {}) if opened else (_mask_names(frames), _mask_sheets(frames, form))
    rename = _make_renamer(*masks)
    named = set() if opened else set(frames["personal_hit"]["row_id"])
    free = set() if opened else set(map("/".join, _list_free_texts(dictionary)))
    concerned = free | {f"{one.partition('/')[0]}/{one.rpartition('/')[2]}" for one in named}

    def show(table: Table, item: Field, text: str) -> str:
        renamed = rename(text, item.name)
        if renamed in cleared or (renamed.isascii() and len(renamed) < _TOO_SHORT):
            return renamed
        kinds = find_in_value(renamed, listed=table.listed or item.listed)
        return HIDDEN if ("my_number" in kinds if opened else kinds) else renamed

    for table in (dictionary[name] for name in frames):
        columns: dict[str, pd.Series] = {}
        for item in filter(_may_hold_words, table.fields):
            column = change_texts(frames[table.name][item.name], partial(show, table, item))
            if _is_of_cells(table.name, item.name) or f"{table.name}/{item.name}" in concerned:
                cells, fields = _name_cells(table.name, item.name, frames[table.name])
                own = f"{table.name}/" + frames[table.name]["row_id"] + f"/{item.name}"
                column = column.mask((cells.isin(named) | own.isin(named)) & column.notna(), HIDDEN)
                column = column.mask(fields.isin(free), None)
            columns[item.name] = column
        shown[table.name] = frames[table.name].assign(**columns)
    return shown


def _make_renamer(masks: Mapping[str, str], sheets: Mapping[str, str]) -> Callable[[str, str], str]:
    """Return a function that replaces the names of files and sheets in a text of a field."""
    shown = {form.format(n): form.format(sheets[n]) for n in sheets for form in ("「{}」", " {}!")}
    shown |= masks
    # With no name at all, nothing matches.
    names = "|".join(map(re.escape, sorted(shown, key=len, reverse=True))) or r"(?!)"
    put = partial(re.compile(names).sub, lambda one: shown[one[0]])
    return lambda text, field: sheets.get(text, text) if field == "sheet" else put(text)


def _mask_names(frames: Frames) -> dict[str, str]:
    """Return what replaces the names that senders gave to files, whole, in their quarter, alone.

    Those of central files are the office's own.
    """
    # Of files elsewhere than in a quarter, there are findings alone.
    names = pd.concat(frames[table]["source_file"].dropna() for table in ("finding", "response"))
    central = set(frames["source_file"]["source_file"])
    hashes = {name: hash_parts(name) for name in names if name not in central}
    masks: dict[str, str] = {}
    for row in read_rows(frames["response"].dropna(subset=["source_file"])):
        name = row["source_file"]
        hashes[name] = row["file_sha256"] or hashes[name]
        form = "{period}/{department_code}_{section}_調査票".format_map(row)
        if name.startswith(form) and _ADDED.fullmatch(name.removeprefix(form)):
            del hashes[name]
    for name, digest in hashes.items():
        path = PurePosixPath(name)
        mask = f"{digest[:12]}{path.suffix}"
        masks |= {name: f"{path.parts[0]}/{mask}", name.partition("/")[2] or name: mask}
        masks[path.name] = mask
    return masks


def _mask_sheets(frames: Frames, form: Form) -> dict[str, str]:
    """Return what replaces the names that senders gave to sheets."""
    named = set(_QUOTED_SHEET.findall("".join(frames["finding"]["message"].dropna().unique())))
    returned = set(frames["response"]["source_file"].dropna())
    for frame in (one for one in frames.values() if "sheet" in one):
        for file in {"source_file", "file"} & {*frame.columns}:
            named.update(frame.loc[frame[file].isin(returned), "sheet"].dropna().unique())
    known = {"", GUIDANCE_SHEET, *(part.sheet for part in form.sheets)}
    others = (name for name in named if _NUMBERED.sub("", name) not in known)
    return {name: f"シート{hash_parts(name)[:6]}" for name in others}


def _may_hold_words(item: Field) -> bool:
    return item.type == "string" and not item.enum and not item.name.endswith(_MADE_BY_CODE)


def _list_free_texts(dictionary: DataDictionary) -> list[tuple[str, str]]:
    fields = ((table, item) for table in dictionary.tables for item in table.fields)
    return [(table.name, item.name) for table, item in fields if item.free_text]


def _is_of_cells(table: str, field: str) -> bool:
    return table in _CELL_TABLES and field in _OF_CELL


def _name_cells(table: str, field: str, frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return for each row of a column the cell, as ``personal_hit`` names it, and its field."""
    if _is_of_cells(table, field):
        tables, fields, records = frame["table_name"], frame["field"], frame[_CELL_TABLES[table]]
        return tables + "/" + records + "/" + fields, tables + "/" + fields
    fields = pd.Series(f"{table}/{field}", index=frame.index)
    return f"{table}/" + frame["row_id"] + f"/{field}", fields
