"""Withholding small counts of people, and what would give them away.

A count is withheld where it is smaller than the size set, where it leaves fewer than that of those
asked (33 of 34), or where it differs by fewer from what is shown of an earlier quarter of the year.
Where what is withheld of a published sum could be had by subtraction, another count is withheld
with it; where all are withheld and the sum tells them, the sum is. The same count may stand in
several tables and is withheld in all of them. What holds a withheld value in other words is
withheld with it: its comparison with the target, its verdict, a notice that quotes it. A correction
does not name a row that does not go out.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal, NamedTuple

import pandas as pd

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, Field, Row, Table
from sumida_data.base.periods import Period
from sumida_data.packages.models import Packages
from sumida_data.plan.models import Indicator
from sumida_data.privacy.releases import Privacy

STATUS = "suppressed"
NOTE = "人数が少ないため秘匿とした。"

_BY_DEPARTMENT, _OF_WARD = "indicator_value_by_department", "indicator_value"
_LEVELS = ("部", "課")
_PARTS = ("numerator", "denominator")
# Of a row whose parts are withheld, the figure made from them is withheld too.
_MADE_FROM_PARTS = ("value", *_PARTS)

Key = tuple[str, ...]
_KEY_OF_QUARTER = ("table", "field", "period", "department")


class CountedCell(NamedTuple):
    """Where a count stands: table, number of the row, field."""

    table: str
    row: int
    field: str


@dataclass(slots=True)
class Count:
    """A count of people.

    Attributes:
        outcome: ``suppressed``, ``suppressed_with_it`` or empty.
    """

    value: Decimal
    places: list[CountedCell] = field(default_factory=list)
    outcome: str = ""


class Withheld(NamedTuple):
    """Counts withheld in one column.

    Attributes:
        outcome: ``suppressed``, or ``suppressed_with_it`` where it would have given another away.
    """

    table: str
    field: str
    outcome: str
    cells: int


def withhold_small_counts(
    frames: Mapping[str, pd.DataFrame],
    dictionary: DataDictionary,
    indicators: Sequence[Indicator],
    privacy: Privacy,
    packages: Packages,
) -> tuple[dict[str, pd.DataFrame], list[Withheld]]:
    """Take small counts of people out of the tables.

    Returns:
        The tables that change, and what was withheld in each column.
    """
    ledger = _Ledger(dictionary, indicators, privacy)
    published = {one.table for package in packages.packages for one in package.resources}
    ledger.sums_of_divisions = _BY_DEPARTMENT in published
    rows = {name: read_rows(frames[name]) for name in ledger.tables if name in frames}
    ledger.enter(rows)
    ledger.withhold(privacy.smallest_count)
    tally: dict[tuple[str, str, str], int] = defaultdict(int)
    changed = set()
    for count in ledger.counts.values():
        for place in count.places if count.outcome else ():
            _blank(rows[place.table][place.row], place.field, dictionary[place.table])
            tally[place.table, place.field, count.outcome] += 1
            changed.add(place.table)
    tables = {name: build_frame(dictionary[name], rows[name]) for name in sorted(changed)}
    return tables, [Withheld(*key, cells) for key, cells in sorted(tally.items())]


class _Ledger:
    """All counts of people, and which of them add up to a sum that goes out."""

    def __init__(
        self, dictionary: DataDictionary, indicators: Sequence[Indicator], privacy: Privacy
    ) -> None:
        self.people = set(privacy.people)
        self.people_kinds = privacy.people_kinds
        self.counts: dict[Key, Count] = {}
        self.sums_of_divisions = False
        self.sums: defaultdict[Key, list[Key]] = defaultdict(list)
        # The figures of the ward that give a sum, one for each revision.
        self.figures: defaultdict[Key, list[Key]] = defaultdict(list)
        self.fields = {
            table.name: fields
            for table in dictionary.tables
            if (fields := [one for one in table.fields if self._may_count_people(one)])
        }
        self.parts = {
            indicator.indicator_id: (indicator.table, parts)
            for indicator in indicators
            # What a ministry publishes of all people is no count of a department's staff.
            if indicator.source == "survey"
            and (parts := dict(self._find_parts(indicator, dictionary)))
        }
        self.tables = set(self.fields)
        # Of those asked, who are left: by table and field of the count, the field of all asked.
        self.asked: dict[Key, str] = {
            (table, parts[_PARTS[0]]): parts[_PARTS[1]]
            for table, parts in self.parts.values()
            if len(parts) == len(_PARTS)
        }
        self.asked[_BY_DEPARTMENT, _PARTS[0]] = _PARTS[1]

    def _may_count_people(self, item: Field) -> bool:
        named = item.unit in self.people or item.unit_field is not None or item.name in _PARTS
        return item.published and named

    def _find_parts(
        self, indicator: Indicator, dictionary: DataDictionary
    ) -> Iterator[tuple[str, str]]:
        names = (indicator.numerator_fields, indicator.denominator_fields)
        for part, fields in zip(_PARTS, names, strict=True):
            # What several fields make together is no count of one of them.
            for name in fields[:1] if len(fields) == 1 else ():
                if dictionary[indicator.table].field(name).unit in self.people:
                    yield part, name

    def enter(self, rows: Mapping[str, list[Row]]) -> None:
        for table in sorted(rows):
            for number, row in enumerate(rows[table]):
                for item in self.fields[table]:
                    if row[item.name] and self._counts_people(item, row):
                        self._enter(CountedCell(table, number, item.name), row)

    def _counts_people(self, item: Field, row: Row) -> bool:
        if item.name in _PARTS:
            _, parts = self.parts.get(row["indicator_id"], ("", {}))
            return item.name in parts or (not parts and row["unit"] in self.people)
        if item.unit_field is None:
            return item.unit in self.people
        unit = row[item.unit_field] or ""
        return any(word in unit for word in self.people) or any(
            row.get(name) in kinds for name, kinds in self.people_kinds.items()
        )

    def _enter(self, place: CountedCell, row: Row) -> None:
        key = self._identify(place, row)
        value = Decimal(row[place.field])
        self.counts.setdefault(key, Count(value)).places.append(place)
        if place.table == _OF_WARD:
            for total in self._sums_of_ward(place, row):
                self.figures[total].append(key)
        for total in self._totals(place, row):
            if key not in self.sums[total]:
                self.sums[total].append(key)

    def _identify(self, place: CountedCell, row: Row) -> Key:
        """Return the same key for the same count, whichever table it stands in."""
        if place.table == _BY_DEPARTMENT and row["level"] == "課":
            table, parts = self.parts.get(row["indicator_id"], ("", {}))
            if place.field in parts:
                return (table, parts[place.field], row["period"], row["department_code"])
        if self._is_part(place):
            return (place.table, place.field, row["period"], row["department_code"])
        return (place.table, place.field, row["row_id"])

    def _is_part(self, place: CountedCell) -> bool:
        return any(
            place.table == table and place.field in parts.values()
            for table, parts in self.parts.values()
        )

    def _totals(self, place: CountedCell, row: Row) -> Iterator[Key]:
        """Yield the published sums that the count is part of; a division's own figure is one."""
        if place.table == _BY_DEPARTMENT:
            owner = (place.field, row["indicator_id"], row["period"])
            yield (*owner, row["division"])
            yield (*owner, "", row["level"])
        elif self._is_part(place):
            yield (place.table, place.field, row["period"])

    def _sums_of_ward(self, place: CountedCell, row: Row) -> Iterator[Key]:
        owner = (place.field, row["indicator_id"], row["period"])
        yield from ((*owner, "", level) for level in _LEVELS)
        table, parts = self.parts.get(row["indicator_id"], ("", {}))
        yield (table, parts.get(place.field, ""), row["period"])

    def withhold(self, smallest: int) -> None:
        # What is withheld with another lets an earlier quarter be compared; so both are repeated.
        changed = True
        while changed:
            small = [self._withhold_small(key, smallest) for key in sorted(self.counts)]
            changed = any(small) or self._withhold_given_away(smallest)

    def _withhold_small(self, key: Key, smallest: int) -> bool:
        count = self.counts[key]
        told = (count.value, self._count_left(key), self._count_since(key))
        if count.outcome or not any(0 < abs(one) < smallest for one in told):
            return False
        count.outcome = STATUS
        return True

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
        if len(key) != len(_KEY_OF_QUARTER):
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

    def _withhold_given_away(self, smallest: int) -> bool:
        given_away = False
        while key := self._find_given_away(smallest):
            self.counts[key].outcome = f"{STATUS}_with_it"
            given_away = True
        return given_away

    def _find_given_away(self, smallest: int) -> Key | None:
        """Return the count to withhold next, because it would give others away."""
        for total, keys in self.sums.items():
            hidden = [key for key in keys if self.counts[key].outcome]
            hidden = [key for key in hidden if not self._is_between_equals(key)]
            open_ = [key for key in keys if not self.counts[key].outcome]
            is_public = total[0] not in _PARTS or self.sums_of_divisions
            for tell in (self._count_left, self._count_since) if open_ and is_public else ():
                if 0 < abs(sum(map(tell, hidden), Decimal(0))) < smallest:
                    # One that adds to them hides them; of others all are needed.
                    return min(open_, key=lambda key: (not tell(key), self._rank(key)))
            # Where every count is withheld, only the sum itself is left to withhold.
            left = open_ or [key for key in self.figures[total] if not self.counts[key].outcome]
            if left and hidden and _gives_away([self.counts[key] for key in hidden], smallest):
                return min(left, key=self._rank)
        return None

    def _rank(self, key: Key) -> tuple[bool, Decimal, Key]:
        return self._is_between_equals(key), self.counts[key].value, key


