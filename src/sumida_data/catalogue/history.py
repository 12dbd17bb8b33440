"""Every published value and its cells, as the record keeps them over all targets."""

import io
import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sumida_data.base.characters import is_within
from sumida_data.base.disk import replace_file
from sumida_data.base.frames import write_parquet
from sumida_data.base.metadata import Row
from sumida_data.catalogue.approval import FigureChange
from sumida_data.catalogue.record import PublicationLine, TargetRecord
from sumida_data.catalogue.target import TargetError, hash_entry
from sumida_data.plan.revisions import PublishedValues

_VALUES, _LINEAGE = "values.parquet", "lineage.parquet"
_KEY = ("municipality_code", "indicator_id", "period", "revision")


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """What was published to one target."""

    publications: list[PublicationLine]  # the oldest first
    values: list[Row]  # of indicator_value, each with the publication it was part of
    lineage: pa.Table | None  # of every revision that was published
    verdicts: list[Row]  # of indicator_progress, public now

    @property
    def target(self) -> str:
        """Name of the target."""
        return self.publications[-1].target

    @property
    def public_values(self) -> list[Row]:
        """The rows that are public now."""
        content = self.publications[-1].content_of
        return [row for row in self.values if row["publication_id"] == content]


def read_parquet(content: bytes) -> pa.Table:
    """Return a table that is written as Parquet."""
    return pq.read_table(io.BytesIO(content))


def hash_lineage(lineage: pa.Table) -> str:
    """Return the hash of table ``lineage``, however it was stored."""
    return hash_entry({"columns": lineage.column_names, "rows": lineage.to_pylist()})


def _read(path: Path) -> pa.Table | None:
    return pq.read_table(path) if path.exists() else None


def _read_public(record: TargetRecord, table: str, publication_id: str = "") -> list[pa.Table]:
    """Return a published table of each package of a publication; of what is public without one."""
    found = sorted(record.read_public_hashes(publication_id).items())
    read = record.read_content
    return [read_parquet(read(one)) for path, one in found if path.endswith(f"/{table}.parquet")]


def keep_values(record: TargetRecord, publication_id: str, lineage: pa.Table | None) -> None:
    """Keep the values of a publication, and from the lineage of its run the cells of new ones."""
    values = _read_public(record, "indicator_value", publication_id)
    if not values:
        return
    rows = pa.concat_tables(values, promote_options="default")
    rows = rows.append_column("publication_id", pa.array([publication_id] * len(rows)))
    earlier = _read(record.folder / _VALUES)
    if earlier is not None:
        # A publication that was killed may have left its rows.
        others = earlier.filter(pc.not_equal(earlier["publication_id"], publication_id))
        rows = pa.concat_tables([others, rows], promote_options="default")
    replace_file(record.folder / _VALUES, write_parquet(rows))
    if lineage is None:
        return
    new = lineage.join(rows.select(_KEY), keys=list(_KEY), join_type="left semi")
    earlier = _read(record.folder / _LINEAGE)
    if earlier is not None:
        new = new.join(earlier.select(_KEY), keys=list(_KEY), join_type="left anti")
        new = pa.concat_tables([earlier, new], promote_options="default")
    ordered = new.sort_by([(name, "ascending") for name in lineage.column_names])
    replace_file(record.folder / _LINEAGE, write_parquet(ordered))


def remove_text(record: TargetRecord, text: str) -> None:
    """Remove the texts that contain the given words from the cells of published values."""
    table = _read(record.folder / _LINEAGE)
    if table is None or not text:
        return
    for number, column in enumerate(table.columns):
        if pa.types.is_string(column.type):
            held = [one for one in column.unique().to_pylist() if one and is_within(text, one)]
            found = pc.is_in(column, pa.array(held, column.type))
            cleaned = pc.if_else(found, pa.scalar(None, column.type), column)
            table = table.set_column(number, table.schema.field(number), cleaned)
    replace_file(record.folder / _LINEAGE, write_parquet(table))


