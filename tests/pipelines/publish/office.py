"""The office's own commands, in a project of its own."""

from pathlib import Path

import duckdb

from tests.project import Project, Run, run_forked

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
    # The tests of the commands measure what they cover, in their own process.
    return run_forked(project.path, "sumida_data.commands", "sumida-data", *arguments)


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
