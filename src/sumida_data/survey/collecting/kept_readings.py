"""What was read from returns, kept after the returns themselves are discarded.

A return bears the name, extension and mail address of whoever filled it in, and must go when its
time is over; the quarters after it are still compared with what it said. A kept reading holds the
answers, findings and hash of one workbook. Of its cover it holds what decides which return counts.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from itertools import filterfalse, groupby
from operator import attrgetter
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from sumida_data.survey.collecting.returns import Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding
from sumida_data.survey.reading.reader import Record
from sumida_data.survey.reading.text import Reading

READINGS, NAMED_TEXTS = "readings.jsonl", "named_texts.txt"

_FOLDER = "data/01_raw/kept_readings"
_OF_COVER = {"department_code", "section", "answered_on", "no_change"}
_NOT_KEPT = {"sheet_names", "lines_above", "personal_texts"}
_HIDDEN = "(省略)"

Hides = Callable[[str], bool]


class PartlyThere(NamedTuple):
    """A quarter with how many returns were kept, and how many of them are still there.

    If it is ``discarded``, what was kept of the others counts.
    """

    period: str
    kept: int
    present: int
    discarded: bool


class KeptReadingError(ValueError):
    """Kept readings that cannot be read."""


def write_readings(returns: Iterable[Return], hides: Hides) -> bytes:
    """Write returns as JSON Lines, with all answers; ``hides`` says what is about a person."""
    return "".join(f"{_write(returned, hides)}\n" for returned in returns).encode()


def _write(returned: Return, hides: Hides) -> str:
    path, cover = PurePosixPath(returned.source_file), returned.cover
    name = returned.source_file
    if hides(path.stem) or not name.isprintable():
        ending = path.suffix if path.suffix.isascii() else ""
        name = f"{returned.period}/{returned.file_sha256[:16]}{ending}"
    sheets = {answer.sheet for answer in cover.answers} if cover else set()
    findings = [_strip_finding(one, sheets, name, hides) for one in returned.findings]
    kept = asdict(replace(returned, source_file=name, findings=findings, cover=None, records=[]))
    kept["cover"] = _spell_out(_strip_cover(cover)) if cover else None
    kept["records"] = list(map(_spell_out, returned.records))
    kept["whole_tables"] = sorted(returned.whole_tables)
    kept = {field: value for field, value in kept.items() if field not in _NOT_KEPT}
    return json.dumps(kept, ensure_ascii=False, separators=(",", ":"))


def _spell_out(record: Record) -> dict[str, Any]:
    answers = [one._asdict() | one.reading._asdict() for one in record.answers]
    for answer in answers:
        del answer["reading"]
    return record._asdict() | {"answers": answers}


def _strip_cover(cover: Record) -> Record:
    """Keep of the department's name, beside which a person's may be written, what ends in 課."""
    answers = [one._replace(raw_text="") for one in cover.answers if one.field in _OF_COVER]
    for place, answer in enumerate(answers):
        if answer.field == "section":
            name = re.match(r"\w+課", answer.reading.value or "")
            reading = answer.reading._replace(value=name and name[0])
            answers[place] = answer._replace(reading=reading)
    return cover._replace(answers=answers)


def _strip_finding(finding: Finding, cover: set[str], name: str, hides: Hides) -> Finding:
    """Leave out what is on the sheets of the cover, and elsewhere what is about a person."""
    place, value, message = finding.place, finding.value_found or "", finding.message
    if value and (place.sheet in cover or hides(value)):
        finding = replace(finding, value_found=None)
        message = message.replace(value, _HIDDEN)
    label = None if place.row_label and hides(place.row_label) else place.row_label
    place = replace(place, source_file=name if place.source_file else None, row_label=label)
    return replace(finding, place=place, message=_HIDDEN if hides(message) else message)


def restore_readings(kept: Mapping[str, SourceFile]) -> list[Return]:
    """Read what was kept, from files by name; a damaged one raises a KeptReadingError."""
    for name in kept:
        if PurePosixPath(name).name not in {READINGS, NAMED_TEXTS} or name.count("/") != 1:
            raise KeptReadingError(
                f"{_FOLDER}/{name}: ここには kedro run --pipelines=keep が作ったファイルだけを"
                "置いてください。控えはほかのフォルダに移してください。"
            )
    files = (file for name, file in kept.items() if name.endswith(READINGS))
    return [returned for file in files for returned in _read(file)]


def _read(file: SourceFile) -> Iterator[Return]:
    # Imported here because it takes time, and a check has nothing that was kept.
    from pydantic import TypeAdapter  # noqa: PLC0415

    form = TypeAdapter(Return)
    for number, line in enumerate(file.read().decode("utf-8-sig").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            kept = json.loads(line)
            for record in filter(None, (kept["cover"], *kept["records"])):
                for answer in record["answers"]:
                    answer["reading"] = {one: answer.pop(one) for one in Reading._fields}
            yield form.validate_python(kept)
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise KeptReadingError(
                f"{_FOLDER}/{file.name} の{number}行目を読めません。"
                "手で直さず、控えから戻すか、調査票を戻して kedro run --pipelines=keep で"
                "作り直してください。"
            ) from error


def list_named_texts(kept: Mapping[str, SourceFile]) -> frozenset[str]:
    """Return the digests of texts with a name of a discarded cover."""
    files = (file for name, file in kept.items() if name.endswith(NAMED_TEXTS))
    return frozenset(line for file in files for line in file.read().decode().split())


def choose_discarded(
    kept: Iterable[Return], present: Sequence[Return]
) -> tuple[list[Return], list[PartlyThere]]:
    """Return what replaces returns that are gone, and the quarters that are there in part.

    Where most of the returns that were kept are still there, the others were taken away for a
    reason. Where most are gone, the quarter was discarded, and one was sent or put back again.
    """
    there = {(one.period, one.file_sha256) for one in present}
    # Invented data of a trial do not count beside real returns.
    is_real = any(one.is_real for one in present)
    ours = filterfalse(lambda one: is_real and one.sample, kept)
    chosen: list[Return] = []
    partly_there = []
    for period, group in groupby(ours, attrgetter("period")):
        returns = list(group)
        missing = [one for one in returns if (period, one.file_sha256) not in there]
        found = len(returns) - len(missing)
        discarded = found * 2 < len(returns)
        if discarded:
            chosen += missing
        if 0 < found < len(returns):
            partly_there.append(PartlyThere(period, len(returns), found, discarded=discarded))
    return chosen, partly_there
