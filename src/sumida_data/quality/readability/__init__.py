"""Holding files that come in and go out against the national rules, and giving them a score.

Source: デジタル庁「行政データにおける機械可読性に関するルール」, 31 March 2026: thirty rules
in three levels.
"""

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from functools import cache
from hashlib import sha256
from importlib.resources import files as files_of
from itertools import chain
from typing import Any, Final, NamedTuple

import pandas as pd

from sumida_data.base.characters import hash_parts
from sumida_data.base.fingerprint import hash_code
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import Row
from sumida_data.base.periods import PERIOD
from sumida_data.plan.models import ReportedPeriod
from sumida_data.quality.data_package import DESCRIPTOR, split_packages
from sumida_data.quality.readability.checks import CHECKS, DataFile, read_file
from sumida_data.survey.files import SourceFile

# Points taken from the hundred of a level; a fatal break leaves none.
_POINTS: Final[dict[str, dict[str, int]]] = {
    "L1": {"fatal": 100, "critical": 10, "major": 5, "minor": 2},
    "L2": {"fatal": 100, "critical": 40, "major": 30, "minor": 10},
    "L3": {"fatal": 100, "critical": 15, "major": 10, "minor": 5},
}
_FORMS = {"all": {"xlsx", "xls", "ods", "csv", "json", "parquet"}, "csv": {"csv"}}
_FORMS["excel"] = {"xlsx", "xls", "ods"}
_NO_TABLE = "L1-01"
_RESULT = ("rule_id", "rule_title", "severity", "result", "places", "sheet", "cell", "how_to_fix")
# Descriptions, READMEs and change logs explain the data and are none.
_DATA_FORMATS = {"csv", "parquet", "xlsx", "ods"}
_HISTORY = "changelog"
_MISSING_SAID: Mapping[str, Any] = {"fields": (), "missingValues": ()}
_READERS = ("quality/readability", "survey/reading", "base")


class Candidate(NamedTuple):
    """A file to be held against the rules, and what is said of it outside (see ``DataFile``)."""

    name: str
    content: bytes
    said: Mapping[str, Any] = {}

    @property
    def looked_at_sha256(self) -> str:
        """Hash of all that decides the results: the file, what is said of it, and the rules."""
        ending = self.name.rpartition(".")[2].lower()
        decides = (hash_code(*_READERS), ending, self.said, sha256(self.content).digest())
        return sha256(repr(decides).encode()).hexdigest()


