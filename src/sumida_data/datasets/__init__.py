"""Kedro datasets of our own; the catalogue in conf/base shows how each is used.

Kedro's own ``PartitionedDataset`` refuses an empty folder, and a dataset per workbook would make
a run's time quadratic in their number.
"""

import io
import json
import logging
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date
from functools import lru_cache
from hashlib import sha256
from itertools import starmap
from pathlib import Path
from typing import Any, Literal

import duckdb
import pandas as pd
import pyarrow as pa
from kedro.io import AbstractDataset, DatasetError
from kedro.utils import load_obj
from kedro_datasets.json import JSONDataset
from kedro_datasets.pandas import CSVDataset, ParquetDataset
from pydantic import BaseModel

from sumida_data.base import disk
from sumida_data.base.database import connect
from sumida_data.base.frames import arrow_schema, build_frame, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, Row, Table
from sumida_data.catalogue.history import read_histories
from sumida_data.catalogue.publication import PlannedPublication, publish
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import PublicTarget, TargetError, TargetState
from sumida_data.packages.database import Build, Database, write_tables
from sumida_data.quality.data_package import split_packages
from sumida_data.survey.files import SourceFile, open_deliveries, spell_name
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.registers import REGISTERS, ReferenceTableError, read_register

_LOGGER = logging.getLogger(__name__)
# How many records of runs analysts get; the folder keeps all.
_RUNS_SHOWN = 30
# What officers wrote, which may be anything, also as the name of a file.
_AS_WRITTEN = {"raw_text", "value_found", "source_file", "file"}
_LOST = (
    "前の実行で記録したものが失われています。控えから戻し、もう一度 kedro run を実行してください。"
    "戻さないと、1つの課から届いた調査票のどれを使うかなど、前に決まったことが変わることがあります。"
)


class FolderDataset(AbstractDataset[dict[str, bytes], dict[str, SourceFile]]):
    """Reads a folder as files by name, and writes a folder that holds exactly the files given.

    Loading does not read the files: each is read when its reader asks for it. Hidden files and
    the lock files that Excel leaves beside an open workbook are not listed. Saving writes the
    new folder beside the old one and swaps them, so that a reader never sees half of it.
    """

    def __init__(
        self,
        *,
        path: str,
        by_subfolder: bool = False,
        left_out: Sequence[str] = (),
        opened: bool = False,
        private: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the folder, which need not exist, and the names of folders in it to be left out.

        Saving by subfolder replaces only those that new files are in. Opened, files in archives and
        mails are listed in place of these. Private are files that only their owner may read.
        """
        self._path, self._by_subfolder, self._left_out = Path(path), by_subfolder, left_out
        self._opened, self._private, self.metadata = opened, private, metadata
        self._written: list[Path] = []

    def load(self) -> dict[str, SourceFile]:
        """List the files by their path below the folder, in order."""
        disk.restore_folder(self._path)
        listed = {}
        for path in disk.list_visible(self._path):
            name = path.relative_to(self._path)
            if not {*self._left_out} & {*name.parent.parts}:
                spelled = spell_name(name.as_posix())
                # One name may be there twice, as Windows writes it and as macOS does.
                again = spell_name(name.with_stem(f"{name.stem} (2)").as_posix())
                listed[again if spelled in listed else spelled] = path
        files: Iterable[SourceFile] = starmap(SourceFile.find, sorted(listed.items()))
        return {one.name: one for one in (open_deliveries(files) if self._opened else files)}

    def save(self, data: dict[str, bytes]) -> None:
        """Make the folder, or the folders below it, hold exactly these files.

        Raises a DatasetError if a name leads out of the folder.
        """
        try:
            disk.refuse_outside(data)
        except disk.OutsideFolderError as error:
            raise DatasetError(f"{self._path}: {error}") from error
        parts = split_packages(data) if self._by_subfolder else {"": data}
        folders = {self._path / name: files for name, files in parts.items()}
        for path, files in folders.items():
            disk.replace_folder(path, files, private=self._private)
        self._written = [*folders]

    @property
    def places(self) -> dict[Path, bool]:
        """Where it is read from or has just been written to, and whether times count there."""
        return dict.fromkeys(self._written or [self._path], self._opened)

    def _exists(self) -> bool:
        return self._path.is_dir()

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path), "by_subfolder": self._by_subfolder}


class RegisterDataset(CSVDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Reads a CSV file in UTF-8 or CP932 as text, and says in one line what is wrong with it."""

    def load(self) -> pd.DataFrame:
        """Return the register with all its columns, an empty text where there is no value.

        Raises a DatasetError if it is not there or cannot be read.
        """
        path = Path(self._filepath)
        try:
            rows = read_register(path)
        except ReferenceTableError as error:
            raise DatasetError(str(error)) from error
        # A preview asks for the first rows only.
        shown = rows[: self._load_args.get("nrows")]
        return pd.DataFrame(shown, columns=REGISTERS.get(path.stem), dtype=str)


class _UnwrittenDataset(AbstractDataset[None, Any]):
    """Base of datasets that no node writes."""

    _written_by: str

    def __init__(self, *, path: str, metadata: Any = None) -> None:
        """Name the folder, which need not exist."""
        self._path, self.metadata = Path(path), metadata

    def save(self, data: None) -> None:
        """Refuse."""
        del data
        raise DatasetError(f"{self._path} is written only by {self._written_by}.")

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}


