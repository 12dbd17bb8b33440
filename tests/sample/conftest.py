"""The sample data of the project's own settings, made once."""

import csv
from pathlib import Path
from typing import Any

import pytest

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.sample.ward import Facts, Sample, make_external_files, parse_facts
from sumida_data.sources.central import Municipality
from sumida_data.survey.departments import Department, parse_departments
from tests.project import Project

REGISTERS = Path(__file__).parents[2] / "data/01_raw/reference"


def read_register(name: str) -> list[dict[str, str]]:
    text = (REGISTERS / f"{name}.csv").read_text("utf-8-sig")
    return list(csv.DictReader(text.splitlines()))


def load_facts(table: str) -> list[dict[str, str]]:
    return read_register(f"sample/{table}")


@pytest.fixture(scope="session")
def facts() -> Facts:
    folder = REGISTERS / "sample"
    return parse_facts({path.name: path.read_bytes() for path in folder.glob("*.csv")})


@pytest.fixture(scope="session")
def sample(raw_parameters: dict[str, Any]) -> Sample:
    return Sample.model_validate(raw_parameters["sample"])


@pytest.fixture(scope="session")
def departments() -> list[Department]:
    return parse_departments(read_register("departments"))


@pytest.fixture(scope="session")
def municipalities() -> list[Municipality]:
    return [Municipality(*row.values()) for row in read_register("municipalities")]


@pytest.fixture(scope="session")
def returns(sample_project: Project) -> dict[str, bytes]:
    """The returns that the sample pipeline has made, by their paths."""
    folder = sample_project.path / "data/01_raw/survey"
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="session")
def external_files(
    sample: Sample,
    facts: Facts,
    municipality: HomeMunicipality,
    departments: list[Department],
    municipalities: list[Municipality],
) -> dict[str, bytes]:
    return make_external_files(sample, facts, municipality.code, departments, municipalities)
