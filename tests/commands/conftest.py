"""A project to check by, and workbooks to check."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.commands.check import Checker
from sumida_data.commands.project import Project
from sumida_data.survey.form import Form
from tests.project import PROJECT
from tests.survey.conftest import cover, empty_tables, procedures


@pytest.fixture(scope="session")
def checker() -> Checker:
    return Checker(Project(PROJECT))


@pytest.fixture
def put(make_workbook: Callable[..., bytes], form: Form) -> Callable[..., Path]:
    """Return a function that puts a return with these 手続 rows at a path."""

    def write(path: Path, *rows: list[object], **answers: str) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        tables = empty_tables(form.asked_in("FY2022Q3")) | {"手続": procedures(*rows)}
        path.write_bytes(make_workbook({"表紙": cover(**{"課": ""} | answers), **tables}))
        return path

    return write
