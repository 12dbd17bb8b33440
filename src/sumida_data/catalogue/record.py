"""The record of a public target: what was approved and published there, and what is under way.

It is the folder ``data/06_catalog/record/<target>``, which is never removed::

    approvals.jsonl         one approval per line
    publications.jsonl      one publication, repair or undo per line
    publications/<id>.json  what a publication made public: descriptions, and paths with hashes
    content/<sha256>        every file that was made public, once
    values.parquet          every published value, with the publication that it was part of
    lineage.parquet         the cells of every published revision
    journal.json            the line that is to be added of what is under way
    under_way.parquet       the cells of the publication under way
    lock                    held by the process that publishes

Lines are only added: a file is written anew beside the old one and takes its place, so that a
line is there whole or not at all. Each line carries its own hash, that of the line before and
those of the other files of the record, so that a change by hand shows. With a key of the office
(a PEM file with an Ed25519 key, named by the environment variable SUMIDA_RECORD_KEY) it is signed
too; the public half of the key is enough to verify.
"""

import getpass
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeVar

from pydantic import Field as Described
from pydantic import model_validator

from sumida_data.base.disk import hold, replace_file
from sumida_data.base.metadata import Gap, Model
from sumida_data.catalogue.target import (
    Catalogue,
    Dataset,
    Entry,
    File,
    TargetChange,
    TargetError,
    Versions,
    explain_failure,
    hash_content,
)
from sumida_data.quality.rules import SecondOpinion

_PROVEN = ("*.parquet", "publications/*.json", "releases/*.json")
_KEY = "SUMIDA_RECORD_KEY"
_Line = TypeVar("_Line", bound="RecordLine")


class RecordLine(Model):
    """What proves a line of the record; all of it is filled in when the line is written."""

    file: ClassVar[str]
    account: str = ""
    machine: str = ""
    # Hashes of other files, new or changed since the line before.
    files: dict[str, str] = Described(default_factory=dict)
    previous_sha256: str = ""  # of the lines before, as they are in the file
    signature: str = ""  # of what comes before; empty where the office has no key
    sha256: str = ""  # of what comes before

    @model_validator(mode="after")
    def _refuse_mistakes(self) -> Self:
        # What was written once is read for good, whatever settings must keep to since then.
        return self


class Approval(RecordLine):
    """What a named person approved, as that person saw it."""

    file: ClassVar[str] = "approvals.jsonl"
    approval_id: str
    target: str
    content_sha256: str
    target_sha256: str
    approved_by: str
    decision_number: str
    approved_on: str
    accepted_gaps: tuple[Gap, ...]
    changes: tuple[TargetChange, ...]
    findings: dict[str, int]
    failed_checks: tuple[str, ...]
    blocked: tuple[str, ...]
    pending_revisions: tuple[str, ...]
    new_texts: tuple[str, ...] = ()  # hashes of the free words shown for the first time
    ran_by: str = ""  # the account whose run made it


class PublicationDataset(Model):
    """A dataset of a publication, with the hash of its description and of all its bytes."""

    name: str
    version: str
    content_sha256: str


# What is cut off as this kind of line, and the command that completes it.
PUBLISHING = ("公開", "kedro run --pipelines=publish")
COMPLETES = {
    "publish": PUBLISHING,
    "repair": PUBLISHING,
    "undo": ("取消し", "sumida-data undo"),
    "withdraw": ("取下げ", "sumida-data withdraw"),
}


class PublicationLine(RecordLine):
    """Something was published, put in order, taken back, given up or taken down for good."""

    file: ClassVar[str] = "publications.jsonl"
    publication_id: str
    kind: Literal["publish", "repair", "undo", "abandon", "withdraw"]
    target: str
    published_on: str
    content_of: str  # the publication whose content is public from then on
    content_sha256: str
    approval_id: str
    datasets: tuple[PublicationDataset, ...]
    abandoned: str = ""  # the approval of what was given up
    withdrawn: dict[str, tuple[str, ...]] = Described(default_factory=dict)  # versions by dataset
    reason: str = ""
    second_opinion: SecondOpinion | None = None  # None in older lines

    @property
    def publishes(self) -> bool:
        """Whether publishing completes it where it is cut off."""
        return COMPLETES.get(self.kind) == PUBLISHING

    def explain(self, option: str = "") -> str:
        """Say what was cut off, and how it is completed, with an option that names the target."""
        what, command = COMPLETES[self.kind]
        return f"{what}が途中です。先に {command}{option} をもう一度実行してください。"


