"""Withholding small counts of people, and what would give them away.

A count is withheld where it is smaller than the size set, where it leaves fewer than that of those
asked (33 of 34), or where it differs by fewer from what is shown of an earlier quarter of the year.
Where what is withheld of a published sum could be had by subtraction, another count is withheld
with it; where all are withheld and the sum reveals them, the sum is. The same count may be in
several tables and is withheld in all of them. What holds a withheld value in other words is
withheld with it: its comparison with the target, its verdict, a notice that quotes it. A correction
does not name a row that does not go out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import filterfalse, starmap
from operator import attrgetter
from typing import Any, Literal

import pandas as pd
from pydantic import Field as Described

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, Field, Model, Row, Table
from sumida_data.base.periods import Period
from sumida_data.packages.models import Packages, Resource
from sumida_data.plan.models import Indicator
from sumida_data.plan.values import OPEN_RANGE

STATUS, WITH_IT = "suppressed", "suppressed_with_it"
NOTE = "人数が少ないため秘匿とした。"

_BY_DEPARTMENT, _OF_WARD = "indicator_value_by_department", "indicator_value"
_PROGRESS, _NOTICE, _CORRECTION = "indicator_progress", "correction_notice", "correction"
_LEVELS = ("部", "課")
_PARTS = ("numerator", "denominator")
# Of a row whose parts are withheld, the figure made from them is withheld too.
_MADE_FROM_PARTS = ("value", *_PARTS, *OPEN_RANGE)
_REVISION = ("indicator_id", "period", "revision")
_MADE_OF_VALUE = ("value", "gap", "progress_ratio", "pace_so_far", "pace_needed", "projected_value")
# What holds a value in other words, by how many revisions before the row's own the value is.
_QUOTES: dict[str, dict[int, dict[str, Any]]] = {
    _PROGRESS: {
        0: dict.fromkeys(_MADE_OF_VALUE) | {"verdict": "cannot_say", "agrees": True, "reason": NOTE}
    },
    _NOTICE: {1: {"old_value": None}, 0: {"new_value": None}},
}

# Table, field, period, department; or table, field, row.
Key = tuple[str, ...]
_LENGTH_WITH_PERIOD = 4
# Table, field, outcome, and the number of cells that have it.
CellCount = tuple[str, str, str, int]


class Privacy(Model):
    """What may be set of the gate; nothing here switches it off.

    Attributes:
        smallest_count: Counts of people below it are withheld; 0 is not.
        people: Words of units that count people, alone (人) or in another (延べ人).
        people_kinds: By field, the values that say that the row's figures count people, whatever
            their unit.
        analysts_see_texts: Whether the analysts' database holds free text and texts in which
            there seem to be personal data.
    """

    smallest_count: int = Described(ge=3)
    people: tuple[str, ...] = Described(min_length=1)
    people_kinds: dict[str, tuple[str, ...]]
    analysts_see_texts: bool = False


@dataclass(slots=True)
class Count:
    """A count of people, and its places: table, number of the row, field; shown or not."""

    value: Decimal
    places: list[tuple[str, int, str]] = field(default_factory=list)
    outcome: str = ""


def withhold_counts(
    frames: dict[str, pd.DataFrame],
    dictionary: DataDictionary,
    indicators: Iterable[Indicator],
    privacy: Privacy,
    packages: Packages,
) -> Iterator[CellCount]:
    """Take small counts of people out of the tables, which change, and say what was withheld."""
    published = [one for package in packages.packages for one in package.resources]
    ledger = _Ledger(dictionary, indicators, privacy)
    ledger.note_public_sums(published)
    rows = {name: read_rows(frames[name]) for name in sorted(ledger.fields.keys() & frames)}
    ledger.enter(rows)
    ledger.withhold()
    tally: Counter[tuple[str, str, str]] = Counter()
    for count in filter(attrgetter("outcome"), ledger.counts.values()):
        for table, number, name in count.places:
            _blank(rows[table][number], name, dictionary[table])
            tally[table, name, count.outcome] += 1
    for name in {table for table, *_ in tally}:
        frames[name] = build_frame(dictionary[name], rows[name])
    yield from ((*key, cells) for key, cells in sorted(tally.items()))
    yield from _withhold_derived(frames)
    yield from _withhold_rows_corrected(frames, dictionary, published)


class _Ledger:
    """All counts of people, and which of them add up to a sum that goes out."""

    def __init__(
        self, dictionary: DataDictionary, indicators: Iterable[Indicator], privacy: Privacy
    ) -> None:
        self.privacy, self.smallest = privacy, privacy.smallest_count
        self.counts: dict[Key, Count] = {}
        self.sums_of_divisions = False
        self.sums: defaultdict[Key, list[Key]] = defaultdict(list)
        # The figures of the ward that give a sum, one for each revision.
        self.figures: defaultdict[Key, list[Key]] = defaultdict(list)
        self.fields = {
            table.name: fields
            for table in dictionary.tables
            if (fields := [*filter(self._may_count_people, table.fields)])
        }
        # By indicator, the table and the fields of it that its parts are counted from.
        self.parts: dict[str, tuple[str, dict[str, str]]] = {}
        # Of those asked, who are left: by table and field of the count, the field of all asked.
        self.asked: dict[Key, str] = {(_BY_DEPARTMENT, _PARTS[0]): _PARTS[1]}
        for one in indicators:
            parts = self._find_parts(one, dictionary[one.table])
            # What a ministry publishes of all people is no count of a department's staff.
            if parts and one.source == "survey":
                self.parts[one.indicator_id] = (one.table, parts)
                if len(parts) == len(_PARTS):
                    self.asked[one.table, parts[_PARTS[0]]] = parts[_PARTS[1]]

    def _find_parts(self, indicator: Indicator, table: Table) -> dict[str, str]:
        fields = (indicator.numerator_fields, indicator.denominator_fields)
        # What several fields make together is no count of one of them.
        return {
            part: names[0]
            for part, names in zip(_PARTS, fields, strict=True)
            if len(names) == 1 and self._is_people(table.field(names[0]))
        }

    def _is_people(self, item: Field) -> bool:
        return item.unit in self.privacy.people

    def _may_count_people(self, item: Field) -> bool:
        named = self._is_people(item) or item.unit_field is not None or item.name in _PARTS
        return item.published and named

    def _counts_people(self, item: Field, row: Row) -> bool:
        if item.name in _PARTS:
            _, parts = self.parts.get(row["indicator_id"], ("", {}))
            return item.name in parts or (not parts and row["unit"] in self.privacy.people)
        if item.unit_field is None:
            return self._is_people(item)
        unit, kinds = row[item.unit_field] or "", self.privacy.people_kinds.items()
        is_people = any(word in unit for word in self.privacy.people)
        return is_people or any(row.get(name) in values for name, values in kinds)

    def note_public_sums(self, published: Iterable[Resource]) -> None:
        """Note whether the sums of divisions go out of an indicator that counts people."""
        for one in (one for one in published if one.table == _BY_DEPARTMENT):
            shown = one.only.get("indicator_id", self.parts)
            self.sums_of_divisions |= not self.parts.keys().isdisjoint(shown)

    def enter(self, rows: Mapping[str, Sequence[Row]]) -> None:
        """Enter the counts of tables: one key for the same count, whichever table it is in."""
        for table, (number, row) in ((name, one) for name in rows for one in enumerate(rows[name])):
            for item in self.fields[table]:
                if row[item.name] and self._counts_people(item, row):
                    key, totals, figures = self._identify(table, item.name, row)
                    count = self.counts.setdefault(key, Count(Decimal(row[item.name])))
                    count.places.append((table, number, item.name))
                    for total in figures:
                        self.figures[total].append(key)
                    for total in totals:
                        if key not in self.sums[total]:
                            self.sums[total].append(key)

    def _identify(self, table: str, name: str, row: Row) -> tuple[Key, list[Key], list[Key]]:
        """Return the key of a count, the sums that it is part of, and those that it gives."""
        source, parts = self.parts.get(row.get("indicator_id", ""), ("", {}))
        owner = (name, row.get("indicator_id", ""), row.get("period", ""))
        key: Key = (table, name, row["row_id"])
        if table == _OF_WARD:
            of_levels = [(*owner, "", level) for level in _LEVELS]
            return key, [], [*of_levels, (source, parts.get(name, ""), row["period"])]
        if table == _BY_DEPARTMENT:
            if row["level"] == "課" and name in parts:
                key = (source, parts[name], row["period"], row["department_code"])
            # A division's own figure is one of the sums.
            return key, [(*owner, row["division"]), (*owner, "", row["level"])], []
        if any(table == one and name in fields.values() for one, fields in self.parts.values()):
            key = (table, name, row["period"], row["department_code"])
            return key, [key[:-1]], []
        return key, [], []

    def withhold(self) -> None:
        """Withhold what is small, and one by one what would give it away."""
        looked_at = sorted(self.counts)
        while looked_at:
            for one in looked_at:
                if not self.counts[one].outcome and self._is_small(one):
                    self.counts[one].outcome = STATUS
            looked_at = []
            if key := next(filter(None, starmap(self._choose, self.sums.items())), None):
                self.counts[key].outcome = WITH_IT
                # What is withheld with another lets an earlier quarter be compared.
                same = key[:2], key[3:]
                looked_at = sorted(one for one in self.counts if (one[:2], one[3:]) == same)

    def _is_small(self, key: Key) -> bool:
        revealed = (self.counts[key].value, self._count_left(key), self._count_since(key))
        return any(0 < abs(one) < self.smallest for one in revealed)

    def _count_left(self, key: Key) -> Decimal:
        """Return how many of those asked a count leaves, or 0 where it is of none."""
        asked = self._asked(key)
        return asked.value - self.counts[key].value if asked else Decimal(0)

    def _asked(self, key: Key) -> Count | None:
        return self.counts.get((key[0], self.asked.get(key[:2], ""), *key[2:]))

    def _count_since(self, key: Key) -> Decimal:
        """Return how many more there are than is shown of an earlier quarter of the year, or 0."""
        earlier = self._find_shown(key, "previous")
        return self.counts[key].value - earlier.value if earlier else Decimal(0)

    def _find_shown(self, key: Key, step: Literal["previous", "next"]) -> Count | None:
        """Return the same count in the nearest quarter of the year in which it is shown."""
        if len(key) != _LENGTH_WITH_PERIOD:
            return None
        first = period = Period.parse(key[2])
        while (period := getattr(period, step)).fiscal_year == first.fiscal_year:
            other = self.counts.get((*key[:2], str(period), *key[3:]))
            if other and not other.outcome:
                return other
        return None

    def _is_between_equals(self, key: Key) -> bool:
        """Tell whether a count that only grows is the same before and after, and so is known."""
        before, after = self._find_shown(key, "previous"), self._find_shown(key, "next")
        after = after or self._asked(key)
        return before is not None and after is not None and before.value == after.value

    def _choose(self, total: Key, keys: Sequence[Key]) -> Key | None:
        """Return the count of a sum to withhold next, because it would give others away."""
        shown, withheld = self._part(keys)
        hidden = list(filterfalse(self._is_between_equals, withheld))
        is_public = total[0] not in _PARTS or self.sums_of_divisions
        for derive in (self._count_left, self._count_since) if shown and is_public else ():
            if 0 < abs(sum(map(derive, hidden), Decimal(0))) < self.smallest:
                # One that adds to them hides them; of others all are needed.
                return min(shown, key=lambda key: (not derive(key), self._rank(key)))
        # Where every count is withheld, only the sum itself is left to withhold.
        left = shown or self._part(self.figures[total])[0]
        if left and self._reveals(hidden):
            return min(left, key=self._rank)
        return None

    def _part(self, keys: Iterable[Key]) -> tuple[list[Key], list[Key]]:
        """Part the counts that are shown from those that are withheld."""
        parted: tuple[list[Key], list[Key]] = ([], [])
        for key in keys:
            parted[bool(self.counts[key].outcome)].append(key)
        return parted

    def _rank(self, key: Key) -> tuple[bool, Decimal, Key]:
        return self._is_between_equals(key), self.counts[key].value, key

    def _reveals(self, keys: Sequence[Key]) -> bool:
        """Tell whether the sum of withheld counts, which can be had by subtraction, reveals them.

        It does where it is a small count itself, and where only one set of counts makes it: all as
        small as can be, or all as large as withheld counts can be.
        """
        hidden = [self.counts[key] for key in keys]
        total = sum(count.value for count in hidden)
        small = sum(count.outcome == STATUS for count in hidden)
        least = small + self.smallest * (len(hidden) - small)
        most = small * (self.smallest - 1) if small == len(hidden) else None
        is_revealed = len(hidden) == 1 or total < self.smallest or total in {least, most}
        return is_revealed and bool(hidden)


def _blank(row: Row, name: str, table: Table) -> None:
    names = _MADE_FROM_PARTS if "value_status" in row else (name,)
    row |= {name: None for name in names if name in row}
    row |= {status: STATUS for status in ("value_status", f"{name}_status") if status in row}
    if "note" in table.column_names:
        row["note"] = NOTE


def _withhold_derived(frames: dict[str, pd.DataFrame]) -> Iterator[CellCount]:
    """Take out of other tables what was made of values that are withheld."""
    values = frames[_OF_WARD]
    withheld = values[values["value_status"].eq(STATUS)]
    for name, quotes in _QUOTES.items() if len(withheld) else ():
        frame, touched = frames[name], pd.Series(data=False, index=frames[name].index)
        for back, changes in quotes.items():
            # Of several municipalities, each quotes its own.
            key = [one for one in ("municipality_code", *_REVISION) if one in frame]
            quoted = frame[key].assign(revision=frame["revision"] - back)
            hidden_keys = withheld[key].drop_duplicates()
            found = quoted.merge(hidden_keys, how="left", indicator=True)["_merge"]
            hit = found.eq("both").set_axis(frame.index)
            frame = frame.assign(**{one: frame[one].mask(hit, to) for one, to in changes.items()})
            touched |= hit
        if cells := int(touched.sum()):
            frames[name] = frame
            yield name, "value", WITH_IT, cells


def _withhold_rows_corrected(
    frames: dict[str, pd.DataFrame], dictionary: DataDictionary, published: Iterable[Resource]
) -> Iterator[CellCount]:
    """Take out of table ``correction`` what would name rows that never go out.

    A correction of a table of which only counts go out is left out. Where a package publishes a
    table not at all or only in part, the correction does not say of which row it is.
    """
    whole = [one.table for one in published if not one.only and one.rows_of is None]
    counted = [table.name for table in dictionary.tables if table.counts_only]
    found = frames.get(_CORRECTION, build_frame(dictionary[_CORRECTION], []))
    kept = found[~found["table_name"].isin(counted)].reset_index(drop=True)
    named = kept["record_key"].fillna("").ne("") & ~kept["table_name"].isin(whole)
    if cells := len(found) - len(kept) + int(named.sum()):
        frames[_CORRECTION] = kept.assign(record_key=kept["record_key"].mask(named, None))
        yield _CORRECTION, "record_key", WITH_IT, cells
