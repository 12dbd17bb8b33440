"""Publishing what was approved, giving it up, taking it back, and taking it down for good.

All of these write down what shall be public, bring the target there, hold it to that and record
it. Doing the whole again after a kill completes it, because every step looks at what is there
first, and the journal keeps what was begun.
"""

import io
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import PurePosixPath
from typing import Any
from zipfile import ZipFile

import pyarrow as pa

from sumida_data.base.disk import pack
from sumida_data.base.frames import write_parquet
from sumida_data.base.metadata import refuse
from sumida_data.catalogue import history
from sumida_data.catalogue.approval import (
    Proposal,
    RefusedError,
    continues,
    find_approval,
    refuse_lost_record,
    require_approval,
)
from sumida_data.catalogue.record import Approval, PublicationLine, TargetRecord
from sumida_data.catalogue.target import (
    Catalogue,
    Entry,
    File,
    PublicTarget,
    TargetChange,
    TargetError,
    TargetState,
    compare,
    hash_content,
)
from sumida_data.packages.versions import DAY_TO_COME, begin_day
from sumida_data.quality.data_package import DESCRIPTOR
from sumida_data.quality.rules import SecondOpinion

# Only these speak of the day of publication.
_DATED = (".json", ".jsonld", ".atom", ".md", ".html", ".xml", "")


@dataclass(frozen=True, slots=True)
class PlannedPublication:
    """What is to be published, and by whose approval."""

    line: PublicationLine  # what is to be recorded
    catalogue: Catalogue
    changes: tuple[TargetChange, ...]
    approval: Approval
    state: TargetState  # of the target when this was decided
    lineage: pa.Table
    resumed: bool = False  # completes an earlier one instead of what was to be published

    @property
    def changes_nothing(self) -> bool:
        """Whether the target holds all of it already, as far as hashes of datasets show."""
        return all(change.action == "keep" for change in self.changes)


def prepare_publication(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: TargetRecord,
    lineage: pa.Table,
    opinion: SecondOpinion | None = None,
) -> PlannedPublication:
    """Decide whether the catalogue may be published now; a RefusedError says why it may not.

    Where another publication was begun and the target shows some of it, that one is completed
    first: it was approved, and nothing else fits what the target holds.
    """
    _refuse_unfit(catalogue, proposal, state, record, history.hash_lineage(lineage))
    if resumed := _resume(catalogue, state, record):
        return resumed
    lines, today = record.publications, state.observed_on.isoformat()
    day, dated = _date(catalogue, record, today)
    changes = compare(dated, state)
    repeats = bool(lines) and lines[-1].content_sha256 == dated.sha256
    # What was taken from public view by hand only an approval undoes, but for a lost folder.
    lost, new = state.pages == {} and not state.datasets, (("create", None), ("adopt", None))
    hidden = [one.dataset for one in changes if repeats and (one.action, one.file) in new]
    if repeats and (lost or not hidden):
        approval = find_approval(record, lines[-1])
        line = _describe(state.name, lines, dated, "repair", today, lines[-1])
    else:
        approval = require_approval(record, proposal, changes, state, hidden)
        line = _describe(state.name, lines, dated, "publish", day, approval_id=approval.approval_id)
    line = line.model_copy(update={"second_opinion": opinion})
    return PlannedPublication(line, dated, changes, approval, state, lineage)


def _refuse_unfit(
    catalogue: Catalogue, proposal: Proposal, state: TargetState, record: TargetRecord, lineage: str
) -> None:
    record.refuse_faults()
    today = state.observed_on.isoformat()
    last = max((line.published_on for line in record.publications[-1:]), default="")
    refuse(
        {
            f"下見が、公開先 {state.name} に向けた最後の kedro run と違います。"
            "公開先を同じ --env で指定して、もう一度 kedro run を実行してください。": (
                (proposal.target, proposal.content_sha256) != (state.name, catalogue.sha256)
            ),
            "下見の後の kedro run が途中で終わったため、表が下見と合いません。"
            "もう一度 kedro run を実行してください。": proposal.lineage_sha256 != lineage,
            f"見本データは、公開先 {state.name} に公開できません。"
            "実際の調査票を置いて、もう一度 kedro run を実行してください。": (
                catalogue.sample and not state.accepts_sample
            ),
            f"この端末の日付({today})が、最後に公開した日({last})より前です。"
            "時計を直してください。": today < last,
            "\n".join(("このままでは公開できません。", *proposal.problems)): proposal.problems,
        },
        RefusedError,
    )
    if (begun := record.journal) is None:
        refuse_lost_record(proposal, record)
    elif not begun.publishes:
        raise RefusedError(begun.explain())


