"""An office that approves and publishes small catalogues into a folder."""

import io
import json
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sumida_data.base.frames import DECIMAL
from sumida_data.base.metadata import Gap
from sumida_data.catalogue.approval import NewText, Proposal, propose, write_approval
from sumida_data.catalogue.folder import FolderTarget
from sumida_data.catalogue.history import hash_lineage
from sumida_data.catalogue.publication import (
    PlannedPublication,
    abandon,
    prepare_publication,
    publish,
    undo,
    withdraw,
)
from sumida_data.catalogue.record import PublicationLine, TargetRecord
from sumida_data.catalogue.target import Catalogue, Dataset, File

DAY = date(2023, 2, 1)
GAP = Gap(title="未回答の課", missing=20, total=75, allowed_share=Decimal("0.1"))
# Proposes nothing.
PROPOSAL = Proposal(
    target="folder",
    sample=False,
    content_sha256="0" * 64,
    target_sha256="1" * 64,
    changes=(),
    versions={},
    blocked=(),
    period="FY2022Q3",
    lineage_sha256="2" * 64,
)


def make_dataset(name: str, version: str, **files: str | bytes) -> Dataset:
    """Make a dataset; underscores in the names of its files stand for dots."""
    contents = {
        key.replace("__", "."): content if isinstance(content, bytes) else content.encode()
        for key, content in files.items()
    }
    return Dataset(
        name,
        {"title": f"題 {name}", "version": version},
        tuple(File(key, content, {"name": key}) for key, content in contents.items()),
    )


def make_catalogue(*datasets: Dataset, sample: bool = False, blocked: tuple[str, ...] = ()):
    """Make a catalogue with a page that links to all files, and a search answer."""
    links = "".join(
        f'<a href="dataset/{one.name}/latest/{file.key}">{file.key}</a>'
        for one in datasets
        for file in one.files
    )
    results = [
        {
            "name": one.name,
            "resources": [
                {
                    "url": f"http://localhost:8000/dataset/{one.name}/latest/{file.key}",
                    "size": len(file.content),
                }
                for file in one.files
            ],
        }
        for one in datasets
    ]
    search = json.dumps({"result": {"results": results}}).encode()
    pages = {
        "index.html": f"<!doctype html><p>{links}</p>".encode(),
        "api/3/action/package_search": search,
    }
    return Catalogue(tuple(datasets), pages, sample, blocked)


def make_values(*rows: tuple[str, str, int, str]) -> bytes:
    """Make indicator_value.parquet: indicator, period, revision, value."""
    return write_parquet(
        pa.Table.from_pylist(
            [
                {
                    "municipality_code": "131075",
                    "indicator_id": indicator,
                    "indicator_title": f"題 {indicator}",
                    "period": period,
                    "revision": revision,
                    "as_of": date(2022, 12, 31),
                    "value": Decimal(value),
                    "sample": False,
                }
                for indicator, period, revision, value in rows
            ],
            schema=pa.schema(
                [
                    ("municipality_code", pa.string()),
                    ("indicator_id", pa.string()),
                    ("indicator_title", pa.string()),
                    ("period", pa.string()),
                    ("revision", pa.int64()),
                    ("as_of", pa.date32()),
                    ("value", DECIMAL),
                    ("sample", pa.bool_()),
                ]
            ),
        )
    )


def make_cells(*rows_and_cell: Any) -> pa.Table:
    """Make a table of lineage: a row of values, as for make_values, and the cell it rests on."""
    schema = pa.schema(
        [
            ("municipality_code", pa.string()),
            ("indicator_id", pa.string()),
            ("period", pa.string()),
            ("revision", pa.int64()),
            ("cell", pa.string()),
        ]
    )
    if not rows_and_cell:
        return schema.empty_table()
    (indicator, period, revision, _), cell = rows_and_cell
    row = ("131075", indicator, period, revision, cell)
    return pa.Table.from_pylist([dict(zip(schema.names, row, strict=True))], schema=schema)


def write_parquet(table: pa.Table) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    return buffer.getvalue()


@dataclass
class Office:
    """Approves and publishes in a folder, as the commands and the pipeline do.

    Attributes:
        path: Where all lies.
        day: Today.
    """

    path: Path
    day: date = DAY
    gaps: tuple[Gap, ...] = ()
    lineage: pa.Table = field(default_factory=lambda: make_cells())  # noqa: PLW0108  # defined below

    @property
    def target(self) -> FolderTarget:
        return FolderTarget(self.path / "public", self.record.folder)

    @property
    def record(self) -> TargetRecord:
        return TargetRecord(self.path / "record/folder")

    @property
    def public(self) -> Path:
        return self.path / "public"

    def propose(self, catalogue: Catalogue) -> Proposal:
        lineage_sha256 = hash_lineage(self.lineage)
        state = self.target.observe(self.day)
        return propose(catalogue, state, lineage_sha256=lineage_sha256, gaps=self.gaps)

    def approve(
        self, catalogue: Catalogue, new_texts: tuple[NewText, ...] = (), **options: Any
    ) -> None:
        chosen = {"accepts_gaps": False} | options
        approval = write_approval(
            self.propose(catalogue).model_copy(update={"new_texts": new_texts}),
            self.record.approvals,
            approved_by="見本 部長",
            decision_number="4墨企第1号",
            approved_on=self.day,
            **chosen,
        )
        self.record.add(approval)

    def withdraw(self, catalogue: Catalogue, text: str = "") -> PublicationLine:
        self.approve(catalogue)
        approval = self.record.approvals[-1].model_copy(update={"approval_id": "A9999"})
        return withdraw(self.target, self.record, catalogue, approval, "誤り", text)

    def abandon(self, **options: Any) -> PublicationLine:
        return abandon(self.target, self.record, self.day, **options)

    def decide(self, catalogue: Catalogue, proposal: Proposal | None = None) -> PlannedPublication:
        record = self.record
        return prepare_publication(
            catalogue,
            proposal or self.propose(catalogue),
            self.target.observe(self.day),
            record,
            self.lineage,
        )

    def publish(self, catalogue: Catalogue) -> None:
        publish(self.target, self.record, self.decide(catalogue))

    def approve_and_publish(self, catalogue: Catalogue) -> None:
        self.approve(catalogue)
        self.publish(catalogue)

    def undo(self) -> str:
        return undo(self.target, self.record, self.day).content_of

    def faults(self) -> list[str]:
        last = self.record.publications[-1]
        return self.target.verify(self.record.load_catalogue(last.content_of), last.content_of)

    def packages(self) -> dict[str, bytes]:
        """Return the files of the packages that are public, as the record has them."""
        read = self.record.read_content
        return {path: read(one) for path, one in self.record.read_public_hashes().items()}

    def show(self) -> dict[str, bytes]:
        """Return all that readers see, by path."""
        return {
            path.relative_to(self.public).as_posix(): path.read_bytes()
            for path in sorted(self.public.rglob("*"))
            if path.is_file()
        }

    def everything(self) -> dict[str, tuple[int, int]]:
        """Return when each file was written, and which file it is, to notice any write."""
        return {
            path.as_posix(): (path.lstat().st_mtime_ns, path.lstat().st_ino)
            for path in self.path.rglob("*")
            if path.is_file() and path.name != "lock"
        }
