"""The record of a public target: what was approved and published there, and what is under way.

It lies in ``data/06_catalog/record/<target>`` and is never removed::

    approvals.jsonl      one approval per line
    publications.jsonl   one publication, repair or undo per line
    publications/<id>/   all that was published, of the two last contents and of one under way:
                         packages/, pages/, lineage.parquet, and catalogue.json with descriptions
    published/           the packages that are public now, as <package>/<file>
    values.parquet       every published value, with the publication that it was part of
    lineage.parquet      the cells of every published revision
    journal.json         how far a publication or an undo has come; there only while it is under way
    lock                 held by the process that publishes

Lines are only added: a file is written anew beside the old one and takes its place, so that a
line is there whole or not at all.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from sumida_data.base.disk import read_folder, remove_folder, replace_file, replace_folder
from sumida_data.base.metadata import Model
from sumida_data.base.quota import Gap
from sumida_data.catalogue.changes import ListedChange
from sumida_data.catalogue.target import Catalogue, Dataset, File, TargetError
from sumida_data.quality.second_opinion import SecondOpinion

_LINEAGE = "lineage.parquet"


class Approval(Model):
    """What a named person approved.

    Attributes:
        approval_id: Its id within the target, such as A0001.
        target: Name of the public target.
        content_sha256: Hash of the catalogue to be published.
        target_sha256: Hash of what stood in the target.
        approved_by: The person.
        decision_number: 決裁番号.
        approved_on: The day of the decision, as 2023-02-01.
        accepted_gaps: The gaps of the quarter that the person accepted.
        changes: What would change, without what stays.
        findings: Open findings by severity, as the person saw them.
        failed_checks: Failed checks, as the person saw them.
        blocked: Datasets that may not go out, as the person saw them.
        pending_revisions: Published values kept for want of a reason, as the person saw them.
    """

    approval_id: str
    target: str
    content_sha256: str
    target_sha256: str
    approved_by: str
    decision_number: str
    approved_on: str
    accepted_gaps: tuple[Gap, ...]
    changes: tuple[ListedChange, ...]
    findings: dict[str, int]
    failed_checks: tuple[str, ...]
    blocked: tuple[str, ...]
    pending_revisions: tuple[str, ...]


class PublishedDataset(Model):
    """A dataset of a publication.

    Attributes:
        name: Its name.
        version: Its version.
        content_sha256: Hash of its description and of all its bytes.
    """

    name: str
    version: str
    content_sha256: str


class PublicationLine(Model):
    """A line of publications.jsonl.

    Attributes:
        publication_id: Its id within the target, such as P0001.
        kind: Whether something new was published, the same put in order, or the last taken back.
        target: Name of the target.
        published_on: The day, as 2023-02-01.
        content_of: The publication whose content stands in the target from then on.
        content_sha256: Hash of that content.
        approval_id: The approval of that content.
        datasets: The datasets that stand there from then on.
        second_opinion: What other engines than SQL looked at before; None in older lines.
    """

    publication_id: str
    kind: Literal["publish", "repair", "undo"]
    target: str
    published_on: str
    content_of: str
    content_sha256: str
    approval_id: str
    datasets: tuple[PublishedDataset, ...]
    second_opinion: SecondOpinion | None = None


class JournalEntry(Model):
    """What is under way.

    Attributes:
        kind: What is done.
        content_sha256: Hash of the content that is to stand in the target.
        approval_id: The approval, of a publication.
        step: The last step that was finished.
    """

    kind: Literal["publish", "undo"]
    content_sha256: str
    approval_id: str = ""
    step: str = "begun"


class Journal:
    """Says on disk how far a publication has come, so that it can be resumed after a kill."""

    def __init__(self, path: Path) -> None:
        """Name the file."""
        self._path = path

    def read(self) -> JournalEntry | None:
        """Return what is under way, or None."""
        if not self._path.exists():
            return None
        return JournalEntry.model_validate_json(self._path.read_bytes())

    def begin(self, entry: JournalEntry) -> None:
        """Write down what is about to be done."""
        replace_file(self._path, entry.model_dump_json(indent=1).encode())

    def mark(self, step: str) -> None:
        """Write down that a step is finished."""
        entry = self.read()
        if entry:
            self.begin(entry.model_copy(update={"step": step}))

    def finish(self) -> None:
        """Write down that nothing is under way."""
        self._path.unlink(missing_ok=True)


class Record:
    """The record of one target."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it need not exist."""
        self.folder = folder
        self.journal = Journal(folder / "journal.json")

    def read_approvals(self) -> list[Approval]:
        """Return the approvals, oldest first."""
        return [Approval.model_validate(line) for line in self._read_lines("approvals.jsonl")]

    def read_publications(self) -> list[PublicationLine]:
        """Return the publications, oldest first."""
        lines = self._read_lines("publications.jsonl")
        return [PublicationLine.model_validate(line) for line in lines]

    def add_approval(self, approval: Approval) -> None:
        """Write an approval down."""
        self._add_line("approvals.jsonl", approval)

    def add_publication(self, line: PublicationLine) -> None:
        """Write a publication down; from then on it has been made."""
        self._add_line("publications.jsonl", line)

    def keep_content(self, publication_id: str, catalogue: Catalogue, lineage: bytes) -> None:
        """Keep all that is to be published, so that it can be completed, read back and put back.

        Args:
            publication_id: The publication.
            catalogue: What is published.
            lineage: The cells that its values rest on, as Parquet.
        """
        described = {
            "sample": catalogue.sample,
            "blocked": list(catalogue.blocked),
            "datasets": [
                {
                    "name": dataset.name,
                    "metadata": dataset.metadata,
                    "files": [[file.key, file.metadata] for file in dataset.files],
                }
                for dataset in catalogue.datasets
            ],
        }
        text = json.dumps(described, ensure_ascii=False, indent=1)
        pages = {f"pages/{path}": content for path, content in catalogue.pages.items()}
        packages = {f"packages/{path}": content for path, content in _list_files(catalogue).items()}
        files = {"catalogue.json": text.encode(), _LINEAGE: lineage, **pages, **packages}
        replace_folder(self._content_folder(publication_id), files)

    def load_content(self, publication_id: str) -> Catalogue:
        """Return what was published.

        Raises:
            TargetError: If it is kept no longer.
        """
        folder = self._content_folder(publication_id)
        if not folder.is_dir():
            raise TargetError(f"公開 {publication_id} の控えが {folder} にありません。")
        described = json.loads((folder / "catalogue.json").read_bytes())
        packages = folder / "packages"
        return Catalogue(
            datasets=tuple(
                Dataset(
                    name=one["name"],
                    metadata=one["metadata"],
                    files=tuple(
                        File(key, (packages / one["name"] / key).read_bytes(), metadata)
                        for key, metadata in one["files"]
                    ),
                )
                for one in described["datasets"]
            ),
            pages=read_folder(folder / "pages"),
            sample=described["sample"],
            blocked=tuple(described["blocked"]),
        )

    def load_lineage(self, publication_id: str) -> bytes:
        """Return the cells that the values of a publication rest on, as Parquet."""
        return (self._content_folder(publication_id) / _LINEAGE).read_bytes()

    def show_published(self, publication_id: str) -> None:
        """Make ``published`` hold the packages of a publication, and those blocked since."""
        catalogue = self.load_content(publication_id)
        blocked = {
            path: content
            for path, content in read_folder(self.folder / "published").items()
            if path.partition("/")[0] in catalogue.blocked
        }
        replace_folder(self.folder / "published", blocked | _list_files(catalogue))

    def forget_contents(self, *kept: str) -> None:
        """Remove the kept contents of all publications but these."""
        for folder in (self.folder / "publications").glob("*"):
            if folder.name not in kept:
                remove_folder(folder)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from publishing; a killed process holds nothing.

        Raises:
            TargetError: If another process holds it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("a") as file:
            try:
                _lock_file(file)
            except OSError as error:
                raise TargetError(
                    "ほかの人が公開の作業をしています。終わってから、もう一度実行してください。"
                ) from error
            yield

    def _content_folder(self, publication_id: str) -> Path:
        return self.folder / "publications" / publication_id

    def _read_lines(self, name: str) -> list[Any]:
        path = self.folder / name
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        return [json.loads(line) for line in lines]

    def _add_line(self, name: str, line: Model) -> None:
        path = self.folder / name
        before = path.read_bytes() if path.exists() else b""
        text = json.dumps(line.model_dump(mode="json"), ensure_ascii=False)
        replace_file(path, before + f"{text}\n".encode())


def _list_files(catalogue: Catalogue) -> dict[str, bytes]:
    return {
        f"{dataset.name}/{file.key}": file.content
        for dataset in catalogue.datasets
        for file in dataset.files
    }


def _lock_file(file: IO[str]) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
