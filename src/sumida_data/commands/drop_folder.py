"""Checking workbooks, one or all that are new in a folder, each with a return sheet of its own."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.commands.project import Project
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.feedback import Receipt, ReturnSheet, write_return_sheet
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, Kind, Severity

RESULTS = "確認結果"

_STATE = "確認済み.json"
_ENDINGS = {".xlsx", ".xlsm", ".xls", ".ods", ".csv"}
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

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True)
class Checker:
    """Checks workbooks; made once and used for many.

    Attributes:
        project: The descriptions to check by.
        period: The quarter to check for; None to find it for each file.
    """

    project: Project
    period: str | None = None

    def check(self, path: Path) -> Checked:
        """Check a workbook as the quarter's run would read it; OSError if it cannot be opened."""
        period = self.period or self._find_period(path)
        file = SourceFile(f"{period}/{path.name}", path)
        collected = self._collector.collect({file.name: file})
        response = next(row for row in collected.responses if "source_file" in row)
        findings = [one for one in collected.findings if one.rule_id not in _NEEDS_LAST_QUARTER]
        return Checked(file, Period.parse(period), response, findings)

    @cached_property
    def _collector(self) -> Collector:
        project = self.project
        reader = FormReader(project.form, project.rules, project.layout_map)
        return Collector(reader, project.waves, project.departments, municipality_code="")

    def _find_period(self, path: Path) -> str:
        """Return the quarter that the folder is named after, or the cover states, or the last."""
        waves = self.project.waves.root
        if path.parent.name in waves:
            return path.parent.name
        latest = max(waves, key=Period.parse)
        returned = Return(path.name, "", 0, latest)
        self._collector.reader.read(path.read_bytes(), returned, waves[latest])
        stated = returned.cover.value_of("stated_period") if returned.cover else None
        period = str(Period.find(stated or "") or latest)
        return period if period in waves else latest


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
        unreadable: Files that could not be opened, or whose return sheet could not be written.
    """

    path: Path
    checker: Checker
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    unreadable: dict[str, OSError] = field(default_factory=dict)

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
                write_result(checked, self.checker)
            except OSError as error:
                self.unreadable[name] = error
                continue
            counts = checked.count("error"), checked.count("warning")
            self.verdicts[name] = Verdict(content_hash, *counts)
            yield checked
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
        return sha256(by.encode() + path.read_bytes()).hexdigest()

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
    response, source, arrived_at = checked.response, checked.file.path, checked.file.arrived_at
    sheet = ReturnSheet(
        addressee=f"{response['division']} {response['section']}" if response["section"] else "課",
        opening=f"{source.name} を送る前の確認の結果です。",
        title=f"{form.title}（{checked.period.title}）",
        receipts=[Receipt.of({**response, "source_file": source.name}, "確認のみ", arrived_at)],
        findings=checked.findings,
        sample=response["sample"],
    )
    target = source.parent / RESULTS / f"{source.name.removesuffix('.xlsx')}_{RESULTS}.xlsx"
    _write(target, write_return_sheet(sheet, rules))
    return target


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
