"""What a package says of the quality of its tables."""

from collections.abc import Collection, Sequence

from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.quality.overview import count_checks


def write_statement(
    tables: Collection[str], results: Sequence[Row], dictionary: DataDictionary
) -> str:
    """Write the quality statement of a package as Markdown.

    Args:
        tables: Names of the tables that the package publishes.
        results: Rows of ``check_result``, of any tables; those that earlier publications decide
            are left out, because publishing would change them.
        dictionary: Descriptions of the tables.

    Returns:
        A section that begins with a heading of the second level and ends with a line break; it
        names no file, no cell and no person.
    """
    ours = [row for row in results if row["table_name"] in tables and row["depends_on"] == "data"]
    tally = count_checks(ours)
    characteristics = dictionary["check_result"].field("characteristic").codes
    lines = [
        "## 品質",
        "",
        f"公表の前に、{len(tables)}個の表を{tally.total}件の検査で確かめました"
        f"(合格{tally.passed}件、不合格{tally.failed}件、当てはまる行なし{tally.idle}件)。"
        "品質特性は JIS X 25012 によります。",
        "",
        "| 品質特性 | 検査 | 合格 | 不合格 |",
        "|---|--:|--:|--:|",
    ]
    for name, code in characteristics.items():
        if rows := [row for row in ours if row["characteristic"] == name]:
            one = count_checks(rows)
            lines.append(f"| {code.title} | {one.total} | {one.passed} | {one.failed} |")
    lines += ["", *_list_failed(ours, dictionary)]
    return "\n".join(lines).rstrip("\n") + "\n"


def _list_failed(results: Sequence[Row], dictionary: DataDictionary) -> list[str]:
    failed = [row for row in results if row["passed"] is False]
    if not failed:
        return ["不合格の検査はありません。"]
    return ["不合格の検査：", ""] + [
        f"- {dictionary[row['table_name']].title}：「{row['rule_title']}」に合わないものが、"
        f"確かめた{row['rows_checked']:,}行のうち{row['rows_failed']:,}行あります。"
        for row in failed
    ]
