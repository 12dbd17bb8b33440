"""Every published value and its cells, as the record keeps them over all targets."""

import io
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

from sumida_data.base.disk import replace_file
from sumida_data.base.metadata import Row
from sumida_data.catalogue.record import PublicationLine, TargetRecord
from sumida_data.catalogue.target import TargetError, hash_entry
from sumida_data.plan.revisions import PublishedValues

_VALUES, _LINEAGE = "values.parquet", "lineage.parquet"
_PUBLISHED_VALUES = "/indicator_value.parquet"
_PUBLISHED_VERDICTS = "/indicator_progress.parquet"
_KEY = ("municipality_code", "indicator_id", "period", "revision")


@dataclass(frozen=True, slots=True)
class TargetHistory:
    """What was published to one target.

    Attributes:
        publications: Publications, repairs and undos, oldest first.
        values: Published rows of ``indicator_value``, each with the publication it was part of.
        lineage: Rows of ``lineage`` of every revision that was published.
        verdicts: Rows of ``indicator_progress`` that are public now.
    """

    publications: list[PublicationLine]
    values: list[Row]
    lineage: pa.Table | None
    verdicts: list[Row]

    @property
    def target(self) -> str:
        """Name of the target."""
        return self.publications[-1].target

    @property
    def public_values(self) -> list[Row]:
        """The rows that are public now."""
        content = self.publications[-1].content_of
        return [row for row in self.values if row["publication_id"] == content]


def write_parquet(table: pa.Table) -> bytes:
    """Return a table as Parquet."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()


def read_parquet(content: bytes) -> pa.Table:
    """Return a table that is written as Parquet."""
    return pq.read_table(io.BytesIO(content))


def hash_lineage(lineage: pa.Table) -> str:
    """Return the hash of table ``lineage``, however it was stored."""
    return hash_entry({"columns": lineage.column_names, "rows": lineage.to_pylist()})


def keep_values(record: TargetRecord, publication_id: str, lineage: pa.Table | None) -> None:
    """Keep the values of a publication, and the cells of those that are new.

    Args:
        record: The record of the target, which holds all that the publication makes public.
        publication_id: The publication.
        lineage: Table ``lineage`` of the run that made it; None where nothing is new.
    """
    public = record.read_public_hashes(publication_id)
    values = [
        read_parquet(record.content.read(public[path]))
        for path in sorted(public)
        if path.endswith(_PUBLISHED_VALUES)
    ]
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
    if lineage is not None:
        _keep_lineage(record.folder / _LINEAGE, lineage, rows)


def read_histories(root: Path) -> list[TargetHistory]:
    """Return what was published to each target.

    Args:
        root: The folder with a record for each target; it need not exist.
    """
    histories = []
    for folder in sorted(path for path in root.glob("*") if path.is_dir()):
        if publications := TargetRecord(folder).read_publications():
            # Rows of a publication that was killed before it was written down do not count.
            made = {line.content_of for line in publications}
            values = _read(folder / _VALUES)
            rows = [] if values is None else values.to_pylist()
            rows = [row for row in rows if row["publication_id"] in made]
            cells, verdicts = _read(folder / _LINEAGE), _read_verdicts(TargetRecord(folder))
            histories.append(TargetHistory(publications, rows, cells, verdicts))
    return histories


def _read_verdicts(record: TargetRecord) -> list[Row]:
    rows: list[Row] = []
    # What is not kept is told where the published packages are read.
    with suppress(TargetError):
        for path, sha256 in record.read_public_hashes().items():
            if path.endswith(_PUBLISHED_VERDICTS):
                rows += read_parquet(record.content.read(sha256)).to_pylist()
    return rows


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


def list_publications(histories: list[TargetHistory]) -> list[Row]:
    """Return the rows of table ``publication``; one row is one publication to one target."""
    return [
        {"row_id": f"{line.target}/{line.publication_id}"}
        | line.model_dump(exclude={"datasets", "published_on"})
        | {"published_on": date.fromisoformat(line.published_on)}
        for history in histories
        for line in history.publications
    ]


def list_published_datasets(histories: list[TargetHistory]) -> list[Row]:
    """Return the rows of table ``publication_dataset``; one row is a dataset of a publication."""
    return [
        {
            "row_id": f"{line.target}/{line.publication_id}/{dataset.name}",
            "target": line.target,
            "publication_id": line.publication_id,
            "dataset_name": dataset.name,
            "version": dataset.version,
            "content_sha256": dataset.content_sha256,
        }
        for history in histories
        for line in history.publications
        for dataset in line.datasets
    ]


def list_published_values(histories: list[TargetHistory]) -> list[Row]:
    """Return the rows of table ``value_publication``; one row is a value in a publication."""
    return [
        row
        | {
            "target": history.target,
            "row_id": "/".join((history.target, row["publication_id"], *map(str, _key(row)))),
        }
        for history in histories
        for row in history.values
    ]


def describe_figures(
    histories: list[TargetHistory], target: str, values: Sequence[Row], notices: Sequence[Row]
) -> tuple[list[str], list[str]]:
    """Say for the person who approves which figures would change in public.

    Args:
        histories: What was published to each target.
        target: The target.
        values: Rows of ``indicator_value`` that would be public.
        notices: Rows of ``correction_notice``.

    Returns:
        A line for each figure that is other than the one that is public now, or new, and one for
        each revision that was decided and is not public yet.
    """
    here = [row for one in histories if one.target == target for row in one.public_values]
    public, becomes = _last_revisions(here), _last_revisions(values)
    if not public:
        return [f"初めて公開する値{len(becomes)}件"] if becomes else [], []
    figures = [
        f"{row['indicator_title']} {row['period']}："
        f"{_show(public[key]) if key in public else 'まだない'} → {_show(row)}"
        for key, row in becomes.items()
        if key not in public or _show(public[key]) != _show(row)
    ]
    revised = [
        f"{one['indicator_title']} {one['period']} 改訂{one['revision']}：{one['reason']}"
        f"({one['decided_by']}、{one['decided_on']})"
        for one in notices
        if one["revision"]
        > public.get((one["indicator_id"], one["period"]), {"revision": 0})["revision"]
    ]
    return figures, revised


def _last_revisions(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    ordered = sorted(rows, key=lambda row: (row["period"], row["indicator_id"], row["revision"]))
    return {(row["indicator_id"], row["period"]): row for row in ordered}


def _show(row: Row) -> str:
    value = row["value"]
    return "なし" if value is None else f"{value.normalize():f}{row.get('unit') or ''}"


def _key(row: Row) -> tuple[Any, ...]:
    return tuple(row[name] for name in _KEY)


def _keep_lineage(path: Path, lineage: pa.Table, values: pa.Table) -> None:
    published = values.select(_KEY).group_by(_KEY).aggregate([])
    new = lineage.join(published, keys=list(_KEY), join_type="left semi")
    earlier = _read(path)
    if earlier is not None:
        kept = earlier.select(_KEY).group_by(_KEY).aggregate([])
        new = new.join(kept, keys=list(_KEY), join_type="left anti")
        new = pa.concat_tables([earlier, new], promote_options="default")
    names = [(name, "ascending") for name in lineage.column_names]
    replace_file(path, write_parquet(new.sort_by(names)))


def _read(path: Path) -> pa.Table | None:
    return pq.read_table(path) if path.exists() else None
