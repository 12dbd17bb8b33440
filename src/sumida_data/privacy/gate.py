"""The gate: tables go in, and what may go out of them comes out.

It takes four steps, in this order. Free text is emptied but for the cells that a person has
released. Small counts of people are withheld. Every published column, and every column that
published ones are split from, is searched for what reaches or names a person: the row is held back
where it can be left out honestly, with what belongs to it, and elsewhere the package is blocked.
What is left of free words is listed, so that a person sees each before it is public. There is no
way around it: packages are built from nothing but what it returns.

What analysts see passes by the same detectors: free text and what seems to name or reach a person
stand in ``data/03_primary``, which is for the office alone. An individual number stands in no
database, even where the office lets its analysts see the rest.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal, NamedTuple

import pandas as pd

from sumida_data.base.characters import write_plainly
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Field, Row, Table
from sumida_data.packages.models import Package, Packages, Resource
from sumida_data.plan.models import Indicator
from sumida_data.privacy.counts import Privacy, withhold_counts
from sumida_data.privacy.personal import find_kinds
from sumida_data.survey.form import Form, FormField, SurveySheet
from sumida_data.survey.reading.registers import (
    ReferenceTableError,
    list_rows,
    parse_day,
    parse_periods,
    require,
)

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
_PLACES_NAMED = 5
_PLACE = ("source_file", "sheet", "cell")
# Tables of which one row is one cell, with the column that names the record it belongs to.
_CELL_TABLES = {"answer": "record_id", "lineage": "row_id"}
_OF_CELL = ("raw_text", "value")
# Made by code: any digits may stand in an id or a hash.
_MADE_BY_CODE = ("row_id", "record_id", "_sha256")
_TOO_SHORT = 9

Frames = Mapping[str, pd.DataFrame]


class Release(NamedTuple):
    """A text that may go out.

    Attributes:
        periods: The first and the last quarter for which it is released.
        key: What names the record there; its key answers joined by ``|``.
    """

    periods: tuple[str, str]
    department_code: str
    part: SurveySheet
    key: str
    item: FormField
    text: str

    @property
    def place(self) -> tuple[str, str]:
        """The typed table and its field."""
        return self.part.table, self.item.name

    def concerns(self, row: Mapping[str, Any]) -> bool:
        """Tell whether it names this row of the typed table."""
        first, last = self.periods
        key = "|".join(str(row[item.name]) for item in self.part.key_fields)
        ours = (row["department_code"], key) == (self.department_code, self.key)
        return ours and first <= row["period"] <= last


def parse_releases(rows: Iterable[Mapping[str, str]], form: Form) -> list[Release]:
    """Read the rows of released_texts.csv.

    Raises:
        ReferenceTableError: If a row names something that is no free text of the form, or leaves
            out its text, its reason or who released it.
    """
    known = {
        (part.sheet, item.title): (part, item)
        for part in form.answer_sheets
        for item in part.fields
        if item.free_text and not part.counts_only
    }
    releases = []
    for place, row in list_rows(rows, "released_texts"):
        require(row, ("department_code", "text", "released_by", "reason"), place)
        parse_day(row, "released_on", place)
        if (row["sheet"], row["field"]) not in known:
            allowed = "、".join(f"{sheet}の{title}" for sheet, title in known)
            raise ReferenceTableError(
                f"{place}: シート {row['sheet']!r} の項目 {row['field']!r} は、公開を認められる"
                f"自由記入ではありません。認められるのは {allowed} です。"
            )
        part, item = known[row["sheet"], row["field"]]
        first, last = map(str, parse_periods(row, place))
        department, key, text = row["department_code"], row["row"], row["text"]
        releases.append(Release((first, last), department, part, key, item, text))
    return releases


def parse_cleared(rows: Iterable[Mapping[str, str]]) -> frozenset[str]:
    """Read from the rows of cleared_texts.csv the texts that hold no personal data.

    Raises:
        ReferenceTableError: If a row leaves out its text, its reason, or who decided it and when.
    """
    cleared = set()
    for place, row in list_rows(rows, "cleared_texts"):
        require(row, ("text", "decided_by", "reason"), place)
        parse_day(row, "decided_on", place)
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
        text = "\x1f".join(map(str, self[:-2]))
        return {"row_id": sha256(text.encode()).hexdigest()[:16], **self._asdict()}


@dataclass(frozen=True, slots=True)
class GuardedTables:
    """What may go out.

    Attributes:
        dictionary: Their descriptions; a free text is published where any cell of it is released.
        blocked: Names of the packages that must not be built.
        held_back: How many rows are left out, by table.
        free_words: The free words that go out, one row each: ``text``, the titles of ``table`` and
            ``field``, the ``place`` of the first cell and the number of ``cells``.
    """

    frames: dict[str, pd.DataFrame]
    dictionary: DataDictionary
    blocked: set[str]
    outcomes: list[GateAction]
    held_back: dict[str, int]
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
    outcomes = list(_empty_free_text(guarded, dictionary, releases))
    dictionary = _publish_released(dictionary, outcomes)
    withheld = withhold_counts(guarded, dictionary, indicators, privacy, packages)
    outcomes += [
        GateAction(None, table, field, outcome, _REASONS[outcome], cells)
        for table, field, outcome, cells in withheld
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


def _publish_released(dictionary: DataDictionary, outcomes: Iterable[GateAction]) -> DataDictionary:
    """Let a free text be a column only if there is anything in it."""
    tables = {table.name: table for table in dictionary.tables}
    for one in (one for one in outcomes if one.outcome == "released"):
        fields = {item.name: item for item in tables[one.table_name].fields}
        fields[one.field] = fields[one.field].model_copy(update={"published": True})
        changes = {"fields": tuple(fields.values())}
        tables[one.table_name] = tables[one.table_name].model_copy(update=changes)
    return DataDictionary(tables=tuple(tables.values()))


def _empty_free_text(
    frames: dict[str, pd.DataFrame], dictionary: DataDictionary, releases: Iterable[Release]
) -> Iterator[GateAction]:
    """Empty free text but for what is released, and yield what became of the releases."""
    for table, name in _list_free_texts(dictionary):
        if table in frames:
            frame = frames[table]
            ours = [one for one in releases if one.place == (table, name)]
            kept, tally = _choose_released(frame, name, ours) if ours else ([None] * len(frame), {})
            texts = pd.Series(kept, index=frame.index, dtype=frame[name].dtype)
            frames[table] = frame.assign(**{name: texts})
            for outcome, cells in tally.items():
                yield GateAction(None, table, name, outcome, _REASONS[outcome], cells)


def _choose_released(
    frame: pd.DataFrame, field: str, releases: Sequence[Release]
) -> tuple[list[str | None], Counter[str]]:
    """Return the text of each row that may go out or None, and what became of the releases."""
    kept: list[str | None] = [None] * len(frame)
    tally, unused = Counter[str](), list(releases)
    for number, row in enumerate(read_rows(frame)):
        if concerned := [one for one in releases if one.concerns(row)]:
            unused = [one for one in unused if one not in concerned]
            if row[field] in {one.text for one in concerned}:
                kept[number] = row[field]
            tally["release_void" if kept[number] is None else "released"] += 1
    tally["release_unused"] += len(unused)
    return kept, +tally


class _Screen:
    """Searches what packages publish; ``held`` are the ids of rows to leave out, by table."""

    def __init__(self, frames: Frames, dictionary: DataDictionary, cleared: frozenset[str]) -> None:
        self.held: dict[str, set[str]] = {}
        self.outcomes: list[GateAction] = []
        self._frames, self._dictionary, self._cleared = frames, dictionary, cleared
        self._named: dict[tuple[str, str], set[str]] = defaultdict(set)
        for row in read_rows(frames["personal_hit"]):
            self._named[row["table_name"], row["field"]].add(row["record_id"])

    def look_at(self, package: Package) -> None:
        """Search the tables of a package; one that there is not is told of where it is built."""
        resources = [one for one in package.resources if one.table in self._frames]
        for resource in resources:
            frame, table = _keep_only(self._frames, resource), self._dictionary[resource.table]
            outcome = "held_back" if resource.hold_back else "blocked"
            for item in filter(_is_searched, table.fields):
                for kind, rows in self._find(table, item, frame).items():
                    self._note(package.name, table.name, item.name, outcome, kind, rows)
        for resource in (one for one in resources if one.table in self.held):
            self._hold_children(package, resource, resources)

    def _find(self, table: Table, item: Field, frame: pd.DataFrame) -> dict[str, set[str]]:
        """Return the rows in which data of a kind stand in a column, by kind."""
        found: dict[str, set[str]] = defaultdict(set)
        values = frame[item.name]
        for value in values.dropna().unique() if item.type != "date" else ():
            for kind in find_in_value(value, listed=table.listed or item.listed):
                found[kind].add(value)
        rows = {kind: set(frame.loc[values.isin(ours), "row_id"]) for kind, ours in found.items()}
        named = self._named.get((table.name, item.name), set())
        rows["cover_name"] = named & set(frame.loc[values.notna(), "row_id"])
        looks = self._cleared if item.type == "string" else ()
        cleared = set(frame.loc[values.isin(looks), "row_id"])
        if seen := cleared & set().union(*rows.values()):
            self._note(None, table.name, item.name, "cleared", "cleared", seen)
        return {kind: left for kind, ours in rows.items() if (left := ours - cleared)}

    def _note(
        self, package: str | None, table: str, field: str, outcome: str, kind: str, rows: set[str]
    ) -> None:
        places = sorted(find_places(self._frames, table, field, rows).values())
        named = "、".join(places[:_PLACES_NAMED]) or None
        reason = _REASONS[kind]
        self.outcomes.append(GateAction(package, table, field, outcome, reason, len(rows), named))
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
    ours = answer["table_name"].eq(table) & answer["field"].eq(field)
    found = answer.loc[ours & answer["record_id"].isin(list(rows)), ["record_id", *_PLACE]]
    return {row: f"{file} {sheet}!{cell}" for row, file, sheet, cell in found.fillna("").to_numpy()}


def _keep_only(frames: Frames, resource: Resource) -> pd.DataFrame:
    frame = frames[resource.table]
    for name in (name for name in resource.only if name in frame):
        frame = frame[frame[name].isin(resource.only[name])]
    return frame


def _list_free_words(
    packages: Iterable[Package], frames: Frames, dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield the free words that packages publish, each once for its column, as they go out."""
    published = {one.table: (package, one) for package in packages for one in package.resources}
    for name in filter(frames.__contains__, published):
        (package, resource), table = published[name], dictionary[name]
        frame = _keep_only(frames, resource)
        for parent in (one for one in package.resources if one.table == resource.rows_of):
            key = list(parent.primary_key or dictionary[parent.table].primary_key)
            frame = frame.merge(_keep_only(frames, parent)[key].drop_duplicates(), on=key)
        for item in table.free_words:
            given = frame[frame[item.name].notna()]
            first = given.drop_duplicates(item.name).set_index("row_id")[item.name]
            places = find_places(frames, name, item.name, first.index)
            counts = given[item.name].value_counts()
            for row_id, text in first.items():
                yield {
                    "text": write_plainly(text),
                    "table": table.title,
                    "field": item.title,
                    "place": places.get(str(row_id), ""),
                    "cells": int(counts[text]),
                }


