"""Six municipalities, each with the returns of a few departments."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.base.metadata import DataDictionary
from sumida_data.many.units import Registers, Work
from sumida_data.plan.models import Plans
from sumida_data.sample.returns import make_returns
from sumida_data.sample.ward import Facts, Sample
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.departments import Department
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from tests.sample.conftest import departments, facts, read_register, sample

__all__ = ["departments", "facts", "sample"]
CODES = ("131016", "131024", "131032", "131041", "131059", "131075")
PERIODS = ("FY2022Q2", "FY2022Q3")
# As the returns, a list of open data is a sample.
LIST_BEGINS = (
    "見本データ,,,,",
    "データセット_ID,データセット_タイトル,データセット_公開日,ファイル_ID,ファイル_ステータス",
)


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


@pytest.fixture(scope="session")
def make_work(  # one fixture for each thing that decides what is made
    returns_of: dict[str, dict[str, bytes]],
    form: Form,
    waves: Waves,
    rules: FindingRules,
    plans: Plans,
    sources: CentralSources,
    dictionary: DataDictionary,
    few: list[Department],
) -> Callable[[Path], Work]:
    """Return a function that puts the returns into a folder."""

    def make(folder: Path) -> Work:
        for code, files in returns_of.items():
            for name, content in files.items():
                path = folder / "survey" / code / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
        listed = folder / "external" / CODES[3] / "open_dataset" / PERIODS[1] / "list.csv"
        listed.parent.mkdir(parents=True)
        listed.write_text("\n".join([*LIST_BEGINS, "a,題,2022-04-01,1,配信中"]), "utf-8")
        return Work(
            form,
            waves,
            rules,
            plans,
            dictionary,
            sources.root,
            {one.code: one for one in parse_municipalities(read_register("municipalities"))},
            {"": Registers(few)},
            folder / "survey",
            folder / "external",
            folder / "tables",
            folder / "receipts",
            "settings",
        )

    return make


@pytest.fixture
def work(make_work: Callable[[Path], Work], tmp_path: Path) -> Work:
    return make_work(tmp_path)