class OpenedFilesDataset(_UnwrittenDataset):
    """Gives nodes what opens files, and keeps below a folder what was opened."""

    _written_by = "opening files"

    def load(self) -> OpenedFiles:
        """Return what opens files."""
        return OpenedFiles(self._path)

    def hash_content(self) -> str:
        """Return always the same: what is kept there decides no result."""
        return ""


class ModelDataset(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Keeps an object of a Pydantic model as JSON; loads None if optional and not there yet."""

    def __init__(
        self, *, model: str, optional: bool = False, private: bool = False, **arguments: Any
    ) -> None:
        """Name the model's class and, as for Kedro's own dataset, the file, perhaps private."""
        super().__init__(**arguments)
        self._model, self._optional, self._private = model, optional, private

    def load(self) -> BaseModel | None:
        """Return the object, or None if there is none and none is needed."""
        if self._optional and not self.exists():
            return None
        loaded: BaseModel = load_obj(self._model).model_validate(super().load())
        return loaded

    def save(self, data: BaseModel) -> None:
        """Write the object."""
        content = json.dumps(data.model_dump(mode="json"), ensure_ascii=False, indent=1)
        disk.replace_file(Path(self._filepath), content.encode(), private=self._private)


class TableDataset(ParquetDataset):  # type: ignore[misc]  # kedro-datasets is untyped
    """Keeps a described table as Parquet: takes rows, gives a frame with Arrow-backed columns.

    A table that does not fit its description, which is a mistake of the program, is not written;
    rules about the data themselves yield findings elsewhere. The new file takes the place of the
    old one in one step. The dictionary must be there first: a node that comes before all tables
    takes it as an input and builds its frames.
    """

    def __init__(
        self,
        *,
        table: str,
        dictionary: str,
        optional: bool = False,
        kept_since: Sequence[str] = (),
        **arguments: Any,
    ) -> None:
        """Name the table, the file of the data dictionary and, as for Kedro's own, the file.

        One that is optional loads None where there is no file yet. A lost one is reported,
        and has no row, where one of the paths is there that come about no earlier than it.
        """
        super().__init__(load_args={"dtype_backend": "pyarrow"}, **arguments)
        self._table, self._dictionary, self._optional = table, Path(dictionary), optional
        self._kept_since = kept_since
        self._held: tuple[object, pd.DataFrame] | None = None

    def load(self) -> pd.DataFrame | None:
        """Return the table, or None if there is none and none is needed.

        Raises a DatasetError if it is not there or damaged.
        """
        if self._optional and not self.exists():
            if not any(Path(path).exists() for path in self._kept_since):
                return None
            _LOGGER.warning("%s がありません。%s", self._filepath, _LOST)
            return pd.DataFrame()
        # A run's nodes take a table many times; it is held as long as its file is the same.
        stamp = self._stamp_file()
        if not self._held or self._held[0] != stamp:
            self._held = stamp, self._read()
        # Who changes its columns changes nothing here.
        return self._held[1].copy(deep=False)

    def _stamp_file(self) -> object:
        path = Path(self._filepath)
        state = path.stat() if path.exists() else None
        return state and (state.st_ino, state.st_mtime_ns, state.st_size)

    def _release(self) -> None:
        self._held = None
        super()._release()

    def _read(self) -> pd.DataFrame:
        try:
            loaded: pd.DataFrame = super().load()
        except DatasetError as error:
            if type(error.__cause__) not in {pa.ArrowInvalid, OSError}:
                raise
            # What is remembered cannot be made again; all else can.
            remedy = "控えから戻し、控えもないときだけ消して" if self._optional else "消して"
            words = f"壊れていて読めません。{remedy}、もう一度 kedro run を実行してください。"
            raise DatasetError(f"{self._filepath}: {words}") from error
        return loaded

    @property
    def _described(self) -> Table:
        known = _read_dictionary(self._dictionary, self._dictionary.stat().st_mtime_ns)
        return known[self._table]

    def hash_description(self) -> str:
        """Return a hash of the table's description, which decides what is written."""
        return sha256(self._described.model_dump_json().encode()).hexdigest()

    def save(self, data: pd.DataFrame | pa.Table | Iterable[Row]) -> None:
        """Write rows, or a table that is one already.

        Raises a DatasetError if columns or types differ, or a required value is missing.
        """
        table = self._described
        if isinstance(data, pa.Table):
            frame = to_frame(data)
        else:
            frame = data if isinstance(data, pd.DataFrame) else build_frame(table, data)
        found = to_arrow(frame)
        if failures := "; ".join(_find_failures(table, found)):
            raise DatasetError(f"Table {table.name!r} does not fit its description: {failures}.")
        buffer = io.BytesIO()
        frame.to_parquet(buffer, index=False, compression="zstd")
        private = any(one.free_text or one.name in _AS_WRITTEN for one in table.fields)
        disk.replace_file(Path(self._filepath), buffer.getvalue(), private=private)
        self._held = self._stamp_file(), to_frame(found)


@lru_cache(maxsize=2)
def _read_dictionary(path: Path, _: int) -> DataDictionary:
    return DataDictionary.model_validate_json(path.read_bytes())


def _find_failures(table: Table, found: pa.Table) -> Iterator[str]:
    schemas = (arrow_schema(table), found.schema)
    described, written = (schema.to_string().splitlines() for schema in schemas)
    for one in sorted({*described} ^ {*written}):
        yield f"column {one} is found or described only"
    if sorted(described) == sorted(written) and described != written:
        yield "columns are in another order"
    required = {one.name for one in table.fields if one.required}
    for name, column in zip(found.column_names, found.columns, strict=True):
        if name in required and column.null_count:
            yield f"{column.null_count} required values of {name} are missing"


class DuckDBDataset(AbstractDataset[Database, duckdb.DuckDBPyConnection]):
    """Writes a whole DuckDB file and opens it read-only.

    The new file is built beside the old one and then takes its place, so that a crash leaves the
    old file and a reader who has it open keeps what he sees. It is written in the format of DuckDB
    1.2, which older tools open too. On Windows nobody may have the old file open.

    A ``.wal`` beside the file is what somebody left who opened it for writing. It belongs to the
    old file and would keep the new one from opening, so it is set aside, and the log says so.

    What the database says of its own changes is kept in a file apart, the state, so that it is
    known even when the database has been deleted.
    """

    def __init__(
        self,
        *,
        filepath: str,
        state: str,
        runs: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Name the files, and the folder with the records of runs; none of them need exist."""
        self._filepath, self._state, self.metadata = Path(filepath), Path(state), metadata
        self._runs = Path(runs) if runs else None

    def load(self) -> duckdb.DuckDBPyConnection:
        """Open the file read-only; the caller closes the connection.

        Within one process DuckDB shows the file as it was while an older connection stays open.
        """
        return connect(self._filepath, read_only=True)

    def save(self, data: Database) -> None:
        """Write the tables as a new file and put it in the place of the old one."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self._filepath.parent, prefix=".") as folder:
            aside = Path(folder) / self._filepath.name
            with connect(aside) as connection:
                earlier, runs = self._read_earlier_build(), self._read_runs()
                built = write_tables(connection, data, earlier, runs)
                connection.execute("CHECKPOINT")
            if data.private:
                aside.chmod(disk.PRIVATE_FILE)
            self._set_foreign_log_aside()
            aside.replace(self._filepath)
        disk.replace_file(self._state, json.dumps(built, ensure_ascii=False).encode())

    def _read_earlier_build(self) -> Build | None:
        build: Build | None = None
        if self._state.is_file():
            build = json.loads(self._state.read_bytes())
        return build

    def _read_runs(self) -> Iterator[dict[str, Any]]:
        """Yield the records of the last runs, the latest last; damaged ones are left out."""
        paths = sorted(self._runs.glob("*.json"))[-_RUNS_SHOWN:] if self._runs else []
        for path in paths:
            with suppress(ValueError):
                yield json.loads(path.read_bytes())

    def _set_foreign_log_aside(self) -> None:
        log = self._filepath.with_name(f"{self._filepath.name}.wal")
        if log.exists():
            aside = log.replace(log.with_name(f"{log.name}.aside"))
            _LOGGER.warning(
                "%s は書き込み用に開かれていました。書きかけの内容は %s に移しました。"
                "このファイルは読み取り専用で開いてください。",
                self._filepath,
                aside,
            )

    @property
    def places(self) -> dict[Path, bool]:
        """Its files, in which times do not count."""
        return dict.fromkeys((self._filepath, self._state), False)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}


class TargetDataset(AbstractDataset[PlannedPublication, TargetState]):
    """Shows what a public target holds, and publishes there what was approved."""

    def __init__(
        self,
        *,
        target: dict[str, Any],
        credentials: dict[str, Any] | None = None,
        metadata: Any = None,
    ) -> None:
        """Name the target by its class and arguments; ``record`` is the folder of its record.

        Credentials are more of its arguments, such as a token. Kedro does not read the metadata.
        """
        self._arguments = {key: value for key, value in target.items() if key != "class"}
        self._class = target["class"]
        self._credentials = credentials or {}
        self._observed: TargetState | None = None
        self.metadata = metadata

    @property
    def target(self) -> PublicTarget:
        """The target itself."""
        target: PublicTarget = load_obj(self._class)(**self._arguments, **self._credentials)
        return target

    @property
    def record(self) -> TargetRecord:
        """Its record."""
        return TargetRecord(Path(self._arguments["record"]))

    def load(self) -> TargetState:
        """Look at the target."""
        try:
            return self._observed or self.target.observe(date.today())
        except TargetError as error:
            raise DatasetError(str(error)) from error

    @property
    def places(self) -> dict[Path, bool]:
        """The folders it is read from, in which times do not count; none for a target elsewhere."""
        path = self._arguments.get("path")
        return dict.fromkeys(map(Path, (path, self._arguments["record"])), False) if path else {}

    def hash_content(self) -> str:
        """Return the hash of all that a target elsewhere holds; it is looked at once for all."""
        self._observed = self.load()
        return self._observed.sha256

    def save(self, data: PlannedPublication) -> None:
        """Publish, read every byte back, and write it down."""
        try:
            publish(self.target, self.record, data)
        except TargetError as error:
            raise DatasetError(str(error)) from error

    def _describe(self) -> dict[str, Any]:
        return {"class": self._class, **self._arguments}


class RecordDataset(_UnwrittenDataset):
    """Reads the record of a target, or the records of all; only publishing writes it."""

    _written_by = "publishing"

    def __init__(
        self, *, path: str, read: Literal["state", "packages", "histories"], metadata: Any = None
    ) -> None:
        """Name the folder of a target's record, or for histories of those of all targets.

        What is read is its ``state``: what was approved and published and what is under way;
        ``packages``, the files of those that are public now; or what was ever published.
        """
        super().__init__(path=path, metadata=metadata)
        self._part = read

    def load(self) -> Any:
        """Read the record; a DatasetError says that what was published is not kept."""
        record = TargetRecord(self._path)
        try:
            if self._part == "packages":
                public, locate = record.read_public_hashes(), record.locate_content
                return {name: SourceFile(name, locate(public[name])) for name in sorted(public)}
        except TargetError as error:
            raise DatasetError(str(error)) from error
        return record if self._part == "state" else read_histories(self._path)

    @property
    def places(self) -> dict[Path, bool]:
        """The folder, in which times do not count."""
        return {self._path: False}
