"""Every reader that analysts use has the same columns, rows and sums of the packages' tables."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import frictionless
import pandas as pd
import pyarrow.compute as pc
import pyarrow.parquet
import pytest

from tests.project import Quarter

READERS = Path(__file__).with_name("readers")
Summary = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def descriptors(quarter: Quarter) -> list[Path]:
    return sorted((quarter.data / "05_package").glob("*/datapackage.json"))


def list_tables(path: Path) -> Iterator[tuple[str, Path, list[str], dict[str, Any]]]:
    """Yield the tables of a package: name, CSV file, names of numbers and description."""
    for one in json.loads(path.read_bytes())["resources"]:
        if "schema" in one:
            fields = one["schema"]["fields"]
            numbers = [field["name"] for field in fields if field["type"] in ("integer", "number")]
            yield f"{path.parent.name}/{one['name']}", path.with_name(one["path"]), numbers, one


@pytest.fixture(scope="module")
def expected(descriptors: list[Path]) -> Summary:
    """What the Parquet files hold, which carry their types with them."""
    found = {}
    for name, path, numbers, _ in chain.from_iterable(map(list_tables, descriptors)):
        rows = pyarrow.parquet.read_table(path.with_suffix(".parquet"))
        sums = {number: float(pc.sum(rows[number]).as_py() or 0) for number in numbers}
        found[name] = {"columns": rows.column_names, "rows": rows.num_rows, "sums": sums}
    return found


def read_with_pandas(path: Path, numbers: list[str], _: Any) -> dict[str, Any]:
    rows = pd.read_csv(path)
    sums = {number: float(rows[number].sum()) for number in numbers}
    return {"columns": [*rows], "rows": len(rows), "sums": sums}


def read_with_duckdb(path: Path, numbers: list[str], _: Any) -> dict[str, Any]:
    rows = duckdb.read_csv(str(path), sample_size=-1, header=True)
    sums = {n: rows.aggregate(f'coalesce(sum("{n}"::DOUBLE), 0)').fetchall() for n in numbers}
    totals = {number: row[0] for number, [row] in sums.items()}
    return {"columns": rows.columns, "rows": rows.shape[0], "sums": totals}


def read_with_frictionless(path: Path, numbers: list[str], one: dict[str, Any]) -> dict[str, Any]:
    package = frictionless.Package(str(path.with_name("datapackage.json")))
    resource = package.get_resource(one["name"])
    rows = resource.read_rows()
    sums = {number: float(sum(row[number] or 0 for row in rows)) for number in numbers}
    return {"columns": resource.schema.field_names, "rows": len(rows), "sums": sums}


@pytest.mark.parametrize(
    "read",
    [
        read_with_pandas,
        read_with_duckdb,
        # A publication reads every file with it too.
        pytest.param(read_with_frictionless, marks=pytest.mark.long),
    ],
)
def test_readers_of_this_project(read: Any, descriptors: list[Path], expected: Summary) -> None:
    tables = chain.from_iterable(map(list_tables, descriptors))
    compare({name: read(path, numbers, one) for name, path, numbers, one in tables}, expected)


@pytest.mark.long
@pytest.mark.parametrize(
    ("command", "needs"),
    [
        (["python", "read.py", "polars"], "polars"),
        (["python", "read.py", "datapackage"], "datapackage"),
        (["Rscript", "read.R"], "readr"),
        (["node", "read.mjs"], "frictionless.js"),
    ],
)
def test_other_readers(
    command: list[str], needs: str, descriptors: list[Path], expected: Summary, tmp_path: Path
) -> None:
    folder = shutil.copytree(READERS, tmp_path / "readers")
    uv = Path(sys.executable).with_name("uv")
    install = {
        "python": f"{uv} venv -q .venv && {uv} pip install -q -p .venv -r requirements.lock",
        "node": "npm ci --silent",
        "Rscript": 'Rscript -e "library(readr); library(jsonlite)"',
    }[command[0]]
    installed = subprocess.run(install, shell=True, cwd=folder, capture_output=True, check=False)  # noqa: S602
    if installed.returncode:
        pytest.skip(f"{needs} cannot be had here: {install}")
    if command[0] == "python":
        command = [str(folder / ".venv/bin/python"), *command[1:]]
    done = subprocess.run([*command, *descriptors], cwd=folder, capture_output=True, check=True)
    compare(json.loads(done.stdout), expected)


def compare(found: Summary, expected: Summary) -> None:
    assert found.keys() == expected.keys()
    for name, one in expected.items():
        assert found[name]["rows"] == one["rows"], name
        # Of a table without rows, frictionless.js says no columns.
        assert found[name]["columns"] in (one["columns"], [] if not one["rows"] else one["columns"])
        # It reads all cells as text, and is asked for no sums.
        assert found[name].get("sums", one["sums"]) == pytest.approx(one["sums"]), name