def _gives_away(hidden: Sequence[Count], smallest: int) -> bool:
    """Tell whether the sum of withheld counts, which can be had by subtraction, tells them.

    It does where it is a small count itself, and where only one set of counts makes it: all as
    small as can be, or all as large as withheld counts can be.
    """
    total = sum(count.value for count in hidden)
    small = sum(count.outcome == STATUS for count in hidden)
    least = small + smallest * (len(hidden) - small)
    most = small * (smallest - 1) if small == len(hidden) else None
    return len(hidden) == 1 or total < smallest or total in {least, most}


def _blank(row: Row, name: str, table: Table) -> None:
    names: Iterable[str] = _MADE_FROM_PARTS if "value_status" in row else (name,)
    row |= dict.fromkeys((name for name in names if name in row), None)
    for status in ("value_status", f"{name}_status"):
        if status in row:
            row[status] = STATUS
    if "note" in table.column_names:
        row["note"] = NOTE


_PROGRESS, _NOTICE, _CORRECTION = "indicator_progress", "correction_notice", "correction"
_MADE_OF_VALUE = (
    "value",
    "gap",
    "progress_ratio",
    "pace_so_far",
    "pace_needed",
    "projected_value",
)
# The value that a notice quotes, and how many revisions before the notice's own it is.
_QUOTED = {"old_value": 1, "new_value": 0}


