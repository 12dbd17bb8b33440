"""Holding files that come in and go out against the national rules, and giving them a score.

Source: デジタル庁「行政データにおける機械可読性に関するルール」, 31 March 2026: thirty rules
in three levels.
"""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.resources import files as files_of
from typing import Any, Final, Literal, NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.plan.models import ReportedPeriod
from sumida_data.quality.data_package import DESCRIPTOR, split_packages
from sumida_data.quality.readability.checks import CHECKS, BrokenPlace, DataFile, read_file
from sumida_data.survey.files import SourceFile

Level = Literal["L1", "L2", "L3"]
Direction = Literal["received", "published"]
LEVELS: Final[tuple[Level, ...]] = ("L1", "L2", "L3")

# Points taken from the hundred of a level; a fatal break leaves none.
_POINTS: Final[dict[Level, dict[str, int]]] = {
    "L1": {"fatal": 100, "critical": 10, "major": 5, "minor": 2},
    "L2": {"fatal": 100, "critical": 40, "major": 30, "minor": 10},
    "L3": {"fatal": 100, "critical": 15, "major": 10, "minor": 5},
}
_FORMS = {"all": {"xlsx", "xls", "ods", "csv", "json", "parquet"}, "csv": {"csv"}}
_FORMS["excel"] = {"xlsx", "xls", "ods"}
_NO_TABLE = "L1-01"
# Descriptions, READMEs and change logs explain the data and are none.
_DATA_FORMATS = {"csv", "parquet", "xlsx", "ods"}
_HISTORY = "changelog"
_MISSING_SAID: Mapping[str, Any] = {"fields": (), "missingValues": ()}
_PERIOD = re.compile("FY[0-9]{4}Q[1-4]")
_READERS = (__name__, "sumida_data.survey.reading", "sumida_data.base")


class ReadabilityRule(NamedTuple):
    """A rule of the national list in our own words, and for which files it is made."""

    rule_id: str
    title: str
    applies_to: Literal["all", "excel", "csv"]
    severity: Literal["fatal", "critical", "major", "minor"]
    how_to_fix: str


class ReadabilityResult(NamedTuple):
    """What a rule says of a file: in how many places it is broken, and the first of them."""

    rule: ReadabilityRule
    result: Literal["passed", "failed", "not_applicable"]
    places: int = 0
    first: BrokenPlace = BrokenPlace()


class Candidate(NamedTuple):
    """A file to be held against the rules, and what is said of it outside (see ``DataFile``)."""

    name: str
    content: bytes
    said: Mapping[str, Any] = {}

    @property
    def looked_at_sha256(self) -> str:
        """Hash of all that decides the results: the file, what is said of it, and the rules."""
        ending = self.name.rpartition(".")[2].lower()
        decides = (_hash_of_code(), ending, self.said, sha256(self.content).digest())
        return sha256(repr(decides).encode()).hexdigest()


@cache
def list_rules() -> dict[str, ReadabilityRule]:
    """Return the thirty rules by id in the order of the national list."""
    text = files_of(__name__).joinpath("rules.csv").read_text("utf-8")
    rows = list(csv.reader(text.splitlines()))[1:]
    return {row[0]: ReadabilityRule(*row) for row in rows}  # type: ignore[arg-type]  # a test holds the table


@cache
def _hash_of_code() -> str:
    """Return a hash that changes with the rules, the checks, and what reads files."""
    parts = (part for package in _READERS for part in files_of(package).iterdir() if part.is_file())
    return sha256(b"".join(sorted(part.read_bytes() for part in parts))).hexdigest()


def check_file(file: DataFile) -> list[ReadabilityResult]:
    """Hold a file against all rules.

    What cannot be read as a table breaks the first rule, and of the others nothing can be said.
    """
    results = []
    for rule_id, rule in list_rules().items():
        concerned = file.grids and file.form in _FORMS[rule.applies_to]
        if not concerned and rule_id != _NO_TABLE:
            results.append(ReadabilityResult(rule, "not_applicable"))
        elif places := list(CHECKS[rule_id](file)):
            results.append(ReadabilityResult(rule, "failed", len(places), places[0]))
        else:
            results.append(ReadabilityResult(rule, "passed"))
    return results


def score_file(results: Iterable[ReadabilityResult]) -> dict[Level, int]:
    """Return the points of a file by level, of a hundred each."""
    broken = {one.rule.rule_id: one.rule.severity for one in results if one.result == "failed"}
    if _NO_TABLE in broken:
        return dict.fromkeys(LEVELS, 0)
    lost = {
        level: sum(points[severity] for rule, severity in broken.items() if rule.startswith(level))
        for level, points in _POINTS.items()
    }
    return {level: max(0, 100 - points) for level, points in lost.items()}


def score_set(files: Sequence[Sequence[ReadabilityResult]]) -> dict[Level, Decimal]:
    """Return the points of files that belong together: 0.7 x their mean + 0.3 x what all keep.

    What all keep is a hundred less the points of the rules that any of them breaks.
    """
    whole, tenth = score_file(one for file in files for one in file), Decimal("0.1")
    sums = {level: sum(score_file(file)[level] for file in files) for level in LEVELS}
    tens = 10 * len(files)
    return {
        level: (Decimal(7 * total + 3 * len(files) * whole[level]) / tens).quantize(tenth)
        for level, total in sums.items()
    }


