"""Whether a central file is whole: its months and departments, its words, its names."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import pairwise
from typing import NamedTuple

from sumida_data.base.periods import Period
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.reader import Answer, Record
from sumida_data.survey.reading.text import Reading, fold

_SHOWN = 5
# Radicals that look like the characters of names; Unicode itself makes nothing of these.
_RADICALS = str.maketrans("⻄⻑⻘⻤⻩⻲⻨⻭⻁⻢⻯⻛⻝⻌⺟⻫", "西長青鬼黄亀麦歯虎馬竜風食辶母斉")


class UnknownWord(NamedTuple):
    """A word of a closed list that nobody knows, and on how many rows such words stand."""

    answer: Answer
    allowed: Sequence[str]
    rows: int


class MonthlyRows:
    """The departments that the files of a monthly list have had in each month so far."""

    def __init__(self) -> None:
        self._departments: dict[str, set[str]] = defaultdict(set)

    def find_gaps(
        self, rows: Iterable[tuple[str, str]], period: Period
    ) -> dict[str, frozenset[str]]:
        """Take a file's rows and return the months that lack departments, in order.

        A department is missing in a month of a fiscal year if it is there in the month before
        and in a later one, or if that month is the file's last. A month from the first of the
        list to the end of the quarter that has no row at all lacks all: the set is empty.

        Args:
            rows: Month and department of each row.
            period: The quarter to whose end the file ought to reach.
        """
        own: dict[str, set[str]] = defaultdict(set)
        for month, department in rows:
            own[month].add(department)
            self._departments[month].add(department)
        gaps: dict[str, frozenset[str]] = {}
        months = list(_list_months(min(self._departments, default=""), period.last_day))
        for month in months:
            if month not in self._departments:
                gaps[month] = frozenset()
        # Departments come and go with the fiscal year.
        within = [pair for pair in pairwise(months) if pair[1] in own and pair[1][5:] != "04"]
        for before, month in within:
            lost = self._departments.get(before, set()) - own[month]
            if later := [own[one] for one in own if one > month]:
                lost &= set().union(*later)
            if lost:
                gaps[month] = frozenset(lost)
        return dict(sorted(gaps.items()))


def describe_gaps(gaps: Mapping[str, frozenset[str]]) -> str:
    """Say which months and departments are missing, the first few by name."""
    parts = [
        f"{month} の課 {_shorten(sorted(lost))}" if lost else f"{month} のすべて"
        for month, lost in gaps.items()
    ]
    return _shorten(parts)


def check_words(source: CentralSource, records: Iterable[Record]) -> Iterator[UnknownWord]:
    """Yield for each field of a closed list of words that a record breaks the first other word."""
    for name, allowed in source.words.items():
        known = set(map(fold, allowed))
        answers = [answer for record in records if (answer := record.answer_of(name))]
        unknown = [one for one in answers if fold(one.raw_text) and fold(one.raw_text) not in known]
        if unknown:
            yield UnknownWord(unknown[0], allowed, len(unknown))


def _find_word(words: Iterable[str], text: str) -> str | None:
    return next((one for one in words if fold(one) == fold(text)), None)


def settle_words(source: CentralSource, records: Iterable[Record]) -> Counter[str]:
    """Spell known words as the list does, give blank fields its first word, and count these.

    A field for which the list has no column is blank; it is at the cell of the row's key.

    Returns:
        How many fields were blank, by name.
    """
    filled: Counter[str] = Counter()
    for record in records:
        for name, words in source.words.items():
            place = next((n for n, one in enumerate(record.answers) if one.field == name), None)
            if place is None:
                record.answers.append(record.answers[0]._replace(field=name, raw_text=""))
                place = -1
            answer = record.answers[place]
            word = _find_word(words, answer.raw_text)
            if answer.raw_text != word:
                reading = Reading(word or words[0], "answered", "synonym" if word else "default")
                record.answers[place] = answer._replace(reading=reading)
                filled[name] += word is None
    return +filled


def fold_name(name: str | None) -> str:
    """Return a name as it reads, whatever look-alike characters it is written with."""
    return fold((name or "").translate(_RADICALS))


def _list_months(first: str, last: date) -> Iterator[str]:
    if not first:
        return
    year, month = map(int, first.split("-"))
    while (year, month) <= (last.year, last.month):
        yield f"{year}-{month:02}"
        year, month = year + month // 12, month % 12 + 1


def _shorten(parts: Sequence[str]) -> str:
    rest = f" ほか{len(parts) - _SHOWN}件" if len(parts) > _SHOWN else ""
    return "、".join(parts[:_SHOWN]) + rest
