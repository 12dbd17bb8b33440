"""The gate: tables go in, and what may go out of them comes out.

It takes four steps, in this order. Free text is emptied but for the cells that a person has
released. Small counts of people are withheld. Every published column, and every column that
published ones are split from, is searched for what reaches or names a person: the row is held back
where it can be left out honestly, with what belongs to it, and elsewhere the package is blocked.
What is left of free words is listed, so that a person sees each before it is public. There is no
way around it: packages are built from nothing but what it returns.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import pandas as pd

from sumida_data.base.characters import write_plainly
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Field, Row, Table
from sumida_data.packages.models import Package, Packages, Resource
from sumida_data.plan.models import Indicator
from sumida_data.privacy.counts import (
    withhold_derived,
    withhold_rows_corrected,
    withhold_small_counts,
)
from sumida_data.privacy.patterns import find_kinds
from sumida_data.privacy.releases import Privacy, Release

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

Frames = Mapping[str, pd.DataFrame]


class GateAction(NamedTuple):
    """What the gate did to a column; a row of table ``privacy_check`` without its id."""

    package_name: str | None
    table_name: str
    field: str
    outcome: str
    reason: str
    cells: int
    places: str | None = None

    def as_row(self) -> dict[str, Any]:
        """Return the row of table ``privacy_check``."""
        text = "\x1f".join(str(part) for part in self[:-2])
        return {"row_id": sha256(text.encode()).hexdigest()[:16], **self._asdict()}


@dataclass(frozen=True, slots=True)
class GuardedTables:
    """What may go out.

    Attributes:
        dictionary: Their descriptions; a free text is published where any cell of it is released.
        blocked: Why packages must not be built, by name.
        held_back: How many rows are left out, by table.
        free_words: The free words that go out, one row each: ``text``, the titles of ``table`` and
            ``field``, the ``place`` of the first cell and the number of ``cells``.
    """

    frames: dict[str, pd.DataFrame]
    dictionary: DataDictionary
    blocked: dict[str, list[GateAction]]
    outcomes: list[GateAction]
    held_back: dict[str, int]
    free_words: list[Row]

    def admit(self, packages: Packages) -> Packages:
        """Return the packages without those that are blocked."""
        admitted = tuple(one for one in packages.packages if one.name not in self.blocked)
        return packages.model_copy(update={"packages": admitted})


@dataclass(frozen=True)
class Gate:
    """The gate between tables and packages."""

    dictionary: DataDictionary
    indicators: Sequence[Indicator]
    privacy: Privacy
    releases: Sequence[Release]
    packages: Packages
    cleared: frozenset[str] = frozenset()

    def guard(self, frames: Frames) -> GuardedTables:
        """Let through what may go out.

        Args:
            frames: All tables by name, ``personal_hit`` among them; they are not changed.
        """
        guarded = dict(frames)
        outcomes = list(self._empty_free_text(guarded))
        dictionary = self._open_released(outcomes)
        changed, withheld = withhold_small_counts(
            guarded, dictionary, self.indicators, self.privacy, self.packages
        )
        guarded |= changed
        derived, quoted = withhold_derived(guarded, dictionary)
        guarded |= derived
        corrections, named = withhold_rows_corrected(guarded, dictionary, self.packages)
        guarded |= corrections
        outcomes += [
            GateAction(None, one.table, one.field, one.outcome, _REASONS[one.outcome], one.cells)
            for one in (*withheld, *quoted, *named)
        ]
        screen = _Screen(guarded, dictionary, self.cleared)
        for package in self.packages.packages:
            screen.look_at(package)
        guarded |= screen.leave_out()
        # Two packages may publish the same table.
        outcomes += dict.fromkeys(screen.outcomes)
        blocked: dict[str, list[GateAction]] = defaultdict(list)
        for one in screen.outcomes:
            if one.outcome == "blocked" and one.package_name:
                blocked[one.package_name].append(one)
        words = _list_free_words(
            [one for one in self.packages.packages if one.name not in blocked], guarded, dictionary
        )
        held_back = {name: len(rows) for name, rows in sorted(screen.held.items())}
        return GuardedTables(guarded, dictionary, dict(blocked), outcomes, held_back, list(words))

    def _empty_free_text(self, frames: dict[str, pd.DataFrame]) -> Iterator[GateAction]:
        for table in self.dictionary.tables:
            for item in (one for one in table.fields if one.free_text and table.name in frames):
                frame = frames[table.name]
                releases = [one for one in self.releases if _is_of(one, table, item)]
                kept, tally = _choose_released(frame, item.name, releases)
                texts = pd.Series(kept, index=frame.index, dtype=frame[item.name].dtype)
                frames[table.name] = frame.assign(**{item.name: texts})
                for outcome, cells in tally.items():
                    yield GateAction(None, table.name, item.name, outcome, _REASONS[outcome], cells)

    def _open_released(self, outcomes: Sequence[GateAction]) -> DataDictionary:
        """Let a free text be a column only if there is anything in it."""
        released = {(one.table_name, one.field) for one in outcomes if one.outcome == "released"}
        tables = []
        for table in self.dictionary.tables:
            fields = tuple(
                item.model_copy(update={"published": True})
                if (table.name, item.name) in released
                else item
                for item in table.fields
            )
            tables.append(table.model_copy(update={"fields": fields}))
        return DataDictionary(tables=tuple(tables))


class _Screen:
    """Searches what packages publish, and says which rows must not go out.

    Attributes:
        held: ``row_id`` of the rows that are left out, by table.
        outcomes: What was found.
    """

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
            frame = _keep_only(self._frames[resource.table], resource)
            table = self._dictionary[resource.table]
            shown = (
                one for one in table.fields if (one.published or one.screened) and not one.enum
            )
            for item in shown:
                for kind, rows in self._find(table, item, frame).items():
                    outcome = "held_back" if resource.hold_back else "blocked"
                    self._note(package.name, table.name, item.name, outcome, kind, rows)
        for resource in resources:
            if held := self.held.get(resource.table):
                self._hold_children(package, resource, held, resources)

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
        places = find_places(self._frames.get("answer"), table, field, rows)
        named = "、".join(sorted(places.values())[:_PLACES_NAMED]) or None
        reason = _REASONS[kind]
        self.outcomes.append(GateAction(package, table, field, outcome, reason, len(rows), named))
        if outcome == "held_back":
            self.held.setdefault(table, set()).update(rows)

    def _hold_children(
        self, package: Package, parent: Resource, held: set[str], resources: Sequence[Resource]
    ) -> None:
        """Hold back what other tables of the package say of rows that are held back."""
        key = list(parent.primary_key or self._dictionary[parent.table].primary_key)
        frame = self._frames[parent.table]
        keys = frame.loc[frame["row_id"].isin(held), key]
        for child in (one for one in resources if one.table != parent.table):
            ours = self._frames[child.table]
            if set(key) <= set(ours.columns):
                rows = set(ours.merge(keys.drop_duplicates(), on=key)["row_id"])
                if new := rows - self.held.get(child.table, set()):
                    self._note(package.name, child.table, key[-1], "held_back", "with_it", new)

    def leave_out(self) -> dict[str, pd.DataFrame]:
        """Return the tables without the rows that are held back."""
        frames = {name: self._frames[name] for name in self.held}
        return {
            name: frame[~frame["row_id"].isin(self.held[name])].reset_index(drop=True)
            for name, frame in frames.items()
        }


def find_in_value(value: Any, *, listed: bool = False) -> tuple[str, ...]:
    """Say what kinds of personal data a value is or holds; lists of the office name no person."""
    if isinstance(value, str):
        kinds = find_kinds(value)
        # 様似町 is a town.
        return tuple(one for one in kinds if one != "person_name") if listed else kinds
    if isinstance(value, bool) or value < _SMALLEST_LONG_NUMBER:
        return ()
    return find_kinds(str(int(value)))


def find_places(
    answer: pd.DataFrame | None, table: str, field: str, rows: set[str]
) -> dict[str, str]:
    """Say in which file, sheet and cell fields of rows were read, by ``row_id``."""
    if answer is None:
        return {}
    ours = answer["table_name"].eq(table) & answer["field"].eq(field)
    found = answer.loc[ours & answer["record_id"].isin(rows), ["record_id", *_PLACE]]
    return {
        row: f"{file} {sheet or ''}!{cell}"
        for row, file, sheet, cell in found.itertuples(index=False)
    }


def _keep_with_parents(
    frames: Frames, package: Package, resource: Resource, dictionary: DataDictionary
) -> pd.DataFrame:
    frame = _keep_only(frames[resource.table], resource)
    for parent in (one for one in package.resources if one.table == resource.rows_of):
        key = list(parent.primary_key or dictionary[parent.table].primary_key)
        kept = _keep_only(frames[parent.table], parent)[key].drop_duplicates()
        frame = frame.merge(kept, on=key)
    return frame


def _list_free_words(
    packages: Sequence[Package], frames: Frames, dictionary: DataDictionary
) -> Iterator[Row]:
    """Yield the free words that packages publish, each once for its column, as they go out."""
    resources = {
        resource.table: (package, resource)
        for package in packages
        for resource in package.resources
        if resource.table in frames
    }
    for name, (package, resource) in resources.items():
        frame = _keep_with_parents(frames, package, resource, dictionary)
        for item in dictionary[name].free_words:
            given = frame[frame[item.name].notna()]
            first = given.drop_duplicates(item.name).set_index("row_id")[item.name]
            places = find_places(frames.get("answer"), name, item.name, set(first.index))
            counts = given[item.name].value_counts()
            for row_id, text in first.items():
                yield {
                    "text": write_plainly(text),
                    "table": dictionary[name].title,
                    "field": item.title,
                    "place": places.get(str(row_id), ""),
                    "cells": int(counts[text]),
                }


def count_void_releases(privacy_check: pd.DataFrame) -> int:
    """Count the cells whose release no longer fits what stands there, from ``privacy_check``."""
    void = privacy_check["outcome"].isin(["release_void", "release_unused"])
    return int(privacy_check.loc[void, "cells"].sum())


class BlockedPackage(NamedTuple):
    """A package that was not built, for people.

    Attributes:
        reasons: Why, one sentence for each column and kind of data; they hold no data.
    """

    name: str
    title: str
    reasons: tuple[str, ...]


def list_blocked(packages: Packages, privacy_check: pd.DataFrame) -> list[BlockedPackage]:
    """Say in words which packages were blocked, from table ``privacy_check``."""
    return _list_stopped(packages, privacy_check, "blocked")


def list_held_back(packages: Packages, privacy_check: pd.DataFrame) -> list[BlockedPackage]:
    """Say in words of which packages rows were held back, from table ``privacy_check``."""
    return _list_stopped(packages, privacy_check, "held_back")


def _list_stopped(
    packages: Packages, privacy_check: pd.DataFrame, outcome: str
) -> list[BlockedPackage]:
    titles = {one.name: one.title for one in packages.packages}
    reasons: dict[str, list[str]] = {}
    for row in read_rows(privacy_check[privacy_check["outcome"].eq(outcome)]):
        words = f"表 {row['table_name']} の列 {row['field']} の{row['cells']}欄に、{row['reason']}"
        places = f"({row['places']})" if row["places"] else ""
        reasons.setdefault(row["package_name"], []).append(f"{words}{places}。")
    return [BlockedPackage(name, titles[name], tuple(found)) for name, found in reasons.items()]


def _choose_released(
    frame: pd.DataFrame, field: str, releases: Sequence[Release]
) -> tuple[list[str | None], Counter[str]]:
    """Return the text of each row that may go out or None, and what became of the releases."""
    kept: list[str | None] = [None] * len(frame)
    tally: Counter[str] = Counter()
    unused = list(releases)
    for number, row in enumerate(read_rows(frame) if releases else ()):
        concerned = [one for one in releases if one.concerns(row)]
        unused = [one for one in unused if one not in concerned]
        is_released = any(one.text == row[field] for one in concerned)
        if is_released:
            kept[number] = row[field]
        if concerned:
            tally[("release_void", "released")[is_released]] += 1
    tally["release_unused"] += len(unused)
    return kept, +tally


def _is_of(release: Release, table: Table, item: Field) -> bool:
    return release.part.table == table.name and release.item.name == item.name


def _keep_only(frame: pd.DataFrame, resource: Resource) -> pd.DataFrame:
    """Leave out the rows that the package does not publish."""
    for name in (name for name in resource.only if name in frame):
        frame = frame[frame[name].isin(resource.only[name])]
    return frame