@cache
def list_rules() -> list[dict[str, str]]:
    """Return the thirty rules in the order of the national list, in our own words."""
    text = files_of(__name__).joinpath("rules.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def check_file(file: DataFile) -> list[Row]:
    """Hold a file against all rules, and say in how many places it breaks each, and in which first.

    What cannot be read as a table breaks the first rule, and of the others nothing can be said.
    """
    results = []
    for rule in list_rules():
        concerned = rule["rule_id"] == _NO_TABLE
        concerned |= bool(file.grids) and file.form in _FORMS[rule["applies_to"]]
        places = list(CHECKS[rule["rule_id"]](file)) if concerned else []
        outcome = "failed" if places else "passed" if concerned else "not_applicable"
        sheet, cell = [*places, ("", "")][0]
        found = {"places": len(places), "sheet": sheet or None, "cell": cell or None}
        row = {**rule, **found, "result": outcome}
        results.append({name: row[name] for name in _RESULT})
    return results


def score_file(results: Iterable[Row]) -> dict[str, int]:
    """Return the points of a file by level, of a hundred each."""
    broken = {one["rule_id"]: one["severity"] for one in results if one["result"] == "failed"}
    if _NO_TABLE in broken:
        return dict.fromkeys(_POINTS, 0)
    lost = {
        level: sum(points[severity] for rule, severity in broken.items() if rule.startswith(level))
        for level, points in _POINTS.items()
    }
    return {level: max(0, 100 - points) for level, points in lost.items()}


def score_set(files: Sequence[Sequence[Row]]) -> dict[str, Decimal]:
    """Return the points of files that belong together: 0.7 x their mean + 0.3 x what all keep.

    What all keep is a hundred less the points of the rules that any of them breaks.
    """
    whole, scores = score_file(chain.from_iterable(files)), list(map(score_file, files))
    sums = {level: 7 * sum(one[level] for one in scores) for level in _POINTS}
    sums = {level: total + 3 * len(files) * whole[level] for level, total in sums.items()}
    tens, tenth = 10 * len(files), Decimal("0.1")
    return {level: (Decimal(total) / tens).quantize(tenth) for level, total in sums.items()}


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
        self._known: defaultdict[str, list[Row]] = defaultdict(list)
        for row in read_rows(before) if before is not None else ():
            result = {name: row[name] for name in _RESULT}
            self._known[row.get("looked_at_sha256", "")].append(result)

    def check(self, file: Candidate) -> list[Row]:
        """Return what the rules say of a file, in their order."""
        looked_at = file.looked_at_sha256
        if len(self._known[looked_at]) < len(CHECKS):
            self._known[looked_at] = check_file(read_file(file.name, file.content, file.said))
        return self._known[looked_at]

    def score(self, files: Iterable[Candidate]) -> dict[str, Decimal]:
        """Return the points by level of files that belong together."""
        return score_set([self.check(file) for file in files])

    def report(
        self, direction: str, sets: Mapping[str, Sequence[Candidate]]
    ) -> tuple[list[Row], list[Row]]:
        """Return rows of tables ``readability_check`` and ``readability_score``.

        The direction is ``received`` or ``published``; files that belong together are those of a
        package, or all returns of a quarter.
        """
        checks: list[Row] = []
        scores: list[tuple[str, str, Mapping[str, Any]]] = []
        for name, files in sets.items():
            for file in files:
                key = {"direction": direction, "file": file.name}
                key["looked_at_sha256"], results = file.looked_at_sha256, self.check(file)
                ids = [hash_parts(direction, file.name, one["rule_id"]) for one in results]
                checks += [
                    {"row_id": id_, **key, **one} for id_, one in zip(ids, results, strict=True)
                ]
                scores.append(("file", file.name, score_file(results)))
            scores.append(("set", name, self.score(files) if files else {}))
        return checks, [
            {
                "row_id": hash_parts(direction, kind, name, level),
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
    """Return the files in the folder of the reported quarter, by quarter: one, or none."""
    by_period: defaultdict[str, list[SourceFile]] = defaultdict(list)
    for file in files:
        for period in filter(PERIOD.fullmatch, file.name.split("/")[:-1]):
            by_period[period].append(file)
    chosen = reported.choose(by_period)
    concerned = [Candidate(one.name, one.read()) for one in by_period[chosen]]
    return {chosen: concerned} if concerned else {}


def list_published(
    files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> dict[str, list[Candidate]]:
    """Return the data files of packages as their descriptors list them, by package.

    Both are contents by path, such as ``dx-indicators/datapackage.json``: now, and as published.
    """
    last = split_packages(before)
    return {
        name: list_data_files(json.loads(ours[DESCRIPTOR]), ours, last[name])
        for name, ours in sorted(split_packages(files).items())
    }


def list_data_files(
    descriptor: Mapping[str, Any], files: Mapping[str, bytes], before: Mapping[str, bytes]
) -> list[Candidate]:
    """Return the data files of a package, now and as last published, as its descriptor has them."""
    resources = descriptor["resources"]
    described = {one["path"]: one for one in resources if "schema" in one}
    schemas, sheets = {}, {}
    for path, one in described.items():
        schemas[path.rpartition(".")[0]] = {"schema": one["schema"]}
        sheets[one["title"]] = one["schema"]["fields"]
    history = "version" in descriptor and any(one["path"].startswith(_HISTORY) for one in resources)
    candidates = []
    for resource in resources:
        path = resource["path"]
        if path in described or resource["format"].lower() in _DATA_FORMATS:
            previous = before.get(path, b"")
            # A file of the same name is a copy of a CSV file; one of many sheets holds all.
            all_said = {"schema": _MISSING_SAID, "sheets": sheets}
            more = {**schemas.get(path.rpartition(".")[0], all_said), "history": history}
            more["previous"] = b"" if previous == files[path] else previous
            name = f"{descriptor['name']}/{path}"
            candidates.append(Candidate(name, files[path], {**resource, **more}))
    return candidates
