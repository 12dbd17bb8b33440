"""The command ``sumida-data check``: one workbook, or all that are new in a folder.

Each gets a return sheet of its own, as the quarter's run would write it.
"""

import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sumida_data.base.disk import is_hidden, replace_file
from sumida_data.base.metadata import Row
from sumida_data.base.periods import Period
from sumida_data.commands import describe_fault
from sumida_data.commands.project import Project, find_project
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.departments import find_owner
from sumida_data.survey.feedback import (
    ReturnSheet,
    name_place,
    order_for_work,
    write_receipt,
    write_return_sheet,
)
from sumida_data.survey.files import SourceFile, is_document, open_deliveries
from sumida_data.survey.findings import SEVERITY_LABELS, Finding, Kind, Severity
from sumida_data.survey.reading.opened import OpenedFiles

RESULTS = "確認結果"

_SECONDS_BETWEEN_PASSES = 3
_STYLES = {"error": "bold red", "warning": "bold yellow"}
_STATE = "確認済み.json"
_RETURNS = Path("data/01_raw/survey")
_ENDINGS = {".xlsx", ".xlsm", ".xls", ".ods", ".csv", ".zip", ".eml", ".msg"}
# These are sent by mistake, which is to be reported.
_ENDINGS |= {".xltx", ".xltm", ".xlsb", ".ots", ".et", ".numbers"}
_ENDINGS |= {".7z", ".rar", ".lzh", ".dat", ".p7m"}
_LONGEST_STEM = 200
# What has changed is only known where last quarter's answers are.
_NEEDS_LAST_QUARTER = {Kind.CHANGED_THOUGH_UNCHANGED, Kind.NOTHING_TO_CARRY}
_HELP = """送る前の調査票を確認し、直すところを表示します。

確認結果は、調査票と同じ場所の「確認結果」フォルダにExcelファイルでも書き出します。
調査票そのものには何も書き込みません。フォルダを指定すると、中の調査票
(.xlsx .xlsm .xls .ods .csv)を順に確認します。2回目からは、新しいものと変わったものだけです。
zipやメール(.eml、.msg)は、中の調査票を確認します。前回の調査票がプロジェクトにあれば、比べます。

終了コード：0 直すところなし、2 直すところあり、1 確認できない。
"""


class NoReturnError(click.ClickException):
    """A file that is no return and holds none; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A workbook checked for a quarter, with its row of table ``response`` and what was found."""

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


