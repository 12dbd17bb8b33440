import gc
from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.survey.collecting import returns
from sumida_data.survey.collecting.returns import FormReader, read_returns
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.survey.conftest import cover, procedures


@pytest.fixture
def files(tmp_path: Path, make_workbook: Callable[..., bytes]) -> list[SourceFile]:
    found = []
    for number in range(7):
        rows = procedures([f"T{number}", "届出", "", "", "", "", "", f"{number}件位"])
        path = tmp_path / f"{number}.xlsx"
        path.write_bytes(make_workbook({"表紙": cover(), "手続": rows}) if number != 3 else b"")
        found.append(SourceFile(f"FY2022Q3/{path.name}", path))
    return found


def test_processes_read_what_one_reads(
    files: list[SourceFile],
    form: Form,
    waves: Waves,
    rules: FindingRules,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reader = FormReader(form, rules)
    one_by_one = list(read_returns(reader, waves, files))
    assert [returned.source_file for returned in one_by_one] == [file.name for file in files]
    assert [returned.cover is None for returned in one_by_one] == [
        number == 3 for number in range(7)
    ]
    monkeypatch.setattr(returns, "VERY_MANY", 5)
    assert list(read_returns(reader, waves, files)) == one_by_one


@pytest.mark.parametrize("name", ["1203.txt", "1203.docx"])
def test_a_workbook_is_read_whatever_it_is_called(
    files: list[SourceFile], form: Form, waves: Waves, rules: FindingRules, name: str
) -> None:
    renamed = SourceFile(f"FY2022Q3/{name}", files[0].path)
    (returned,) = read_returns(FormReader(form, rules), waves, [renamed])
    assert returned.cover is not None


@pytest.mark.parametrize("content", [b"%PDF", b"PK\x03\x04 broken", b"\xd0\xcf\x11\xe0 a letter"])
def test_a_letter_is_none(
    files: list[SourceFile], form: Form, waves: Waves, rules: FindingRules, content: bytes
) -> None:
    letter = SourceFile("FY2022Q3/1203.pdf", files[0].path, content)
    (returned,) = read_returns(FormReader(form, rules), waves, [letter])
    assert [finding.rule_id for finding in returned.findings] == ["F226"]


def test_sheets_exported_to_one_file_are_one_finding(
    files: list[SourceFile], form: Form, waves: Waves, rules: FindingRules
) -> None:
    rows = cover()
    for part in form.answer_sheets:
        rows += [[part.title], [field.title for field in part.fields], *[["", "行"]] * 20]
    text = "\n".join(",".join(map(str, row)) for row in rows)
    one = SourceFile("FY2022Q3/1203.csv", files[0].path, text.encode())
    (returned,) = read_returns(FormReader(form, rules), waves, [one])
    assert [finding.rule_id for finding in returned.findings] == ["F230"]
    assert returned.unusable


def test_a_file_that_cannot_be_opened_does_not_stop_the_others(
    files: list[SourceFile], form: Form, waves: Waves, rules: FindingRules
) -> None:
    folder = files[0].path.with_name("folder.xlsx")
    folder.mkdir()
    unreadable = SourceFile("FY2022Q3/folder.xlsx", folder)
    first, second = read_returns(FormReader(form, rules), waves, [unreadable, files[0]])
    assert [finding.rule_id for finding in first.findings] == ["F114"]
    assert second.cover is not None


def test_reading_leaves_nothing_for_the_garbage_collector(
    files: list[SourceFile], form: Form, waves: Waves, rules: FindingRules
) -> None:
    reader = FormReader(form, rules)
    assert len(list(read_returns(reader, waves, files))) == len(files)
    gc.collect()
    returns = read_returns(reader, waves, files)
    assert next(returns)
    assert not gc.isenabled()
    assert len(list(returns)) == len(files) - 1
    assert gc.isenabled()
    assert gc.collect() == 0
