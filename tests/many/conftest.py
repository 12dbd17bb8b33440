"""Six municipalities, each with the returns of a few departments."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sumida_data.base.metadata import DataDictionary
from sumida_data.many.units import Work
from sumida_data.plan.models import Plans
from sumida_data.sample.models import Sample
from sumida_data.sample.returns import make_returns
from sumida_data.sample.ward import Facts
from sumida_data.survey.departments import Department
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.sample.conftest import departments, facts, read_register, sample

__all__ = ["departments", "facts", "sample"]
CODES = ("131016", "131024", "131032", "131041", "131059", "131075")
PERIODS = ("FY2022Q2", "FY2022Q3")


@pytest.fixture(scope="session")
def few(departments: list[Department]) -> list[Department]:
    return [one for one in departments if one.code in {"1201", "1203"}]


@pytest.fixture(scope="session")
def returns_of(
    sample: Sample, facts: Facts, form: Form, waves: Waves, few: list[Department]
) -> dict[str, dict[str, bytes]]:
    """The returns of each municipality by their paths below its folder."""
    periods = {period: sample.periods[period] for period in PERIODS}
    returns = {}
    for number, code in enumerate(CODES):
        own = sample.model_copy(update={"seed": number, "periods": periods})
        returns[code] = make_returns(own, facts, form, waves, few)
    return returns


@pytest.fixture
def work(
    tmp_path: Path,
    returns_of: dict[str, dict[str, bytes]],
    form: Form,
    waves: Waves,
    rules: FindingRules,
    plans: Plans,
    dictionary: DataDictionary,
    few: list[Department],
) -> Work:
    survey = tmp_path / "survey"
    for code, files in returns_of.items():
        for name, content in files.items():
            path = survey / code / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    names = {
        one["municipality_code"]: one["municipality_name"]
        for one in read_register("municipalities")
    }
    return Work(
        form,
        waves,
        rules,
        plans.of_source("survey"),
        dictionary,
        names,
        {"": few},
        survey,
        tmp_path / "tables",
        "settings",
    )


@pytest.fixture
def elsewhere(work: Work, tmp_path: Path) -> Callable[[str], Work]:
    """The same work with results in another folder."""
    return lambda name: replace(work, results=tmp_path / name)
