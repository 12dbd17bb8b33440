"""Every promise that a package makes has a test with data that break it."""

import csv
import hashlib
import io
import json
from datetime import date

import pytest

from sumida_data.packages.models import PackageError
from sumida_data.packages.package import PackagesValidator
from sumida_data.plan.models import describe_indicators
from sumida_data.quality.data_package import find_errors

VALUES = "indicator_value.csv"


def state_anew(files, path, content):
    """The files with other contents, whose size and hash the descriptor states rightly."""
    descriptor = json.loads(files["datapackage.json"])
    for resource in descriptor["resources"]:
        if resource["path"] == path:
            resource["bytes"] = len(content)
            resource["hash"] = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return files | {path: content, "datapackage.json": json.dumps(descriptor).encode()}


def change_cells(files, rows=slice(1), **cells):
    """The files with other cells in the rows of indicator_value."""
    table = list(csv.DictReader(io.StringIO(files[VALUES].decode("utf-8-sig"))))
    for row in table[rows]:
        row.update(cells)
    text = io.StringIO()
    writer = csv.DictWriter(text, table[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return state_anew(files, VALUES, text.getvalue().encode("utf-8-sig"))


def test_every_built_package_is_valid(built):
    assert PackagesValidator().validate(built) is built
    assert {path.split("/")[0] for path in built} == {
        "dx-indicators",
        "online-procedures",
        "online-consultations",
        "dx-initiatives",
        "mynumber-card",
        "system-standardization",
        "document-approval",
        "staff-training",
        "survey-quality",
    }


def test_a_second_version_of_a_definition_keeps_every_promise(build, plans):
    rows = describe_indicators(plans)
    later = {"definition_version": "2", "valid_from": date(2024, 4, 1), "version_reason": "理由"}
    later |= {"row_id": f"{rows[0]['row_id']}/2"}
    files = build(indicator=[*rows, rows[0] | later])
    assert PackagesValidator().validate(files) is files


def test_rewriting_the_same_cells_changes_nothing(indicators):
    assert change_cells(indicators)[VALUES] == indicators[VALUES]
    assert find_errors(change_cells(indicators)) == []


@pytest.mark.parametrize(
    ("promise", "cells"),
    [
        ("(type)", {"value": "約60"}),
        ("(type)", {"as_of": "2022年12月31日"}),
        ("(type)", {"revision": "1.5"}),
        ("(type)", {"sample": "はい"}),
        ("(required)", {"indicator_title": ""}),
        ("(enum)", {"value_status": "推計"}),
        ("(pattern)", {"period": "2022Q3"}),
        ("(minimum)", {"departments_asked": "-1"}),
        ("(maximum)", {"fiscal_quarter": "5"}),
    ],
)
def test_a_cell_that_breaks_its_promise_is_found(indicators, promise, cells):
    found = find_errors(change_cells(indicators, **cells))
    # A choice among codes is promised twice, for readers of both versions of Table Schema.
    errors = [error for error in found if "(categories)" not in error]
    assert len(errors) == 1
    assert errors[0].startswith(f"{VALUES}: 2行目: ")
    assert promise in errors[0]
    assert next(iter(cells)) in errors[0]


def test_a_repeated_key_is_found(indicators):
    twice = change_cells(indicators, rows=slice(2), indicator_id="mynumber_card_rate")
    (error,) = find_errors(twice)
    assert error.startswith(f"{VALUES}: 3行目: ")
    assert "(primaryKey)" in error


@pytest.mark.parametrize("path", [VALUES, "indicator_value.parquet", "dx-indicators.xlsx"])
class TestFileItself:
    def test_other_bytes_are_found(self, indicators, path):
        content = indicators[path]
        changed = content[:-1] + bytes([content[-1] ^ 1])
        assert any("hash" in error for error in find_errors(indicators | {path: changed}))

    def test_another_size_is_found(self, indicators, path):
        errors = find_errors(indicators | {path: indicators[path] + b"\n"})
        assert any("bytes" in error for error in errors)

    def test_a_missing_file_is_found(self, indicators, path):
        files = {name: content for name, content in indicators.items() if name != path}
        assert any(error.startswith(path) for error in find_errors(files))


def test_a_required_value_missing_from_the_table_is_found_by_its_row(build, frames):
    row = frames["indicator_value"].iloc[1].dropna().drop("indicator_title").to_dict()
    with pytest.raises(PackageError, match=r"csv: 2行目: .*indicator_title"):
        PackagesValidator().validate(build(indicator_value=[row]))


def test_a_descriptor_without_resources_is_found(indicators):
    errors = find_errors(indicators | {"datapackage.json": b'{"name": "dx-indicators"}'})
    assert any("resources" in error for error in errors)


def test_the_validator_stops_a_broken_package_and_names_it(built, indicators):
    broken = change_cells(indicators, value_status="推計")
    data = built | {f"dx-indicators/{path}": content for path, content in broken.items()}
    with pytest.raises(PackageError, match=r"dx-indicators/indicator_value\.csv: 2行目"):
        PackagesValidator().validate(data)
