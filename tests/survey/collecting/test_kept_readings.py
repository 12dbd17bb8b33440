"""What is kept of a return stands in for it once it is gone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.batch import read_returns
from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.kept_readings import (
    KeptReadingError,
    restore_readings,
    write_readings,
)
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.survey.conftest import DEPARTMENTS, cover, procedures

Files = dict[str, SourceFile]
ROW = ["T1203-01", "納税証明書", "非該当", "該当", "済", "R4.10.1", "", "１２０件"]
# A doubtful cell, two rows with one number, and a file that cannot be read.
RETURNS = {
    "FY2022Q2/1203.xlsx": {"表紙": cover(), "手続": procedures(ROW)},
    "FY2022Q3/1203.xlsx": {
        "表紙": cover(メール="mihon@example.jp 転送 見本 花子"),
        "手続": procedures([*ROW[:7], "約百"], ROW, ["T1203-02", "住民税申告", "未", "①"]),
    },
    "FY2022Q3/1204.xlsx": {"表紙": cover("1204", 課="窓口課", 前回から変更なし="該当")},
    "FY2022Q3/broken.xlsx": b"PK\x03\x04 broken",
}


@pytest.fixture
def reader(form: Form, rules: FindingRules) -> FormReader:
    return FormReader(form, rules)


@pytest.fixture
def files(tmp_path: Path, make_workbook: Callable[..., bytes]) -> Files:
    made = {}
    for name, content in RETURNS.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else make_workbook(content))
        made[name] = SourceFile(name, path)
    return made


@pytest.fixture
def keep(reader: FormReader, waves: Waves, tmp_path: Path) -> Callable[..., Files]:
    """Return a function that keeps what is read from files."""

    def run(files: Files) -> Files:
        path = tmp_path / "readings.jsonl"
        path.write_bytes(write_readings(read_returns(reader, waves, list(files.values()))))
        return {"FY2022Q3/readings.jsonl": SourceFile("FY2022Q3/readings.jsonl", path)}

    return run


def collect(reader: FormReader, waves: Waves, files: Files, kept: list[Return]) -> Collected:
    return Collector(reader, waves, DEPARTMENTS, "131075").collect(files, kept=kept)


def without_names(collected: Collected) -> tuple[Any, ...]:
    return (collected.answers, collected.responses, collected.findings)


@pytest.mark.parametrize("gone", [set(RETURNS), {"FY2022Q2/1203.xlsx"}, {"FY2022Q3/broken.xlsx"}])
def test_nothing_changes_when_returns_go(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files], gone: set[str]
) -> None:
    before = collect(reader, waves, files, [])
    assert before.answers
    assert {"F101", "F303"} & {one.rule_id for one in before.findings}
    left = {name: file for name, file in files.items() if name not in gone}
    kept = restore_readings(keep(files), left)
    assert {one.source_file for one in kept} == gone
    assert without_names(collect(reader, waves, left, kept)) == without_names(before)


def test_nothing_personal_is_kept(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files]
) -> None:
    [kept] = keep(files).values()
    text = kept.path.read_text()
    assert "納税証明書" in text
    assert "花子" not in text
    assert "mihon@" not in text
    restored = restore_readings({"readings.jsonl": kept}, ())
    assert all(not one.personal_texts for one in restored)
    assert collect(reader, waves, files, []).personal_texts


def test_a_later_return_replaces_what_was_kept(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files], tmp_path: Path,
    make_workbook: Callable[..., bytes],
) -> None:  # fmt: skip
    path = tmp_path / "later.xlsx"
    row = [*ROW[:7], "130"]
    path.write_bytes(make_workbook({"表紙": cover(回答日="R5.2.1"), "手続": procedures(row)}))
    later = {"FY2022Q3/later.xlsx": SourceFile("FY2022Q3/later.xlsx", path)}
    collected = collect(reader, waves, later, restore_readings(keep(files), later))
    cases = [
        one.value
        for one in collected.answers
        if one.field == "annual_cases"
        and one.period == "FY2022Q3"
        and one.department_code == "1203"
    ]
    assert cases == ["130"]
    states = {one.get("source_file"): one["response_status"] for one in collected.responses}
    assert states["FY2022Q3/1203.xlsx"] == "superseded"


def test_a_damaged_line_is_told_with_file_and_line(
    keep: Callable[..., Files], files: Files
) -> None:
    kept = keep(files)
    [file] = kept.values()
    first, *rest = file.path.read_text().splitlines()
    damaged = json.dumps(json.loads(rest[0]) | {"period": 3})
    file.path.write_text("\n".join([first, damaged]))
    with pytest.raises(KeptReadingError, match=r"kept_readings/FY2022Q3/readings\.jsonl の2行目"):
        restore_readings(kept, ())


def test_kept_sample_data_do_not_mix_with_real_returns(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files]
) -> None:
    kept = restore_readings(keep(files), {"FY2022Q3/1203.xlsx"})
    for one in kept:
        one.sample = one.cover is not None
    real = {"FY2022Q3/1203.xlsx": files["FY2022Q3/1203.xlsx"]}
    collected = collect(reader, waves, real, kept)
    assert {one.department_code for one in collected.answers} == {"1203"}
    assert {one.period for one in collected.answers} == {"FY2022Q3"}
    refused = {one.place.source_file for one in collected.findings if one.rule_id == "F109"}
    assert refused == {"FY2022Q2/1203.xlsx", "FY2022Q3/1204.xlsx"}
