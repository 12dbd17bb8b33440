"""Checking workbooks, one or all that are new in a folder, each with a return sheet of its own."""

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.commands import describe_fault
from sumida_data.commands.project import Project
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.departments import find_owner
from sumida_data.survey.feedback import ReturnSheet, write_receipt, write_return_sheet
from sumida_data.survey.files import SourceFile, is_document, open_deliveries
from sumida_data.survey.findings import Finding, Kind, Severity
from sumida_data.survey.reading.opened import OpenedFiles

RESULTS = "確認結果"

_STATE = "確認済み.json"
_RETURNS = Path("data/01_raw/survey")
_ENDINGS = {".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".zip", ".eml", ".msg"}
_LONGEST_STEM = 200
# Whether anything has changed can only be told where last quarter's answers are.
_NEEDS_LAST_QUARTER = {Kind.CHANGED_THOUGH_UNCHANGED, Kind.NOTHING_TO_CARRY}


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked workbook.

    Attributes:
        file: The file.
        period: The quarter it was checked for.
        response: Its row of table ``response``.
        findings: What was found.
    """

    file: SourceFile
    period: Period
    response: Row
    findings: list[Finding]

    @property
    def name(self) -> str:
        """The file's name, after that of the archive or mail that it came in."""
        return self.file.name.partition("/")[2]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)


class NoReturnError(Exception):
    """A file that is no return and holds none; the text says what to do."""


@dataclass(frozen=True)
class Checker:
    """Checks workbooks; made once and used for many.

    Attributes:
        project: The descriptions to check by.
        period: The quarter to check for; None to find it for each file.
    """

    project: Project
    period: str | None = None

    def check(self, path: Path) -> list[Checked]:
        """Check a workbook, or those in an archive or a mail, as the quarter's run would read them.

        Raises:
            OSError: If it cannot be opened.
            NoReturnError: If there is no workbook.
        """
        files = list(open_deliveries([SourceFile.find(path.name, path)]))
        returns = [file for file in files if file.rule_id or not is_document(file.name)]
        if not returns:
            raise NoReturnError(
                f"{path.name} に調査票(.xlsx など)がありません。調査票を指定してください。"
            )
        return [self._check(file) for file in returns]

    def _check(self, file: SourceFile) -> Checked:
        period = self._find_period(file)
        file = replace(file, name=f"{period}/{file.name}")
        last = self._find_last(file, period)
        collected = self._collector.collect({file.name: file} | last)
        ours = (row for row in collected.responses if row.get("source_file") == file.name)
        left_out = set() if last else _NEEDS_LAST_QUARTER
        findings = [
            one
            for one in collected.findings
            if one.place.source_file == file.name and one.rule_id not in left_out
        ]
        response = next(ours, None) or _leave_out(file)
        return Checked(file, Period.parse(period), response, findings)

    @cached_property
    def _collector(self) -> Collector:
        project = self.project
        files = OpenedFiles(project.folder / "data/state/readings")
        reader = FormReader(project.form, project.rules, project.layout_map, files)
        return Collector(reader, project.waves, project.departments, municipality_code="")

    def _find_period(self, file: SourceFile) -> str:
        """Return the quarter asked for, that of the folder, that of the cover, or the last one."""
        waves = self.project.waves.root
        given = self.period or file.path.parent.name
        if given in waves:
            return given
        latest = max(waves, key=Period.parse)
        stated = str(Period.find(self._read(file, latest).says("stated_period")))
        return stated if stated in waves else latest

    def _read(self, file: SourceFile, period: str) -> Return:
        returned = Return(file.name, "", 0, period)
        if not file.rule_id:
            wave = self.project.waves.root[period]
            self._collector.reader.read(file.read(), returned, wave)
        return returned

    def _find_last(self, file: SourceFile, period: str) -> dict[str, SourceFile]:
        """Return what the same department sent for the quarter before, if it is in the project."""
        before = str(Period.parse(period).previous)
        listed = self._list_returns(before)
        ours = self._read(file, period) if listed else None
        found = listed.get(ours.department_code or "", {}) if ours else {}
        return {
            name: one
            for name, one in found.items()
            if ours and self._read(one, before).sample == ours.sample
        }

    def _list_returns(self, period: str) -> dict[str, dict[str, SourceFile]]:
        """Return the files of a quarter by department and name."""
        if period in self._listed or period not in self.project.waves.root:
            return self._listed.get(period, {})
        by_code = self._listed[period] = defaultdict(dict)
        departments = self._collector.list_departments(period)
        folder = self.project.folder / _RETURNS / period
        paths = (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in _ENDINGS)
        sources = (
            SourceFile.find(f"{period}/{path.relative_to(folder).as_posix()}", path)
            for path in paths
        )
        for file in open_deliveries(sources):
            # Opening every workbook of a quarter takes a second; most names say whose they are.
            owner = find_owner([file.name], departments)
            if owner := owner or self._read(file, period).department_code:
                by_code[owner][file.name] = file
        return by_code

    @cached_property
    def _listed(self) -> dict[str, dict[str, dict[str, SourceFile]]]:
        return {}