def read_histories(root: Path) -> list[TargetHistory]:
    """Return what was published to each target, from the folder with a record for each, if any."""
    histories = []
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        record = TargetRecord(folder)
        if publications := record.publications:
            # Rows of a publication that was killed before it was recorded do not count.
            made = {line.content_of for line in publications}
            values = _read(folder / _VALUES)
            rows = [] if values is None else values.to_pylist()
            rows = [row for row in rows if row["publication_id"] in made]
            verdicts: list[pa.Table] = []
            # What is not kept is reported where the published packages are read.
            with suppress(TargetError):
                verdicts = _read_public(record, "indicator_progress")
            said = list(chain.from_iterable(one.to_pylist() for one in verdicts))
            histories.append(TargetHistory(publications, rows, _read(folder / _LINEAGE), said))
    return histories


def merge_histories(histories: list[TargetHistory]) -> PublishedValues:
    """Return what was published, over all targets, each revision once."""
    public = {_key(row): row for one in histories for row in one.public_values}
    ever = {_key(row): row for one in histories for row in one.values}
    lineage = [one.lineage for one in histories if one.lineage is not None]
    cells = pa.concat_tables(lineage, promote_options="default") if lineage else None
    if cells is not None:
        cells = cells.group_by(cells.column_names).aggregate([])
    verdicts = list(chain.from_iterable(one.verdicts for one in histories))
    return PublishedValues(list(public.values()), list(ever.values()), cells, verdicts)


def list_publications(histories: list[TargetHistory]) -> dict[str, list[Row]]:
    """Return the rows of three tables by name.

    A row of ``publication`` is one publication to one target, one of ``publication_dataset`` a
    dataset of a publication, and one of ``value_publication`` a value in a publication.
    """
    made, datasets, values = [], [], []
    for history in histories:
        for line in history.publications:
            said, row_id = line.model_dump(), f"{line.target}/{line.publication_id}"
            day = date.fromisoformat(line.published_on)
            made.append(said | {"row_id": row_id, "published_on": day})
            for one in made[-1].pop("datasets"):
                row = {"row_id": f"{row_id}/{one['name']}", "dataset_name": one.pop("name"), **one}
                datasets.append(
                    row | {"target": line.target, "publication_id": line.publication_id}
                )
        for row in history.values:
            row_id = "/".join((history.target, row["publication_id"], *map(str, _key(row))))
            values.append(row | {"target": history.target, "row_id": row_id})
    return {"publication": made, "publication_dataset": datasets, "value_publication": values}


def describe_figures(
    histories: list[TargetHistory], target: str, values: Sequence[Row], notices: Sequence[Row]
) -> tuple[tuple[FigureChange, ...], tuple[str, ...]]:
    """Say for the person who approves which figures would change in public.

    Returned are the values that are other than those public now, or new, and a line for each
    revision that was decided and is not public yet, by ``correction_notice``.
    """
    here = [row for one in histories if one.target == target for row in one.public_values]
    public, becomes = _last_revisions(here), _last_revisions(values)
    words = {key: (_show(public.get(key)), _show(row)) for key, row in becomes.items()}
    figures = (
        FigureChange(
            title=becomes[key]["indicator_title"], period=key[1], before=before, after=after
        )
        for key, (before, after) in words.items()
        if before != after
    )
    unknown = {"revision": 0 if public else math.inf}
    revised = (
        f"{one['indicator_title']} {one['period']} 改訂{one['revision']}：{one['reason']}"
        f"({one['decided_by']}、{one['decided_on']})"
        for one in notices
        if one["revision"] > public.get((one["indicator_id"], one["period"]), unknown)["revision"]
    )
    return tuple(figures), tuple(revised)


def _last_revisions(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    ordered = sorted(rows, key=lambda row: (row["period"], row["indicator_id"], row["revision"]))
    return {(row["indicator_id"], row["period"]): row for row in ordered}


def _show(row: Row | None) -> str:
    if row is None:
        return "まだない"
    value = row["value"]
    return "なし" if value is None else f"{value.normalize():f}{row.get('unit') or ''}"


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)
