"""The page about the house shows the floors that the contract holds, and the rooms are there."""

import re
import tomllib

from tests.project import PROJECT

PACKAGE = PROJECT / "src/sumida_data"


def contract(name: str) -> dict[str, list[str]]:
    tool = tomllib.loads((PROJECT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    [found] = [one for one in tool["contracts"] if one["id"] == name]
    return found


def test_the_page_shows_the_floors_of_the_contract() -> None:
    text = (PROJECT / "docs/architecture.md").read_text("utf-8")
    table = text.partition("| Floor | Holds |\n|---|---|\n")[2].partition("\n\n")[0]
    shown = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table.splitlines()]
    assert shown == [re.findall(r"\w+", layer) for layer in contract("floors")["layers"]]


def test_at_most_six_modules_lie_loose_at_the_root() -> None:
    assert len(list(PACKAGE.glob("*.py"))) <= 6


def test_every_pipeline_is_kept_apart_from_the_others() -> None:
    named = {name.rpartition(".")[2] for name in contract("pipelines")["modules"]}
    assert named == {path.parent.name for path in PACKAGE.glob("pipelines/*/__init__.py")}


def test_nothing_opens_duckdb_but_the_one_way() -> None:
    opening = [
        path.name for path in PACKAGE.rglob("*.py") if "duckdb.connect(" in path.read_text("utf-8")
    ]
    assert opening == ["database.py"]
