"""Two runs are told apart in words: files, corrections, findings, figures and their cells."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sumida_data.base.database import connect
from sumida_data.commands import cli
from tests.project import Project

FIRST = """
    CREATE TABLE response (source_file VARCHAR, file_sha256 VARCHAR);
    CREATE TABLE source_file (source_file VARCHAR, file_sha256 VARCHAR);
    CREATE TABLE correction (correction_id VARCHAR, period VARCHAR, record_key VARCHAR,
        field VARCHAR, expected_value VARCHAR, new_value VARCHAR, state VARCHAR);
    CREATE TABLE finding (rule_id VARCHAR, severity VARCHAR);
    CREATE TABLE indicator_value (municipality_code VARCHAR, indicator_id VARCHAR,
        indicator_title VARCHAR, period VARCHAR, revision INT, value DECIMAL(18, 4), unit VARCHAR);
    CREATE TABLE lineage (municipality_code VARCHAR, indicator_id VARCHAR, period VARCHAR,
        revision INT, source_file VARCHAR, sheet VARCHAR, cell VARCHAR, value VARCHAR);
    INSERT INTO response VALUES ('1203.xlsx', 'aa'), (NULL, NULL);
    INSERT INTO source_file VALUES ('card.xlsx', 'bb');
    INSERT INTO finding VALUES ('F301', 'error'), ('F301', 'error');
    INSERT INTO indicator_value VALUES ('131075', 'online', 'オンライン化手続数①', 'FY2022Q3', 1, 23, '手続');
    INSERT INTO lineage VALUES ('131075', 'online', 'FY2022Q3', 1, '1203.xlsx', '手続', 'F9', '予定');
"""
SECOND = """
    UPDATE response SET file_sha256 = 'cc' WHERE source_file = '1203.xlsx';
    INSERT INTO response VALUES ('1204.xlsx', 'dd');
    DELETE FROM source_file;
    INSERT INTO correction VALUES ('C1', 'FY2022Q3', 'T1', '年間件数', '1', '2', 'applied');
    DELETE FROM finding;
    INSERT INTO finding VALUES ('F301', 'error');
    INSERT INTO indicator_value VALUES ('131075', 'online', 'オンライン化手続数①', 'FY2022Q3', 2, 24.5, '手続');
    INSERT INTO lineage VALUES ('131075', 'online', 'FY2022Q3', 2, '1203.xlsx', '手続', 'F9', '済');
"""
MANY = """
    INSERT INTO lineage SELECT '131075', 'online', 'FY2022Q3', 2, '1204.xlsx', '手続', 'F' || n, '済'
    FROM range(10, 30) AS r(n);
"""


def call(*arguments: Path) -> Result:
    return CliRunner().invoke(cli, ["compare", *map(str, arguments)])


def make(path: Path, *scripts: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with connect(path) as database:
        for script in scripts:
            database.execute(script)
    return path


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return make(tmp_path / "first.duckdb", FIRST)


def test_what_is_new_gone_or_changed_is_said_with_its_cells(first: Path, tmp_path: Path) -> None:
    result = call(first, make(tmp_path / "second.duckdb", FIRST, SECOND))
    assert result.exit_code == 2
    assert result.output.splitlines() == [
        "届いたファイルと参照表：",
        "  変わった　1203.xlsx",
        "  新しい　1204.xlsx",
        "  なくなった　card.xlsx",
        "訂正：",
        "  新しい　C1 FY2022Q3　T1 年間件数：1→2 (applied)",
        "指摘の数：",
        "  変わった　F301(error)　2件 → 1件",
        "指標の値：",
        "  変わった　オンライン化手続数① FY2022Q3　23手続 → 24.5手続",
        "    1203.xlsx!手続!F9：予定 → 済",
    ]


def test_of_very_many_cells_the_rest_is_counted(first: Path, tmp_path: Path) -> None:
    result = call(first, make(tmp_path / "second.duckdb", FIRST, SECOND, MANY))
    assert "    ほか11セル" in result.output


def test_the_same_is_no_difference_and_a_project_will_do(first: Path, tmp_path: Path) -> None:
    make(tmp_path / "project/data/sumida.duckdb", FIRST)
    result = call(first, tmp_path / "project")
    assert (result.exit_code, result.output) == (0, "違いはありません。\n")


def test_what_cannot_be_read_is_told(first: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other.duckdb", "CREATE TABLE x (y INT)")
    for wrong, told in ((tmp_path, "data/sumida.duckdb がありません。"), (other, "読めません。")):
        result = call(first, wrong)
        assert result.exit_code == 1
        assert told in result.output


RECORD = {
    "inputs": {
        "data/01_raw/survey/FY2022Q3/1203.xlsx": "aa",
        "data/01_raw/reference/corrections.csv": "bb",
        "data/state/answer.parquet": "x",
    },
    "settings": {"conf/base/parameters/waves.yml": "a"},
    "locks": {"requirements.lock": "a"},
    "code_sha256": "a",
    "findings": {"F301": 2},
    "figures": {"オンライン化手続数① FY2022Q3": "23.0000", "電子決裁率 FY2022Q3": None},
}


def test_records_of_runs_are_compared_with_the_cells_of_today(
    empty_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = empty_project.copy_to(tmp_path / "project").path
    monkeypatch.chdir(project)
    assert "2回の集計がまだありません" in call().output
    runs = project / "data/state/runs"
    runs.mkdir(parents=True)
    later = RECORD | {
        "inputs": RECORD["inputs"] | {"data/01_raw/survey/FY2022Q3/1203.xlsx": "cc"},
        "settings": {"conf/base/parameters/waves.yml": "b"},
        "figures": {"オンライン化手続数① FY2022Q3": "24.5000", "電子決裁率 FY2022Q3": None},
        "findings": {},
    }
    (runs / "1.json").write_text(json.dumps(RECORD), "utf-8")
    (runs / "2.json").write_text(json.dumps(later), "utf-8")
    # What made forms or failed has no figures, and what published read other files.
    only_forms = {key: RECORD[key] for key in RECORD.keys() - {"figures"}}
    (runs / "3.json").write_text(json.dumps(only_forms | {"pipelines": ["forms"]}), "utf-8")
    (runs / "4.json").write_text(json.dumps(RECORD | {"pipelines": ["publish"]}), "utf-8")
    lines = [
        "届いたファイルと参照表：",
        "  変わった　survey/FY2022Q3/1203.xlsx",
        "設定：",
        "  変わった　conf/base/parameters/waves.yml",
        "指摘の数：",
        "  なくなった　F301　2件",
        "指標の値：",
        "  変わった　オンライン化手続数① FY2022Q3　23 → 24.5",
    ]
    assert call().output.splitlines() == lines
    script = FIRST.replace(
        "'1203.xlsx', '手続', 'F9', '予定'", "'FY2022Q3/1203.xlsx', '手続', 'F9', '済'"
    )
    make(project / "data/sumida.duckdb", script)
    result = call()
    assert result.exit_code == 2
    assert result.output.splitlines() == [*lines, "    FY2022Q3/1203.xlsx!手続!F9：済"]
    assert call(runs / "1.json", runs / "1.json").exit_code == 0
