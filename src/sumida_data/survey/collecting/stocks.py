"""What departments gave before: stocks held from quarter to quarter, and the year's events.

Each return is compared with what its department gave before, also when work changed hands.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from sumida_data.base.characters import comparable
from sumida_data.base.periods import Period
from sumida_data.survey.answers import AnswerRow, carry_forward
from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.departments import Succession, find_successors, find_takeovers
from sumida_data.survey.findings import FindingRules, Kind
from sumida_data.survey.form import Form
from sumida_data.survey.reading.reader import Record

# A digit too many or too few; small numbers may well change as much.
_JUMP = 10
_SMALLEST = 100
_NAMES_SHOWN = 5

_Keyed = dict[tuple[str, str], Record]


@dataclass(slots=True)
class _Holding:
    """What a department answered last: the records it gave, and the rows that count."""

    answered_for: date
    records: list[Record]
    rows: list[AnswerRow]


@dataclass(slots=True)
class _DividedWork:
    """Records of a department whose work was divided, until all successors have answered."""

    predecessor: str
    records: _Keyed
    successors: set[str]


class Stocks:
    """Remembers the stocks of each department while the quarters go by in order.

    A department that took over the work of another continues its stocks. Where work was divided,
    nobody knows to whom a row went before all successors have answered; so such rows are carried
    forward to none, and reported when no successor has them.
    """

    def __init__(self, form: Form, rules: FindingRules, successions: Sequence[Succession]) -> None:
        """Begin without stocks; the form says what is one."""
        stocks = [part for part in form.answer_sheets if part.kind == "stock"]
        self._rules = rules
        self._successions = successions
        self._tables = {part.table: part.sheet for part in stocks}
        self._numbers = {
            (part.table, item.name): item.title
            for part in stocks
            for item in part.fields
            if item.type in {"integer", "number"}
        }
        self._holdings: dict[str, _Holding] = {}
        self._divided: dict[tuple[str, date], _DividedWork] = {}

    def update(
        self, code: str, returned: Return, rows: list[AnswerRow], asked: Collection[str]
    ) -> list[AnswerRow]:
        """Take a return, compare it with the last one, and return the rows that count.

        Stocks of sheets that it was not asked for stay as they are, unless it gave them.
        """
        last = self._take_over(code, Period.parse(returned.period).last_day)
        stocks = [row for row in rows if row.table_name in self._tables]
        now = {
            (record.table, comparable(record.key)): record
            for record in returned.records
            if record.table in self._tables
        }
        answered = {table for table, _ in now}
        answered |= {table for table, sheet in self._tables.items() if sheet in asked}
        if returned.says_no_change:
            others = [row for row in rows if row.table_name not in self._tables]
            carried = [
                row._replace(department_code=code)
                for row in carry_forward(last.rows, returned.period)
            ]
            self._compare_with_carried(returned, stocks, carried)
            stocks, rows, now = carried, others + carried, {}
        else:
            kept = [record for record in last.records if record.table not in answered]
            before = [record for record in last.records if record.table in answered]
            self._report_changes(before, now, returned)
            last.records = [*kept, *now.values()]
            stocks = [row for row in last.rows if row.table_name not in answered] + stocks
        self._check_divided_work(code, now, returned)
        last.rows = stocks
        return rows

    def _take_over(self, code: str, day: date) -> _Holding:
        """Return what the department holds, with what came to it since it last answered."""
        holding = self._holdings.setdefault(code, _Holding(date.min, [], []))
        for one in find_takeovers(code, self._successions, holding.answered_for, day):
            before = self._take_over(one.predecessor, one.changed_on - timedelta(days=1))
            successors = find_successors(one, self._successions)
            if len(successors) == 1:
                holding.records = [*holding.records, *before.records]
                holding.rows = [*holding.rows, *before.rows]
            else:
                records = {
                    (record.table, comparable(record.key)): record for record in before.records
                }
                divided = _DividedWork(one.predecessor, records, successors)
                self._divided.setdefault((one.predecessor, one.changed_on), divided)
        holding.answered_for = max(day, holding.answered_for)
        return holding

    def _report_changes(self, last: Sequence[Record], now: _Keyed, returned: Return) -> None:
        """Report what has changed so that it is worth a look."""
        tables = {table for table, _ in now}
        for record in last:
            same = now.get((record.table, comparable(record.key)))
            if same is not None:
                self._report_jumps(record, same, returned)
            elif record.table in tables:
                sheet = record.answers[0].sheet
                returned.report(self._rules[Kind.ROW_GONE], record.key, sheet=sheet)
        emptied = {record.table for record in last} - tables
        for table in sorted(emptied & returned.whole_tables):
            names = [record.key.replace("|", " ") for record in last if record.table == table]
            shown = "、".join(names[:_NAMES_SHOWN]) + (" ほか" if len(names) > _NAMES_SHOWN else "")
            words = {"sheet": self._tables[table], "count": str(len(names)), "names": shown}
            returned.report(self._rules[Kind.TABLE_EMPTIED], **words)

    def _report_jumps(self, last: Record, now: Record, returned: Return) -> None:
        rule = self._rules[Kind.OTHER_MAGNITUDE]
        for answer in now.answers:
            heading = self._numbers.get((now.table, answer.field))
            before, value = last.value_of(answer.field), answer.reading.value
            if heading and before and value and _is_jump(Decimal(before), Decimal(value)):
                words = {"sheet": answer.sheet, "heading": heading, "last": before}
                returned.report(rule, answer.raw_text, cell=answer.cell, **words)

    def _compare_with_carried(
        self, returned: Return, stocks: list[AnswerRow], carried: list[AnswerRow]
    ) -> None:
        if not carried:
            returned.report(self._rules[Kind.NOTHING_TO_CARRY])
        last = {(row.table_name, row.field, row.value) for row in carried}
        differing = {
            row.sheet for row in stocks if (row.table_name, row.field, row.value) not in last
        }
        for sheet in sorted(differing):
            returned.report(self._rules[Kind.CHANGED_THOUGH_UNCHANGED], sheet=sheet)

    def _check_divided_work(self, code: str, now: _Keyed, returned: Return) -> None:
        """Take off what the department has of divided work; report what no successor has."""
        for divided in [one for one in self._divided.values() if code in one.successors]:
            divided.successors.remove(code)
            taken = [divided.records.pop(key) for key in now if key in divided.records]
            self._report_changes(taken, now, returned)
            if not divided.successors:
                for record in divided.records.values():
                    words = {"sheet": record.answers[0].sheet, "predecessor": divided.predecessor}
                    returned.report(self._rules[Kind.ROW_WITHOUT_SUCCESSOR], record.key, **words)


class Events:
    """Remembers the events of each department while the quarters go by in order.

    A return lists all events since 1 April. One that an earlier return listed still counts, so
    one that was renamed, given another day or withdrawn counts as well until that return is
    mended: nobody but the department knows which it is.
    """

    def __init__(self, form: Form, rules: FindingRules) -> None:
        """Begin without events; the form says what is one."""
        self._rules = rules
        self._tables = {part.table for part in form.answer_sheets if part.kind == "events"}
        self._keys = {one.name for part in form.answer_sheets for one in part.key_fields}
        self._listed: defaultdict[tuple[str, int], _Keyed] = defaultdict(dict)

    def update(self, code: str, returned: Return) -> None:
        """Take a return and report the events of the year that it lists no more.

        A table that it lacks, or of which a row could not be read, lists nothing for certain.
        """
        listed = self._listed[code, Period.parse(returned.period).fiscal_year]
        now: _Keyed = {}
        for place, record in enumerate(returned.records):
            if record.table in self._tables:
                key = (record.table, comparable(record.key))
                now[key] = self._as_listed(record, listed.get(key, record))
                returned.records[place] = now[key]
        if not returned.says_no_change:
            for gone in (listed[key] for key in sorted(listed.keys() - now.keys())):
                if gone.table in returned.whole_tables:
                    name, sheet = gone.key.replace("|", " "), gone.answers[0].sheet
                    returned.report(self._rules[Kind.EVENT_GONE], name, sheet=sheet)
        listed.update(now)

    def _as_listed(self, record: Record, first: Record) -> Record:
        """Return an event under the name that it was first listed by, if that is read alike."""
        if record.key == first.key:
            return record
        answers = [
            answer._replace(
                reading=answer.reading._replace(
                    value=first.value_of(answer.field),
                    rules=f"as_first_listed {answer.reading.rules}".strip(),
                )
            )
            if answer.field in self._keys and answer.reading.value != first.value_of(answer.field)
            else answer
            for answer in record.answers
        ]
        return record._replace(key=first.key, answers=answers)


def _is_jump(one: Decimal, other: Decimal) -> bool:
    low, high = sorted((abs(one), abs(other)))
    return high >= _SMALLEST and high >= low * _JUMP
