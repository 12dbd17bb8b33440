"""Telling on the screen what was found."""

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from sumida_data.commands.checker import Checked
from sumida_data.survey.feedback.return_sheet import name_place, order_for_work
from sumida_data.survey.findings import SEVERITY_LABELS, Finding

_STYLES = {"error": "bold red", "warning": "bold yellow"}


def print_checked(console: Console, checked: Checked) -> None:
    """Print a checked file with its findings, in the order in which they are worked off."""
    response = checked.response
    whose = f"{response['section']}({response['department_code']})" if response["section"] else ""
    title = f"{checked.file.path.name}　{whose}　{checked.period.title}"
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