def count_void_releases(privacy_check: pd.DataFrame) -> int:
    """Count the cells whose release no longer fits what stands there, from ``privacy_check``."""
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
    frames: Frames, dictionary: DataDictionary, privacy: Privacy, cleared: frozenset[str]
) -> dict[str, pd.DataFrame]:
    """Return the tables as analysts may see them; ``personal_hit`` is among them."""
    named = set() if privacy.analysts_see_texts else set(frames["personal_hit"]["row_id"])
    free = [] if privacy.analysts_see_texts else _list_free_texts(dictionary)
    free_texts = set(map("/".join, free))

    def hides(text: str, table: Table, item: Field) -> bool:
        if text in cleared or (text.isascii() and len(text) < _TOO_SHORT):
            return False
        kinds = find_in_value(text, listed=table.listed or item.listed)
        return "my_number" in kinds if privacy.analysts_see_texts else bool(kinds)

    def hide(table: Table, item: Field, frame: pd.DataFrame) -> pd.Series:
        texts = frame[item.name]
        found = [text for text in texts.dropna().unique() if hides(text, table, item)]
        cells, fields = _name_cells(table.name, item.name, frame)
        hidden = (texts.isin(found) | cells.isin(named)) & texts.notna()
        return texts.mask(hidden, HIDDEN).mask(fields.isin(free_texts), None)

    shown = {}
    for name, frame in frames.items():
        table = dictionary[name]
        texts = [one for one in table.fields if one.type == "string" and not one.enum]
        searched = [one for one in texts if not one.name.endswith(_MADE_BY_CODE)]
        shown[name] = frame.assign(**{one.name: hide(table, one, frame) for one in searched})
    return shown


def _list_free_texts(dictionary: DataDictionary) -> list[tuple[str, str]]:
    fields = ((table, item) for table in dictionary.tables for item in table.fields)
    return [(table.name, item.name) for table, item in fields if item.free_text]


def _name_cells(table: str, field: str, frame: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Return for each row of a column the cell, as ``personal_hit`` names it, and its field."""
    if table in _CELL_TABLES and field in _OF_CELL:
        tables, fields, records = frame["table_name"], frame["field"], frame[_CELL_TABLES[table]]
        return tables + "/" + records + "/" + fields, tables + "/" + fields
    whole = pd.Series(f"{table}/{field}", index=frame.index)
    return f"{table}/" + frame["row_id"] + f"/{field}" if "row_id" in frame else whole, whole
