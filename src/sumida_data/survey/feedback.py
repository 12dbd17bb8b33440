"""What goes back about the files received: findings and how to mend them, by department.

A return sheet is made new; a received file is never written to.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from xlsxwriter.utility import quote_sheetname, xl_cell_to_rowcol

from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.base.periods import Period, format_era_date
from sumida_data.base.xlsx import Book, Cell, Link, Urgent
from sumida_data.survey.findings import SEVERITY_LABELS, Finding, FindingRules, Severity, Words
from sumida_data.survey.form import Form

# The sheet of files that belong to no known department.
OFFICE_SHEET = "_課の分からないファイル_確認結果.xlsx"

_RULE_SHEET = "規則の説明"
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
    "受け付けた日": None,
    "状態": 24,
    "回答日": None,
    "読み取った行": None,
    "読み取った回答欄": None,
    "除いた行": None,
    "内容の照合番号(SHA-256)": 34,
}
_RULE_COLUMNS = {"規則": None, "重さ": None, "名前": None, "どう直すか": 80}
_TO_OFFICE = "課では直せないこと、どの課のものか分からないファイル、中央のファイルについてです。"
_POINTS = (
    "国の「行政データにおける機械可読性に関するルール」による点数(それぞれ100点満点)は、{}です。"
    "集計した数には関係しません。"
)


def write_receipt(response: Row, state: str) -> Sequence[Cell]:
    """Return the receipt of a file: what became of it, from its row of ``response``."""
    return (
        PurePosixPath(response["source_file"]).name,
        str(response["received_on"] or ""),
        state,
        str(response["answered_on"] or ""),
        *(response[name] for name in ("rows", "answers", "rows_set_aside", "file_sha256")),
    )


@dataclass(frozen=True, slots=True)
class ReturnSheet:
    """What one reader, such as 区民部 税務課, is sent about the files received.

    The opening is the first sentence; the title is such as the survey's with the quarter; the
    points are those of the files for being readable by machines, in words, or ''.
    """

    addressee: str
    opening: str
    title: str
    receipts: Sequence[Sequence[Cell]]
    findings: Sequence[Finding]
    sample: bool = False
    points: str = ""


@dataclass(frozen=True)
class Feedback:
    """What departments get back in one quarter; the owner is the office that asks.

    The points of files for being readable by machines, in words, are by name.
    """

    dictionary: DataDictionary
    form: Form
    rules: FindingRules
    period: Period
    owner: str
    points: Mapping[str, str] = field(default_factory=dict)

    def address(self, responses: Iterable[Row], findings: Iterable[Row]) -> dict[str, ReturnSheet]:
        """Make a return sheet for each department, and one for what belongs to none, by file name.

        They are rows of ``response`` and ``finding``; findings without a quarter belong to each.
        """
        ours = [row for row in responses if row["period"] == str(self.period)]
        found = collect_findings(ours, findings, self.period, self.rules)
        codes = sorted({row["department_code"] for row in ours} - {None})
        codes += [None] if found[None] else []
        return dict(self._address(code, ours, found[code]) for code in codes)

    def _address(
        self, code: str | None, responses: Sequence[Row], findings: Sequence[Finding]
    ) -> tuple[str, ReturnSheet]:
        rows = [row for row in responses if row["department_code"] == code]
        sample = any(row["sample"] for row in responses)
        words = self.dictionary.words("response.response_status")
        receipts = [
            write_receipt(row, words[row["response_status"]]) for row in rows if row["source_file"]
        ]
        counting = (row for row in rows if row["response_status"] != "superseded")
        points = "、".join(filter(None, (self.points.get(row["source_file"]) for row in counting)))
        title = f"{self.form.title}（{self.period.title}）"
        name, addressee, opening = OFFICE_SHEET, self.owner, _TO_OFFICE
        if code:
            section, opening = rows[0]["section"], _open(rows)
            name, addressee = name_return_sheet(code, section), f"{rows[0]['division']} {section}"
        return name, ReturnSheet(addressee, opening, title, receipts, findings, sample, points)


def name_return_sheet(code: str, section: str) -> str:
    """Return the file name of a department's return sheet."""
    return f"{code}_{section}_確認結果.xlsx"


