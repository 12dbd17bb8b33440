"""The documents lead somewhere and name what there is."""

import re
from pathlib import Path

import click
import duckdb
import pytest
import yaml

import sumida_data
from sumida_data.base.metadata import DataDictionary
from sumida_data.commands import cli
from tests.project import PROJECT, Quarter

DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
PIPELINE_FILES = (".github/workflows/ci.yml", ".gitlab-ci.yml")
LINK = re.compile(r"\]\(([^)#]+)(?:#[^)]*)?\)")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(document: Path) -> None:
    links = [link for link in LINK.findall(document.read_text("utf-8")) if "://" not in link]
    assert [link for link in links if not (document.parent / link).exists()] == []


def test_both_readmes_have_the_same_links() -> None:
    english, japanese = (
        set(LINK.findall((PROJECT / name).read_text("utf-8")))
        for name in ("README.md", "README.ja.md")
    )
    assert english ^ japanese == {"README.md", "README.ja.md"}


def test_pictures_are_small() -> None:
    pictures = list((PROJECT / "docs/images").iterdir())
    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > 200_000] == []


def test_every_test_that_the_architecture_names_is_there() -> None:
    text = (PROJECT / "docs/architecture.md").read_text("utf-8")
    sources = "".join(path.read_text("utf-8") for path in (PROJECT / "tests").rglob("test_*.py"))
    for path in re.findall(r"`(tests/[\w/]+\.py)", text):
        assert (PROJECT / path).exists(), path
    for name in re.findall(r"::(test_\w+)`", text):
        assert f"def {name}(" in sources, name


def test_every_runbook_is_rehearsed_by_a_test_that_is_there() -> None:
    text = (PROJECT / "docs/runbooks.ja.md").read_text("utf-8")
    for runbook in re.split(r"^## (?=\d)", text, flags=re.MULTILINE)[1:]:
        rehearsed = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", runbook)
        assert rehearsed, runbook[:40]
        for path, name in rehearsed:
            assert f"def {name}(" in (PROJECT / path).read_text("utf-8"), name


@pytest.mark.parametrize("guide", ["runbooks", "operation"])
def test_a_guide_names_only_commands_and_scripts_that_are_there(guide: str) -> None:
    text = (PROJECT / f"docs/{guide}.ja.md").read_text("utf-8")
    known = cli.list_commands(click.Context(cli))
    assert set(re.findall(r"sumida-data ([a-z]+)", text)) <= {*known}
    for path in re.findall(r"`(scripts/[\w/.]+)", text):
        assert (PROJECT / path).exists(), path


def test_the_corrections_guide_names_every_column() -> None:
    text = (PROJECT / "docs/collecting.ja.md").read_text("utf-8")
    header = (
        (PROJECT / "data/01_raw/reference/corrections.csv").read_text("utf-8-sig").splitlines()[0]
    )
    assert [column for column in header.split(",") if f"`{column}`" not in text] == []


def test_the_publishing_guide_names_every_column_of_the_revisions() -> None:
    text = (PROJECT / "docs/publishing.ja.md").read_text("utf-8")
    path = PROJECT / "data/01_raw/reference/revisions.csv"
    header = path.read_text("utf-8-sig").splitlines()[0]
    assert [column for column in header.split(",") if f"`{column}`" not in text] == []


def test_every_dependency_is_explained() -> None:
    pyproject = (PROJECT / "pyproject.toml").read_text("utf-8")
    explained = (PROJECT / "docs/dependencies.md").read_text("utf-8")
    names = re.findall(r'^    "([a-z-]+)>=', pyproject, re.MULTILINE)
    assert len(names) > 15
    assert [name for name in names if not re.search(rf"\b{name}\b", explained)] == []


def test_tables_named_in_the_readme_exist(dictionary: DataDictionary) -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    for name in ("indicator_value", "lineage"):
        assert f"`{name}`" in text
        assert name in dictionary


def test_the_cell_that_is_followed_is_where_the_page_says(quarter: Quarter) -> None:
    text = (PROJECT / "docs/one_cell.md").read_text("utf-8")
    sql, of_zero = re.findall(r"```sql\n(.+?)```", text, re.DOTALL)
    with duckdb.connect(quarter.data / "sumida.duckdb", read_only=True) as database:
        rows = database.execute(sql).fetchall()
        [sheets] = database.execute(of_zero).fetchall()
        values = database.execute(
            "SELECT value FROM current_value WHERE indicator_id = 'online_procedures_dx'"
            " AND period = 'FY2022Q3'"
        ).fetchall()
    cell = ("FY2022Q3/1702_子育て支援課_調査票.xlsx", "手続", "D17", "対象", "該当", "normalised")
    assert cell in rows
    assert sheets == (69, "セキュリティ")
    assert all(part in text for part in cell)
    assert [int(value) for (value,) in values] == [23]
    assert "FY2022Q3, 2022-12-31, 23 手続, measured" in text
    for path in re.findall(r"`(data/0[156]_[^`]+?\.\w+)`", text):
        assert (quarter.path / path).is_file(), path


@pytest.mark.parametrize("name", PIPELINE_FILES)
def test_every_pipeline_file_calls_the_one_script(name: str) -> None:
    jobs = yaml.safe_load((PROJECT / name).read_text("utf-8"))
    assert jobs
    assert (PROJECT / name).read_text("utf-8").count("bash .ci/run") == 1


@pytest.mark.parametrize(
    "path", list((PROJECT / ".github/ISSUE_TEMPLATE").glob("*.yml")), ids=lambda path: path.name
)
def test_issue_forms_ask_something(path: Path) -> None:
    form = yaml.safe_load(path.read_text("utf-8"))
    assert {"name", "description", "body"} <= form.keys()
    assert any(part["type"] != "markdown" for part in form["body"])


def test_the_changelog_begins_with_the_version() -> None:
    versions = re.findall(
        r"^## (\d\S+) - ", (PROJECT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE
    )
    assert versions[0] == sumida_data.__version__


def test_the_example_of_credentials_is_the_one_of_the_guide() -> None:
    example = yaml.safe_load((PROJECT / "docs/examples/credentials.yml").read_text("utf-8"))
    assert example["ckan"].keys() == {"url", "token"}
    assert "examples/credentials.yml" in (PROJECT / "docs/publishing-ckan.ja.md").read_text("utf-8")
