"""Who is told what: receipts and findings of a quarter, department by department."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.base.periods import Period, format_era_date
from sumida_data.survey.feedback.return_sheet import Receipt, ReturnSheet
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, FindingRules
from sumida_data.survey.form import Form

# The sheet of files that no department can be told about.
OFFICE_SHEET = "_課の分からないファイル_確認結果.xlsx"


@dataclass(frozen=True)
class Feedback:
    """What is said about the returns of one quarter.

    Attributes:
        dictionary: The descriptions of all fields, with the words of their codes.
        form: The survey form.
        rules: The finding rules.
        period: The quarter.
        owner: The office that asks.
        files: The received files by name.
    """

    dictionary: DataDictionary
    form: Form
    rules: FindingRules
    period: Period
    owner: str
    files: Mapping[str, SourceFile]

    def address(self, responses: Iterable[Row], findings: Iterable[Row]) -> dict[str, ReturnSheet]:
        """Make a return sheet for each department, and one for what belongs to none.

        Args:
            responses: Rows of table ``response``.
            findings: Rows of table ``finding``; those without a quarter belong to each.

        Returns:
            The return sheets by file name.
        """
        ours = [row for row in responses if row["period"] == str(self.period)]
        told = collect_findings(ours, findings, self.period, self.rules)
        by_department = defaultdict(list)
        for row in ours:
            by_department[row["department_code"]].append(row)
        unknown = by_department.pop(None, [])
        make_sheet = partial(self._make_sheet, sample=any(row["sample"] for row in ours))
        sheets = {
            name_return_sheet(code, rows[0]["section"]): make_sheet(
                f"{rows[0]['division']} {rows[0]['section']}", _open(rows), rows, told[code]
            )
            for code, rows in sorted(by_department.items())
        }
        if told[None]:
            opening = (
                "課では直せないこと、どの課のものか分からないファイル、中央のファイルについてです。"
            )
            sheets[OFFICE_SHEET] = make_sheet(self.owner, opening, unknown, told[None])
        return sheets

    def _make_sheet(
        self,
        addressee: str,
        opening: str,
        rows: Sequence[Row],
        findings: Sequence[Finding],
        *,
        sample: bool,
    ) -> ReturnSheet:
        return ReturnSheet(
            addressee=addressee,
            opening=opening,
            title=f"{self.form.title}（{self.period.title}）",
            receipts=[self._make_receipt(row) for row in rows if row["source_file"]],
            findings=findings,
            sample=sample,
        )

    def _make_receipt(self, row: Row) -> Receipt:
        file = self.files.get(row["source_file"])
        return Receipt(
            source_file=row["source_file"],
            arrived_at=file.arrived_at if file else None,
            file_sha256=row["file_sha256"],
            state=self.dictionary.word("response.response_status", row["response_status"]),
            answered_on=row["answered_on"],
            rows=row["rows"],
            answers=row["answers"],
            rows_set_aside=row["rows_set_aside"],
        )


def name_return_sheet(code: str, section: str) -> str:
    """Return the file name of a department's return sheet."""
    return f"{code}_{section}_確認結果.xlsx"


def collect_findings(
    responses: Sequence[Row], findings: Iterable[Row], period: Period, rules: FindingRules
) -> dict[str | None, list[Finding]]:
    """Return the findings of a quarter by department; None takes those that belong to none.

    A department is told of no other department. Findings about a file that a newer one has
    replaced are left to table ``finding``: nobody has to act on them.
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
            finding = replace(finding, message=rules.tell_department(finding))
        collected[owner].append(finding)
    return collected


def _open(rows: Sequence[Row]) -> str:
    if any(row["response_status"] in {"received", "no_change"} for row in rows):
        return "ご回答ありがとうございました。"
    return f"記入された調査票がまだ届いていません。提出期限：{format_era_date(rows[0]['due_on'])}"
