"""Publishing what was approved, giving it up, and taking the last publication back.

Each step is written into the journal when it is finished. Doing the whole again after a kill
completes it, because every step looks at what is there first.
"""

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pyarrow as pa

from sumida_data.catalogue.approval import (
    Proposal,
    RefusedError,
    continues,
    find_approval,
    refuse_lost_record,
)
from sumida_data.catalogue.history import hash_lineage, keep_values, read_parquet, write_parquet
from sumida_data.catalogue.record import (
    Approval,
    JournalEntry,
    PublicationDataset,
    PublicationLine,
    RecordState,
    TargetRecord,
    identify,
    next_publication_id,
)
from sumida_data.catalogue.target import (
    Catalogue,
    Dataset,
    File,
    PublicTarget,
    TargetChange,
    TargetError,
    TargetState,
    compare,
    explain_failure,
    hash_content,
)
from sumida_data.packages.versions import DAY_TO_COME
from sumida_data.quality.rules import SecondOpinion

# Only these speak of the day of publication.
_DATED = ("json", "jsonld", "atom", "md", "html", "xml", "")
_DESCRIPTOR = "datapackage.json"
_UNFINISHED = {
    "undo": "取消しが途中です。先に sumida-data undo をもう一度実行してください。",
    "withdraw": "取下げが途中です。先に sumida-data withdraw をもう一度実行してください。",
}


@dataclass(frozen=True, slots=True)
class PlannedPublication:
    """What is to be published, and by whose approval.

    Attributes:
        kind: Whether something new is published, or what is public put in order.
        changes: What changes in the target, and what stays.
        state: What the target held when this was decided.
        lineage: Table ``lineage`` of the run that made the catalogue.
        day: The day of publication that the content bears.
        opinion: What other engines than SQL say of it; None where it was asked for before the
            publication was cut off.
        resumed: Whether this completes an earlier publication instead of what was to be published.
    """

    kind: Literal["publish", "repair"]
    catalogue: Catalogue
    changes: tuple[TargetChange, ...]
    approval: Approval
    state: TargetState
    lineage: pa.Table
    day: str
    opinion: SecondOpinion | None = None
    resumed: bool = False

    @property
    def changes_nothing(self) -> bool:
        """Whether the target holds all of it already, as far as hashes of datasets tell."""
        return all(change.action == "keep" for change in self.changes)


def prepare_publication(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: RecordState,
    lineage: pa.Table,
    opinion: SecondOpinion | None = None,
) -> PlannedPublication:
    """Decide whether the catalogue may be published now.

    Where another publication was begun and the target shows some of it, that one is completed
    first: it was approved, and nothing else fits what the target holds.

    Raises:
        RefusedError: If it may not.
    """
    _refuse_unfit(catalogue, proposal, state, record, hash_lineage(lineage))
    if resumed := _resume(catalogue, state, record):
        return resumed
    public = record.publications[-1] if record.publications else None
    kind: Literal["publish", "repair"] = "publish"
    day, dated = _date(catalogue, record, state.observed_on)
    changes = compare(dated, state)
    repeats = public is not None and public.content_sha256 == dated.sha256
    taken_down = _list_taken_down(changes, state) if repeats else []
    if public and repeats and not taken_down:
        kind, approval = "repair", record.find_approval(public.approval_id)
    else:
        try:
            approval = find_approval(record, proposal, changes, state)
        except RefusedError as error:
            if not taken_down:
                raise
            raise RefusedError(
                f"公開先で公開を止められたデータセット {'、'.join(taken_down)} は、新しい承認なしに"
                "また公開しません。kedro run を実行し、sumida-data approve で承認を受けてください。"
            ) from error
        if proposal.two_people and approval.account in (approval.ran_by, identify()[0]):
            raise RefusedError(
                f"承認 {approval.approval_id} は、集計か公開をする人と同じ人 {approval.account} が"
                "しました。別の人が sumida-data approve で承認してください(two_people)。"
            )
    return PlannedPublication(kind, dated, changes, approval, state, lineage, day, opinion)