def _leave_out(file: SourceFile) -> Row:
    """Return what a row of table ``response`` says of a file that nobody is known to have sent."""
    digest = sha256(file.read()).hexdigest()
    counts = dict.fromkeys(("rows", "answers", "rows_set_aside"), 0)
    unknown = dict.fromkeys(("division", "section", "department_code", "answered_on"))
    return {"source_file": file.name, "file_sha256": digest, "sample": False, **counts, **unknown}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is remembered of a checked file.

    The hash is of its contents and of the descriptions it was checked by.
    """

    sha256: str
    errors: int
    warnings: int


@dataclass(slots=True)
class DropFolder:
    """A folder into which departments put their files.

    Attributes:
        path: The folder.
        checker: Checks the files.
        verdicts: What is known of the files, by their path below the folder.
        unreadable: What hindered the check of files that could not be, in words.
    """

    path: Path
    checker: Checker
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)

    def update(self) -> Iterator[Checked]:
        """Check what is new or changed, write its return sheet, and yield it."""
        known = self.verdicts or self._load()
        self.verdicts, self.unreadable = {}, {}
        for path in self._list():
            name = path.relative_to(self.path).as_posix()
            try:
                content_hash = self._hash(path)
                if name in known and known[name].sha256 == content_hash:
                    self.verdicts[name] = known[name]
                    continue
                checked = self.checker.check(path)
                for one in checked:
                    write_result(one, self.checker)
            except (OSError, NoReturnError) as error:
                in_use = f"{name}：今は開けません。閉じてから、もう一度確認してください。"
                self.unreadable[name] = in_use if isinstance(error, OSError) else str(error)
                continue
            except Exception as error:  # one file must not end the check of others
                self.unreadable[name] = f"{name}：{describe_fault(error)}"
                continue
            errors, warnings = (
                sum(one.count(severity) for one in checked) for severity in ("error", "warning")
            )
            self.verdicts[name] = Verdict(content_hash, errors, warnings)
            yield from checked
        if self.verdicts != known:
            self._save()

    def _list(self) -> list[Path]:
        """List the files in order; hidden ones, locks of open workbooks and results are none."""
        return sorted(
            path
            for path in self.path.rglob("*")
            if path.suffix.lower() in _ENDINGS
            and not path.name.startswith((".", "~$"))
            and path.parent.name != RESULTS
        )

    def _hash(self, path: Path) -> str:
        by = f"{self.checker.project.fingerprint}{self.checker.period}"
        return sha256(by.encode() + SourceFile.find(path.name, path).read()).hexdigest()

    def _load(self) -> dict[str, Verdict]:
        try:
            state = json.loads((self.path / RESULTS / _STATE).read_text("utf-8"))
            return {name: Verdict(**verdict) for name, verdict in state.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            # Without a memory everything is new.
            return {}

    def _save(self) -> None:
        state = {name: asdict(verdict) for name, verdict in self.verdicts.items()}
        text = json.dumps(state, ensure_ascii=False, indent=1, sort_keys=True)
        _write(self.path / RESULTS / _STATE, text.encode())


def write_result(checked: Checked, checker: Checker) -> Path:
    """Write the return sheet of a checked file into the folder beside it and return its path.

    Raises OSError where somebody has it open or the folder is read-only.
    """
    form, rules = checker.project.form, checker.project.rules
    response, folder = checked.response, checked.file.path.parent
    sheet = ReturnSheet(
        addressee=f"{response['division']} {response['section']}" if response["section"] else "課",
        opening=f"{checked.name} を送る前の確認の結果です。",
        title=f"{form.title}（{checked.period.title}）",
        receipts=[
            write_receipt({**response, "source_file": checked.name}, "確認のみ", checked.file)
        ],
        findings=checked.findings,
        sample=response["sample"],
    )
    stem = checked.name.replace("/", "_").removesuffix(".xlsx")
    target = folder / RESULTS / f"{_shorten(stem)}_{RESULTS}.xlsx"
    _write(target, write_return_sheet(sheet, rules))
    return target


def _shorten(stem: str) -> str:
    """Return a name to which an ending can be added; file systems keep 255 bytes of one."""
    if len(stem.encode()) <= _LONGEST_STEM:
        return stem
    digest = sha256(stem.encode()).hexdigest()[:8]
    return f"{stem.encode()[: _LONGEST_STEM - 9].decode(errors='ignore')}_{digest}"


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
