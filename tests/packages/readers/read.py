"""Print the rows and the sums of numbers of every table, as polars or a reader of version 1 has them.

Call it with the name of the reader, and with the descriptors of packages.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import datapackage
import polars

Table = dict[str, list[Any]]


def read_with_polars(path: Path) -> Iterator[Table]:
    for one in json.loads(path.read_bytes())["resources"]:
        if "schema" in one:
            # By its first hundred rows alone, it would not know the type of what comes later.
            frame = polars.read_csv(path.with_name(one["path"]), infer_schema_length=None)
            yield frame.to_dict(as_series=False)


def read_with_datapackage(path: Path) -> Iterator[Table]:
    package = datapackage.Package(str(path))
    assert package.valid, package.errors
    for one in package.resources:
        if "schema" in one.descriptor:
            rows = one.read(keyed=True)
            yield {name: [row[name] for row in rows] for name in one.schema.field_names}


def summarize(described: dict[str, Any], table: Table) -> dict[str, Any]:
    numbers = [
        field["name"]
        for field in described["schema"]["fields"]
        if field["type"] in ("integer", "number")
    ]
    sums = {name: sum(float(cell) for cell in table[name] if cell is not None) for name in numbers}
    return {"columns": list(table), "rows": len(next(iter(table.values()))), "sums": sums}


READERS = {"polars": read_with_polars, "datapackage": read_with_datapackage}

if __name__ == "__main__":
    found = {}
    for path in map(Path, sys.argv[2:]):
        tables = [one for one in json.loads(path.read_bytes())["resources"] if "schema" in one]
        for described, table in zip(tables, READERS[sys.argv[1]](path), strict=True):
            found[f"{path.parent.name}/{described['name']}"] = summarize(described, table)
    sys.stdout.write(json.dumps(found))
