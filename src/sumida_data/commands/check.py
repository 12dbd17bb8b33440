"""The command ``sumida-data check``."""

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sumida_data.commands.drop_folder import (
    RESULTS,
    Checked,
    Checker,
    DropFolder,
    NoReturnError,
    write_result,
)
from sumida_data.commands.project import find_project, load_project
from sumida_data.survey.feedback import name_place, order_for_work
from sumida_data.survey.findings import SEVERITY_LABELS, Finding

_EXIT_DONE, _EXIT_FAILED, _EXIT_FINDINGS = 0, 1, 2
_SECONDS_BETWEEN_PASSES = 3
_STYLES = {"error": "bold red", "warning": "bold yellow"}
_HELP = """送る前の調査票を確認し、直すところを表示します。

確認結果は、調査票と同じ場所の「確認結果」フォルダにExcelファイルでも書き出します。
調査票そのものには何も書き込みません。フォルダを指定すると、中の調査票
(.xlsx .xlsm .xls .ods .csv)を順に確認します。2回目からは、新しいものと変わったものだけです。
zipやメール(.eml、.msg)は、中の調査票を確認します。前回の調査票がプロジェクトにあれば、比べます。

終了コード：0 直すところなし、2 直すところあり、1 確認できない。
"""


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
    if not path.exists():
        raise click.ClickException(f"{path}: ファイルもフォルダもありません。")
    loaded = load_project(project or find_project(Path.cwd(), path))
    if period is not None and period not in loaded.waves.root:
        allowed = "、".join(loaded.waves.root)
        raise click.ClickException(f"--period {period}: この期間の照会はありません({allowed})。")
    checker = Checker(loaded, period)
    console = Console(highlight=False)
    if path.is_dir():
        sys.exit(_check_folder(DropFolder(path, checker), console, watch=watch))
    sys.exit(_check_file(path, checker, console))


def _check_file(path: Path, checker: Checker, console: Console) -> int:
    try:
        checked = checker.check(path)
        for one in checked:
            _print_checked(console, one)
            result = write_result(one, checker)
            console.print(f"  確認結果：{result}", markup=False, soft_wrap=True)
    except OSError as error:
        raise click.ClickException(
            f"{error.filename or path}: 開けないか、書き込めません。ほかの人が開いていないか、"
            "書き込みの権限があるか確かめてください。"
        ) from error
    except NoReturnError as error:
        raise click.ClickException(str(error)) from error
    return _EXIT_FINDINGS if any(one.count("error") for one in checked) else _EXIT_DONE


def _check_folder(folder: DropFolder, console: Console, *, watch: bool) -> int:
    try:
        while True:
            for checked in folder.update():
                _print_checked(console, checked)
            if not watch:
                _print_state(folder, console, "\n")
                break
            _print_state(folder, console, "\r")
            time.sleep(_SECONDS_BETWEEN_PASSES)
    except KeyboardInterrupt:
        console.print()
    faulty = any(verdict.errors for verdict in folder.verdicts.values())
    return _EXIT_FINDINGS if faulty or folder.unreadable else _EXIT_DONE


def _print_state(folder: DropFolder, console: Console, end: str) -> None:
    faulty = sum(verdict.errors > 0 for verdict in folder.verdicts.values())
    console.print(
        f"{folder.path}：調査票 {len(folder.verdicts)}件、うち直すところのあるもの {faulty}件。"
        f"確認結果は「{RESULTS}」フォルダにあります。",
        markup=False,
        soft_wrap=True,
        end=end,
    )
    for text in folder.unreadable.values():
        console.print(text, markup=False, soft_wrap=True)


def _print_checked(console: Console, checked: Checked) -> None:
    """Print a checked file with its findings, in the order in which they are worked off."""
    response = checked.response
    whose = f"{response['section']}({response['department_code']})" if response["section"] else ""
    title = f"{checked.name}　{whose}　{checked.period.title}"
    console.print(Text(title, "bold"))
    for finding in sorted(checked.findings, key=order_for_work):
        _print_finding(console, finding)
    counts = [
        f"{label} {checked.count(severity)}件"
        for severity, label in SEVERITY_LABELS.items()
        if checked.count(severity)
    ]
    _print_line(console, "、".join(counts) or "指摘はありません。", 2)


def _print_finding(console: Console, finding: Finding) -> None:
    label = SEVERITY_LABELS[finding.severity]
    where = "　".join(filter(None, (name_place(finding), finding.place.row_label)))
    _print_line(console, f"{label}　{where}　({finding.rule_id})", 2, _STYLES[finding.severity])
    example = f"　例：{finding.example}" if finding.example else ""
    _print_line(console, finding.message, 4)
    _print_line(console, f"→{finding.how_to_fix}{example}", 4)


def _print_line(console: Console, text: str, indent: int, style: str = "") -> None:
    console.print(Padding(Text(text, style), (0, 0, 0, indent), expand=False))