def _resume(
    catalogue: Catalogue, state: TargetState, record: TargetRecord
) -> PlannedPublication | None:
    """Return the publication that must be completed before this catalogue is published."""
    line, found = record.journal, record.load_pending()
    if line is None or found is None:
        return None
    pending, lineage = found
    approval, changes = find_approval(record, line), compare(pending, state)
    gives_way = approval.target_sha256 == state.sha256 or not continues(approval, changes)
    if gives_way or stamp(catalogue, line.published_on).sha256 == pending.sha256:
        return None
    cells = history.read_parquet(lineage)
    return PlannedPublication(line, pending, changes, approval, state, cells, resumed=True)


def _date(catalogue: Catalogue, record: TargetRecord, today: str) -> tuple[str, Catalogue]:
    """Put into a catalogue the day on which it was published, or on which that was begun."""
    lines = record.publications
    shown = [one for one in lines if one.publication_id == lines[-1].content_of]
    for line in (record.journal, *shown):
        if line and (dated := stamp(catalogue, line.published_on)).sha256 == line.content_sha256:
            return line.published_on, dated
    return today, stamp(catalogue, today)


def _swap(swaps: Mapping[bytes, bytes], path: str, content: bytes) -> bytes:
    """Write one text for another in a file that may hold it."""
    form = PurePosixPath(path).suffix
    if form == ".zip":
        with ZipFile(io.BytesIO(content)) as old:
            return pack({name: _swap(swaps, name, old.read(name)) for name in old.namelist()})
    for before, after in swaps.items() if form in _DATED else ():
        content = content.replace(before, after)
    return content


def stamp(catalogue: Catalogue, day: str) -> Catalogue:
    """Put a day where a catalogue says that it is published on a day to come.

    What is approved cannot know the day. The hashes that the descriptions give of one another
    follow; sizes stay, because every day is written with as many characters.
    """
    days = {DAY_TO_COME: day, begin_day(DAY_TO_COME): begin_day(day)}
    swaps = {before.encode(): after.encode() for before, after in days.items()}
    datasets = []
    for dataset in catalogue.datasets:
        files: dict[str, File] = {}
        for file in sorted(dataset.files, key=lambda one: one.key == DESCRIPTOR):
            content = _swap(swaps, file.key, file.content)
            if content != file.content:
                swaps[file.sha256.encode()] = hash_content(content).encode()
            files[file.key] = replace(file, content=content)
        text = json.dumps(dataset.metadata, ensure_ascii=False)
        metadata = _swap(swaps, "", text.encode())
        ordered = tuple(files[file.key] for file in dataset.files)
        datasets.append(replace(dataset, metadata=json.loads(metadata), files=ordered))
    if len(swaps) == len(days):
        return catalogue
    pages = {path: _swap(swaps, path, page) for path, page in catalogue.pages.items()}
    return replace(catalogue, datasets=tuple(datasets), pages=pages)


def publish(target: PublicTarget, record: TargetRecord, planned: PlannedPublication) -> None:
    """Make a publication, read every byte back, and record it, or raise a TargetError.

    Where the target holds all of it already, nothing is written.
    """
    catalogue, line = planned.catalogue, planned.line
    with record.lock():
        held = target.observe(planned.state.observed_on).sha256
        recorded = {one.publication_id for one in record.publications}
        if held != planned.state.sha256 or line.publication_id in recorded:
            raise TargetError(
                "公開先が確かめた後に変わったため、公開しませんでした。もう一度実行してください。"
            )
        nothing_new = line.kind != "publish" and planned.changes_nothing
        if nothing_new and not target.verify(catalogue, line.content_of):
            record.finish()
            return
        seen = planned.approval.changes if line.kind == "publish" else ()
        adopts = {change.dataset for change in seen if change.action == "adopt"}
        _make_public(target, record, catalogue, line, adopts=adopts, lineage=planned.lineage)


def find_before(record: TargetRecord) -> PublicationLine:
    """Return the publication that an undo puts back; a TargetError says that there is none."""
    begun, lines = record.journal, record.publications
    if begun and begun.publishes:
        raise TargetError(
            f"{begun.explain()}公開先に断られるときは sumida-data abandon でやめてください。"
        )
    shown = [one.content_of for one in lines if one.content_of != lines[-1].content_of]
    before = [one for one in lines if one.publication_id in [*filter(None, shown)][-1:]]
    if not before:
        raise TargetError("取り消せる公開がありません。前の版がまだないためです。")
    if any(one.kind == "withdraw" for one in lines[lines.index(before[0]) + 1 :]):
        raise TargetError(
            "取り消せません。前の公開の後で取り下げたものがあり、控えからも消したためです。"
            "直してから kedro run で作り直し、承認を受けて公開してください。"
        )
    return before[0]


