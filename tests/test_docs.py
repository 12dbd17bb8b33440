"""The documents lead somewhere and name what there is."""

import re
from pathlib import Path

import pytest

from sumida_data.base.metadata import DataDictionary
from tests.project import PROJECT

DOCUMENTS = [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md")]
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
