"""Bringing the returns of all quarters together.

Here it is decided which of two returns of a department counts, what is carried forward from the
quarter before, what contradicts it, and which department has not answered.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache, partial
from itertools import chain, groupby, pairwise
from operator import attrgetter
from pathlib import PurePosixPath
from typing import NamedTuple

from sumida_data.base.characters import comparable, hash_parts
from sumida_data.base.metadata import Row
from sumida_data.base.periods import PERIOD, Period
from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.collecting.kept_readings import choose_discarded
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import FormReader, Return, read_returns
from sumida_data.survey.consistency import find_unanswered
from sumida_data.survey.departments import (
    Department,
    Succession,
    find_owner,
    find_takeovers,
    list_existing,
    refuse_unknown_codes,
)
from sumida_data.survey.files import SourceFile, is_copy, is_document
from sumida_data.survey.findings import Finding, Kind, Place, make_finding
from sumida_data.survey.form import Wave, Waves
from sumida_data.survey.reading.layout import cell_address
from sumida_data.survey.reading.reader import Answer, Record
from sumida_data.survey.reading.text import BLANK, fold

# A digit too many or too few; small numbers may well change as much.
_JUMP, _SMALLEST, _PERCENT = 10, 100, 100
_NAMES_SHOWN = 5
_DIGITS = re.compile(r"\d+")
_TREATED = {True: "控えから数えました", False: "数えていません"}

Track = Callable[[Sequence[SourceFile]], Iterable[SourceFile]]
_Keyed = dict[tuple[str, str], Record]


@dataclass(slots=True)
class Collected:
    """All that came in, over all quarters, as rows of ``answer`` and ``response`` and findings.

    The personal texts are what the covers give as names and other personal data.
    """

    answers: list[AnswerRow] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    personal_texts: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Collector:
    """Brings the returns of all quarters together."""

    reader: FormReader
    waves: Waves
    departments: Sequence[Department]
    municipality_code: str
    successions: Sequence[Succession] = ()
    ledger: Ledger = field(default_factory=Ledger)

    def collect(
        self, files: Mapping[str, SourceFile], track: Track = iter, kept: Iterable[Return] = ()
    ) -> Collected:
        """Read all files and decide what counts; the first part of a name is the quarter.

        ``track`` wraps the files while they are read, to show progress. What was kept of returns
        replaces those of discarded quarters. What is new is added to the ledger of receipts.
        """
        collected = Collected()
        accepted = [file for file in files.values() if self._accept(file.name, collected)]
        read = read_returns(self.reader, self.waves, accepted)
        returns = [returned for _, returned in zip(track(accepted), read, strict=True)]
        gone, partly_there = choose_discarded(kept, returns)
        returns += [one for one in gone if self._accept(one.source_file, collected)]
        for period, number, present, discarded in partly_there:
            words = {"kept": str(number), "present": str(present), "treated": _TREATED[discarded]}
            rule = self.reader.rules[Kind.PART_OF_KEPT_RETURNS]
            collected.findings.append(make_finding(rule, Place(period), **words))
        returns.sort(key=lambda one: one.source_file)
        collected.personal_texts = frozenset().union(*(one.personal_texts for one in returns))
        self._refuse_sample_among_real(returns)
        self.ledger.add(returns)
        report_loss = partial(make_finding, self.reader.rules[Kind.LEDGER_LOST])
        collected.findings += map(report_loss, map(Place, self.ledger.quarters_lost))
        past = _Past(self)
        for name, group in groupby(returns, attrgetter("period")):
            quarter = _Quarter(past, name, list(group))
            collected.answers += quarter.list_answers()
            collected.responses += quarter.list_responses()
        collected.findings += chain.from_iterable(one.findings for one in returns)
        return collected

    def find_wave(self, period: str) -> Wave:
        """Return the inquiry of a quarter; one that follows must ask departments that are there."""
        wave = self.waves.root[period]
        if wave.follows:
            refuse_unknown_codes({period: wave}, self.departments)
        return wave

    def list_departments(self, period: str) -> dict[str, Department]:
        """Return the departments at the end of the quarter, by code."""
        return list_existing(self.departments, Period.parse(period).last_day)

    def _accept(self, name: str, collected: Collected) -> bool:
        period, slash, _ = name.partition("/")
        if slash and period in self.waves.root:
            return True
        known = slash and PERIOD.fullmatch(period)
        rule = self.reader.rules[Kind.PERIOD_WITHOUT_WAVE if known else Kind.NOT_IN_A_PERIOD]
        collected.findings.append(make_finding(rule, Place(source_file=name), period))
        return False

    def _refuse_sample_among_real(self, returns: Iterable[Return]) -> None:
        if any(one.is_real for one in returns):
            for returned in (one for one in returns if one.sample):
                returned.cover, returned.records, returned.findings = None, [], []
                returned.report(self.reader.rules[Kind.SAMPLE_AMONG_REAL])


class _Quarter:
    """One quarter's returns: which of them count, and what is said of each."""

    def __init__(self, past: "_Past", period: str, returns: Sequence[Return]) -> None:
        self.past, self.ledger = past, past.collector.ledger
        self.collector = past.collector
        self.rules = past.rules
        self.period = period
        self.returns = returns
        self.wave = self.collector.find_wave(period)
        self.departments = self.collector.list_departments(period)
        # The same lines are in most returns.
        self.owner_of_line = lru_cache(lambda text: find_owner([text], self.departments))
        # Of each file that can be used, the code of the department that sent it.
        self.owners: dict[str, str] = {}
        # Who has given which value of a field that is unique in the ward.
        self.holders: dict[tuple[str, str | None], Return] = {}
        self.chosen = self._choose()
        self.answers: dict[str, list[AnswerRow]] = {}
        for code, returned in self.chosen.items():
            self._claim_numbers(code, returned)

    def list_answers(self) -> Iterator[AnswerRow]:
        """Yield what counts as rows of ``answer``, by department."""
        # What a department lists itself goes before what another only carries forward.
        order = sorted(self.chosen, key=lambda code: (self.chosen[code].says_no_change, code))
        for code in order:
            chosen, name = self.chosen[code], self.chosen[code].source_file.partition("/")[2]
            if is_copy(chosen.source_file):
                chosen.report(self.rules[Kind.ONLY_A_COPY], name)
            if self._is_misnamed(chosen):
                words = {"code": code, "expected": self.departments[code].section}
                chosen.report(self.rules[Kind.NAMED_FOR_ANOTHER], name, **words)
            self._check_lines_above(code, chosen)
            self.answers[code] = self._answers_of(code, chosen)
        return chain.from_iterable(self.answers[code] for code in sorted(self.answers))

    def list_responses(self) -> Iterator[Row]:
        """Yield a row of ``response`` for each file, and for each department without one."""
        responded = set(self.chosen)
        for returned in self.returns:
            owner = self._find_owner(returned)
            if not owner and is_document(returned.source_file):
                continue
            responded.add(owner)
            counts = self.chosen.get(self.owners.get(returned.source_file, ""))
            other = self.chosen.get(owner)
            if counts is None and other and self.ledger.find(returned) < self.ledger.find(other):
                # It could not be used, and the department has sent another since.
                counts = other
            yield self._respond(owner) | self._receipt(returned, owner, counts)
        for code in self.departments:
            if self.wave.asks(code) and code not in responded:
                yield self._respond(code)

    def _choose(self) -> dict[str, Return]:
        """Return by department the return that counts, and report on the others."""
        sent: defaultdict[str, list[Return]] = defaultdict(list)
        for returned in sorted(self.returns, key=self._rank):
            if code := self._identify(returned):
                self.owners[returned.source_file] = code
                if not self.wave.asks(code):
                    returned.report(self.rules[Kind.NOT_ASKED])
                sent[code].append(returned)
        return {code: last for code, group in sent.items() if (last := self._choose_of(group))}

    def _choose_of(self, returns: Sequence[Return]) -> Return | None:
        """Return which of a department's returns, the last to count last, counts; or None."""
        filled_in = [one for one in returns if not one.untouched]
        for older, newer in pairwise(filled_in):
            # One that was sent twice is as good as the other.
            if older.file_sha256 != newer.file_sha256:
                # Their folder or archive may be the only difference.
                names = [one.source_file.partition("/")[2] for one in (older, newer)]
                older.report(self.rules[Kind.OLDER_RETURN], newer=names[1])
                if newer.file_sha256 == filled_in[-1].file_sha256:
                    # Of three, the one between was not used either.
                    newer.report(self.rules[Kind.OTHER_RETURN], names[0])
        if filled_in:
            return filled_in[-1]
        # A form as it was handed out counts only where a department sent nothing else.
        last = returns[-1]
        last.report(self.rules[Kind.BLANK_RETURN if last.is_empty else Kind.AS_SENT_OUT])
        return None if last.is_empty else last

    def _rank(self, returned: Return) -> tuple[bool, bool, int, date, int, str]:
        """Return what orders the returns of a department; the last one counts."""
        name, is_named = returned.source_file, not self._is_misnamed(returned)
        day, receipt = returned.plausible_day or date.min, self.ledger.find(returned)
        return is_named, not is_copy(name), receipt.delivery, day, receipt.number, name

    def _check_lines_above(self, code: str, returned: Return) -> None:
        """Report tables under a line that names another department, as pasted from its return."""
        for (sheet, cell), text in returned.lines_above.items():
            owner = self.owner_of_line(text)
            if owner and owner != code and fold(self.departments[owner].section) in fold(text):
                words = {"sheet": sheet, "cell": cell_address(*cell), "code": owner}
                returned.report(self.rules[Kind.SHEET_OF_OTHER_DEPARTMENT], text, **words)

    def _is_misnamed(self, returned: Return) -> bool:
        """Tell whether its name, or else its folder, is that of another department."""
        path = PurePosixPath(returned.source_file.partition("/")[2])
        named = (find_owner([one], self.departments) for one in (path.name, str(path)))
        return next(filter(None, named), None) not in {None, returned.department_code}

    def _identify(self, returned: Return) -> str | None:
        """Return the code of the department whose return it is, where code and name agree."""
        if returned.cover is None or returned.unusable:
            return None
        code, section = returned.says("department_code"), returned.says("section")
        meant = find_owner([section], self.departments)
        if code not in self.departments or meant not in {None, code}:
            self._report_code(returned, meant)
            return None
        said = fold(section)
        names = (fold(one.section) for one in self.collector.departments if one.code == code)
        if not any(name in said or said in name for name in names):
            words = {"code": code, "expected": self.departments[code].section}
            returned.report_on_cover(self.rules[Kind.UNKNOWN_SECTION], "section", **words)
        return code

    def _report_code(self, returned: Return, meant: str | None) -> None:
        """Report a code that no or another department has; the name may say which is meant."""
        code, period = returned.department_code, Period.parse(self.period).title
        if code in self.departments:
            words = {"section": returned.says("section")}
            returned.report_on_cover(self.rules[Kind.OTHER_SECTION], "department_code", **words)
            return
        rule = self.rules[Kind.UNKNOWN_DEPARTMENT_CODE if code else Kind.NO_DEPARTMENT_CODE]
        name = f"{meant}({self.departments[meant].section})" if meant else ""
        hint = f"課名からは {name}と思われます。" if meant else ""
        returned.report(rule, code, hint=hint, period=period)

    def _find_owner(self, returned: Return) -> str:
        """Return the code of the department that sent a file, if anything shows it, or ''."""
        if returned.source_file in self.owners:
            return self.owners[returned.source_file]
        name = PurePosixPath(returned.source_file).name
        texts = (name, *returned.sheet_names, returned.says("section"))
        code = find_owner(texts, self.departments) or returned.says("department_code")
        # Of what came in an archive, a mail or a folder, that may say it.
        whole = returned.source_file.partition("/")[2]
        code = code or find_owner([whole], self.departments) or ""
        # Letters, and departments that were not asked, need no report.
        is_letter = is_document(name) and code in self.chosen
        is_asked = code in self.departments and self.wave.asks(code)
        return code if is_asked and not is_letter else ""

    def _answers_of(self, code: str, returned: Return) -> list[AnswerRow]:
        """Return the rows that count, without those whose unique value another has given."""
        name, digest = returned.source_file, returned.file_sha256
        municipality = self.collector.municipality_code
        origin = Origin(municipality, self.period, code, name, digest, returned.sample)
        free = [one for one in returned.records if self._is_free(one, origin, returned)]
        self._check_numbers(code, free, returned)
        given = [_Given(one, origin) for one in self.past.update_events(code, free, returned)]
        given = self.past.update_stocks(code, given, returned, self.wave.sheets_for(code))
        return [row for one in given if self._is_free(*one, returned) for row in make_rows(*one)]

    def _claim_numbers(self, code: str, returned: Return) -> None:
        """Keep the numbers that bear a department's own code for it, whoever gives them first."""
        held = (record for record, _ in self.past.held[code])
        for record in held if returned.says_no_change else returned.records:
            for answer in self._unique(record):
                if _list_digits(answer)[:1] == [code]:
                    self.holders[record.table, answer.reading.value] = returned

    def _check_numbers(self, code: str, records: Iterable[Record], returned: Return) -> None:
        """Report numbers such as T1203-04 that the department 1202 did not have before."""
        known = {(record.table, record.key) for record, _ in self.past.held[code]}
        for record in records:
            for answer in self._unique(record):
                bears, *rest = _list_digits(answer)
                is_new = (record.table, record.key) not in known
                if rest and bears in self.departments and bears != code and is_new:
                    words = {"sheet": answer.sheet, "cell": answer.cell, "code": bears}
                    rule = self.rules[Kind.NUMBER_OF_OTHER_DEPARTMENT]
                    returned.report(rule, answer.raw_text, **words)

    def _unique(self, record: Record) -> Iterator[Answer]:
        unique = self.past.unique
        return (
            one
            for one in record.answers
            if (record.table, one.field) in unique and one.reading.value
        )

    def _is_free(self, record: Record, origin: Origin, returned: Return) -> bool:
        """Tell whether nobody else gave a value of the record that is unique; report if one did."""
        for answer in self._unique(record):
            value = answer.reading.value
            holder = self.holders.setdefault((record.table, value), returned)
            if holder is not returned:
                returned.rows_set_aside += 1
                file, other = PurePosixPath(holder.source_file).name, holder.department_code or ""
                words = {"other": other, "file": file, "sheet": answer.sheet}
                if not origin.carried_to:
                    # Else the cell is in the file of an earlier quarter.
                    words["cell"] = answer.cell
                returned.report(self.rules[Kind.KEY_OF_OTHER_DEPARTMENT], value, **words)
                return False
        return True

    def _respond(self, code: str) -> Row:
        """Return the row of table ``response`` of a department that has not answered."""
        known = self.departments.get(code)
        names = ("department_code", "division", "section")
        return {
            "row_id": f"{self.period}/{code}",
            "municipality_code": self.collector.municipality_code,
            "period": self.period,
            **dict(zip(names, known or [None] * len(names), strict=False)),
            "response_status": "not_received",
            "due_on": self.wave.due_on,
            **dict.fromkeys(("rows", "answers", "rows_set_aside"), 0),
            "sample": False,
        }

    def _receipt(self, returned: Return, owner: str, counting: Return | None) -> Row:
        """Return what a row of ``response`` says of a file; one counts for its owner, or none."""
        rows = self.answers[owner] if owner and counting is returned else []
        status = "no_change" if returned.says_no_change else "received"
        if counting is not returned:
            status = "superseded" if counting else "set_aside"
        return {
            "row_id": hash_parts(self.period, returned.file_sha256, returned.source_file),
            "response_status": status,
            "answered_on": returned.answered_on,
            "received_on": self.ledger.find(returned).received_on,
            "source_file": returned.source_file,
            "file_sha256": returned.file_sha256,
            "rows": len({row.record_id for row in rows}),
            "answers": len(rows),
            "rows_set_aside": returned.rows_set_aside,
            "sample": returned.sample,
        }


