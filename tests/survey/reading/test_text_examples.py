"""The table of examples: for every text rule, what comes of it."""

import csv
import re
from collections.abc import Callable
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from sumida_data.survey.form import FormField
from sumida_data.survey.reading.text import reader_of
from sumida_data.survey.reading.workbook import CellValue

PACKAGE = files("sumida_data.survey.reading")


def table(name: str) -> list[dict[str, str]]:
    with PACKAGE.joinpath(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


EXAMPLES = table("examples.csv")
CELLS: dict[str, Callable[[str], CellValue]] = {
    "text": str,
    "number": float,
    "date": date.fromisoformat,
}


def field_of(example: dict[str, str]) -> FormField:
    is_text = example["type"] in ("text", "name", "code")
    described: dict[str, Any] = {
        "type": "string" if is_text else example["type"],
        "unique": example["type"] == "code",
        "required": example["type"] == "name",
        "unit": example["unit"] or None,
        "minimum": example["minimum"] or None,
        "maximum": example["maximum"] or None,
        "enum": tuple(example["choices"].split()) or None,
    }
    return FormField(name="item", title="項目", title_en="Item", **described)


@pytest.mark.parametrize(
    "example", EXAMPLES, ids=lambda example: f"{example['rule']}: {example['text']!r}"
)
def test_what_comes_of_a_rule(example: dict[str, str]) -> None:
    reading = reader_of(field_of(example))(CELLS[example["cell"]](example["text"]))
    assert reading == (example["value"] or None, example["status"], example["rules"])


def test_every_rule_has_an_example() -> None:
    # A rule is a name in the code or a meaning in the table of spellings; there is no other list.
    code = "".join(
        path.read_text("utf-8") for path in PACKAGE.iterdir() if path.name.endswith(".py")
    )
    kinds = ("before_number", "after_number", "after_date")
    qualities = {row["means"] for row in table("spellings.csv") if row["kind"] in kinds}
    shown = {rule for example in EXAMPLES for rule in example["rules"].split()}
    assert qualities <= shown
    assert all(re.search(rf'"{rule}[" ]', code) for rule in shown - qualities)
