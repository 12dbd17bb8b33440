"""What a run would publish, as it is put before a person, and the approval that it needs."""

from collections.abc import Collection, Sequence
from datetime import date
from itertools import chain, groupby
from operator import attrgetter
from typing import Any

from pydantic import Field as Described

from sumida_data.base.metadata import Gap, Listed, Mistakes, Model, Row, refuse
from sumida_data.catalogue.record import Approval, PublicationLine, TargetRecord, identify
from sumida_data.catalogue.target import (
    PAGES,
    Action,
    Catalogue,
    TargetChange,
    TargetState,
    compare,
    hash_content,
)

ACTIONS: dict[Action, str] = {
    "create": "新しく公開",
    "adopt": "ほかの人のデータセットを上書きして公開",
    "update": "更新",
    "keep": "変更なし",
    "remove": "公開をやめる",
}
_NOT_MADE = ("今回の実行では作られませんでした。",)
_APPROVE = "sumida-data approve で承認を受けてください。"


class RefusedError(ValueError):
    """A publication that may not be made; the text says why and what to do, in Japanese."""


class NewText(Model):
    """Free words that go out; who approves is shown those that no approval has covered yet."""

    text: str
    table: str
    field: str
    place: str  # file, sheet and cell where they were read first, or empty
    cells: int  # of the column

    @property
    def sha256(self) -> str:
        """Hash of the words, by which a record remembers them."""
        return hash_content(self.text.encode())


class FigureChange(Model):
    """A figure that will be another one in public, with what it is now, in words."""

    title: str
    period: str
    before: str
    after: str


class FreeWords(Listed[tuple[NewText, ...]]):
    """All free words that go out, each once for its column."""


class Proposal(Model):
    """What the last run would publish, and what a person must know before approving."""

    period: str = ""
    lineage_sha256: str = ""
    gaps: tuple[Gap, ...] = ()
    findings: dict[str, int] = Described(default_factory=dict)
    failed_checks: tuple[str, ...] = ()
    pending_revisions: tuple[str, ...] = ()
    # By dataset; they hold no data.
    block_reasons: dict[str, tuple[str, ...]] = Described(default_factory=dict)
    held_back: tuple[str, ...] = ()  # rows in which a person seems to be named, in words
    new_texts: tuple[NewText, ...] = ()
    figures: tuple[FigureChange, ...] = ()
    decisions: dict[str, tuple[str, ...]] = Described(default_factory=dict)  # by heading
    problems: tuple[str, ...] = ()  # in the way of any publication
    ran_by: str = ""
    two_people: bool = False  # another account must approve than ran and publishes
    target: str
    sample: bool
    content_sha256: str
    target_sha256: str
    changes: tuple[TargetChange, ...]  # and what would stay
    versions: dict[str, str]
    blocked: tuple[str, ...]
    hidden: tuple[str, ...] = ()  # taken from public view, and would be public again

    @property
    def gaps_to_accept(self) -> tuple[Gap, ...]:
        """The gaps that a named person must accept before anything is published."""
        return tuple(gap for gap in self.gaps if gap.exceeds_quota)

    @property
    def real_changes(self) -> tuple[TargetChange, ...]:
        """The changes, but for what stays."""
        return tuple(change for change in self.changes if change.action != "keep")

    @property
    def remarks(self) -> dict[str, tuple[str, ...]]:
        """What else a person must know, one line each, by heading."""
        reasons = {name: "".join(self.block_reasons.get(name, _NOT_MADE)) for name in self.blocked}
        return {
            "公表する数の変わるもの": tuple(
                f"{one.title} {one.period}：{one.before} → {one.after}" for one in self.figures
            ),
            **self.decisions,
            "このままでは公開できない理由": self.problems,
            "公開先で非公開にされたデータセット(承認すると、また公開します)": self.hidden,
            "公開できないデータセット(前に公開したものが残ります)": tuple(
                f"{name}：{reason}" for name, reason in reasons.items()
            ),
            "個人に関する記載のおそれがあり、公開しない行": self.held_back,
            "不合格の確認": self.failed_checks,
            "公表した値と今のデータの食い違い(公表した値のままにしました)": self.pending_revisions,
        }


def propose(catalogue: Catalogue, state: TargetState, **found: Any) -> Proposal:
    """Put before the person who approves what a run would publish, and what else it found."""
    refused = state.find_problems(catalogue)
    return Proposal(
        target=state.name,
        sample=catalogue.sample,
        content_sha256=catalogue.sha256,
        target_sha256=state.sha256,
        changes=compare(catalogue, state),
        versions={one.name: one.version for one in catalogue.datasets},
        blocked=tuple(sorted({*catalogue.blocked, *found.get("block_reasons", ())})),
        hidden=tuple(sorted(state.hidden & catalogue.states.keys())),
        **found | {"problems": (*found.get("problems", ()), *refused)},
    )


def group_changes(proposal: Proposal) -> list[Row]:
    """Return by dataset what would really change, the pages of the site last: without a name.

    A row has ``action``, ``name``, the ``version`` that would be public, and ``files`` by action.
    """
    grouped = []
    found = sorted(proposal.real_changes, key=lambda one: (one.dataset == PAGES, one.dataset))
    for name, group in groupby(found, key=attrgetter("dataset")):
        files: dict[Action, list[str]] = {}
        row = {"action": "update", "name": name, "version": proposal.versions.get(name, "")}
        for change in sorted(group, key=lambda one: [*ACTIONS].index(one.action)):
            if change.file is None:
                row["action"] = change.action
            else:
                files.setdefault(change.action, []).append(change.file)
        grouped.append(row | {"files": files})
    return grouped


