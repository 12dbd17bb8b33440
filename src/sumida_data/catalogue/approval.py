"""The one approval that a publication needs: what it holds, and whether it still does."""

from collections.abc import Iterable, Sequence
from datetime import date

from sumida_data.base.metadata import Row
from sumida_data.catalogue.proposal import NewText, Proposal
from sumida_data.catalogue.record import Approval, RecordState
from sumida_data.catalogue.target import Catalogue, TargetChange, TargetState

_APPROVE = "sumida-data approve で承認を受けてください。"


class RefusedError(ValueError):
    """A publication that may not be made; the text says why and what to do, in Japanese."""


def write_approval(
    proposal: Proposal,
    approvals: Sequence[Approval],
    *,
    approved_by: str,
    decision_number: str,
    approved_on: date,
    accepts_gaps: bool,
) -> Approval:
    """Write down what a person approved.

    Raises:
        RefusedError: If the person or the number is not named, or gaps are not accepted.
    """
    for title, text in (("承認者の名前", approved_by), ("決裁番号", decision_number)):
        if not text.strip():
            raise RefusedError(f"{title}が空です。必ず書いてください。")
    if proposal.gaps_to_accept and not accepts_gaps:
        titles = "、".join(gap.title for gap in proposal.gaps_to_accept)
        raise RefusedError(
            f"{titles}が基準を超えています。"
            "承認者が受け入れるときは --accept-gaps を付けてください。"
        )
    seen = {"target", "content_sha256", "target_sha256", "findings", "failed_checks"}
    seen |= {"blocked", "pending_revisions"}
    return Approval(
        approval_id=f"A{len(approvals) + 1:04}",
        approved_by=approved_by.strip(),
        decision_number=decision_number.strip(),
        approved_on=approved_on.isoformat(),
        accepted_gaps=proposal.gaps_to_accept,
        changes=proposal.real_changes,
        new_texts=tuple(one.sha256 for one in proposal.new_texts),
        **proposal.model_dump(include=seen),
    )


def find_new_texts(free_words: Iterable[Row], record: RecordState) -> tuple[NewText, ...]:
    """Return the free words that no approval of the record has covered yet, in order."""
    known = {sha256 for approval in record.approvals for sha256 in approval.new_texts}
    found = (NewText(**row) for row in free_words)
    return tuple(one for one in found if one.sha256 not in known)


def find_approval_of_public(record: RecordState, catalogue: Catalogue) -> Approval | None:
    """Return the approval of what is public now, if the catalogue is just that, or None.

    What was approved and published, and still is to be public, may be put in order again.
    """
    for last in record.publications[-1:]:
        if last.content_sha256 == catalogue.sha256:
            return record.find_approval(last.approval_id)
    return None


def find_approval(record: RecordState, proposal: Proposal, state: TargetState) -> Approval:
    """Return the approval under which the proposal may be published now.

    What a publication that was begun and not finished has changed already is no change by others.

    Raises:
        RefusedError: If there is none, or if content or target have changed since.
    """
    if not record.approvals:
        raise RefusedError(f"承認されていません。{_APPROVE}")
    approval = record.approvals[-1]
    name = f"承認 {approval.approval_id} "
    if approval.content_sha256 != proposal.content_sha256:
        raise RefusedError(
            f"{name}の後で公開する内容が変わったため、承認は無効です。"
            f"変更の一覧を確かめて、{_APPROVE}"
        )
    if any(one.approval_id == approval.approval_id for one in record.publications):
        raise RefusedError(f"{name}による公開は済んでいます。もう一度公開するには、{_APPROVE}")
    begun = record.journal and record.journal.approval_id == approval.approval_id
    ours = begun and continues(approval, proposal.real_changes)
    if approval.target_sha256 != state.sha256 and not ours:
        raise RefusedError(
            f"{name}の後で公開先が変わったため、承認は無効です。"
            f"もう一度 kedro run を実行し、変更の一覧を確かめて、{_APPROVE}"
        )
    known = {sha256 for one in record.approvals for sha256 in one.new_texts}
    if unseen := sum(one.sha256 not in known for one in proposal.new_texts):
        raise RefusedError(f"承認者に示していない新しい文が{unseen}件あります。{_APPROVE}")
    accepted = {gap.title for gap in approval.accepted_gaps}
    if missing := [gap.title for gap in proposal.gaps_to_accept if gap.title not in accepted]:
        raise RefusedError(f"{'、'.join(missing)}が受け入れられていません。{_APPROVE}")
    return approval


def continues(approval: Approval, changes: Sequence[TargetChange]) -> bool:
    """Tell whether what is left to change is nothing but what was approved."""
    approved = {(change.dataset, change.file) for change in approval.changes}
    left = {(change.dataset, change.file) for change in changes if change.action != "keep"}
    return left <= approved
