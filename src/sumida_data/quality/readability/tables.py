"""The results as rows of tables ``readability_check`` and ``readability_score``."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Literal, NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.quality.readability.check import Checked, check_file, score_file, score_set
from sumida_data.quality.readability.files import DataFile

Direction = Literal["received", "published"]


class Report(NamedTuple):
    """What the rules say of files that came in or go out.

    Attributes:
        checks: Rows of table ``readability_check``; one row is one rule on one file.
        scores: Rows of table ``readability_score``; one row is one level of a file or a set.
    """

    checks: list[Row]
    scores: list[Row]


def report(direction: Direction, sets: Mapping[str, Sequence[DataFile]]) -> Report:
    """Hold files against the rules.

    Args:
        direction: Whether they came in or go out.
        sets: The files that belong together: a package, or all returns of a quarter.
    """
    found = Report([], [])
    for name, files in sets.items():
        checked = {file.name: check_file(file) for file in files}
        for file, results in checked.items():
            found.checks.extend(_describe(direction, file, one) for one in results)
            found.scores.extend(_list_scores(direction, "file", file, score_file(results)))
        if checked:
            scores = score_set(list(checked.values()))
            found.scores.extend(_list_scores(direction, "set", name, scores))
    return found


def _describe(direction: Direction, file: str, checked: Checked) -> Row:
    rule = checked.rule
    return {
        "row_id": f"{direction}/{file}/{rule.rule_id}",
        "direction": direction,
        "file": file,
        "rule_id": rule.rule_id,
        "rule_title": rule.title,
        "severity": rule.severity,
        "result": checked.result,
        "places": checked.places,
        "sheet": checked.first.sheet or None,
        "cell": checked.first.cell or None,
        "how_to_fix": rule.how_to_fix,
    }


def _list_scores(
    direction: Direction, kind: Literal["file", "set"], name: str, scores: Mapping[Any, Any]
) -> Iterator[Row]:
    for level, score in scores.items():
        yield {
            "row_id": f"{direction}/{kind}/{name}/{level}",
            "direction": direction,
            "kind": kind,
            "name": name,
            "level": level,
            "score": (Decimal(score.numerator) / score.denominator).quantize(Decimal("0.1")),
        }
