import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.commands import main
from tests.project import PROJECT, Run

Put = Callable[..., Path]

COMMAND = [sys.executable, "-c", "from sumida_data.commands import main; main()", "check"]
ENVIRONMENT = os.environ | {"COLUMNS": "100", "NO_COLOR": "1"}


def check(*arguments: str | Path, cwd: Path = PROJECT) -> Run:
    command = [*COMMAND, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=cwd, env=ENVIRONMENT, capture_output=True, text=True, check=False
    )
    return Run(done.returncode, done.stdout + done.stderr)


def test_a_workbook_with_mistakes(tmp_path: Path, put: Put) -> None:
    path = put(tmp_path / "1203.xlsx", ["T1", "届出", "", "", "", "", "", "多数"])
    content = path.read_bytes()
    run = check(path)
    assert run.code == 2
    assert "1203.xlsx　税務課(1203)　令和4年度第3四半期" in run.output
    assert "要修正　手続!H2　T1 届出　(F301)" in run.output
    assert "「年間件数」の「多数」は" in run.output
    assert "→説明や記号を付けず、数字だけを書いてください。" in run.output
    assert "要修正 1件" in run.output
    assert str(tmp_path / "確認結果/1203_確認結果.xlsx") in run.output
    assert path.read_bytes() == content


def test_a_workbook_without_mistakes(tmp_path: Path, put: Put) -> None:
    path = put(tmp_path / "1203.xlsx", ["T1", "届出"])
    run = check(path, "--project", PROJECT, cwd=tmp_path)
    assert run.code == 0
    assert "要修正" not in run.output


def test_a_folder_is_answered_file_by_file(tmp_path: Path, put: Put) -> None:
    put(tmp_path / "1203.xlsx", ["T1", "届出", "", "", "", "", "", "多数"])
    (tmp_path / "1204.xlsx").write_bytes(b"PK\x03\x04 broken")
    for expected in ("表計算ファイルとして開けません", "調査票 2件、うち直すところのあるもの 2件"):
        run = check(tmp_path)
        assert run.code == 2
        assert expected in run.output
    assert "要修正　" not in run.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["nothing.xlsx"], "nothing.xlsx: ファイルもフォルダもありません。"),
        ([".", "--period", "FY1999Q1"], "--period FY1999Q1: この期間の照会はありません"),
        ([".", "--project", "src"], "設定を読めません。"),
    ],
)
def test_what_cannot_be_checked(arguments: list[str], expected: str) -> None:
    run = check(*arguments)
    assert run.code == 1
    assert expected in run.output
    assert "Traceback" not in run.output


def test_outside_a_project_it_says_what_to_do(tmp_path: Path, put: Put) -> None:
    run = check(put(tmp_path / "a.xlsx"), cwd=tmp_path)
    assert run.code == 1
    assert "--project でプロジェクトのフォルダを指定してください" in run.output


def test_a_mistake_in_the_settings_is_told_in_one_line(
    empty_project: object, tmp_path: Path, put: Put
) -> None:
    project = empty_project.copy_to(tmp_path / "project")  # type: ignore[attr-defined]
    waves = project.path / "conf/base/parameters/waves.yml"
    waves.write_text(waves.read_text("utf-8").replace("2022-04-15", "someday"), "utf-8")
    run = check(put(tmp_path / "a.xlsx"), cwd=project.path)
    assert run.code == 1
    assert "waves.yml: waves.FY2021Q4.due_on = 'someday'" in run.output


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            ["approve", "--day", "someday"],
            "--day: 書かれた値は読めません。決裁の日(2023-02-01の形)",
        ),
        (["approve", "--dya", "x"], "--dya: このオプションはないか、値が要ります。"),
        (["check"], "ファイル|フォルダ を書いてください。"),
        (["restore", "nai.zip"], "控え.zip が見つからないか、読めません。"),
        (["approbate"], "この書き方はできません。"),
    ],
)
def test_what_cannot_be_understood_is_said_in_japanese(
    arguments: list[str],
    expected: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "argv", ["sumida-data", *arguments])
    with pytest.raises(SystemExit):
        main()
    assert expected in capsys.readouterr().err


def test_help_is_japanese() -> None:
    run = check("--help")
    assert run.code == 0
    assert "送る前の調査票を確認し、直すところを表示します。" in run.output


def test_a_watched_folder_answers_what_comes_in(tmp_path: Path, put: Put) -> None:
    # In the background of a script an interrupt is ignored, and children inherit that.
    inherited = signal.signal(signal.SIGINT, signal.default_int_handler)
    watching = subprocess.Popen(
        [*COMMAND, str(tmp_path), "--watch"], cwd=PROJECT, env=ENVIRONMENT, stdout=subprocess.PIPE
    )
    signal.signal(signal.SIGINT, inherited)
    put(tmp_path / "1203.xlsx", ["T1", "届出", "", "", "", "", "", "多数"])
    assert watching.stdout is not None
    printed = b""
    while "調査票 1件" not in printed.decode(errors="ignore"):
        chunk = watching.stdout.read1()
        assert chunk, "it has stopped watching"
        printed += chunk
    watching.send_signal(signal.SIGINT)
    watching.communicate(timeout=60)
    assert (tmp_path / "確認結果/1203_確認結果.xlsx").exists()
    assert watching.returncode == 2


def test_neither_kedro_nor_a_data_frame_library_is_imported(tmp_path: Path, put: Put) -> None:
    path = put(tmp_path / "a.xlsx")
    heavy = ("kedro", "pandas", "numpy", "pyarrow", "duckdb", "great_expectations", "frictionless")
    script = (
        "import sys\nfrom sumida_data.commands import cli\n"
        f"try:\n    cli(['check', {str(path)!r}])\n"
        f"finally:\n    print('imported:', sorted(set({heavy!r}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert "imported: []" in done.stdout