class TargetRecord:
    """The record of one target."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; it need not exist."""
        self.folder = folder
        self._journal = folder / "journal.json"
        self._under_way = folder / "under_way.parquet"

    @property
    def approvals(self) -> list[Approval]:
        """The approvals, oldest first; a TargetError says that one cannot be read."""
        return self._read_lines(Approval)

    @property
    def publications(self) -> list[PublicationLine]:
        """What was published, oldest first; a TargetError says that a line cannot be read."""
        return self._read_lines(PublicationLine)

    @property
    def journal(self) -> PublicationLine | None:
        """What is under way, or None; so it can be resumed after a kill."""
        there = self._journal.exists()
        return PublicationLine.model_validate_json(self._journal.read_bytes()) if there else None

    @property
    def known_texts(self) -> set[str]:
        """Hashes of the free words that an approval has covered since anything was taken down.

        What was withdrawn may have been one of them: after it, a person looks at all of them anew.
        """
        known = set[str]()
        down = {one.approval_id for one in self.publications if one.kind == "withdraw"}
        for approval in self.approvals:
            known = set() if approval.approval_id in down else known.union(approval.new_texts)
        return known

    def load_pending(self) -> tuple[Catalogue, bytes] | None:
        """Return what is under way publishes, and the lineage of the run that made it, or None."""
        # Where what was public is put in order, there is nothing new to complete.
        with suppress(TargetError):
            catalogue = self.load_catalogue(self.journal.publication_id if self.journal else "")
            if self.journal and catalogue.sha256 == self.journal.content_sha256:
                return catalogue, self._under_way.read_bytes()
        return None

    def begin(self, line: PublicationLine) -> None:
        """Write down what is about to be done, as it is to be recorded."""
        replace_file(self._journal, line.model_dump_json(indent=1).encode())

    def locate_content(self, sha256: str) -> Path:
        """Return the path of the bytes with a hash, if they are kept."""
        return self.folder / "content" / sha256

    def keep_content(self, content: bytes) -> str:
        """Keep bytes, also where what is kept of them was damaged, and return their hash."""
        sha256 = hash_content(content)
        replace_file(self.locate_content(sha256), content)
        return sha256

    def read_content(self, sha256: str) -> bytes:
        """Return the bytes with a hash; a TargetError says that they are gone or were changed."""
        path = self.locate_content(sha256)
        content = path.read_bytes() if path.exists() else b""
        if hash_content(content) != sha256:
            raise TargetError(f"公開した内容の控え {path} がないか、変えられています。")
        return content

    def add(self, line: Approval | PublicationLine) -> None:
        """Write an approval down, or a publication, which from then on has been made."""
        before = "".join(f"{text}\n" for text in self._read_texts(line.file))
        found = {} if isinstance(line, Approval) else self._hash_files()
        files = sorted(found.items() - self._list_proven().items())
        account, machine = identify()
        body = line.model_dump(mode="json", exclude={"signature", "sha256"}) | {
            "account": account,
            "machine": machine,
            "files": dict(files),
            "previous_sha256": hash_content(before.encode()),
        }
        # A public key signs nothing.
        sign = getattr(_load_key(), "sign", None)
        signed = body | {"signature": sign(_write_line(body).encode()).hex() if sign else ""}
        whole = signed | {"sha256": hash_content(_write_line(signed).encode())}
        replace_file(self.folder / line.file, f"{before}{_write_line(whole)}\n".encode())

    @explain_failure()
    def keep_publication(self, publication_id: str, catalogue: Catalogue, lineage: bytes) -> None:
        """Keep all that is to be published, so that it can be completed, read back and put back.

        Of its lineage, as Parquet, the record keeps what is new when it is finished.
        """
        public = self.read_public_hashes()
        packages = {p: sha for p, sha in public.items() if p.split("/")[0] in catalogue.blocked}
        for dataset in catalogue.datasets:
            for file in dataset.files:
                packages[f"{dataset.name}/{file.key}"] = self.keep_content(file.content)
        described = {
            "sample": catalogue.sample,
            "blocked": catalogue.blocked,
            "withdrawn": dict(catalogue.withdrawn),
            "datasets": [
                {"name": one.name, "metadata": one.metadata}
                | {"files": [(file.key, file.metadata) for file in one.files]}
                for one in catalogue.datasets
            ],
            "pages": {path: self.keep_content(page) for path, page in catalogue.pages.items()},
            "packages": packages,
        }
        replace_file(self._under_way, lineage)
        text = json.dumps(described, ensure_ascii=False, indent=1)
        replace_file(self.folder / f"publications/{publication_id}.json", text.encode())

    def load_catalogue(self, publication_id: str) -> Catalogue:
        """Return what was published, or without an id nothing; a TargetError says it is lost."""
        if not publication_id:
            return Catalogue((), {}, sample=False)
        kept, read = self._read_publication(publication_id), self.read_content
        datasets = []
        for one in kept["datasets"]:
            name, hashes = one["name"], kept["packages"]
            files = (File(key, read(hashes[f"{name}/{key}"]), meta) for key, meta in one["files"])
            datasets.append(Dataset(name, one["metadata"], tuple(files)))
        return Catalogue(
            tuple(datasets),
            {path: read(sha256) for path, sha256 in kept["pages"].items()},
            kept["sample"],
            tuple(kept["blocked"]),
            kept.get("withdrawn", {}),
        )

    def read_public_hashes(self, publication_id: str = "") -> dict[str, str]:
        """Return the hashes, by <package>/<file>, of all packages public now, or once."""
        if not publication_id and (lines := self.publications):
            publication_id = lines[-1].content_of
        return self._read_publication(publication_id)["packages"] if publication_id else {}

    def finish(self) -> None:
        """Write down that nothing is under way."""
        self._journal.unlink(missing_ok=True)
        self._under_way.unlink(missing_ok=True)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Keep other processes from publishing, or raise; a killed process holds nothing.

        Nothing is added to a record that was changed: a new line would prove the change.
        """
        busy = "ほかの人が公開の作業をしています。終わってから、もう一度実行してください。"
        with hold(self.folder / "lock", TargetError(busy)):
            self.refuse_faults()
            yield

    def refuse_faults(self) -> None:
        """Raise a TargetError that names what does not fit."""
        if faults := list(self.find_faults()):
            raise TargetError(
                "公開の記録が変えられているため、何もしません。控えと比べてください。\n"
                + "\n".join(faults)
            )

    def _read_publication(self, publication_id: str) -> Entry:
        path = self.folder / f"publications/{publication_id}.json"
        if not path.exists():
            raise TargetError(f"公開 {publication_id} の控え {path} がありません。")
        kept: Entry = json.loads(path.read_bytes())
        return kept

    def list_content(self, publication_id: str) -> list[Entry]:
        """Return what is kept of the publications on which one builds, and of it, oldest first."""
        lines, kept = self.publications, list[Entry]()
        places = {line.publication_id: place for place, line in enumerate(lines)}
        while publication_id:
            before = self._read_publication(publication_id)
            # Real data do not continue what invented data began, nor the other way round.
            if kept and before["sample"] != kept[0]["sample"]:
                break
            kept.insert(0, before)
            place = places.get(publication_id, len(lines))
            publication_id = lines[place - 1].content_of if place else ""
        return kept

    def list_withdrawn(self, *more: Versions) -> dict[str, list[str]]:
        """Return the versions, by dataset, that were taken down for good, and those of more."""
        withdrawn: dict[str, list[str]] = {}
        for found in (*(line.withdrawn for line in self.publications), *more):
            for name, versions in found.items():
                withdrawn.setdefault(name, []).extend(versions)
        return withdrawn

    def list_versions(
        self, kept: Sequence[Entry] | None = None, *more: Versions
    ) -> dict[str, dict[str, dict[str, str]]]:
        """Return the hashes by dataset, version and file, but for what was withdrawn, and more.

        Only what is kept of some publications is looked at, or else of all.
        """
        versions: dict[str, dict[str, dict[str, str]]] = {}
        withdrawn = self.list_withdrawn(*more)
        if kept is None:
            paths = sorted((self.folder / "publications").glob("*.json"))
            kept = [json.loads(path.read_bytes()) for path in paths]
        for one in kept:
            for dataset in one["datasets"]:
                name, version = dataset["name"], str(dataset["metadata"].get("version"))
                if version not in withdrawn.get(name, ()):
                    hashes = {key: one["packages"][f"{name}/{key}"] for key, _ in dataset["files"]}
                    versions.setdefault(name, {})[version] = hashes
        return versions

    def forget(self, line: PublicationLine) -> None:
        """Remove what a withdrawal, still to be recorded, takes from view, and pages of old."""
        kept = self._read_publication(line.publication_id)
        needed = {*kept["pages"].values(), *kept["packages"].values()}
        for versions in self.list_versions(None, line.withdrawn).values():
            needed |= {sha256 for files in versions.values() for sha256 in files.values()}
        for path in (self.folder / "content").iterdir():
            if path.name not in needed:
                path.unlink()

    def find_faults(self) -> Iterator[str]:
        """Recompute the chain of hashes and yield what does not fit, the first line first.

        Lines from before there was a chain are covered by the first line of it.
        """
        for name in (Approval.file, PublicationLine.file):
            before = ""
            for number, text in enumerate(self._read_texts(name), 1):
                if fault := _find_fault(text, before):
                    yield f"{name} の{number}行目：{fault}"
                    return
                before += f"{text}\n"
        approved = {"", *(one.approval_id for one in self.approvals)}
        for line in self.publications:
            if line.approval_id not in approved:
                yield f"publications.jsonl の {line.publication_id}：承認がありません。"
        yield from self._find_other_files()

    def _find_other_files(self) -> Iterator[str]:
        proven, there = self._list_proven(), self._hash_files()
        for name, _ in sorted(proven.items() - there.items()):
            # What is under way has added rows that no line speaks of yet.
            if not (self.journal and name.endswith(".parquet")):
                yield f"{name}：記録した後で変えられたか、なくなっています。"
        for name in sorted(there.keys() - proven) if proven and not self.journal else ():
            yield (
                f"{name}：記録にないファイルです。"
                "publications.jsonl の終わりの行が消されたおそれがあります。"
            )

    def _list_proven(self) -> dict[str, str]:
        """Return the last hash that a line gives of each of the record's other files."""
        return {path: one for line in self.publications for path, one in line.files.items()}

    def _hash_files(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): hash_content(path.read_bytes())
            for pattern in _PROVEN
            for path in self.folder.glob(pattern)
            if path != self._under_way
        }

    def _read_lines(self, kind: type[_Line]) -> list[_Line]:
        try:
            return [*map(kind.model_validate_json, self._read_texts(kind.file))]
        except ValueError as error:
            self.refuse_faults()
            raise TargetError(f"公開の記録 {self.folder / kind.file} を読めません。") from error

    def _read_texts(self, name: str) -> list[str]:
        path = self.folder / name
        # What people write may hold characters that part lines elsewhere.
        return path.read_text("utf-8").removesuffix("\n").split("\n") if path.exists() else []


