"""Central files that say something else than they, or other files, said before."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any, NamedTuple

from sumida_data.base.metadata import Row
from sumida_data.survey.findings import Finding, FindingRules, Kind, Place, make_finding
from sumida_data.survey.form import CentralSource
from sumida_data.survey.reading.reader import Record


class _Said(NamedTuple):
    value: str | None
    source_file: str | None


@dataclass
class Statements:
    """The numbers that the files of a source have stated of a row and a day.

    A publisher that corrects an old table leaves a trace where two files speak of the same day.

    Attributes:
        source: The source.
        rules: The finding rules.
    """

    source: CentralSource
    rules: FindingRules
    _said: dict[tuple[str | None, ...], _Said] = field(default_factory=dict)

    def compare(self, records: Iterable[tuple[str, Record]], place: Place) -> Iterator[Finding]:
        """Yield one finding if a file contradicts an earlier one; it shows the first difference.

        Args:
            records: The file's records, each with the code of its municipality.
            place: The file.
        """
        titles = {
            item.name: item.title
            for item in self.source.fields
            if item.type in {"integer", "number"}
        }
        differing = []
        for code, record in records:
            as_of = record.value_of("as_of")
            for answer in record.answers:
                key = (code, record.key, as_of, answer.field)
                said = _Said(answer.reading.value, place.source_file)
                before = self._said.get(key, said)
                self._said[key] = said
                if answer.field in titles and before.value != said.value:
                    differing.append((record, answer, before))
        for record, answer, before in differing[:1]:
            where = (None, place.source_file, answer.sheet, answer.cell, record.key)
            yield make_finding(
                self.rules[Kind.REVISED_VALUE],
                Place(place.period, *where),
                answer.reading.value or "空欄",
                row=record.key,
                as_of=record.value_of("as_of") or "",
                heading=titles[answer.field],
                before=str(before.source_file),
                other=before.value or "空欄",
                more=str(len(differing) - 1),
            )


def remember_contents(
    current: Sequence[Row], known: Sequence[Row], rules: FindingRules
) -> tuple[list[Row], list[Finding]]:
    """Hold the files against those of earlier runs.

    Args:
        current: Rows of ``source_file`` for what lies in the folders now, without
            ``content_number``.
        known: Table ``source_file`` as the last run left it. What is of the other kind, sample or
            not, is forgotten.
        rules: The finding rules.

    Returns:
        Rows of ``source_file``, replaced contents among them, and a finding for each file whose
        period was first read with another content.
    """
    ours = [row for row in known if not current or row["sample"] == current[0]["sample"]]
    rows: list[Row] = []
    findings: list[Finding] = []
    for owner in sorted({_owner(row) for row in (*current, *ours)}):
        now = [row for row in current if _owner(row) == owner]
        before = [row for row in ours if _owner(row) == owner]
        rows += _number_contents(now, before)
        hashes = {row["file_sha256"] for row in now}
        if now and before and before[0]["file_sha256"] not in hashes:
            findings.append(
                make_finding(
                    rules[Kind.CHANGED_FILE],
                    Place(period=now[0]["period"], source_file=now[0]["source_file"]),
                    title=now[0]["source_title"],
                    period=now[0]["period"],
                    before=f"{before[0]['source_file']}(SHA-256 {before[0]['file_sha256'][:8]}…)",
                )
            )
    return rows, findings


def _owner(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["source"], row["period"]


def _number_contents(now: Sequence[Row], before: Sequence[Row]) -> Iterator[Row]:
    """Yield each content once, those seen before in their order and first."""
    current = {row["file_sha256"]: row for row in now}
    for row in before:
        state = current.pop(row["file_sha256"], row | {"state": "replaced"})
        yield state | {"content_number": row["content_number"]}
    for number, row in zip(count(len(before) + 1), current.values(), strict=False):
        yield row | {"content_number": number}