class _Given(NamedTuple):
    """A record that counts, from where it was given or carried forward."""

    record: Record
    origin: Origin


class _Past:
    """What departments gave before, while the quarters go by in order: stocks and events.

    A department that took over the work of another continues its stocks. Where work was divided,
    it is unknown to whom a row went before all successors have answered; so such rows are carried
    forward to none, and reported when no successor has them.

    A return lists all events since 1 April. One that an earlier return listed still counts, so
    one that was renamed, given another day or withdrawn counts as well until that return is
    mended: only the department knows which it is.
    """

    def __init__(self, collector: Collector) -> None:
        parts = collector.reader.form.answer_sheets
        self.collector = collector
        self.rules = collector.reader.rules
        self._items = {(part.table, item.name): item for part in parts for item in part.fields}
        self.unique = {key for key, item in self._items.items() if item.unique}
        self._stocks = {part.table: part.sheet for part in parts if part.kind == "stock"}
        self._events = {part.table for part in parts if part.kind == "events"}
        # By department the last day that it answered for, and the stocks that it has since.
        self._answered_for: defaultdict[str, date] = defaultdict(lambda: date.min)
        self.held: defaultdict[str, list[_Given]] = defaultdict(list)
        # By predecessor and day of divided work: its records, and who has yet to answer.
        self._divided: dict[tuple[str, date], tuple[_Keyed, set[str]]] = {}
        self._listed: defaultdict[tuple[str, int], _Keyed] = defaultdict(dict)

    def update_stocks(
        self, code: str, given: list[_Given], returned: Return, asked: Collection[str]
    ) -> list[_Given]:
        """Take a return, compare it with the last one, and return what counts.

        Stocks of sheets that it was not asked for stay as they are, unless it gave them.
        """
        last = self._take_over(code, Period.parse(returned.period).last_day)
        stocks, others = _part(given, self._stocks)
        if returned.says_no_change:
            now: _Keyed = {}
            held = self._carry(code, returned, stocks, last)
            given = others + held
        else:
            now = _by_key(stocks)
            answered = {table for table, _ in now}
            answered |= {table for table, sheet in self._stocks.items() if sheet in asked}
            replaced, held = _part(last, answered)
            self._report_changes([one.record for one in replaced], now, returned)
            held += stocks
        self.held[code] = held
        self._check_divided_work(code, now, returned)
        return given

    def _carry(
        self, code: str, returned: Return, stocks: Iterable[_Given], last: Sequence[_Given]
    ) -> list[_Given]:
        """Return what is carried forward; report stocks that a return without change gives."""
        if not last:
            returned.report(self.rules[Kind.NOTHING_TO_CARRY])
        known, now = map(_sheets_by_answer, (last, stocks))
        for sheet in sorted({now[one] for one in now.keys() - known.keys()}):
            returned.report(self.rules[Kind.CHANGED_THOUGH_UNCHANGED], sheet=sheet)
        self._ask_new_fields([one.record for one in last], returned)
        return [_Given(record, origin.carry(returned.period, code)) for record, origin in last]

    def _ask_new_fields(self, last: Sequence[Record], returned: Return) -> None:
        """Ask for what the form has only asked since the department answered, of each row."""
        for part in self.collector.reader.form.asked_in(returned.period).answer_sheets:
            titles = {item.name: item.title for item in part.asked_fields if item.asked_from}
            lacking: Counter[str] = Counter()
            for record in last:
                known = {answer.field: answer.reading for answer in record.answers}
                if record.table == part.table:
                    unanswered = find_unanswered(part, dict.fromkeys(titles, BLANK) | known)
                    lacking.update(sorted((titles.keys() - known.keys()) & {*unanswered}))
            for name, count in lacking.items():
                words = {"sheet": part.sheet, "title": titles[name], "count": str(count)}
                returned.report(self.rules[Kind.NEW_FIELD_OPEN], **words)

    def _take_over(self, code: str, day: date) -> list[_Given]:
        """Return what the department holds, with what came to it since it last answered."""
        since, successions = self._answered_for[code], self.collector.successions
        for one in find_takeovers(code, successions, since, day):
            before = self._take_over(one.predecessor, one.changed_on - timedelta(days=1))
            if len(one.successors) == 1:
                self.held[code] = self.held[code] + before
            else:
                divided = (_by_key(before), one.successors)
                self._divided.setdefault(one[:2], divided)
        self._answered_for[code] = max(day, self._answered_for[code])
        return self.held[code]

    def _report_changes(self, last: Sequence[Record], now: _Keyed, returned: Return) -> None:
        """Report what has changed so that it is worth a look."""
        tables = {table for table, _ in now}
        for record in last:
            same = now.get(_key_of(record))
            if same is not None:
                self._report_jumps(record, same, returned)
            elif record.table in tables:
                sheet = record.answers[0].sheet
                returned.report(self.rules[Kind.ROW_GONE], record.key, sheet=sheet)
        emptied = {record.table for record in last} - tables
        for table in sorted(emptied):
            names = [record.key.replace("|", " ") for record in last if record.table == table]
            shown = "、".join(names[:_NAMES_SHOWN]) + " ほか" * (len(names) > _NAMES_SHOWN)
            words = {"sheet": self._stocks[table], "count": str(len(names)), "names": shown}
            returned.report(self.rules[Kind.TABLE_EMPTIED], **words)

    def _report_jumps(self, last: Record, now: Record, returned: Return) -> None:
        for answer in now.answers:
            item = self._items.get((now.table, answer.field))
            before, value = last.value_of(answer.field), answer.reading.value
            if item and item.type in {"integer", "number"} and before and value:
                low, high = sorted((abs(Decimal(before)), abs(Decimal(value))))
                # A rate may have been written as a part of 1.
                is_rate = bool(low) and high == low * _PERCENT
                if is_rate or (high >= _SMALLEST and high >= low * _JUMP):
                    words = {"sheet": answer.sheet, "cell": answer.cell, "last": before}
                    rule = self.rules[Kind.OTHER_MAGNITUDE]
                    returned.report(rule, answer.raw_text, heading=item.title, **words)

    def _check_divided_work(self, code: str, now: _Keyed, returned: Return) -> None:
        """Take off what the department has of divided work; report what no successor has."""
        for (predecessor, _), (records, successors) in self._divided.items():
            if code not in successors:
                continue
            successors.remove(code)
            taken = [records.pop(key) for key in now if key in records]
            self._report_changes(taken, now, returned)
            for record in () if successors else records.values():
                words = {"sheet": record.answers[0].sheet, "predecessor": predecessor}
                returned.report(self.rules[Kind.ROW_WITHOUT_SUCCESSOR], record.key, **words)

    def update_events(
        self, code: str, records: Iterable[Record], returned: Return
    ) -> Iterator[Record]:
        """Yield the records of a return, events under the names that they were first listed by.

        Reported are the events of the year that it lists no more. A table that it lacks, or of
        which a row could not be read, lists nothing for certain.
        """
        listed = self._listed[code, Period.parse(returned.period).fiscal_year]
        now: _Keyed = {}
        for record in records:
            if record.table in self._events:
                key = _key_of(record)
                now[key] = self._as_listed(record, listed.get(key, record))
                yield now[key]
            else:
                yield record
        gone = [] if returned.says_no_change else sorted(listed.keys() - now.keys())
        for record in (listed[key] for key in gone if key[0] in returned.whole_tables):
            name, sheet = record.key.replace("|", " "), record.answers[0].sheet
            returned.report(self.rules[Kind.EVENT_GONE], name, sheet=sheet)
        listed.update(now)

    def _as_listed(self, record: Record, first: Record) -> Record:
        """Return an event under the name that it was first listed by, if that is read alike."""
        answers = list(record.answers)
        for place, answer in enumerate(answers if record.key != first.key else ()):
            value = first.value_of(answer.field)
            item = self._items.get((record.table, answer.field))
            if item and item.key and answer.reading.value != value:
                rules = f"as_first_listed {answer.reading.rules}".strip()
                reading = answer.reading._replace(value=value, rules=rules)
                answers[place] = answer._replace(reading=reading)
        return record._replace(key=first.key, answers=answers)


def _list_digits(answer: Answer) -> list[str]:
    return _DIGITS.findall(answer.reading.value or "") or [""]


def _key_of(record: Record) -> tuple[str, str]:
    return record.table, comparable(record.key)


def _part(given: Iterable[_Given], tables: Collection[str]) -> tuple[list[_Given], list[_Given]]:
    """Return what is of these tables, and what is not."""
    parts: tuple[list[_Given], list[_Given]] = ([], [])
    for one in given:
        parts[one.record.table not in tables].append(one)
    return parts


def _sheets_by_answer(given: Iterable[_Given]) -> dict[tuple[str, str, str | None], str]:
    return {
        (record.table, answer.field, answer.reading.value): answer.sheet
        for record, _ in given
        for answer in record.answers
    }


def _by_key(given: Iterable[_Given]) -> _Keyed:
    return {_key_of(record): record for record, _ in given}