def _date(catalogue: Catalogue, record: RecordState, today: date) -> tuple[str, Catalogue]:
    """Put into a catalogue the day on which it was published, or on which that was begun."""
    begun = record.journal
    if begun and (dated := stamp(catalogue, begun.day)).sha256 == begun.content_sha256:
        return begun.day, dated
    for line in record.publications[-1:]:
        day = next(
            one.published_on
            for one in record.publications
            if one.publication_id in (line.content_of, line.publication_id)
        )
        if (dated := stamp(catalogue, day)).sha256 == line.content_sha256:
            return day, dated
    return today.isoformat(), stamp(catalogue, today.isoformat())


def stamp(catalogue: Catalogue, day: str) -> Catalogue:
    """Put a day where a catalogue says that it is published on a day to come.

    What is approved cannot know the day. The hashes that the descriptions give of one another
    follow; sizes stay, because every day is written with as many characters.
    """
    swaps = {DAY_TO_COME.encode(): day.encode()}

    def swap(path: str, content: bytes) -> bytes:
        form = path.rpartition("/")[2].rpartition(".")[2] if "." in path else ""
        if form == "zip":
            return _rewrite_zip(content, swap)
        for old, new in swaps.items() if form in _DATED else ():
            content = content.replace(old, new)
        return content

    datasets = []
    for dataset in catalogue.datasets:
        files: dict[str, File] = {}
        for file in sorted(dataset.files, key=lambda one: one.key == _DESCRIPTOR):
            content = swap(file.key, file.content)
            if content != file.content:
                swaps[file.sha256.encode()] = hash_content(content).encode()
            files[file.key] = replace(file, content=content)
        metadata = swap("", json.dumps(dataset.metadata, ensure_ascii=False).encode())
        ordered = tuple(files[file.key] for file in dataset.files)
        datasets.append(Dataset(dataset.name, json.loads(metadata), ordered))
    if len(swaps) == 1:
        return catalogue
    pages = {path: swap(path, page) for path, page in catalogue.pages.items()}
    return replace(catalogue, datasets=tuple(datasets), pages=pages)


