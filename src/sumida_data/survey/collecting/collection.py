"""Bringing the returns of all quarters together.

Here it is decided which of two returns of a department counts, what is carried forward from the
quarter before, and which department has not answered.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import chain
from pathlib import PurePosixPath

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.survey.answers import AnswerRow, Origin, make_rows
from sumida_data.survey.collecting.deliveries import find_owner, is_copy, is_document
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
        collected.findings += chain.from_iterable(one.findings for one in returns)
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
        # Of each file that can be used, the code of the department that sent it.
        self.owners: dict[str, str] = {}
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
        heard_of: set[str | None] = set(chosen)
        for returned in returns:
            owner = self._find_owner(returned, departments, wave, chosen)
            if owner is None and is_document(returned.source_file):
                continue
            heard_of.add(owner)
            row = self._respond(period, departments.get(owner or ""), wave)
            counts = chosen.get(self.owners.get(returned.source_file, ""))
            if counts is None and owner in chosen and _is_older(returned, chosen[owner]):
                # It could not be used, and the department has sent another since.
                counts = chosen[owner]
            rows = answers[owner] if owner and counts is returned else []
            collected.responses.append(row | _receipt(returned, rows, counts))
        for code, department in departments.items():
            if wave.asks(code) and code not in heard_of:
                collected.responses.append(self._respond(period, department, wave))

    def _find_owner(
        self,
        returned: Return,
        departments: Mapping[str, Department],
        wave: Wave,
        chosen: Mapping[str, Return],
    ) -> str | None:
        """Return the code of the department that sent a file, as far as anything tells."""
        if returned.source_file in self.owners:
            return self.owners[returned.source_file]
        name = PurePosixPath(returned.source_file).name
        texts = (name, *returned.sheet_names, returned.says("section"))
        code = find_owner(texts, departments) or returned.department_code
        # Of letters, and of departments that were not asked, nobody has to hear.
        is_letter = is_document(name) and code in chosen
        is_asked = code is not None and code in departments and wave.asks(code)
        return code if is_asked and not is_letter else None

    def _choose(
        self, returns: list[Return], departments: Mapping[str, Department], wave: Wave
    ) -> dict[str, Return]:
        chosen: dict[str, Return] = {}
        untouched: dict[str, Return] = {}
        for returned in sorted(returns, key=_rank):
            code = self._identify(returned, departments)
            if code is None:
                continue
            self.owners[returned.source_file] = code
            if not wave.asks(code):
                self._report(Kind.NOT_ASKED, returned)
            if returned.untouched:
                untouched[code] = returned
            else:
                self._replace(chosen.get(code), returned)
                chosen[code] = returned
        # A form as it was handed out counts only where a department sent nothing else.
        for code in untouched.keys() - chosen.keys():
            if untouched[code].is_empty:
                self._report(Kind.BLANK_RETURN, untouched[code])
            else:
                self._report(Kind.AS_SENT_OUT, untouched[code])
                chosen[code] = untouched[code]
        for returned in filter(lambda one: is_copy(one.source_file), chosen.values()):
            self._report(Kind.ONLY_A_COPY, returned, returned.source_file.partition("/")[2])
        return chosen

    def _replace(self, before: Return | None, returned: Return) -> None:
        """Report on both that a return takes the place of one that counted before."""
        if before is not None:
            self._report(Kind.OLDER_RETURN, before, newer=_file_name(returned))
            self._report(Kind.OTHER_RETURN, returned, _file_name(before))

    def _identify(self, returned: Return, departments: Mapping[str, Department]) -> str | None:
        """Return the code of the department whose return it is, where code and name agree."""
        if returned.cover is None or returned.unusable:
            return None
        code, section = returned.department_code, returned.says("section")
        meant = find_owner([section], departments)
        if code is None or code not in departments:
            rule_id = Kind.UNKNOWN_DEPARTMENT_CODE if code else Kind.NO_DEPARTMENT_CODE
            name = f"{meant}({departments[meant].section})" if meant else ""
            hint = f"課名からは {name}と思われます。" if meant else ""
            period = Period.parse(returned.period).title
            self._report(rule_id, returned, code, hint=hint, period=period)
            return None
        if meant not in {None, code}:
            words = {"section": section}
            returned.report_on_cover(self.rules[Kind.OTHER_SECTION], "department_code", **words)
            return None
        names = [fold(one.section) for one in self.collector.departments if one.code == code]
        said = fold(section)
        if said and not any(name in said or said in name for name in names):
            words = {"code": code, "expected": departments[code].section}
            returned.report_on_cover(self.rules[Kind.UNKNOWN_SECTION], "section", **words)
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


def _rank(returned: Return) -> tuple[bool, date, int, str]:
    """Return what orders the returns of a department; the last one counts."""
    name, day = returned.source_file, returned.plausible_day
    return not is_copy(name), day or date.min, returned.arrived_at, name


def _is_older(returned: Return, other: Return) -> bool:
    return returned.arrived_at < other.arrived_at


def _file_name(returned: Return) -> str:
    return PurePosixPath(returned.source_file).name


def _receipt(returned: Return, rows: Sequence[AnswerRow], counting: Return | None) -> Row:
    """Return what a row of ``response`` says of a file whose ``rows`` count.

    ``counting`` is the file that counts for its department, if any does.
    """
    status = "no_change" if returned.says_no_change else "received"
    if counting is not returned:
        status = "superseded" if counting else "set_aside"
    return {
        "row_id": f"{returned.period}/{returned.file_sha256[:16]}/{returned.source_file}",
        "response_status": status,
        "answered_on": returned.answered_on,
        "source_file": returned.source_file,
        "file_sha256": returned.file_sha256,
        "rows": len({row.record_id for row in rows}),
        "answers": len(rows),
        "rows_set_aside": returned.rows_set_aside,
        "sample": returned.sample,
    }
