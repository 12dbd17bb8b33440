"""The results of the checks for people: for the office, and as a statement in a package."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from sumida_data.base.metadata import DataDictionary, Row, Table, group_by
from sumida_data.quality.check import WHOLE_TABLE
from sumida_data.quality.rules import QualityRules, RuleWords, TableRule

_PLACES_SHOWN = 20


class Tally(NamedTuple):
    """How many checks passed, failed by severity, and concerned no row."""

    passed: int
    failed_errors: int
    failed_warnings: int
    idle: int

    @property
    def total(self) -> int:
        """All checks."""
        return sum(self)

    @property
    def failed(self) -> int:
        """All checks that failed."""
        return self.failed_errors + self.failed_warnings


def count_checks(results: Iterable[Row]) -> Tally:
    """Count rows of ``check_result`` by how they went."""
    states: Counter[str] = Counter()
    for row in results:
        states["idle" if row["passed"] is None else row["severity"] * (not row["passed"])] += 1
    return Tally(states[""], states["error"], states["warning"], states["idle"])


def give_overview(
    rules: QualityRules,
    dictionary: DataDictionary,
    results: Sequence[Row],
    failures: Iterable[Row],
    titles: Mapping[str, str],
) -> dict[str, Any]:
    """Order rows of ``check_result`` and ``check_failure`` for the page that shows them.

    The titles are Japanese ones of subjects that are no columns, such as indicators by id.

    Returns:
        ``tally``, and tallies ``by_characteristic`` and ``by_table``; ``failed``, the checks that
        failed, errors first, with their first places and how many ``more`` there are; ``rules``,
        every rule of the rule table with its tally and, if there is one, its example.
    """
    names = dictionary["check_result"].field("characteristic").codes
    key, failed = itemgetter("rule_id", "table_name", "subject"), []
    places, by_rule = group_by(failures, key), group_by(results, itemgetter("rule_id"))
    for row in sorted(results, key=itemgetter("severity", "row_id")):
        if row["passed"] is False:
            table, found = dictionary[row["table_name"]], places[key(row)]
            failed.append(
                {
                    "result": row,
                    "words": rules.words[row["rule_id"]],
                    "table": table.title,
                    "subject": name_subject(table, row["subject"], titles),
                    "places": found[:_PLACES_SHOWN],
                    "more": len(found[_PLACES_SHOWN:]),
                }
            )
    return {
        "tally": count_checks(results),
        "by_characteristic": _count_by(results, lambda row: names[row["characteristic"]].title),
        "by_table": _count_by(results, lambda row: dictionary[row["table_name"]].title),
        "failed": failed,
        "rules": [
            (words, count_checks(by_rule[rule_id]), _show_example(words, dictionary))
            for rule_id, words in sorted(rules.words.items())
        ],
    }


def _count_by(results: Iterable[Row], key: Callable[[Row], str]) -> dict[str, Tally]:
    return {name: count_checks(rows) for name, rows in group_by(results, key).items()}


def name_subject(table: Table, subject: str, titles: Mapping[str, str]) -> str:
    """Return the Japanese name of a subject, or '' for a check of a whole table."""
    if subject == WHOLE_TABLE:
        return ""
    names = {**{field.name: field.title for field in table.fields}, **titles}
    return "、".join(names.get(name, name) for name in subject.split("、"))


def _show_example(words: RuleWords, dictionary: DataDictionary) -> str:
    if not isinstance(words, TableRule):
        return str(getattr(words, "example", ""))
    if words.example is None or len(words.example.failing) > 1:
        return ""
    (rows,) = words.example.failing.values()
    shown = [row for row in rows if "row_id" not in row]
    title = dictionary[words.table].field
    return " ／ ".join(
        "、".join(f"{title(name).title} {value}" for name, value in row.items()) for row in shown
    )


def write_statement(
    tables: Collection[str], results: Sequence[Row], dictionary: DataDictionary
) -> str:
    """Write the quality statement of a package, which publishes these tables, as Markdown.

    Of the rows of ``check_result`` those that earlier publications decide are left out, because
    publishing would change them.

    The section begins with a heading of the second level and ends with a line break; it names no
    file, no cell and no person.
    """
    ours = [row for row in results if row["table_name"] in tables and row["depends_on"] == "data"]
    tally, counts = count_checks(ours), _count_by(ours, itemgetter("characteristic"))
    characteristics = dictionary["check_result"].field("characteristic").codes.items()
    failed = [
        f"- {dictionary[row['table_name']].title}：「{row['rule_title']}」に合わないものが、"
        f"確かめた{row['rows_checked']:,}行のうち{row['rows_failed']:,}行あります。"
        for row in ours
        if row["passed"] is False
    ]
    lines = [
        "## 品質",
        "",
        f"公表の前に、{len(tables)}個の表を{tally.total}件の検査で確かめました"
        f"(合格{tally.passed}件、不合格{tally.failed}件、当てはまる行なし{tally.idle}件)。"
        "品質特性は JIS X 25012 によります。",
        "",
        "| 品質特性 | 検査 | 合格 | 不合格 |",
        "|---|--:|--:|--:|",
        *(
            f"| {code.title} | {one.total} | {one.passed} | {one.failed} |"
            for name, code in characteristics
            if (one := counts.get(name))
        ),
        "",
        *(["不合格の検査：", "", *failed] if failed else ["不合格の検査はありません。"]),
    ]
    return "\n".join(lines) + "\n"
