"""Holding files that come in and go out against the thirty rules, and giving them a score."""

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache
from hashlib import sha256
from importlib.resources import files as files_of
from typing import Any, Final, Literal, NamedTuple

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.plan.models import ReportedPeriod
from sumida_data.quality.readability.checks import CHECKS, BrokenPlace
from sumida_data.quality.readability.files import DataFile, read_file
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
_OF_FILES, _OF_ALL = Fraction(7, 10), Fraction(3, 10)
# Descriptions, READMEs and change logs explain the data and are none.
_DATA_FORMATS = {"csv", "parquet", "xlsx", "ods"}
_HISTORY = "changelog"
_DESCRIPTOR = "datapackage.json"
_MISSING_SAID: Mapping[str, Any] = {"fields": (), "missingValues": ()}
_PERIOD = re.compile("FY[0-9]{4}Q[1-4]")
_READERS = ("sumida_data.quality.readability", "sumida_data.survey.reading", "sumida_data.base")


class ReadabilityRule(NamedTuple):
    """A rule of the national list in our own words, and for which files it is made."""

    rule_id: str
    title: str
    applies_to: Literal["all", "excel", "csv"]
    severity: Literal["fatal", "critical", "major", "minor"]
    how_to_fix: str

    @property
    def level(self) -> Level:
        """The level to which it belongs."""
        return next(level for level in LEVELS if self.rule_id.startswith(level))


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
    text = files_of(__package__).joinpath("rules.csv").read_text("utf-8")
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
    return [_check(rule, file) for rule in list_rules().values()]


def _check(rule: ReadabilityRule, file: DataFile) -> ReadabilityResult:
    concerned = bool(file.grids) and file.form in _FORMS[rule.applies_to]
    if rule.rule_id != _NO_TABLE and not concerned:
        return ReadabilityResult(rule, "not_applicable")
    places = list(CHECKS[rule.rule_id](file))
    if not places:
        return ReadabilityResult(rule, "passed")
    return ReadabilityResult(rule, "failed", len(places), places[0])


def score_file(results: Iterable[ReadabilityResult]) -> dict[Level, int]:
    """Return the points of a file by level, of a hundred each."""
    broken = {one.rule for one in results if one.result == "failed"}
    if any(rule.rule_id == _NO_TABLE for rule in broken):
        return dict.fromkeys(LEVELS, 0)
    lost = {
        level: sum(_POINTS[level][rule.severity] for rule in broken if rule.level == level)
        for level in LEVELS
    }
    return {level: max(0, 100 - points) for level, points in lost.items()}


def score_set(files: Sequence[Sequence[ReadabilityResult]]) -> dict[Level, Decimal]:
    """Return the points of files that belong together: 0.7 x their mean + 0.3 x what all keep.

    What all keep is a hundred less the points of the rules that any of them breaks.
    """
    scores = [score_file(file) for file in files]
    whole = score_file(one for file in files for one in file)
    of_level = {
        level: _OF_FILES * sum(score[level] for score in scores) / len(files)
        + _OF_ALL * whole[level]
        for level in LEVELS
    }
    return {level: _round(score) for level, score in of_level.items()}


def _round(score: Fraction) -> Decimal:
    return (Decimal(score.numerator) / score.denominator).quantize(Decimal("0.1"))


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

    def score(self, files: Sequence[Candidate]) -> dict[Level, Decimal]:
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
        scores: list[Row] = []
        for name, files in sets.items():
            for file in files:
                results = self.check(file)
                checks += [_describe(direction, file, one) for one in results]
                scores += _list_scores(direction, "file", file.name, score_file(results))
            scores += _list_scores(direction, "set", name, self.score(files) if files else {})
        return checks, scores


def _describe(direction: Direction, file: Candidate, found: ReadabilityResult) -> Row:
    rule = found.rule
    return {
        "row_id": f"{direction}/{file.name}/{rule.rule_id}",
        "direction": direction,
        "file": file.name,
        "looked_at_sha256": file.looked_at_sha256,
        "rule_id": rule.rule_id,
        "rule_title": rule.title,
        "severity": rule.severity,
        "result": found.result,
        "places": found.places,
        "sheet": found.first.sheet or None,
        "cell": found.first.cell or None,
        "how_to_fix": rule.how_to_fix,
    }


def _list_scores(
    direction: Direction, kind: str, name: str, scores: Mapping[Level, Any]
) -> Iterator[Row]:
    for level, score in scores.items():
        yield {
            "row_id": f"{direction}/{kind}/{name}/{level}",
            "direction": direction,
            "kind": kind,
            "name": name,
            "level": level,
            "score": Decimal(score),
        }


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
    names = sorted({path.partition("/")[0] for path in files})
    return {
        name: list(_list_of_package(_select(files, name), _select(before, name))) for name in names
    }


def _select(files: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    start = f"{name}/"
    return {path.removeprefix(start): files[path] for path in files if path.startswith(start)}


def _list_of_package(
    files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> Iterator[Candidate]:
    return list_data_files(json.loads(files[_DESCRIPTOR]), files, before)


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
