"""Bringing the returns of all quarters together.

Here it is decided which of two returns of a department counts, what is carried forward from the
quarter before, and which department has not answered.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.collecting.kept_readings import PartlyThere, choose_discarded
from sumida_data.survey.collecting.returns import FormReader, Return, read_returns
from sumida_data.survey.collecting.stocks import Events, Stocks
from sumida_data.survey.departments import Department, Succession, list_existing
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, Kind, Place, make_finding
from sumida_data.survey.form import Wave, Waves
from sumida_data.survey.reading.text import fold

_PERIOD = re.compile(r"FY\d{4}Q[1-4]")
Track = Callable[[Sequence[SourceFile]], Iterable[SourceFile]]
# Who has given which value of a field that is unique in the ward.
_Holders = dict[tuple[str, str | None], Return]


@dataclass(slots=True)
class Collected:
    """All that came in, over all quarters.

    Attributes:
        answers: Rows of table ``answer``.
        responses: Rows of table ``response``.
        findings: All findings.
        personal_texts: What the covers of all returns give as names and other personal data.
    """

    answers: list[AnswerRow] = field(default_factory=list)
    responses: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    personal_texts: frozenset[str] = field(default=frozenset(), repr=False)


@dataclass(frozen=True)
class Collector:
    """Brings the returns of all quarters together.

    Attributes:
        reader: Reads a workbook.
        waves: Who is asked what, and when.
        departments: The departments over time.
        municipality_code: The municipality.
        successions: Which department took over whose work.
    """

    reader: FormReader
    waves: Waves
    departments: Sequence[Department]
    municipality_code: str
    successions: Sequence[Succession] = ()

    def collect(
        self,
        files: Mapping[str, SourceFile],
        track: Track = iter,
        kept: Iterable[Return] = (),
    ) -> Collected:
        """Read all files and decide what counts.

        Args:
            files: The files by name; the first part of a name is the quarter.
            track: Wraps the files while they are read, to show progress.
            kept: What was kept of returns; it stands in for those of discarded quarters.
        """
        collected = Collected()
        accepted = [file for file in files.values() if self._accept(file.name, collected)]
        read = read_returns(self.reader, self.waves, accepted)
        returns = [returned for _, returned in zip(track(accepted), read, strict=True)]
        gone, partly_there = choose_discarded(kept, returns)
        returns += [one for one in gone if self._accept(one.source_file, collected)]
        collected.findings += map(self._report_part, partly_there)
        returns.sort(key=lambda one: one.source_file)
        collected.personal_texts = frozenset().union(*(one.personal_texts for one in returns))
        self._refuse_sample_among_real(returns)
        by_period = defaultdict(list)
        for returned in returns:
            by_period[returned.period].append(returned)
        history = _History(self)
        for period in sorted(by_period):
            history.count_period(period, by_period[period], collected)
        collected.findings += [finding for returned in returns for finding in returned.findings]
        return collected

    def list_departments(self, period: str) -> dict[str, Department]:
        """Return the departments at the end of the quarter, by code."""
        return list_existing(self.departments, Period.parse(period).last_day)

    def _accept(self, name: str, collected: Collected) -> bool:
        period, slash, _ = name.partition("/")
        if slash and period in self.waves.root:
            return True
        known = slash and _PERIOD.fullmatch(period)
        rule = self.reader.rules[Kind.PERIOD_WITHOUT_WAVE if known else Kind.NOT_IN_A_PERIOD]
        collected.findings.append(make_finding(rule, Place(source_file=name), period))
        return False

    def _report_part(self, one: PartlyThere) -> Finding:
        treated = "控えから数えました" if one.stands_in else "数えていません"
        words = {"kept": str(one.kept), "present": str(one.present), "treated": treated}
        rule = self.reader.rules[Kind.PART_OF_KEPT_RETURNS]
        return make_finding(rule, Place(period=one.period), **words)

    def _refuse_sample_among_real(self, returns: list[Return]) -> None:
        if all(returned.sample or returned.cover is None for returned in returns):
            return
        for returned in returns:
            if returned.sample:
                returned.cover, returned.records, returned.findings = None, [], []
                returned.report(self.reader.rules[Kind.SAMPLE_AMONG_REAL])


class _History:
    """Goes through the quarters in order, remembering what may be carried forward."""

    def __init__(self, collector: Collector) -> None:
        self.collector = collector
        self.rules = collector.reader.rules
        form = collector.reader.form
        self.unique = {
            (sheet.table, item.name)
            for sheet in form.answer_sheets
            for item in sheet.fields
            if item.unique
        }
        self.stocks = Stocks(form, self.rules, collector.successions)
        self.events = Events(form, self.rules)

    def count_period(self, period: str, returns: list[Return], collected: Collected) -> None:
        """Add the quarter's answers and responses."""
        wave = self.collector.waves.root[period]
        departments = self.collector.list_departments(period)
        chosen = self._choose(returns, departments, wave)
        holders: _Holders = {}
        answers: dict[str, list[AnswerRow]] = {}
        # What a department lists itself goes before what another only carries forward.
        for code in sorted(chosen, key=lambda code: (chosen[code].says_no_change, code)):
            self._refuse_repeated(chosen[code], holders)
            given = self._answers_of(code, chosen[code], wave)
            answers[code] = list(self._refuse_carried(chosen[code], given, holders))
        for code in sorted(answers):
            collected.answers += answers[code]
        for returned in returns:
            code = returned.department_code or ""
            row = self._respond(period, departments.get(code), wave)
            counts = chosen.get(code)
            rows = answers[code] if counts is returned else []
            collected.responses.append(row | _receipt(returned, rows, counts))
        for code, department in departments.items():
            if wave.asks(code) and code not in chosen:
                collected.responses.append(self._respond(period, department, wave))

    def _choose(
        self, returns: list[Return], departments: Mapping[str, Department], wave: Wave
    ) -> dict[str, Return]:
        chosen: dict[str, Return] = {}
        untouched: dict[str, Return] = {}
        for returned in sorted(returns, key=lambda returned: returned.age):
            code = self._identify(returned, departments, wave)
            if code is None:
                continue
            if returned.untouched:
                untouched[code] = returned
                continue
            if code in chosen:
                self._report(Kind.OLDER_RETURN, chosen[code], newer=returned.source_file)
            chosen[code] = returned
        # A form as it was handed out counts only where a department sent nothing else.
        for code in untouched.keys() - chosen.keys():
            returned = untouched[code]
            self._report(Kind.BLANK_RETURN if returned.is_empty else Kind.AS_SENT_OUT, returned)
            if not returned.is_empty:
                chosen[code] = returned
        return chosen

    def _identify(
        self, returned: Return, departments: Mapping[str, Department], wave: Wave
    ) -> str | None:
        if returned.cover is None:
            return None
        code = returned.department_code
        if code is None or code not in departments:
            name = fold(returned.cover.value_of("section") or "")
            named = [one for one in departments.values() if fold(one.section) == name]
            hint = "".join(f"課名からは {one.code}({one.section})と思われます。" for one in named)
            words = {"hint": hint, "period": returned.period}
            rule_id = Kind.UNKNOWN_DEPARTMENT_CODE if code else Kind.NO_DEPARTMENT_CODE
            self._report(rule_id, returned, code, **words)
            return None
        if not wave.asks(code):
            self._report(Kind.NOT_ASKED, returned)
        return code

    def _refuse_repeated(self, returned: Return, holders: _Holders) -> None:
        """Set aside rows whose unique value another department has already given."""
        kept = []
        for record in returned.records:
            answers = [a for a in record.answers if (record.table, a.field) in self.unique]
            holder = next(
                (holders.setdefault((record.table, a.reading.value), returned) for a in answers),
                returned,
            )
            if holder is returned:
                kept.append(record)
                continue
            first = answers[0]
            place = {"sheet": first.sheet, "cell": first.cell}
            self._report_repeated(returned, holder, first.reading.value, place)
        returned.records = kept

    def _refuse_carried(
        self, returned: Return, rows: Sequence[AnswerRow], holders: _Holders
    ) -> Iterator[AnswerRow]:
        """Leave out carried rows whose unique value another department has given."""
        repeated = set()
        for row in rows:
            if (row.table_name, row.field) in self.unique:
                holder = holders.setdefault((row.table_name, row.value), returned)
                if holder is not returned:
                    repeated.add((row.table_name, row.record_id))
                    # Its cell is in the file of an earlier quarter.
                    self._report_repeated(returned, holder, row.value, {"sheet": row.sheet})
        return (row for row in rows if (row.table_name, row.record_id) not in repeated)

    def _report_repeated(
        self, returned: Return, holder: Return, value: str | None, place: Mapping[str, str]
    ) -> None:
        returned.rows_set_aside += 1
        other = {"other": holder.department_code or "", "file": holder.source_file}
        self._report(Kind.KEY_OF_OTHER_DEPARTMENT, returned, value, **place, **other)

    def _answers_of(self, code: str, returned: Return, wave: Wave) -> list[AnswerRow]:
        origin = Origin(
            self.collector.municipality_code,
            returned.period,
            code,
            returned.source_file,
            returned.file_sha256,
            returned.sample,
        )
        self.events.update(code, returned)
        rows = [row for record in returned.records for row in make_rows(record, origin)]
        return self.stocks.update(code, returned, rows, wave.sheets_for(code))

    def _respond(self, period: str, department: Department | None, wave: Wave) -> Row:
        """Return the row of table ``response`` of a department that has not answered."""
        return {
            "row_id": f"{period}/{department.code if department else None}",
            "municipality_code": self.collector.municipality_code,
            "period": period,
            "department_code": department.code if department else None,
            "division": department.division if department else None,
            "section": department.section if department else None,
            "response_status": "not_received",
            "due_on": wave.due_on,
            "rows": 0,
            "answers": 0,
            "rows_set_aside": 0,
            "sample": False,
        }

    def _report(
        self, rule_id: str, returned: Return, value: str | None = None, **words: str
    ) -> None:
        returned.report(self.rules[rule_id], value, **words)


def _receipt(returned: Return, rows: Sequence[AnswerRow], counting: Return | None) -> Row:
    """Return what a row of table ``response`` says of a file.

    Args:
        returned: The file.
        rows: Its answers that count.
        counting: The file that counts for its department, if any does.
    """
    status = "no_change" if returned.says_no_change else "received"
    if counting is not returned:
        status = "superseded" if counting else "set_aside"
    answered_on = returned.cover.value_of("answered_on") if returned.cover else None
    return {
        "row_id": f"{returned.period}/{returned.file_sha256[:16]}/{returned.source_file}",
        "response_status": status,
        "answered_on": date.fromisoformat(answered_on) if answered_on else None,
        "source_file": returned.source_file,
        "file_sha256": returned.file_sha256,
        "rows": len({row.record_id for row in rows}),
        "answers": len(rows),
        "rows_set_aside": returned.rows_set_aside,
        "sample": returned.sample,
    }
