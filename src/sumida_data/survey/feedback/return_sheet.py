"""The return sheet: what a department is told about the files it sent.

It is made new; a received file is never written to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone

from xlsxwriter.utility import quote_sheetname, xl_cell_to_rowcol

from sumida_data.base.xlsx import Cell, Link, TextSheet, TextWorkbook
from sumida_data.survey.findings import SEVERITY_LABELS, Finding, FindingRules, Severity

_RULE_SHEET = "規則の説明"
_JAPAN = timezone(timedelta(hours=9))
_LONGEST_VALUE = 200

_ADVICE: dict[Severity, str] = {
    "error": "集計から除きました。調査票を直して、もう一度送ってください。",
    "warning": "そのままで正しければ、何もしなくてかまいません。",
}
_FINDING_COLUMNS = {
    "重さ": None,
    "場所": 16,
    "行": 20,
    "書かれていた値": 16,
    "何が問題か": 38,
    "どう直すか": 38,
    "正しい書き方の例": 16,
    "規則": None,
    "ファイル": 20,
}
_RECEIPT_COLUMNS = {
    "ファイル": 36,
    "届いた日時": None,
    "状態": 24,
    "回答日": None,
    "読み取った行": None,
    "読み取った回答欄": None,
    "除いた行": None,
    "内容の照合番号(SHA-256)": 34,
}
_RULE_COLUMNS = {
    "規則": None,
    "重さ": None,
    "名前": None,
    "どう直すか": 80,
}


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a file has come in.

    Attributes:
        source_file: The file's name.
        arrived_at: When the file was last written, in nanoseconds since 1970. It belongs to the
            file, so the same files give the same return sheet. None where it is discarded.
        file_sha256: Hash of its contents.
        state: What became of it, in words.
        answered_on: The day on its cover.
        rows: Rows that count.
        answers: Cells that were read.
        rows_set_aside: Rows left out.
    """

    source_file: str
    arrived_at: int | None
    file_sha256: str
    state: str
    answered_on: date | None = None
    rows: int = 0
    answers: int = 0
    rows_set_aside: int = 0


@dataclass(frozen=True, slots=True)
class ReturnSheet:
    """What one reader is told.

    Attributes:
        addressee: Whom it is for, such as 区民部 税務課.
        opening: The first sentence.
        title: What it is about, such as the survey's title with the quarter.
        receipts: The files received.
        findings: What was found in them.
        sample: Whether it is about sample data.
    """

    addressee: str
    opening: str
    title: str
    receipts: Sequence[Receipt]
    findings: Sequence[Finding]
    sample: bool


def write_return_sheet(content: ReturnSheet, rules: FindingRules) -> bytes:
    """Write the return sheet as XLSX, with findings, receipts and the rules that found something.

    Args:
        content: What to say.
        rules: The finding rules.
    """
    book = TextWorkbook(f"{content.title} 確認結果", sample=content.sample)
    sheet = book.add_sheet("確認結果", f"{content.title}　確認結果")
    _write_receipts(book.add_sheet("受付の記録", "受付の記録"), content.receipts)
    sheet.write_line(f"{content.addressee}　御中", "strong")
    for text in _guide(content):
        sheet.write_line(text)
    if content.findings:
        findings = sorted(content.findings, key=order_for_work)
        rule_sheet = book.add_sheet(_RULE_SHEET, _RULE_SHEET)
        rule_rows = _explain_rules(rule_sheet, findings, rules)
        lines = [_describe(finding, rule_rows[finding.rule_id]) for finding in findings]
        sheet.write_table(_FINDING_COLUMNS, lines)
    return book.close()


def order_for_work(finding: Finding) -> tuple[str | int, ...]:
    """Return what orders findings as they are worked off: by kind, gravity, file and cell."""
    place = finding.place
    cell = xl_cell_to_rowcol(place.cell) if place.cell else (-1, -1)
    file, sheet = place.source_file or "", place.sheet or ""
    return (finding.rule_id[1], finding.severity, file, sheet, *cell, finding.rule_id)


def name_place(finding: Finding) -> str:
    """Return sheet and cell as Excel's name box takes them, such as 手続!H12."""
    sheet, cell = finding.place.sheet, finding.place.cell
    if sheet and cell:
        return f"{quote_sheetname(sheet)}!{cell}"
    return sheet or cell or ""


def _guide(content: ReturnSheet) -> Iterator[str]:
    counts = Counter(finding.severity for finding in content.findings)
    if not counts:
        yield f"{content.opening}{'指摘はありません。' if content.receipts else ''}"
        return
    yield f"{content.opening}次のところを見てください。"
    for severity, advice in _ADVICE.items():
        if counts[severity]:
            yield f"{SEVERITY_LABELS[severity]} {counts[severity]}件：{advice}"
    yield "「場所」をExcelの名前ボックスに貼り付けると、調査票のそのセルに移れます。"


def _describe(finding: Finding, rule_row: int) -> Sequence[Cell]:
    place = finding.place
    return (
        SEVERITY_LABELS[finding.severity],
        name_place(finding),
        place.row_label,
        (finding.value_found or "")[:_LONGEST_VALUE],
        finding.message,
        finding.how_to_fix,
        finding.example,
        Link(finding.rule_id, f"{_RULE_SHEET}!A{rule_row}"),
        _base_name(place.source_file or ""),
    )


def _write_receipts(sheet: TextSheet, receipts: Sequence[Receipt]) -> None:
    sheet.write_line("届いたファイルの控えです。届いた日時は、ファイルの更新日時です。")
    sheet.write_table(
        _RECEIPT_COLUMNS,
        [
            (
                _base_name(receipt.source_file),
                format_arrival(receipt.arrived_at),
                receipt.state,
                str(receipt.answered_on or ""),
                receipt.rows,
                receipt.answers,
                receipt.rows_set_aside,
                receipt.file_sha256,
            )
            for receipt in receipts
        ],
    )


def format_arrival(nanoseconds: int | None) -> str:
    """Write a file's time in Japan as 2023-01-10T09:30:00+09:00, on whichever machine."""
    if nanoseconds is None:
        return "廃棄済み"
    return datetime.fromtimestamp(nanoseconds // 10**9, _JAPAN).isoformat()


def _explain_rules(
    sheet: TextSheet, findings: Sequence[Finding], rules: FindingRules
) -> dict[str, int]:
    """Write the rules that found something; return the row of each."""
    occurring = [rules[rule_id] for rule_id in sorted({finding.rule_id for finding in findings})]
    # What the words in braces stand for differs from finding to finding.
    open_words: defaultdict[str, str] = defaultdict(lambda: "…")
    lines = [
        (
            rule.rule_id,
            SEVERITY_LABELS[rule.severity],
            rule.title,
            rule.how_to_fix.format_map(open_words),
        )
        for rule in occurring
    ]
    first = sheet.write_table(_RULE_COLUMNS, lines)
    return {rule.rule_id: row for row, rule in enumerate(occurring, first)}


def _base_name(name: str) -> str:
    return name.rpartition("/")[2]
