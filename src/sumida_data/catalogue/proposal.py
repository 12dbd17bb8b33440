"""What a run would publish, as it is put before the person who approves it."""

from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sumida_data.base.metadata import Model
from sumida_data.base.quota import Gap
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
    "update": "更新",
    "keep": "変更なし",
    "remove": "公開をやめる",
}
_NOT_MADE = "今回の実行では作られませんでした。"


class NewText(Model):
    """Free words that no approval has covered yet; who approves is shown them.

    Attributes:
        text: The words as they would be public.
        table: Title of the table.
        field: Title of the column.
        place: File, sheet and cell where they were read first, or empty.
        cells: In how many cells of the column they stand.
    """

    text: str
    table: str
    field: str
    place: str
    cells: int

    @property
    def sha256(self) -> str:
        """Hash of the words, by which a record remembers them."""
        return hash_content(self.text.encode())


class Circumstances(Model):
    """What a run found that a person must know before approving.

    Attributes:
        period: The reported period, such as FY2022Q3.
        lineage_sha256: Hash of table ``lineage``, which is kept with the published values.
        gaps: What is missing from the figures of the quarter.
        findings: Number of open findings by severity.
        failed_checks: Checks that failed, one line each.
        pending_revisions: Published values that would change without a reason, one line each.
        block_reasons: Why datasets may not go out, by their names; the reasons hold no data.
        held_back: Rows that do not go out because a person seems to be named there, in words.
        new_texts: Free words that were never approved before.
    """

    period: str
    lineage_sha256: str
    gaps: tuple[Gap, ...]
    findings: dict[str, int]
    failed_checks: tuple[str, ...]
    pending_revisions: tuple[str, ...]
    block_reasons: dict[str, tuple[str, ...]]
    held_back: tuple[str, ...] = ()
    new_texts: tuple[NewText, ...] = ()


class Proposal(Circumstances):
    """What the last run would publish, and what it found.

    Attributes:
        content_sha256: Hash of the catalogue.
        target_sha256: Hash of what the target holds.
        changes: What would change in the target, and what would stay.
        versions: The version of each dataset by name.
        blocked: Datasets that may not go out; what is public of them stays.
    """

    target: str
    sample: bool
    content_sha256: str
    target_sha256: str
    changes: tuple[TargetChange, ...]
    versions: dict[str, str]
    blocked: tuple[str, ...]

    @property
    def gaps_to_accept(self) -> tuple[Gap, ...]:
        """The gaps that a named person must accept before anything is published."""
        return tuple(gap for gap in self.gaps if gap.exceeds_quota)

    @property
    def real_changes(self) -> tuple[TargetChange, ...]:
        """The changes without what stays."""
        return tuple(change for change in self.changes if change.action != "keep")

    @property
    def remarks(self) -> dict[str, tuple[str, ...]]:
        """What else a person must know, one line each, by heading."""
        return {
            "公開できないデータセット(前に公開したものが残ります)": tuple(
                f"{name}：{''.join(self.block_reasons.get(name, (_NOT_MADE,)))}"
                for name in self.blocked
            ),
            "個人に関する記載のおそれがあり、公開しない行": self.held_back,
            "不合格の確認": self.failed_checks,
            "公表した値と今のデータの食い違い(公表した値のままにしました)": self.pending_revisions,
        }


def propose(catalogue: Catalogue, state: TargetState, circumstances: Circumstances) -> Proposal:
    """Put before the person who approves what a run would publish."""
    return Proposal(
        target=state.name,
        sample=catalogue.sample,
        content_sha256=catalogue.sha256,
        target_sha256=state.sha256,
        changes=compare(catalogue, state),
        versions={one.name: one.version for one in catalogue.datasets},
        blocked=tuple(sorted({*catalogue.blocked, *circumstances.block_reasons})),
        **dict(circumstances),
    )


class DatasetChange(NamedTuple):
    """What would change in one dataset, for people.

    Attributes:
        name: Its name; empty for the pages of the site.
        version: The version that would be public; empty for pages and for what is removed.
        files: What would happen to its files, or to the pages.
    """

    action: Action
    name: str
    version: str
    files: dict[Action, tuple[str, ...]]


def group_changes(proposal: Proposal) -> list[DatasetChange]:
    """Return the real changes by dataset, the pages last."""
    grouped = []
    found = sorted(proposal.real_changes, key=lambda one: (one.dataset == PAGES, one.dataset))
    for name, group in groupby(found, key=attrgetter("dataset")):
        whole: Action = "update"
        files: dict[Action, tuple[str, ...]] = {}
        for change in sorted(group, key=lambda one: [*ACTIONS].index(one.action)):
            if change.file is None:
                whole = change.action
            else:
                files[change.action] = (*files.get(change.action, ()), change.file)
        grouped.append(DatasetChange(whole, name, proposal.versions.get(name, ""), files))
    return grouped


def count_actions(changes: Sequence[TargetChange]) -> str:
    """Say in words how many datasets and files would change."""
    counts = []
    for action, words in ACTIONS.items():
        ours = [change for change in changes if change.action == action]
        if ours:
            datasets = sum(change.file is None for change in ours)
            pages = sum(change.dataset == PAGES for change in ours)
            files = len(ours) - datasets - pages
            counts.append(f"{words} {datasets}データセット・{files}ファイル・{pages}ページ")
    return "、".join(counts) or "何もありません"
