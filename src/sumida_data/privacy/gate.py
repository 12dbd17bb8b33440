"""The gate: tables go in, and what may go out of them comes out.

It takes four steps, in this order. Free text is emptied but for the cells that a person has
released. Small counts of people are withheld. Then every published column, and every column that
published ones are split from, is searched for what reaches or names a person and for texts that a
spreadsheet would run; a package with such a column is blocked, and the others go out. There is no
way around it: packages are built from nothing but what it returns.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from sumida_data.base.frames import arrow_type, read_rows, to_arrow
from sumida_data.base.metadata import DataDictionary, Field, Table
from sumida_data.packages.models import Packages
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
    "person_name": "敬称や「氏名」の付いた名前があります",
    "cover_name": "表紙に書かれた氏名があります",
    "suppressed": "人数が少ない",
    "suppressed_with_it": "秘匿した人数や公開しない行が分かる",
    "released": "公開が認められた",
    "release_void": "公開を認めたときと文字が違う",
    "release_unused": "公開を認めた欄が見つからない",
}

Frames = Mapping[str, pd.DataFrame]


class GateAction(NamedTuple):
    """What the gate did to a column; a row of table ``privacy_check`` without its id."""

    package_name: str | None
    table_name: str
    field: str
    outcome: str
    reason: str
    cells: int

    def as_row(self) -> dict[str, Any]:
        """Return the row of table ``privacy_check``."""
        text = "\x1f".join(str(part) for part in self[:-1])
        return {"row_id": sha256(text.encode()).hexdigest()[:16], **self._asdict()}


@dataclass(frozen=True, slots=True)
class GuardedTables:
    """What may go out.

    Attributes:
        frames: The tables by name.
        dictionary: Their descriptions; a free text is published where any cell of it is released.
        blocked: Why packages must not be built, by name.
        outcomes: All that the gate did.
    """

    frames: dict[str, pd.DataFrame]
    dictionary: DataDictionary
    blocked: dict[str, list[GateAction]]
    outcomes: list[GateAction]

    def admit(self, packages: Packages) -> Packages:
        """Return the packages without those that are blocked."""
        admitted = tuple(one for one in packages.packages if one.name not in self.blocked)
        return packages.model_copy(update={"packages": admitted})


@dataclass(frozen=True)
class Gate:
    """The gate between tables and packages.

    Attributes:
        dictionary: Descriptions of the tables.
        indicators: All indicators.
        privacy: What may be set of the gate.
        releases: Free text that a person has released.
        packages: What is published.
    """

    dictionary: DataDictionary
    indicators: Sequence[Indicator]
    privacy: Privacy
    releases: Sequence[Release]
    packages: Packages

    def guard(self, frames: Frames) -> GuardedTables:
        """Let through what may go out.

        Args:
            frames: All tables by name, ``personal_hit`` among them; they are not changed.
        """
        guarded = dict(frames)
        outcomes = list(self._empty_free_text(guarded))
        dictionary = self._open_released(outcomes)
        changed, withheld = withhold_small_counts(
            guarded, dictionary, self.indicators, self.privacy
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
        blocked = self._screen(guarded, dictionary)
        outcomes += [one for found in blocked.values() for one in found]
        return GuardedTables(guarded, dictionary, blocked, outcomes)

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

    def _screen(self, frames: Frames, dictionary: DataDictionary) -> dict[str, list[GateAction]]:
        hits = _find_name_hits(frames["personal_hit"])
        blocked: dict[str, list[GateAction]] = {}
        for package in self.packages.packages:
            # A table that there is not is told of where the package is built.
            for resource in (one for one in package.resources if one.table in frames):
                name = resource.table
                frame = _keep_only(frames[name], resource.only)
                for item, reason, cells in _screen_table(dictionary[name], frame, hits):
                    outcome = GateAction(package.name, name, item, "blocked", reason, cells)
                    blocked.setdefault(package.name, []).append(outcome)
        return blocked


def count_void_releases(privacy_check: pd.DataFrame) -> int:
    """Count the cells whose release no longer fits what stands there, from ``privacy_check``."""
    void = privacy_check["outcome"].isin(["release_void", "release_unused"])
    return int(privacy_check.loc[void, "cells"].sum())


class BlockedPackage(NamedTuple):
    """A package that was not built, for people.

    Attributes:
        name: Its name.
        title: Its title.
        reasons: Why, one sentence for each column and kind of data; they hold no data.
    """

    name: str
    title: str
    reasons: tuple[str, ...]


def list_blocked(packages: Packages, privacy_check: pd.DataFrame) -> list[BlockedPackage]:
    """Say in words which packages were blocked, from table ``privacy_check``."""
    titles = {one.name: one.title for one in packages.packages}
    reasons: dict[str, list[str]] = {}
    for row in read_rows(privacy_check[privacy_check["outcome"].eq("blocked")]):
        words = f"表 {row['table_name']} の列 {row['field']} の{row['cells']}欄に、{row['reason']}"
        reasons.setdefault(row["package_name"], []).append(f"{words}。")
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
        if any(one.text == row[field] for one in concerned):
            kept[number] = row[field]
        if concerned:
            tally["released" if kept[number] is not None else "release_void"] += 1
    tally["release_unused"] += len(unused)
    return kept, +tally


def _is_of(release: Release, table: Table, item: Field) -> bool:
    return release.part.table == table.name and release.item.name == item.name


def _keep_only(frame: pd.DataFrame, only: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """Leave out the rows that the package does not publish."""
    for name in (name for name in only if name in frame):
        frame = frame[frame[name].isin(only[name])]
    return frame


def _find_name_hits(personal_hit: pd.DataFrame) -> dict[tuple[str, str], set[str]]:
    hits: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in read_rows(personal_hit):
        hits[row["table_name"], row["field"]].add(row["record_id"])
    return hits


def _screen_table(
    table: Table, frame: pd.DataFrame, hits: Mapping[tuple[str, str], set[str]]
) -> Iterator[tuple[str, str, int]]:
    """Yield column, reason and number of cells for each kind of data that must not go out."""
    shown = (one for one in table.fields if (one.published or one.screened) and not one.enum)
    for item in shown:
        column = to_arrow(frame[[item.name]])[item.name].cast(arrow_type(item))
        tally: dict[str, int] = defaultdict(int)
        for text, count in _list_texts(column):
            for kind in find_kinds(text):
                tally[kind] += count
        if records := hits.get((table.name, item.name)):
            concerned = frame["row_id"].isin(records) & frame[item.name].notna()
            tally["cover_name"] += int(concerned.sum())
        yield from ((item.name, _REASONS[kind], count) for kind, count in tally.items() if count)


def _list_texts(column: pa.ChunkedArray) -> Iterator[tuple[str, int]]:
    """Yield the texts in which anything could be, each once with the number of its cells."""
    if pa.types.is_string(column.type):
        likely = pc.is_valid(column)
    elif pa.types.is_integer(column.type) or pa.types.is_decimal(column.type):
        likely = pc.greater_equal(column, _SMALLEST_LONG_NUMBER)
        column = column.cast(pa.int64(), safe=False).cast(pa.string())
    else:
        return
    for one in pc.value_counts(column.filter(likely)).to_pylist():
        yield one["values"], one["counts"]
