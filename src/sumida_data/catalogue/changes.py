"""What would change in a public target, and what else a person must know to approve it."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import NamedTuple

from sumida_data.base.metadata import Model
from sumida_data.base.quota import Gap
from sumida_data.catalogue.target import (
    PAGES,
    Action,
    Catalogue,
    Change,
    Dataset,
    DatasetState,
    FileState,
    TargetState,
)

ACTIONS: dict[Action, str] = {
    "create": "新しく公開",
    "update": "更新",
    "keep": "変更なし",
    "remove": "公開をやめる",
}
_NOT_MADE = "今回の実行では作られませんでした。"


class ListedChange(Model):
    """A change as it is written down.

    Attributes:
        action: What would happen.
        dataset: Name of the dataset; empty for a page.
        file: Key of the resource or path of the page; None where the dataset itself is meant.
    """

    action: Action
    dataset: str
    file: str | None = None


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
    """

    period: str
    lineage_sha256: str
    gaps: tuple[Gap, ...]
    findings: dict[str, int]
    failed_checks: tuple[str, ...]
    pending_revisions: tuple[str, ...]
    block_reasons: dict[str, tuple[str, ...]]


class Proposal(Circumstances):
    """What the last run would publish, as it is put before the person who approves.

    Attributes:
        target: Name of the public target.
        sample: Whether invented data went into it.
        content_sha256: Hash of the catalogue.
        target_sha256: Hash of what stands in the target.
        changes: What would change in the target, and what would stay.
        versions: The version of each dataset by name.
        blocked: Datasets that may not go out; what stands of them stays.
    """

    target: str
    sample: bool
    content_sha256: str
    target_sha256: str
    changes: tuple[ListedChange, ...]
    versions: dict[str, str]
    blocked: tuple[str, ...]

    @property
    def gaps_to_accept(self) -> tuple[Gap, ...]:
        """The gaps that a named person must accept before anything is published."""
        return tuple(gap for gap in self.gaps if gap.exceeds_quota)

    @property
    def real_changes(self) -> tuple[ListedChange, ...]:
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
            "不合格の確認": self.failed_checks,
            "公表した値と今のデータの食い違い(公表した値のままにしました)": self.pending_revisions,
        }


def propose(catalogue: Catalogue, state: TargetState, circumstances: Circumstances) -> Proposal:
    """Put before the person who approves what a run would publish.

    Args:
        catalogue: What would be public.
        state: What stands in the target.
        circumstances: What else the run found.
    """
    return Proposal(
        target=state.name,
        sample=catalogue.sample,
        content_sha256=catalogue.sha256,
        target_sha256=state.sha256,
        changes=list_changes(compare(catalogue, state)),
        versions={one.name: str(one.metadata["version"]) for one in catalogue.datasets},
        blocked=tuple(sorted({*catalogue.blocked, *circumstances.block_reasons})),
        **dict(circumstances),
    )


class DatasetChange(NamedTuple):
    """What would change in one dataset, for people.

    Attributes:
        action: What would happen to the dataset.
        name: Its name; empty for the pages of the site.
        version: The version that would stand there; empty for pages and for what is removed.
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
        changes = list(group)
        whole: Action = next((one.action for one in changes if one.file is None), "update")
        files = {
            action: tuple(one.file for one in changes if one.file and one.action == action)
            for action in ACTIONS
        }
        present = {action: names for action, names in files.items() if names}
        grouped.append(DatasetChange(whole, name, proposal.versions.get(name, ""), present))
    return grouped


def compare(catalogue: Catalogue, state: TargetState) -> tuple[Change, ...]:
    """Compare a catalogue with what stands in a target, by hashes alone.

    Returns:
        For each dataset, each of its resources and each page, what would happen. A dataset is
        updated if its description or any of its resources changes.
    """
    wanted = {dataset.name: dataset for dataset in catalogue.datasets}
    changes: list[Change] = []
    for name in sorted(wanted.keys() | state.datasets.keys()):
        if name in wanted:
            changes += _compare_dataset(wanted[name], state.datasets.get(name))
        else:
            action: Action = "keep" if name in catalogue.blocked else "remove"
            keys = sorted(state.datasets[name].files)
            changes += [Change(action, name), *(Change(action, name, key) for key in keys)]
    return (*changes, *_compare_pages(catalogue, state))


def count_actions(changes: Sequence[ListedChange]) -> str:
    """Say in words how many datasets and files would change."""
    counts = []
    for action, words in ACTIONS.items():
        ours = [change for change in changes if change.action == action]
        if ours:
            datasets = sum(change.file is None for change in ours)
            files = sum(change.file is not None and change.dataset != PAGES for change in ours)
            pages = sum(change.dataset == PAGES for change in ours)
            counts.append(f"{words} {datasets}データセット・{files}ファイル・{pages}ページ")
    return "、".join(counts) or "何もありません"


def list_changes(changes: Sequence[Change]) -> tuple[ListedChange, ...]:
    """Return the changes as they are written down."""
    return tuple(
        ListedChange(action=change.action, dataset=change.dataset, file=change.file)
        for change in changes
    )


def _compare_dataset(dataset: Dataset, state: DatasetState | None) -> Iterator[Change]:
    standing: Mapping[str, FileState] = state.files if state else {}
    files = [
        Change(_compare_hashes(hashes, standing.get(file.key)), dataset.name, file.key)
        for file in dataset.files
        for hashes in [(file.sha256, file.metadata_sha256)]
    ]
    kept = {file.key for file in dataset.files}
    files += [Change("remove", dataset.name, key) for key in sorted(standing.keys() - kept)]
    if state is None:
        action: Action = "create"
    else:
        same = state.metadata_sha256 == dataset.metadata_sha256
        untouched = same and all(change.action == "keep" for change in files)
        action = "keep" if untouched else "update"
    yield Change(action, dataset.name)
    yield from files


def _compare_hashes(hashes: tuple[str, str], state: FileState | None) -> Action:
    if state is None:
        return "create"
    return "keep" if hashes == (state.sha256, state.metadata_sha256) else "update"


def _compare_pages(catalogue: Catalogue, state: TargetState) -> Iterator[Change]:
    if state.pages is None:
        return
    wanted = catalogue.page_hashes
    for path in sorted(wanted.keys() | state.pages.keys()):
        if path not in wanted:
            yield Change("remove", PAGES, path)
        elif path not in state.pages:
            yield Change("create", PAGES, path)
        else:
            same = wanted[path] == state.pages[path]
            yield Change("keep" if same else "update", PAGES, path)
