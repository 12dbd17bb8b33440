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
