"""The office's own commands, in a project of its own."""

import os
import subprocess
import sys
from pathlib import Path

import duckdb

from tests.project import Project, Run

APPROVED = [
    "--name",
    "見本 部長",
    "--decision-number",
    "4墨企第1号",
    "--day",
    "2023-02-01",
    "--yes",
]


def sumida_data(project: Project, *arguments: str) -> Run:
    script = "from sumida_data.commands import main; main()"
    environment = os.environ | {"COLUMNS": "120", "NO_COLOR": "1"}
    # The tests of the commands measure what they cover, in their own process.
    environment.pop("COVERAGE_PROCESS_CONFIG", None)
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=project.path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return Run(done.returncode, done.stdout + done.stderr)


def ask(project: Project, question: str) -> list[tuple[object, ...]]:
    path = str(project.path / "data/sumida.duckdb")
    with duckdb.connect(path, read_only=True) as connection:
        return connection.sql(question).fetchall()


def show(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }
