"""The stocks that departments hold from quarter to quarter, also when their work changes hands."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sumida_data.base.periods import Period
from sumida_data.survey.answers import AnswerRow, carry_forward
from sumida_data.survey.collecting.comparison import compare_records
from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.departments import Succession, find_heirs, find_takeovers
from sumida_data.survey.findings import FindingRules, Kind
from sumida_data.survey.form import Form
from sumida_data.survey.reading.reader import Record


@dataclass(slots=True)
class _Holding:
    """What a department answered last: the records it gave, and the rows that count."""

    answered_for: date
    records: list[Record]
    rows: list[AnswerRow]


@dataclass(slots=True)
class _Estate:
    """Records of a department whose work was divided, until all heirs have answered."""

    predecessor: str
    records: dict[tuple[str, str], Record]
    heirs: set[str]


class Stocks:
    """Remembers the stocks of each department while the quarters go by in order.

    A department that took over the work of another continues its stocks. Where work was divided,
    nobody knows to whom a row went before all heirs have answered; so such rows are carried
    forward to none, and told of when no heir has them.
    """

    def __init__(self, form: Form, rules: FindingRules, successions: Sequence[Succession]) -> None:
        """Begin without stocks.

        Args:
            form: The form, which says what is a stock.
            rules: The finding rules.
            successions: Which department took over whose work.
        """
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
        self._estates: dict[tuple[str, date], _Estate] = {}

    def update(
        self, code: str, returned: Return, rows: list[AnswerRow], asked: Collection[str]
    ) -> list[AnswerRow]:
        """Take a return, compare it with the last one, and return the rows that count.

        Args:
            code: The department.
            returned: Its return of a later quarter than all before; takes the findings.
            rows: Its answers.
            asked: Names of the sheets that it was asked for. Stocks of others stay as they are,
                unless it gave them.
        """
        last = self._take_over(code, Period.parse(returned.period).last_day)
        stocks = [row for row in rows if row.table_name in self._tables]
        now = [record for record in returned.records if record.table in self._tables]
        answered = {record.table for record in now}
        answered |= {table for table, sheet in self._tables.items() if sheet in asked}
        if returned.says_no_change:
            others = [row for row in rows if row.table_name not in self._tables]
            carried = [
                row._replace(department_code=code)
                for row in carry_forward(last.rows, returned.period)
            ]
            self._compare_with_carried(returned, stocks, carried)
            stocks, rows, now = carried, others + carried, []
        else:
            kept = [record for record in last.records if record.table not in answered]
            before = [record for record in last.records if record.table in answered]
            self._report_changes(before, now, returned)
            last.records = kept + now
            stocks = [row for row in last.rows if row.table_name not in answered] + stocks
        self._settle_estates(code, now, returned)
        last.rows = stocks
        return rows

    def _take_over(self, code: str, day: date) -> _Holding:
        """Return what the department holds, with what came to it since it last answered."""
        holding = self._holdings.setdefault(code, _Holding(date.min, [], []))
        for one in find_takeovers(code, self._successions, holding.answered_for, day):
            before = self._take_over(one.predecessor, one.changed_on - timedelta(days=1))
            heirs = find_heirs(one, self._successions)
            if len(heirs) == 1:
                holding.records = [*holding.records, *before.records]
                holding.rows = [*holding.rows, *before.rows]
            else:
                records = {(record.table, record.key): record for record in before.records}
                estate = _Estate(one.predecessor, records, heirs)
                self._estates.setdefault((one.predecessor, one.changed_on), estate)
        holding.answered_for = max(day, holding.answered_for)
        return holding

    def _report_changes(
        self, last: Sequence[Record], now: Sequence[Record], returned: Return
    ) -> None:
        for change in compare_records(last, now, self._numbers):
            rule_id, sheet, cell, value, heading, before = change
            words = {"sheet": sheet, "heading": heading, "last": before}
            returned.report(self._rules[rule_id], value, cell=cell, **words)

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

    def _settle_estates(self, code: str, now: Sequence[Record], returned: Return) -> None:
        """Take what the department has from the estates that it shares; report what none has."""
        for estate in [one for one in self._estates.values() if code in one.heirs]:
            estate.heirs.remove(code)
            keys = [(record.table, record.key) for record in now]
            taken = [estate.records.pop(key) for key in keys if key in estate.records]
            self._report_changes(taken, now, returned)
            if not estate.heirs:
                for record in estate.records.values():
                    words = {"sheet": record.answers[0].sheet, "predecessor": estate.predecessor}
                    returned.report(self._rules[Kind.ROW_WITHOUT_SUCCESSOR], record.key, **words)
