"""Fixtures that any test may use: the project's own descriptions, and small workbooks."""

import io
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import xlsxwriter
import yaml
from coverage import Coverage
from hypothesis import settings

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.pipelines.wiring import note_tables
from sumida_data.plan.models import Plan, Plans
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.tables import TableDescriptions, build_dictionary
from tests.project import PROJECT, empty_project, quarter, sample_project

__all__ = ["empty_project", "quarter", "sample_project"]

Rows = Sequence[Sequence[Any]]

# The same examples in every run, so that a change alone makes a test fail; the longer suites draw
# others each time.
settings.register_profile("same", derandomize=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))


# Groups of tests that take longest, in the order in which they begin: after the first three those
# that do not wait for the whole quarter, which the first computes.
LONGEST = (
    *("published", "ckan", "tests/many", "tests/mutation", "unusual", "browser"),
    *("tests/test_kedro", "tests/pipelines", "tests/commands/test_new"),
)


# After those of folders that keep tests in one process, and before xdist looks for the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all tests of a file, with what they have built; begin with the longest."""
    for item in items:
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))

    def find_rank(item: pytest.Item) -> int:
        [group] = next(item.iter_markers("xdist_group")).args
        return next((n for n, one in enumerate(LONGEST) if group.startswith(one)), len(LONGEST))

    items.sort(key=find_rank)


@pytest.fixture(scope="module")
def unmeasured() -> Iterator[None]:
    """Measure no coverage: what these tests reach others reach too, and measuring takes time."""
    measuring = Coverage.current()
    if measuring:
        measuring.stop()
    yield
    if measuring:
        measuring.start()


@pytest.fixture(scope="session")
def raw_parameters() -> dict[str, Any]:
    """All parameters of conf/base, as plain data."""
    parameters: dict[str, Any] = {}
    for path in sorted((PROJECT / "conf/base/parameters").glob("*.yml")):
        parameters |= yaml.load(path.read_text("utf-8"), yaml.CSafeLoader)  # safe, in C
    note_tables(parameters)  # as a hook does in a run
    return parameters


@pytest.fixture(scope="session")
def municipality(raw_parameters: dict[str, Any]) -> HomeMunicipality:
    return HomeMunicipality.model_validate(raw_parameters["municipality"])


@pytest.fixture(scope="session")
def plans(raw_parameters: dict[str, Any]) -> Plans:
    return Plans.model_validate(raw_parameters["plans"])


@pytest.fixture(scope="session")
def plan(plans: Plans) -> Plan:
    """The plan of the ward's deck."""
    return plans.root[0]


@pytest.fixture(scope="session")
def form(raw_parameters: dict[str, Any]) -> Form:
    return Form.model_validate(raw_parameters["form"])


@pytest.fixture(scope="session")
def waves(raw_parameters: dict[str, Any]) -> Waves:
    return Waves.model_validate(raw_parameters["waves"])


@pytest.fixture(scope="session")
def sources(raw_parameters: dict[str, Any]) -> CentralSources:
    return CentralSources.model_validate(raw_parameters["sources"])


@pytest.fixture(scope="session")
def rules(raw_parameters: dict[str, Any]) -> FindingRules:
    return FindingRules.model_validate(raw_parameters["finding_rules"])


@pytest.fixture(scope="session")
def dictionary(raw_parameters: dict[str, Any], form: Form) -> DataDictionary:
    return build_dictionary(TableDescriptions.model_validate(raw_parameters["tables"]), form)


@pytest.fixture
def make_workbook() -> Callable[[dict[str, Rows]], bytes]:
    """Return a function that writes sheets of rows as an .xlsx."""

    def write(sheets: dict[str, Rows]) -> bytes:
        buffer = io.BytesIO()
        with xlsxwriter.Workbook(buffer, {"strings_to_formulas": False}) as book:
            for name, rows in sheets.items():
                sheet = book.add_worksheet(name)
                for number, row in enumerate(rows):
                    sheet.write_row(number, 0, row)
        return buffer.getvalue()

    return write
