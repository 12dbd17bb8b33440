"""A project to check by, and workbooks to check."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.commands.drop_folder import Checker
from sumida_data.commands.project import load_project
from tests.project import PROJECT
from tests.survey.conftest import cover, procedures


@pytest.fixture(scope="session")
def checker() -> Checker:
    return Checker(load_project(PROJECT))


@pytest.fixture
def put(make_workbook: Callable[..., bytes]) -> Callable[..., Path]:
    """Return a function that puts a return with these 手続 rows at a path."""

    def write(path: Path, *rows: list[object], **answers: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(make_workbook({"表紙": cover(**answers), "手続": procedures(*rows)}))
        return path

    return write