def say_scores(scores: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Say points by level in the words for the levels, such as 読み取れる20.9点、扱いやすい0点."""
    return "、".join(f"{words[level]}{float(score):g}点" for level, score in scores.items())


def say_by_name(rows: Iterable[Row], words: Mapping[str, str]) -> dict[str, str]:
    """Say the points of files or sets, by name, from rows of table ``readability_score``."""
    points: dict[str, dict[str, Any]] = {}
    for row in rows:
        points.setdefault(row["name"], {})[row["level"]] = row["score"]
    return {name: say_scores(scores, words) for name, scores in points.items()}


class Examiner:
    """Holds files against the rules; what was looked at before keeps its results."""

    def __init__(self, before: pd.DataFrame | None = None) -> None:
        """Take an earlier table ``readability_check``."""
        rules = list_rules()
        self._known: dict[str, list[ReadabilityResult]] = {}
        for row in read_rows(before) if before is not None else ():
            first = BrokenPlace(row["sheet"] or "", row["cell"] or "")
            result = ReadabilityResult(rules[row["rule_id"]], row["result"], row["places"], first)
            self._known.setdefault(row.get("looked_at_sha256", ""), []).append(result)

    def check(self, file: Candidate) -> list[ReadabilityResult]:
        """Return what the rules say of a file, in their order."""
        known = self._known.get(file.looked_at_sha256, [])
        if len(known) < len(CHECKS):
            known = check_file(read_file(file.name, file.content, file.said))
            self._known[file.looked_at_sha256] = known
        return known

    def score(self, files: Iterable[Candidate]) -> dict[Level, Decimal]:
        """Return the points by level of files that belong together."""
        return score_set([self.check(file) for file in files])

    def report(
        self, direction: Direction, sets: Mapping[str, Sequence[Candidate]]
    ) -> tuple[list[Row], list[Row]]:
        """Return rows of tables ``readability_check`` and ``readability_score``.

        Args:
            direction: Whether the files came in or go out.
            sets: The files that belong together: a package, or all returns of a quarter.
        """
        checks: list[Row] = []
        scores: list[tuple[str, str, Mapping[Level, Any]]] = []
        for name, files in sets.items():
            for file in files:
                results, looked_at = self.check(file), file.looked_at_sha256
                scores.append(("file", file.name, score_file(results)))
                checks += [
                    {
                        "row_id": f"{direction}/{file.name}/{found.rule.rule_id}",
                        "direction": direction,
                        "file": file.name,
                        "looked_at_sha256": looked_at,
                        "rule_id": found.rule.rule_id,
                        "rule_title": found.rule.title,
                        "severity": found.rule.severity,
                        "result": found.result,
                        "places": found.places,
                        "sheet": found.first.sheet or None,
                        "cell": found.first.cell or None,
                        "how_to_fix": found.rule.how_to_fix,
                    }
                    for found in results
                ]
            if files:
                scores.append(("set", name, self.score(files)))
        return checks, [
            {
                "row_id": f"{direction}/{kind}/{name}/{level}",
                "direction": direction,
                "kind": kind,
                "name": name,
                "level": level,
                "score": Decimal(score),
            }
            for kind, name, by_level in scores
            for level, score in by_level.items()
        ]


def list_received(
    files: Iterable[SourceFile], reported: ReportedPeriod
) -> dict[str, list[Candidate]]:
    """Return the files in the folder of the reported quarter, by quarter: one, or none.

    Args:
        files: Received files; a quarter is one of the folders in their names.
        reported: The quarter, or ``latest``.
    """
    by_period: dict[str, list[SourceFile]] = {}
    for file in files:
        for period in filter(_PERIOD.fullmatch, file.name.split("/")[:-1]):
            by_period.setdefault(period, []).append(file)
    chosen = max(by_period, default="") if reported.root == "latest" else reported.root
    concerned = by_period.get(chosen, [])
    return {chosen: [Candidate(one.name, one.read()) for one in concerned]} if concerned else {}


def list_published(
    files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> dict[str, list[Candidate]]:
    """Return the data files of packages as their descriptors list them, by package.

    Args:
        files: Contents by path, such as ``dx-indicators/datapackage.json``.
        before: The packages as they were last published: contents by path.
    """
    last = split_packages(before)
    return {
        name: list(list_data_files(json.loads(ours[DESCRIPTOR]), ours, last[name]))
        for name, ours in sorted(split_packages(files).items())
    }


def list_data_files(
    descriptor: Mapping[str, Any], files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> Iterator[Candidate]:
    """Yield the data files of a package with what its descriptor says of them.

    Args:
        descriptor: The descriptor.
        files: Its files: contents by path.
        before: The same as they were last published.
    """
    described = {one["path"]: one for one in descriptor["resources"] if "schema" in one}
    schemas = {path.rpartition(".")[0]: one["schema"] for path, one in described.items()}
    sheets = {one["title"]: one["schema"]["fields"] for one in described.values()}
    history = "version" in descriptor and any(
        one["path"].startswith(_HISTORY) for one in descriptor["resources"]
    )
    for resource in descriptor["resources"]:
        if resource["path"] in described or resource["format"].lower() in _DATA_FORMATS:
            path = resource["path"]
            content, previous = files[path], before.get(path, b"")
            # A file of the same name is a copy of a CSV file; one of many sheets holds all.
            schema = schemas.get(path.rpartition(".")[0])
            more = {"schema": schema} if schema else {"schema": _MISSING_SAID, "sheets": sheets}
            more |= {"history": history, "previous": b"" if previous == content else previous}
            yield Candidate(f"{descriptor['name']}/{path}", content, {**resource, **more})
