"""A quarter that has been published once."""

from pathlib import Path

import pytest

from tests.pipelines.publish.office import APPROVED, sumida_data
from tests.project import Project, Quarter


@pytest.fixture(scope="session")
def published(quarter: Quarter, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project in which the quarter has been approved and published."""
    project = quarter.copy_to(tmp_path_factory.mktemp("publish") / "project")
    refused = project.kedro("run", "--pipelines=publish")
    assert refused.code == 1
    assert "承認されていません。sumida-data approve で" in refused.output
    assert "Traceback" not in refused.output
    assert not (project.path / "data/06_catalog/public").exists()
    assert sumida_data(project, "approve", *APPROVED).code == 0
    run = project.kedro("run", "--pipelines=publish", measured=True)
    assert run.code == 0, run.output
    assert "承認 A0001 の内容を公開しました" in run.output
    return project


# Before xdist looks for the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of this folder in one process, so that the quarter is published once."""
    ours = (item for item in items if item.path.is_relative_to(Path(__file__).parent))
    for item in ours:
        if "published" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("published"))