def undo(target: PublicTarget, record: TargetRecord, day: date) -> PublicationLine:
    """Put the version before the last publication back; a second time, the last again."""
    with record.lock():
        before, lines = find_before(record), record.publications
        catalogue = record.load_catalogue(before.publication_id)
        line = _describe(target.name, lines, catalogue, "undo", day.isoformat(), before)
        return _make_public(target, record, catalogue, line)


def find_begun(record: TargetRecord) -> PublicationLine:
    """Return the publication that is under way; a TargetError says that there is none."""
    begun = record.journal
    if begun is None or not begun.publishes:
        raise TargetError("やめる公開がありません。途中の公開も、断られた公開もありません。")
    return begun


def abandon(
    target: PublicTarget, record: TargetRecord, day: date, *, leave: bool = False
) -> PublicationLine:
    """Give up the publication under way and its approval, and put back what was public before.

    With ``leave`` the target stays as it is, where it refuses that too.
    """
    with record.lock():
        begun, lines = find_begun(record), record.publications
        before = lines[-1] if lines else None
        catalogue = record.load_catalogue(before.content_of if before else "")
        # Before the first there was nothing.
        given = {"abandoned": begun.approval_id} | ({} if before else {"content_of": ""})
        on = day.isoformat()
        line = _describe(target.name, lines, catalogue, "abandon", on, before, **given)
        return _make_public(None if leave else target, record, catalogue, line)


def withdraw(
    target: PublicTarget,
    record: TargetRecord,
    catalogue: Catalogue,
    approval: Approval,
    reason: str,
    text: str = "",
) -> PublicationLine:
    """Take the versions that a catalogue names out of all that is public and kept.

    ``text`` are words that are removed from the cells that figures rest on, too.
    """
    with record.lock():
        begun = record.journal
        if begun and begun.kind != "withdraw":
            raise TargetError(
                "公開か取消しが途中です。先に sumida-data abandon か undo で終わらせてください。"
            )
        lines, day = record.publications, approval.approved_on
        given: Entry = {"approval_id": approval.approval_id, "reason": reason}
        given |= {"withdrawn": catalogue.withdrawn}
        line = _describe(target.name, lines, catalogue, "withdraw", day, **given)
        record.add(approval)
        return _make_public(target, record, catalogue, line, text=text)


def _describe(
    target: str,
    lines: Sequence[PublicationLine],
    catalogue: Catalogue,
    kind: str,
    day: str,
    before: PublicationLine | None = None,
    **given: Any,
) -> PublicationLine:
    """Return the line after these; what is not new shows again what a line before showed."""
    own = f"P{len(lines) + 1:04}"
    line = {"publication_id": own, "kind": kind, "target": target, "published_on": day}
    stays = [one for last in lines[-1:] for one in last.datasets if one.name in catalogue.blocked]
    made = [
        {"name": one.name, "version": one.version, "content_sha256": one.state.sha256}
        for one in catalogue.datasets
    ]
    shown: Entry = {"content_of": own, "approval_id": "", "datasets": [*stays, *made]}
    if before:
        shown = before.model_dump(include=set(shown))
    line["content_sha256"] = catalogue.sha256
    return PublicationLine.model_validate(line | shown | given)


def _make_public(
    target: PublicTarget | None,
    record: TargetRecord,
    catalogue: Catalogue,
    line: PublicationLine,
    *,
    adopts: Collection[str] = (),
    lineage: pa.Table | None = None,
    text: str = "",
) -> PublicationLine:
    """Bring the target, if one is given, to what a line says, and record the line."""
    if line.kind != "abandon":
        record.begin(line)
    if line.content_of == line.publication_id:
        cells = b"" if lineage is None else write_parquet(lineage)
        record.keep_publication(line.publication_id, catalogue, cells)
    if target:
        target.apply(catalogue, line.content_of, adopts)
        if faults := target.verify(catalogue, line.content_of):
            raise TargetError(
                "公開先を読み返すと、公開した内容と違います。もう一度実行してください。\n"
                + "\n".join(faults)
            )
    if line.content_of == line.publication_id:
        history.keep_values(record, line.publication_id, lineage)
    if line.kind == "withdraw":
        history.remove_text(record, text)
        record.forget(line)
    record.add(line)
    record.finish()
    return line
