"""The results of the checks, ordered for people: what failed and where, and what was looked at."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.quality.results import WHOLE_TABLE
from sumida_data.quality.rules import QualityRules, Rule, RuleWords

_PLACES_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Tally:
    """How many checks there were, and how they went.

    Attributes:
        passed: Checks that passed.
        failed_errors: Checks of severity ``error`` that failed.
        failed_warnings: Checks of severity ``warning`` that failed.
        idle: Checks that no row concerned.
    """

    passed: int
    failed_errors: int
    failed_warnings: int
    idle: int

    @property
    def total(self) -> int:
        """All checks."""
        return self.passed + self.failed + self.idle

    @property
    def failed(self) -> int:
        """All checks that failed."""
        return self.failed_errors + self.failed_warnings


@dataclass(frozen=True, slots=True)
class Failed:
    """A check that failed.

    Attributes:
        result: Its row of ``check_result``.
        words: The words of its rule.
        table: Title of the table.
        subject: What of the table it is about, in words, or ''.
        places: The first rows of ``check_failure``, one for each cell.
        more: Rows of ``check_failure`` beyond these.
    """

    result: Row
    words: RuleWords
    table: str
    subject: str
    places: Sequence[Row]
    more: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The results of a run's checks.

    Attributes:
        tally: All checks.
        by_characteristic: The checks by the Japanese name of the quality characteristic.
        by_table: The checks by the title of the table.
        failed: The checks that failed, errors first.
        rules: Every rule of the rule table with its checks and, if there is one, its example.
    """

    tally: Tally
    by_characteristic: Mapping[str, Tally]
    by_table: Mapping[str, Tally]
    failed: Sequence[Failed]
    rules: Sequence[tuple[RuleWords, Tally, str]]


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
) -> Overview:
    """Order the results.

    Args:
        rules: The rule table.
        dictionary: Descriptions of the tables.
        results: Rows of ``check_result``.
        failures: Rows of ``check_failure``.
        titles: Japanese titles of subjects that are no columns, such as indicators by id.
    """
    names = dictionary["check_result"].field("characteristic").codes
    tables = {table.name: table.title for table in dictionary.tables}
    by_characteristic = _group(results, lambda row: names[row["characteristic"]].title)
    by_table = _group(results, lambda row: tables[row["table_name"]])
    by_rule = _group(results, itemgetter("rule_id"))
    return Overview(
        tally=count_checks(results),
        by_characteristic={name: count_checks(rows) for name, rows in by_characteristic.items()},
        by_table={name: count_checks(rows) for name, rows in by_table.items()},
        failed=[
            Failed(
                result=row,
                words=rules.words[row["rule_id"]],
                table=tables[row["table_name"]],
                subject=name_subject(dictionary[row["table_name"]], row["subject"], titles),
                places=places[:_PLACES_SHOWN],
                more=max(0, len(places) - _PLACES_SHOWN),
            )
            for row, places in _find_failed(results, failures)
        ],
        rules=[
            (words, count_checks(by_rule.get(rule_id, ())), _show_example(words, dictionary))
            for rule_id, words in sorted(rules.words.items())
        ],
    )


def _group(rows: Iterable[Row], key: Callable[[Row], Any]) -> dict[Any, list[Row]]:
    groups: dict[Any, list[Row]] = {}
    for row in rows:
        groups.setdefault(key(row), []).append(row)
    return groups


def _find_failed(
    results: Iterable[Row], failures: Iterable[Row]
) -> Iterator[tuple[Row, Sequence[Row]]]:
    """Yield the checks that failed, errors first, each with its rows of ``check_failure``."""
    key = itemgetter("rule_id", "table_name", "subject")
    places = _group(failures, key)
    failed = [row for row in results if row["passed"] is False]
    for row in sorted(failed, key=itemgetter("severity", "row_id")):
        yield row, places.get(key(row), [])


def name_subject(table: Table, subject: str, titles: Mapping[str, str]) -> str:
    """Return the Japanese name of a subject, or '' for a check of a whole table."""
    if subject == WHOLE_TABLE:
        return ""
    columns = {field.name: field.title for field in table.fields}
    return "、".join(titles.get(name) or columns.get(name, name) for name in subject.split("、"))


def _show_example(words: RuleWords, dictionary: DataDictionary) -> str:
    if not isinstance(words, Rule):
        return str(getattr(words, "example", ""))
    if words.example is None or len(words.example.failing) > 1:
        return ""
    table = dictionary[words.table]
    (rows,) = words.example.failing.values()
    return " ／ ".join(
        "、".join(f"{table.field(name).title} {value}" for name, value in row.items())
        for row in rows
        if "row_id" not in row
    )
