"""What is kept of a return stands in for it once it is gone."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sumida_data.survey.collecting.collection import Collected, Collector
from sumida_data.survey.collecting.kept_readings import (
    KeptReadingError,
    restore_readings,
    write_readings,
)
from sumida_data.survey.collecting.returns import FormReader, read_returns
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.survey.conftest import DEPARTMENTS, cover, procedures

Files = dict[str, SourceFile]
ROW = ["T1203-01", "納税証明書", "非該当", "該当", "済", "R4.10.1", "", "１２０件"]
# A doubtful cell, two rows with one number, and a file that cannot be read.
RETURNS = {
    "FY2022Q2/1203.xlsx": {
        "表紙": cover(調査期="令和4年度第2四半期", 基準日="2022/9/30"),
        "手続": procedures(ROW),
    },
    "FY2022Q3/1203.xlsx": {
        "表紙": cover(メール="mihon@example.jp 転送 見本 花子"),
        "手続": procedures([*ROW[:7], "約百"], ROW, ["T1203-02", "住民税申告", "未", "①"]),
    },
    "FY2022Q3/1204.xlsx": {"表紙": cover("1204", 課="窓口課", 前回から変更なし="該当")},
    "FY2022Q3/1204_old.xlsx": {
        "表紙": cover("1204", 課="窓口課", 回答日="R5.1.9"),
        "手続": procedures(),
    },
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


def hides(text: str) -> bool:
    return "花子" in text or "@" in text or "1234" in text


@pytest.fixture
def keep(reader: FormReader, waves: Waves, tmp_path: Path) -> Callable[..., Files]:
    """Return a function that keeps what is read from files."""

    def run(files: Files) -> Files:
        kept = {}
        for period in sorted({name.partition("/")[0] for name in files}):
            ours = [file for name, file in files.items() if name.startswith(period)]
            path = tmp_path / f"{period}.jsonl"
            path.write_bytes(write_readings(read_returns(reader, waves, ours), hides))
            kept[f"{period}/readings.jsonl"] = SourceFile(f"{period}/readings.jsonl", path)
        return kept

    return run


def collect(reader: FormReader, waves: Waves, files: Files, kept: Files) -> Collected:
    collector = Collector(reader, waves, DEPARTMENTS, "131075")
    return collector.collect(files, kept=restore_readings(kept))


def without_names(collected: Collected) -> tuple[Any, ...]:
    return (collected.answers, collected.responses, collected.findings)


@pytest.mark.parametrize("gone", ["FY2022Q2", "FY2022Q3", "FY2022Q"])
def test_nothing_changes_when_a_quarter_goes(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files], gone: str
) -> None:
    before = collect(reader, waves, files, {})
    assert before.answers
    assert {"F104", "F303", "F209"} <= {one.rule_id for one in before.findings}
    left = {name: file for name, file in files.items() if not name.startswith(gone)}
    kept = keep(files)
    assert without_names(collect(reader, waves, files, kept)) == without_names(before)
    assert without_names(collect(reader, waves, left, kept)) == without_names(before)


def test_nothing_that_the_cover_says_of_a_person_is_kept(
    reader: FormReader, waves: Waves, tmp_path: Path, keep: Callable[..., Files],
    make_workbook: Callable[..., bytes],
) -> None:  # fmt: skip
    headings, asked, named = procedures([*ROW[:7], "花子に聞く"], ["花子", ""])
    aside = [""] * (len(headings) - len(named)) + ["担当 花子 1234"]
    rows = [[*headings, ""], asked, [*named, *aside]]
    sheets = {
        "表紙": cover(
            課="税務課 見本 花子", 回答日="R5.1.10 花子", 調査期="花子", 前回から変更なし="花子"
        ),
        "手続": rows,
    }
    path = tmp_path / "1203_花子.xlsx"
    path.write_bytes(make_workbook(sheets))
    files = {"FY2022Q3/1203_花子.xlsx": SourceFile("FY2022Q3/1203_花子.xlsx", path)}
    kept = keep(files)
    [returned] = restore_readings(kept)
    assert {"F302", "F303", "F319", "F307", "F301"} <= {f.rule_id for f in returned.findings}
    assert "花子" in returned.records[0].answers[7].raw_text
    returned.records.clear()
    assert "花子" not in repr(returned)
    assert "1234" not in repr(returned)
    assert returned.source_file == f"FY2022Q3/{returned.file_sha256[:16]}.xlsx"
    assert returned.department_code == "1203"
    assert not returned.personal_texts


def test_what_stands_on_a_cover_is_left_out_whoever_it_names(
    reader: FormReader, waves: Waves, tmp_path: Path, make_workbook: Callable[..., bytes]
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(
        make_workbook({"表紙": cover(回答日="佐藤が書いた", 前回から変更なし="鈴木に聞く")})
    )
    [returned] = read_returns(reader, waves, [SourceFile("FY2022Q3/a.xlsx", path)])
    told = [one.message for one in returned.findings if one.rule_id in {"F302", "F303"}]
    assert len(told) == 2
    assert "佐藤" in "".join(told)
    kept = write_readings([returned], lambda _: False).decode()
    assert "佐藤" not in kept
    assert "鈴木" not in kept
    assert "1203" in kept


def test_a_later_return_joins_a_discarded_quarter(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files], tmp_path: Path,
    make_workbook: Callable[..., bytes],
) -> None:  # fmt: skip
    path = tmp_path / "later.xlsx"
    row = [*ROW[:7], "130"]
    path.write_bytes(make_workbook({"表紙": cover(回答日="R5.2.1"), "手続": procedures(row)}))
    later = {"FY2022Q3/later.xlsx": SourceFile("FY2022Q3/later.xlsx", path)}
    collected = collect(reader, waves, later, keep(files))
    cases = [
        one.value
        for one in collected.answers
        if one.field == "annual_cases" and one.period == "FY2022Q3"
    ]
    assert cases[0] == "130"
    states = {one.get("source_file"): one["response_status"] for one in collected.responses}
    assert states["FY2022Q3/1203.xlsx"] == "superseded"
    assert states["FY2022Q3/1204.xlsx"] == "no_change"


@pytest.mark.parametrize("moved_to", [None, "FY2022Q3/renamed.xlsx", "FY2022Q2/moved.xlsx"])
def test_a_file_taken_away_from_a_quarter_stays_away(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files], moved_to: str | None
) -> None:
    kept = keep(files)
    file = files.pop("FY2022Q3/1203.xlsx")
    if moved_to:
        files[moved_to] = SourceFile(moved_to, file.path)
    with_kept, without = collect(reader, waves, files, kept), collect(reader, waves, files, {})
    assert (with_kept.answers, with_kept.responses) == (without.answers, without.responses)
    told = [f.message for f in with_kept.findings if f.rule_id == "F115"]
    assert told == ([] if moved_to == "FY2022Q3/renamed.xlsx" else [
        "控えのある調査票4件のうち、フォルダにあるのは3件だけです。ない分は数えていません。"
    ])  # fmt: skip


def test_one_that_is_sent_again_joins_its_discarded_quarter(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files]
) -> None:
    before, kept = collect(reader, waves, files, {}), keep(files)
    again = SourceFile("FY2022Q3/再送.xlsx", files["FY2022Q3/1203.xlsx"].path)
    left = {name: file for name, file in files.items() if name.startswith("FY2022Q2")}
    after = collect(reader, waves, left | {again.name: again}, kept)
    assert [row.value for row in after.answers] == [row.value for row in before.answers]
    [told] = [f.message for f in after.findings if f.rule_id == "F115"]
    assert told.endswith("フォルダにあるのは1件だけです。ない分は控えから数えました。")


def test_what_was_kept_can_be_kept_again(
    reader: FormReader, waves: Waves, tmp_path: Path, make_workbook: Callable[..., bytes]
) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(make_workbook({"表紙": [["課", "税務課"], ["部", "区民部"]]}))
    [returned] = read_returns(reader, waves, [SourceFile("FY2022Q3/a.xlsx", path)])
    path.write_bytes(write_readings([returned], hides))
    kept = {"FY2022Q3/readings.jsonl": SourceFile("FY2022Q3/readings.jsonl", path)}
    once = restore_readings(kept)
    assert once[0].cover is not None
    path.write_bytes(write_readings(once, hides))
    assert restore_readings(kept) == once


def test_a_damaged_line_is_told_with_file_and_line(
    keep: Callable[..., Files], files: Files
) -> None:
    file = keep(files)["FY2022Q3/readings.jsonl"]
    first, *rest = file.path.read_text().splitlines()
    damaged = json.dumps(json.loads(rest[0]) | {"period": 3})
    file.path.write_text("\n".join([first, damaged]))
    with pytest.raises(KeptReadingError, match=r"kept_readings/FY2022Q3/readings\.jsonl の2行目"):
        restore_readings({file.name: file})


def test_what_an_editor_adds_is_no_damage(keep: Callable[..., Files], files: Files) -> None:
    kept = keep(files)
    before = restore_readings(kept)
    for file in kept.values():
        text = file.path.read_text().replace("\n", "\r\n")
        file.path.write_text(f"\ufeff{text}\r\n", encoding="utf-8", newline="")
    assert restore_readings(kept) == before


@pytest.mark.parametrize(
    "name", ["FY2022Q3/readings - コピー.jsonl", "readings.jsonl", "a/b/readings.jsonl"]
)
def test_a_copy_beside_it_is_refused(keep: Callable[..., Files], files: Files, name: str) -> None:
    kept = keep(files)
    copy = SourceFile(name, kept["FY2022Q3/readings.jsonl"].path)
    with pytest.raises(KeptReadingError, match="控えはほかのフォルダに"):
        restore_readings(kept | {name: copy})


def test_invented_data_of_a_trial_have_no_say_beside_real_returns(
    reader: FormReader, waves: Waves, files: Files, keep: Callable[..., Files]
) -> None:
    trial = restore_readings(keep({n: f for n, f in files.items() if n.startswith("FY2022Q2")}))
    for one in trial:
        one.sample = True
    real = {"FY2022Q3/1203.xlsx": files["FY2022Q3/1203.xlsx"]}
    collector = Collector(reader, waves, DEPARTMENTS, "131075")
    collected = collector.collect(real, kept=trial)
    assert {one.period for one in collected.answers} == {"FY2022Q3"}
    assert "F109" not in {one.rule_id for one in collected.findings}