def count_actions(changes: Sequence[TargetChange]) -> str:
    """Say in words how many datasets and files would change."""
    counts = []
    for action, words in ACTIONS.items():
        if ours := [change for change in changes if change.action == action]:
            datasets = sum(change.file is None for change in ours)
            pages = sum(change.dataset == PAGES for change in ours)
            files = len(ours) - datasets - pages
            counts.append(f"{words} {datasets}データセット・{files}ファイル・{pages}ページ")
    return "、".join(counts) or "何もありません"


def write_approval(
    proposal: Proposal,
    approvals: Sequence[Approval],
    *,
    approved_by: str,
    decision_number: str,
    approved_on: date,
    accepts_gaps: bool = False,
    adopts: Collection[str] = (),
) -> Approval:
    """Write down what a person approved.

    A RefusedError says that the person or the number is not named, that gaps are not accepted or
    datasets of other people not adopted by name, or that it cannot be published anyway.
    """
    titles = "、".join(gap.title for gap in proposal.gaps_to_accept)
    others = {change.dataset for change in proposal.changes if change.action == "adopt"}
    missing = sorted(others - set(adopts))
    refuse(
        {
            "\n".join(("このままでは公開できません。", *proposal.problems)): proposal.problems,
            "承認者の名前が空です。必ず書いてください。": not approved_by.strip(),
            "決裁番号が空です。必ず書いてください。": not decision_number.strip(),
            f"{titles}が基準を超えています。"
            "承認者が受け入れるときは --accept-gaps を付けてください。": titles
            and not accepts_gaps,
            f"{'、'.join(missing)}は、公開先にあるほかの人のデータセットです。上書きすると元に"
            "戻せません。別の名前にするか(name_prefix)、承認者が引き継ぐと決めたときだけ "
            f"--adopt {' --adopt '.join(missing)} を付けてください。": missing,
        },
        RefusedError,
    )
    seen = Approval.model_fields.keys() & Proposal.model_fields.keys() - {"changes", "new_texts"}
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


def find_new_texts(free_words: FreeWords, record: TargetRecord) -> tuple[NewText, ...]:
    """Return the free words that no approval of the record has covered yet, in order."""
    known = record.known_texts
    return tuple(one for one in free_words.root if one.sha256 not in known)


def find_approval(record: TargetRecord, line: PublicationLine) -> Approval:
    """Return the approval under which something was published."""
    return next(one for one in record.approvals if one.approval_id == line.approval_id)


def require_approval(
    record: TargetRecord,
    proposal: Proposal,
    changes: Sequence[TargetChange],
    state: TargetState,
    hidden: Sequence[str] = (),
) -> Approval:
    """Return the approval under which the proposal may be published now.

    What a publication that was begun and not finished has changed already is no change by others.
    A RefusedError says that there is none, or that content or target have changed since; ``hidden``
    are datasets that were published so and then taken from public view by hand.
    """
    if not (approvals := record.approvals):
        raise RefusedError(f"承認されていません。{_APPROVE}")
    approval, journal = approvals[-1], record.journal
    own, name = approval.approval_id, f"承認 {approval.approval_id} "
    used = chain.from_iterable((one.approval_id, one.abandoned) for one in record.publications)
    begun = journal is not None and journal.approval_id == own
    ours = approval.target_sha256 == state.sha256 or (begun and continues(approval, changes))
    refusals = {
        f"{name}の後で公開する内容が変わったため、承認は無効です。"
        f"変更の一覧を確かめて、{_APPROVE}": approval.content_sha256 != proposal.content_sha256,
        f"{name}による公開は済んでいます。もう一度公開するには、{_APPROVE}": own in used,
        f"{name}の後で公開先が変わったため、承認は無効です。"
        f"もう一度 kedro run を実行し、変更の一覧を確かめて、{_APPROVE}": not ours,
        **_find_unseen(approval, record, proposal),
    }
    if any(refusals.values()) and hidden:
        raise RefusedError(
            f"公開先で公開を止められたデータセット {'、'.join(hidden)} は、新しい承認なしに"
            f"また公開しません。kedro run を実行し、{_APPROVE}"
        )
    refuse(refusals, RefusedError)
    if proposal.two_people and approval.account in (approval.ran_by, identify()[0]):
        raise RefusedError(
            f"{name}は、集計か公開をする人と同じ人 {approval.account} が"
            "しました。別の人が sumida-data approve で承認してください(two_people)。"
        )
    return approval


def _find_unseen(approval: Approval, record: TargetRecord, proposal: Proposal) -> Mistakes:
    known, accepted = record.known_texts, {gap.title for gap in approval.accepted_gaps}
    unseen = sum(one.sha256 not in known for one in proposal.new_texts)
    missing = "、".join(one.title for one in proposal.gaps_to_accept if one.title not in accepted)
    return {
        f"承認者に示していない新しい文が{unseen}件あります。{_APPROVE}": unseen,
        f"{missing}が受け入れられていません。{_APPROVE}": missing,
    }


def continues(approval: Approval, changes: Sequence[TargetChange]) -> bool:
    """Tell whether what is left to change is nothing but what was approved."""
    approved = {(change.dataset, change.file) for change in approval.changes}
    return {(one.dataset, one.file) for one in changes if one.action != "keep"} <= approved


def refuse_lost_record(proposal: Proposal, record: TargetRecord) -> None:
    """Refuse to begin anew beside what was published: versions would start again at 1.0.0."""
    ours = (one for one in proposal.changes if one.action not in ("create", "adopt"))
    there = {*proposal.hidden, *(one.dataset for one in ours)} - {PAGES}
    if not record.publications and (lost := sorted(there)):
        raise RefusedError(
            f"公開先には {'、'.join(lost)} がありますが、公開の記録がありません。"
            "記録のフォルダ data/06_catalog/record を控えから戻してください。"
        )