def identify() -> tuple[str, str]:
    """Return the account and the machine by which this process runs."""
    try:
        return getpass.getuser(), socket.gethostname()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}", socket.gethostname()


def _write_line(entry: Entry) -> str:
    return json.dumps(entry, ensure_ascii=False)


def _find_fault(text: str, before: str) -> str:
    """Return why a line cannot be what was written after those before it, or nothing."""
    try:
        line: Entry = json.loads(text)
    except ValueError:
        return "読めません。"
    if "sha256" not in line:
        return "" if _is_older(line, before) else "ハッシュがありません。"
    body = {name: line[name] for name in line if name not in ("signature", "sha256")}
    signature = line.get("signature", "")
    sha256 = hash_content(_write_line(body | {"signature": signature}).encode())
    if _write_line(line) != text or sha256 != line["sha256"]:
        return "書いた後で変えられています。"
    if line["previous_sha256"] != hash_content(before.encode()):
        return "前の行が、書いたときと違うか、なくなっています。"
    signed = _is_signed(_write_line(body).encode(), signature)
    return "" if signed else "署名が課の鍵によるものではありません。"


def _is_older(line: Entry, before: str) -> bool:
    """Tell whether a line is from before there was a chain: nothing proves it."""
    return not RecordLine.model_fields.keys() & line and '"sha256": "' not in before


def _is_signed(text: bytes, signature: str) -> bool:
    if (key := _load_key()) is None:
        return True
    # Imported here because few offices have a key.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

    public = key.public_key() if hasattr(key, "public_key") else key
    try:
        public.verify(bytes.fromhex(signature), text)
    except (InvalidSignature, ValueError):
        return False
    return True


def _load_key() -> Any:
    """Return the office's key, or None; a TargetError says that it cannot be read."""
    if not (path := os.environ.get(_KEY)):
        return None
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    try:
        pem = Path(path).read_bytes()
        if b"PRIVATE" in pem:
            return serialization.load_pem_private_key(pem, None)
        return serialization.load_pem_public_key(pem)
    except (OSError, ValueError) as error:
        raise TargetError(f"署名の鍵 {path}({_KEY})を読めません。") from error