def _rewrite_zip(content: bytes, swap: Callable[[str, bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(made, "w") as new:
        for name in old.namelist():
            new.writestr(ZipInfo(name), swap(name, old.read(name)), ZIP_DEFLATED)
    return made.getvalue()


def _list_taken_down(changes: Sequence[TargetChange], state: TargetState) -> list[str]:
    """Return the datasets that somebody took from public view, which only an approval undoes."""
    if state.pages == {} and not state.datasets:
        # The whole folder was lost.
        return []
    return [one.dataset for one in changes if one.action in ("create", "adopt") and not one.file]


def _refuse_unfit(
    catalogue: Catalogue,
    proposal: Proposal,
    state: TargetState,
    record: RecordState,
    lineage_sha256: str,
) -> None:
    if proposal.target != state.name or proposal.content_sha256 != catalogue.sha256:
        raise RefusedError(
            f"下見が、公開先 {state.name} に向けた最後の kedro run と違います。"
            "公開先を同じ --env で指定して、もう一度 kedro run を実行してください。"
        )
    if proposal.lineage_sha256 != lineage_sha256:
        raise RefusedError(
            "下見の後の kedro run が途中で終わったため、表が下見と合いません。"
            "もう一度 kedro run を実行してください。"
        )
    if catalogue.sample and not state.accepts_sample:
        raise RefusedError(
            f"見本データは、公開先 {state.name} に公開できません。"
            "実際の調査票を置いて、もう一度 kedro run を実行してください。"
        )
    _refuse_wrong_clock(_say_day(state), record.publications)
    if record.faults:
        raise RefusedError(
            "公開の記録が変えられているため、公開しません。控えと比べてください。\n"
            + "\n".join(record.faults)
        )
    if proposal.problems:
        raise RefusedError("このままでは公開できません。\n" + "\n".join(proposal.problems))
    if record.journal is None:
        refuse_lost_record(proposal.changes, record.publications)
    elif record.journal.kind in _UNFINISHED:
        raise RefusedError(_UNFINISHED[record.journal.kind])


def _refuse_wrong_clock(today: str, lines: Sequence[PublicationLine]) -> None:
    if lines and today < lines[-1].published_on:
        raise RefusedError(
            f"この端末の日付({today})が、最後に公開した日({lines[-1].published_on})より前です。"
            "時計を直してください。"
        )


def _resume(
    catalogue: Catalogue, state: TargetState, record: RecordState
) -> PlannedPublication | None:
    """Return the publication that must be completed before this catalogue is published."""
    pending, journal = record.pending, record.journal
    if pending is None or journal is None or not journal.approval_id:
        return None
    if stamp(catalogue, journal.day).sha256 == pending.sha256:
        return None
    approval = record.find_approval(journal.approval_id)
    changes = compare(pending, state)
    if approval.target_sha256 == state.sha256 or not continues(approval, changes):
        return None
    lineage = read_parquet(record.pending_lineage)
    return PlannedPublication(
        "publish", pending, changes, approval, state, lineage, journal.day, resumed=True
    )


def publish(target: PublicTarget, record: TargetRecord, planned: PlannedPublication) -> None:
    """Make a publication, read every byte back, and write it down.

    Where the target holds all of it already, nothing is written.

    Raises:
        TargetError: If another process publishes, the target has changed since the decision,
            cannot be changed, or does not hold afterwards what it should.
    """
    with record.lock():
        if target.observe(planned.state.observed_on).sha256 != planned.state.sha256:
            raise TargetError(
                "公開先が確かめた後に変わったため、公開しませんでした。もう一度実行してください。"
            )
        repeats = planned.kind == "repair" and planned.changes_nothing
        if repeats and not target.verify(planned.catalogue):
            record.finish()
            return
        publication_id = next_publication_id(record.read_publications())
        if planned.kind == "publish":
            with explain_failure():
                lineage = write_parquet(planned.lineage)
                record.keep_publication(publication_id, planned.catalogue, lineage)
        record.journal.begin(
            JournalEntry(
                kind="publish",
                content_sha256=planned.catalogue.sha256,
                approval_id=planned.approval.approval_id,
                day=planned.day,
            )
        )
        target.apply(planned.catalogue, planned.changes)
        record.journal.mark("applied")
        _read_back(target, record, planned.catalogue)
        _write_down(record, publication_id, planned)
        record.finish()


def undo(target: PublicTarget, record: TargetRecord, day: date) -> PublicationLine:
    """Put the version before the last publication back; a second time, the last again.

    Returns:
        The line that says so.

    Raises:
        TargetError: If there is no version before, or a publication is under way.
    """
    with record.lock():
        unfinished = record.journal.read()
        if unfinished and unfinished.kind == "publish":
            raise TargetError(
                "公開が途中です。先に kedro run --pipelines=publish をもう一度実行してください。"
                "公開先に断られるときは sumida-data abandon でやめてください。"
            )
        lines = record.read_publications()
        before = _find_content_before(lines)
        catalogue = record.load_catalogue(before.publication_id)
        record.journal.begin(JournalEntry(kind="undo", content_sha256=before.content_sha256))
        if any(change.action != "keep" for change in compare(catalogue, target.observe(day))):
            target.undo(catalogue)
            record.journal.mark("applied")
        _read_back(target, record, catalogue)
        line = before.model_copy(
            update={
                "publication_id": next_publication_id(lines),
                "kind": "undo",
                "published_on": day.isoformat(),
                "content_of": before.publication_id,
                "second_opinion": None,
            }
        )
        record.add_publication(line)
        record.finish()
        return line


def abandon(
    target: PublicTarget, record: TargetRecord, day: date, *, leave: bool = False
) -> PublicationLine:
    """Give up the publication under way, and put back what was public before it.

    With ``leave`` the target stays as it is, where it refuses that too.

    Returns:
        The line that says so; the approval is used up.

    Raises:
        TargetError: If there is none, or the target refuses.
    """
    with record.lock():
        begun = record.journal.read()
        if begun is None or begun.kind != "publish":
            raise TargetError("やめる公開がありません。途中の公開も、断られた公開もありません。")
        lines = record.read_publications()
        public = lines[-1] if lines else None
        catalogue = record.load_catalogue(public.content_of if public else "")
        if not leave:
            target.undo(catalogue)
            _read_back(target, record, catalogue)
        line = PublicationLine(
            publication_id=next_publication_id(lines),
            kind="abandon",
            target=target.name,
            published_on=day.isoformat(),
            content_of=public.content_of if public else "",
            content_sha256=catalogue.sha256,
            approval_id=public.approval_id if public else "",
            abandoned=begun.approval_id,
            datasets=public.datasets if public else (),
        )
        record.add_publication(line)
        record.finish()
        return line


def withdraw(
    target: PublicTarget,
    record: TargetRecord,
    catalogue: Catalogue,
    approval: Approval,
    reason: str,
    text: str = "",
) -> PublicationLine:
    """Take versions out of all that is public and kept; doing it again after a kill completes it.

    Args:
        target: The public target.
        record: Its record.
        catalogue: What stays public, and what is withdrawn.
        approval: Whose decision it is.
        reason: Why, for the record.
        text: Words that are removed from the cells that figures rest on, too.

    Returns:
        The line that says so.

    Raises:
        TargetError: If another publication is under way, or the target refuses.
    """
    with record.lock():
        begun = record.journal.read()
        if begun and begun.kind != "withdraw":
            raise TargetError(
                "公開か取消しが途中です。先に sumida-data abandon か undo で終わらせてください。"
            )
        lines = record.read_publications()
        publication_id, day = next_publication_id(lines), approval.approved_on
        record.add_approval(approval)
        record.keep_publication(publication_id, catalogue, b"")
        approval_id, sha256 = approval.approval_id, catalogue.sha256
        entry = JournalEntry(kind="withdraw", content_sha256=sha256, approval_id=approval_id)
        record.journal.begin(entry)
        target.apply(catalogue, compare(catalogue, target.observe(date.fromisoformat(day))))
        _read_back(target, record, catalogue)
        keep_values(record, publication_id, None)
        line = PublicationLine(
            publication_id=publication_id,
            kind="withdraw",
            target=target.name,
            published_on=day,
            content_of=publication_id,
            content_sha256=sha256,
            approval_id=approval_id,
            datasets=_list_datasets(catalogue),
            withdrawn={name: tuple(versions) for name, versions in catalogue.withdrawn.items()},
            reason=reason,
        )
        record.forget(line, text)
        record.add_publication(line)
        record.finish()
        return line


def _list_datasets(catalogue: Catalogue) -> tuple[PublicationDataset, ...]:
    return tuple(
        PublicationDataset(name=one.name, version=one.version, content_sha256=one.state.sha256)
        for one in catalogue.datasets
    )


def _say_day(state: TargetState) -> str:
    return state.observed_on.isoformat()


def _find_content_before(lines: Sequence[PublicationLine]) -> PublicationLine:
    """Return the publication whose content was public before that which is public now.

    Raises:
        TargetError: If there is none.
    """
    for line in reversed(lines):
        if line.content_of not in ("", lines[-1].content_of):
            return next(one for one in lines if one.publication_id == line.content_of)
    raise TargetError("取り消せる公開がありません。前の版がまだないためです。")


def _read_back(target: PublicTarget, record: TargetRecord, catalogue: Catalogue) -> None:
    if faults := target.verify(catalogue):
        raise TargetError(
            "公開先を読み返すと、公開した内容と違います。もう一度実行してください。\n"
            + "\n".join(faults)
        )
    record.journal.mark("verified")


def _write_down(record: TargetRecord, publication_id: str, planned: PlannedPublication) -> None:
    lines = record.read_publications()
    content_of = publication_id
    if planned.kind == "publish":
        keep_values(record, publication_id, planned.lineage)
        record.journal.mark("values kept")
    else:
        content_of = lines[-1].content_of
    blocked = planned.catalogue.blocked
    kept = (one for line in lines[-1:] for one in line.datasets if one.name in blocked)
    record.add_publication(
        PublicationLine(
            publication_id=publication_id,
            kind=planned.kind,
            target=planned.state.name,
            published_on=planned.day if planned.kind == "publish" else _say_day(planned.state),
            content_of=content_of,
            content_sha256=planned.catalogue.sha256,
            approval_id=planned.approval.approval_id,
            datasets=(*kept, *_list_datasets(planned.catalogue)),
            second_opinion=planned.opinion,
        )
    )
    record.journal.mark("written down")