def collect_findings(
    responses: Sequence[Row], findings: Iterable[Row], period: Period, rules: FindingRules
) -> dict[str | None, list[Finding]]:
    """Return the findings of a quarter by department; None takes those that belong to none.

    A department is sent nothing about another. Findings about a file that a newer one has replaced
    are left to table ``finding``: they need no action.
    """
    owners = {row["source_file"]: row["department_code"] for row in responses if row["source_file"]}
    replaced = {row["source_file"] for row in responses if row["response_status"] == "superseded"}
    collected: dict[str | None, list[Finding]] = defaultdict(list)
    for row in findings:
        if row["period"] not in {None, str(period)} or row["source_file"] in replaced:
            continue
        finding, owner = Finding.from_row(row), owners.get(row["source_file"])
        if rules[finding.rule_id].for_office:
            owner = None
        if owner is not None:
            finding = replace(finding, message=rules.describe_for_department(finding))
        collected[owner].append(finding)
    return collected


def _open(rows: Sequence[Row]) -> str:
    statuses, due_on = {row["response_status"] for row in rows}, format_era_date(rows[0]["due_on"])
    if statuses & {"received", "no_change"}:
        return "ご回答ありがとうございました。"
    if "set_aside" in statuses:
        return (
            f"調査票は届きましたが、使えませんでした。直して送り直してください。提出期限：{due_on}"
        )
    return f"記入された調査票がまだ届いていません。提出期限：{due_on}"


def write_return_sheet(content: ReturnSheet, rules: FindingRules) -> bytes:
    """Write a return sheet as XLSX: findings, receipts and the rules that found something."""
    book = Book(f"{content.title} 確認結果", sample=content.sample)
    sheet = book.begin("確認結果", f"{content.title}　確認結果")
    received = book.begin("受付の記録", "受付の記録")
    received.write_line("届いたファイルの控えです。受け付けた日は、初めて読み取った日です。")
    received.write_table(_RECEIPT_COLUMNS, content.receipts)
    sheet.write_line(f"{content.addressee}　御中", "strong")
    for text in _guide(content):
        sheet.write_line(text)
    if content.points:
        sheet.write_line(_POINTS.format(content.points))
    if content.findings:
        findings = sorted(content.findings, key=order_for_work)
        places = _explain_rules(book, findings, rules)
        lines = [_describe(finding, places[finding.rule_id]) for finding in findings]
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
    return f"{quote_sheetname(sheet)}!{cell}" if sheet and cell else sheet or cell or ""


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


def _describe(finding: Finding, rule: Link) -> Sequence[Cell]:
    label = SEVERITY_LABELS[finding.severity]
    return (
        Urgent(label) if finding.severity == "error" else label,
        name_place(finding),
        finding.place.row_label,
        (finding.value_found or "")[:_LONGEST_VALUE],
        finding.message,
        finding.how_to_fix,
        finding.example,
        rule,
        PurePosixPath(finding.place.source_file or "").name,
    )


def _explain_rules(book: Book, findings: Sequence[Finding], rules: FindingRules) -> dict[str, Link]:
    """Write the rules that found something; return what leads to each."""
    occurring = [rules[rule_id] for rule_id in sorted({finding.rule_id for finding in findings})]
    lines = []
    for rule in occurring:
        # What replaces the words in braces differs from finding to finding.
        how_to_fix = rule.how_to_fix.format_map(Words())
        lines.append((rule.rule_id, SEVERITY_LABELS[rule.severity], rule.title, how_to_fix))
    first = book.begin(_RULE_SHEET, _RULE_SHEET).write_table(_RULE_COLUMNS, lines)
    return {
        rule.rule_id: Link(rule.rule_id, f"{_RULE_SHEET}!A{row}")
        for row, rule in enumerate(occurring, first)
    }
