"""Answering the files in a folder, each with a return sheet of its own, only what is new."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from pathlib import Path

from sumida_data.commands.checker import Checked, Checker
from sumida_data.survey.feedback.return_sheet import Receipt, ReturnSheet, write_return_sheet

RESULTS = "確認結果"

_STATE = "確認済み.json"
_ENDINGS = {".xlsx", ".xlsm", ".xls", ".ods", ".csv"}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is remembered of a checked file.

    Attributes:
        sha256: Hash of its contents and of the descriptions it was checked by.
        errors: Number of findings that must be mended.
        warnings: Number of findings to look at.
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

    Raises:
        OSError: If it cannot be written, because somebody has it open or the folder is read-only.
    """
    form, rules = checker.project.form, checker.project.rules
    response, source = checked.response, checked.file.path
    sheet = ReturnSheet(
        addressee=f"{response['division']} {response['section']}" if response["section"] else "課",
        opening=f"{source.name} を送る前の確認の結果です。",
        title=f"{form.title}（{checked.period.title}）",
        receipts=[
            Receipt(
                source_file=source.name,
                arrived_at=checked.file.arrived_at,
                file_sha256=response["file_sha256"],
                state="確認のみ",
                answered_on=response["answered_on"],
                rows=response["rows"],
                answers=response["answers"],
                rows_set_aside=response["rows_set_aside"],
            )
        ],
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