class Checker:
    """Checks workbooks for a quarter, or for that which each names; made once and used for many."""

    def __init__(self, project: Project, period: str | None = None) -> None:
        self.project, self.period = project, period
        files = OpenedFiles(project.folder / "data/state/readings")
        reader = FormReader(project.form, project.rules, project.layout_map, files)
        self._collector = Collector(reader, project.waves, project.departments, "")
        self._sent_in = cache(self._list_returns)

    def check(self, path: Path) -> list[Checked]:
        """Check a workbook, or those in an archive or a mail, as the quarter's run would read them.

        What cannot be opened is an OSError, and what holds no workbook a NoReturnError.
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
        collected = self._collector.collect({one.name: one for one in (file, *last)})
        left_out = set() if last else _NEEDS_LAST_QUARTER
        ours = [one for one in collected.findings if one.place.source_file == file.name]
        findings = [one for one in ours if one.rule_id not in left_out]
        responses = {row.get("source_file"): row for row in collected.responses}
        response = responses.get(file.name) or _leave_out(file)
        return Checked(file, Period.parse(period), response, findings)

    def _find_period(self, file: SourceFile) -> str:
        """Return the quarter asked for, that of the folder, that of the cover, or the last one."""
        waves = self.project.waves.root
        given = self.period or file.path.parent.name
        if given in waves:
            return given
        latest = max(self.project.waves.listed, key=Period.parse)
        stated = str(Period.find(self._read_cover(file, latest).says("stated_period")))
        return stated if stated in waves else latest

    def _read_cover(self, file: SourceFile, period: str) -> Return:
        returned = Return(file.name, "", 0, period)
        if not file.rule_id:
            self._collector.reader.open(file.read(), returned)
        return returned

    def _find_last(self, file: SourceFile, period: str) -> list[SourceFile]:
        """Return what the same department sent for the quarter before, if it is in the project."""
        before = str(Period.parse(period).previous)
        if not (sent := self._sent_in(before)):
            return []
        ours = self._read_cover(file, period)
        found = sent.get(ours.department_code or "", ())
        return [one for one in found if self._read_cover(one, before).sample == ours.sample]

    def _list_returns(self, period: str) -> dict[str, list[SourceFile]]:
        """Return the files of a quarter by department."""
        by_code: dict[str, list[SourceFile]] = defaultdict(list)
        if period in self.project.waves.root:
            departments = self._collector.list_departments(period)
            folder = self.project.folder / _RETURNS / period
            for file in open_deliveries(
                SourceFile.find(f"{period}/{path.relative_to(folder).as_posix()}", path)
                for path in _list_files(folder)
            ):
                # Opening every workbook of a quarter takes a second; most names say whose they are.
                owner = find_owner([file.name], departments)
                if owner := owner or self._read_cover(file, period).department_code:
                    by_code[owner].append(file)
        return by_code


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)


def _leave_out(file: SourceFile) -> Row:
    """Return what a row of table ``response`` says of a file of an unknown sender."""
    digest = sha256(file.read()).hexdigest()
    counts = dict.fromkeys(("rows", "answers", "rows_set_aside"), 0)
    unknown = dict.fromkeys(("division", "section", "department_code", "answered_on"))
    return {"source_file": file.name, "file_sha256": digest, "sample": False, **counts, **unknown}


class DropFolder:
    """A folder into which departments put their files.

    It remembers of each file, by its path, the number of errors with a hash of it and of what it
    was checked by, or in words why it could not be read.
    """

    def __init__(self, path: Path, checker: Checker) -> None:
        self.path, self.checker = path, checker
        self.verdicts: dict[str, tuple[str, int]] = {}
        self.unreadable: dict[str, str] = {}

    def update(self) -> Iterator[Checked]:
        """Check what is new or changed, write its return sheet, and yield it."""
        memory, known = self.path / RESULTS / _STATE, self.verdicts
        # Without a memory everything is new.
        with suppress(OSError, ValueError, TypeError):
            known = known or dict(json.loads(memory.read_bytes()))
        self.verdicts, self.unreadable = {}, {}
        for path in _list_files(self.path):
            # Locks of open workbooks and results are no returns.
            if not is_hidden(path) and path.parent.name != RESULTS:
                yield from self._look_at(path, known)
        if self.verdicts != known:
            text = json.dumps(self.verdicts, ensure_ascii=False, indent=1)
            replace_file(memory, text.encode())

    def _look_at(self, path: Path, known: Mapping[str, Any]) -> list[Checked]:
        name = path.relative_to(self.path).as_posix()
        try:
            by = f"{self.checker.project.fingerprint}{self.checker.period}"
            content = SourceFile.find(path.name, path).read()
            content_hash = sha256(by.encode() + content).hexdigest()
            match known.get(name):
                case [str(before), int(errors)] if before == content_hash:
                    self.verdicts[name] = before, errors
                    return []
            checked = self.checker.check(path)
            for one in checked:
                write_result(one, self.checker)
        except OSError:
            message = f"{name}：今は開けません。閉じてから、もう一度確認してください。"
        except NoReturnError as error:
            message = error.message
        except Exception as error:  # one file must not end the check of others
            message = f"{name}：{describe_fault(error)}"
        else:
            self.verdicts[name] = content_hash, sum(one.count("error") for one in checked)
            return checked
        self.unreadable[name] = message
        return []


def write_result(checked: Checked, checker: Checker) -> Path:
    """Write the return sheet of a checked file into the folder beside it and return its path.

    Raises OSError where it is open in another program or the folder is read-only.
    """
    response = checked.response
    title = f"{checker.project.form.title}（{checked.period.title}）"
    whose = f"{response['division']} {response['section']}" if response["section"] else "課"
    opening = f"{checked.name} を送る前の確認の結果です。"
    # It was only looked at, and not received.
    looked_at = response | {"source_file": checked.name, "received_on": None}
    receipts = [write_receipt(looked_at, "確認のみ")]
    sheet = ReturnSheet(whose, opening, title, receipts, checked.findings, response["sample"])
    stem = checked.name.replace("/", "_").removesuffix(".xlsx")
    if len(stem.encode()) > _LONGEST_STEM:
        # File systems keep 255 bytes of a name.
        kept = stem.encode()[: _LONGEST_STEM - 9].decode(errors="ignore")
        stem = f"{kept}_{sha256(stem.encode()).hexdigest()[:8]}"
    target = checked.file.path.parent / RESULTS / f"{stem}_{RESULTS}.xlsx"
    replace_file(target, write_return_sheet(sheet, checker.project.rules))
    return target


@click.command(help=_HELP)
@click.argument("path", type=click.Path(path_type=Path), metavar="ファイル|フォルダ")
@click.option(
    "--period",
    metavar="期間",
    help="調査の期間(FY2022Q3など)。書かなければ、フォルダの名前、表紙の調査期の順に見ます。",
)
@click.option(
    "--project",
    type=click.Path(path_type=Path),
    metavar="フォルダ",
    help="設定(conf)のあるフォルダ。書かなければ、今のフォルダ、調査票の場所から上に探します。",
)
@click.option(
    "--watch", is_flag=True, help="フォルダを見張り、新しいファイルが来るたびに確認します。"
)
def check(path: Path, period: str | None, project: Path | None, *, watch: bool) -> None:
    """Check a workbook, or what is new in a folder, and say what to mend.

    Exits with 0 where nothing must be mended, 2 where something must, 1 where it cannot check.
    """
    # What was imported stays to the end: to look through it for waste takes time.
    gc.freeze()
    if not path.exists():
        raise click.ClickException(f"{path}: ファイルもフォルダもありません。")
    loaded = Project(project or find_project(path))
    if period is not None and period not in loaded.waves.root:
        allowed = "、".join(sorted(loaded.waves.root))
        raise click.ClickException(f"--period {period}: この期間の照会はありません({allowed})。")
    checker = Checker(loaded, period)
    console = Console(highlight=False)
    if path.is_dir():
        faulty = _check_folder(DropFolder(path, checker), console, watch=watch)
    else:
        faulty = _check_file(path, checker, console)
    sys.exit(2 if faulty else 0)


def _check_file(path: Path, checker: Checker, console: Console) -> bool:
    for one in (checked := checker.check(path)):
        _print_checked(console, one)
        result = write_result(one, checker)
        console.print(f"  確認結果：{result}", markup=False, soft_wrap=True)
    return any(one.count("error") for one in checked)


def _check_folder(folder: DropFolder, console: Console, *, watch: bool) -> bool:
    faulty = 0
    try:
        while True:
            for checked in folder.update():
                _print_checked(console, checked)
            faulty = sum(errors > 0 for _, errors in folder.verdicts.values())
            summary = (
                f"{folder.path}：調査票 {len(folder.verdicts)}件、うち直すところのあるもの "
                f"{faulty}件。確認結果は「{RESULTS}」フォルダにあります。"
            )
            console.print(summary, markup=False, soft_wrap=True, end="\r" if watch else "\n")
            for text in folder.unreadable.values():
                console.print(text, markup=False, soft_wrap=True)
            if not watch:
                break
            time.sleep(_SECONDS_BETWEEN_PASSES)
    except KeyboardInterrupt:
        console.print()
    return bool(faulty or folder.unreadable)


def _print_checked(console: Console, checked: Checked) -> None:
    """Print a checked file with its findings, in the order in which they are worked off."""
    response = checked.response
    whose = f"{response['section']}({response['department_code']})" if response["section"] else ""
    title = Text(f"{checked.name}　{whose}　{checked.period.title}", "bold")
    console.print(title, soft_wrap=True)
    for one in sorted(checked.findings, key=order_for_work):
        label = SEVERITY_LABELS[one.severity]
        where = "　".join(filter(None, (name_place(one), one.place.row_label)))
        example = f"　例：{one.example}" if one.example else ""
        style = _STYLES[one.severity]
        _print_line(console, f"{label}　{where}　({one.rule_id})", 2, style)
        _print_line(console, one.message, 4)
        _print_line(console, f"→{one.how_to_fix}{example}", 4)
    counts = {label: checked.count(severity) for severity, label in SEVERITY_LABELS.items()}
    totals = "、".join(f"{label} {count}件" for label, count in counts.items() if count)
    _print_line(console, totals or "指摘はありません。", 2)


def _print_line(console: Console, text: str, indent: int, style: str = "") -> None:
    console.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))
