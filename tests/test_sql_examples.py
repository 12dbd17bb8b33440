"""Every SQL example of the documents runs on the sample quarter and finds something."""

import re

import duckdb
import pytest

from tests.project import PROJECT

DOCUMENTS = ["README.md", "README.ja.md", "docs/analyst.ja.md"]
EXAMPLES = [
    pytest.param(sql, id=f"{name}-{number}")
    for name in DOCUMENTS
    for number, sql in enumerate(
        re.findall(r"^```sql\n(.*?)^```", (PROJECT / name).read_text("utf-8"), re.M | re.S), 1
    )
]


@pytest.fixture(scope="module")
def connection(quarter):
    with duckdb.connect(quarter.data / "sumida.duckdb", read_only=True) as connection:
        yield connection


def test_there_are_examples():
    assert len(EXAMPLES) > 12


@pytest.mark.parametrize("sql", EXAMPLES)
def test_an_example_runs(sql, connection):
    assert connection.execute(sql).fetchall()