def withhold_derived(
    frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> tuple[dict[str, pd.DataFrame], list[Withheld]]:
    """Take out of other tables what was made of values that are withheld.

    Returns:
        The tables that change, and how many rows of each column.
    """
    values = read_rows(frames["indicator_value"]) if "indicator_value" in frames else []
    withheld = {_identify(row) for row in values if row["value_status"] == STATUS}
    tables: dict[str, pd.DataFrame] = {}
    found = []
    for name, blank in ((_PROGRESS, _blank_progress), (_NOTICE, _blank_notice)):
        rows = read_rows(frames[name]) if withheld and name in frames else []
        if cells := sum(blank(row, withheld) for row in rows):
            tables[name] = build_frame(dictionary[name], rows)
            found.append(Withheld(name, "value", f"{STATUS}_with_it", cells))
    return tables, found


def withhold_rows_corrected(
    frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary, packages: Packages
) -> tuple[dict[str, pd.DataFrame], list[Withheld]]:
    """Take out of table ``correction`` what would name rows that never go out.

    A correction of a table of which only counts go out is left out. Where a package publishes a
    table not at all or only in part, the correction does not say of which row it is.
    """
    whole = {
        resource.table
        for package in packages.packages
        for resource in package.resources
        if not resource.only and resource.rows_of is None
    }
    rows = read_rows(frames[_CORRECTION]) if _CORRECTION in frames else []
    kept = [row for row in rows if not dictionary[row["table_name"]].counts_only]
    named = [row for row in kept if row["record_key"] and row["table_name"] not in whole]
    for row in named:
        row["record_key"] = None
    cells = len(rows) - len(kept) + len(named)
    if not cells:
        return {}, []
    table = build_frame(dictionary[_CORRECTION], kept)
    return {_CORRECTION: table}, [Withheld(_CORRECTION, "record_key", f"{STATUS}_with_it", cells)]


def _blank_progress(row: Row, withheld: set[tuple[str, str, int]]) -> bool:
    if _identify(row) not in withheld:
        return False
    row |= dict.fromkeys(_MADE_OF_VALUE)
    row |= {"verdict": "cannot_say", "agrees": True, "reason": NOTE}
    return True


def _blank_notice(row: Row, withheld: set[tuple[str, str, int]]) -> bool:
    indicator, period, revision = _identify(row)
    quoted = [
        name for name, back in _QUOTED.items() if (indicator, period, revision - back) in withheld
    ]
    row |= dict.fromkeys(quoted)
    return bool(quoted)


def _identify(row: Row) -> tuple[str, str, int]:
    return row["indicator_id"], row["period"], row["revision"]
