"""The checklist fills itself in from what is there, and notices days that pass."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sumida_data.base.database import connect
from sumida_data.commands.quarter import quarter
from tests.catalogue.office import DAY, PROPOSAL, Office, make_catalogue, make_dataset
from tests.project import Project

NO_ROWS = """
    CREATE TABLE response (period VARCHAR, department_code VARCHAR, section VARCHAR,
        response_status VARCHAR, source_file VARCHAR);
    CREATE TABLE finding (period VARCHAR, department_code VARCHAR, severity VARCHAR,
        source_file VARCHAR);
    CREATE TABLE correction (correction_id VARCHAR, period VARCHAR, state VARCHAR);
    CREATE TABLE review_hint (period VARCHAR, indicator_title VARCHAR, note VARCHAR);
    CREATE TABLE source_file (period VARCHAR, source VARCHAR, state VARCHAR);
"""
RETURNS = """
    INSERT INTO response VALUES
        ('FY2022Q3', '1203', '税務課', 'superseded', 'old.xlsx'),
        ('FY2022Q3', '1203', '税務課', 'received', 'new.xlsx'),
        ('FY2022Q3', '1204', '窓口課', 'set_aside', 'broken.xlsx');
    INSERT INTO finding VALUES
        ('FY2022Q3', '1203', 'error', 'old.xlsx'), ('FY2022Q3', '1203', 'error', 'new.xlsx');
    INSERT INTO correction VALUES ('C1', 'FY2022Q3', 'expected_differs');
    INSERT INTO review_hint VALUES ('FY2022Q3', '電子決裁率', NULL), ('FY2022Q2', '前の期', NULL);
    INSERT INTO source_file VALUES ('FY2022Q3', 'mynumber_card', 'read');
"""


@pytest.fixture
def project(empty_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = empty_project.copy_to(tmp_path / "project").path
    monkeypatch.chdir(path)
    return path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(quarter, ["--period", "FY2022Q3", *arguments])


def remember(project: Path, script: str) -> None:
    with connect(project / "data/sumida.duckdb") as database:
        database.execute(NO_ROWS + script)


def test_before_anything_is_done_everything_is_open(project: Path) -> None:
    result = call("--day", "2022-12-01")
    assert result.exit_code == 0, result.output
    assert "［未］調査票を作る" in result.output
    assert "→ sumida-data quarter --period=FY2022Q3 --done 送付 --by 氏名" in result.output
    assert "kedro run --pipelines=forms --params=period=FY2022Q3" in result.output
    assert "件名" not in result.output
    page = (project / "data/08_reporting/office_status.html").read_text("utf-8")
    assert "まだ何も公開していません" in page


@pytest.mark.parametrize(
    ("day", "code", "state"),
    [
        ("2023-01-10", 0, "未"),
        ("2023-01-11", 2, "期限が近い"),
        ("2023-01-16", 2, "期限が近い"),
        ("2023-01-17", 2, "期限切れ"),
    ],
)
def test_a_day_that_comes_near_or_passes_is_seen(
    project: Path, day: str, code: int, state: str
) -> None:
    result = call("--day", day)
    assert result.exit_code == code
    assert f"［{state}］回答を集める　期限令和5年1月16日" in result.output
    assert ("件名：【要対応】令和4年度第3四半期の調査：回答を集める" in result.output) == bool(code)


def test_what_the_last_run_found_is_told(project: Path) -> None:
    remember(project, RETURNS)
    output = call("--day", "2023-01-01").output
    assert "未回答の課1：窓口課" in output
    assert "要修正のある課2：税務課(1)、窓口課(使えない)" in output
    assert "当てはまらない訂正1：C1" in output
    assert "答えのない値1：電子決裁率" in output
    assert "足りないファイル2：文書管理システム月次集計、オープンデータ一覧" in output


def test_a_file_that_came_after_the_run_wants_another(project: Path) -> None:
    path = project / "data/06_catalog/changes.json"
    path.parent.mkdir(parents=True)
    path.write_text(PROPOSAL.model_dump_json(), "utf-8")
    for old in (project / "data/01_raw").rglob("*"):
        os.utime(old, (0, 0))
    run = project / "data/state/runs/20230201T000000Z.json"
    run.parent.mkdir(parents=True)
    run.write_text('{"account": "ict01", "machine": {"name": "pc-7"}}', "utf-8")
    output = call().output
    assert "［済］集計する　最新" in output
    other = call("--period", "FY2022Q2").output
    assert "［未］集計する　最後の集計はこの期間のものではない" in other
    assert " ict01(pc-7)" in output
    new = project / "data/01_raw/survey/FY2022Q3/1203.xlsx"
    new.parent.mkdir(parents=True)
    new.touch()
    os.utime(new, (path.stat().st_mtime + 9,) * 2)
    assert "［未］集計する　集計の後に来たか直されたファイル1件" in call().output


def test_approval_and_publication_are_signed_by_the_record(project: Path) -> None:
    office = Office(project / "data/06_catalog")
    catalogue = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
    path = project / "data/06_catalog/changes.json"
    office.approve_and_publish(catalogue)
    proposal = office.propose(catalogue).model_copy(update={"period": "FY2022Q3"})
    path.write_text(proposal.model_dump_json(), "utf-8")
    output = call("--day", "2023-03-03").output
    approval = office.record.approvals[0]
    assert (
        f"［済］承認を受ける　期限令和5年3月2日　A0001 決裁番号{approval.decision_number}" in output
    )
    assert f"    {DAY} {approval.approved_by}" in output
    assert "［済］公開し、読み返す　期限令和5年3月2日　P0001" in output
    page = (project / "data/08_reporting/office_status.html").read_text("utf-8")
    assert "<li>a 1.0.0</li>" in page


def test_before_the_first_run_on_a_new_machine_nothing_is_said_that_only_a_run_can_know(
    project: Path,
) -> None:
    output = call("--day", "2022-12-01").output
    assert "足りないファイル" not in output
    for title in ("国とシステムのファイル", "訂正を片付ける", "公表した値の改訂を決める"):
        told = next(line for line in output.splitlines() if title in line)
        assert told.startswith("［未］")
        assert told.endswith("集計すると分かる")


@pytest.mark.parametrize(
    ("kind", "title", "command"),
    [
        ("publish", "公開", "kedro run --pipelines=publish"),
        ("undo", "取消し", "sumida-data undo"),
        ("withdraw", "取下げ", "sumida-data withdraw"),
    ],
)
def test_what_was_cut_off_is_told_first_and_is_urgent(
    project: Path, kind: str, title: str, command: str
) -> None:
    office = Office(project / "data/06_catalog")
    catalogue = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
    office.approve_and_publish(catalogue)
    line = office.record.publications[0]
    office.record.begin(line.model_copy(update={"kind": kind}))
    result = call("--day", "2022-12-01")
    assert result.exit_code == 2
    assert f"：途中で止まった{title}を終わらせる\n" in result.output
    first = result.output.splitlines()[3]
    assert first == f"［期限切れ］途中で止まった{title}を終わらせる　{DAY} A0001"
    assert f"\n    → {command}\n" in result.output


def test_what_is_done_outside_is_written_down_with_name_and_day(project: Path) -> None:
    remember(project, RETURNS)
    call("--done", "送付", "--by", "見本 太郎", "--day", "2023-01-05", "--note", "庁内メール")
    assert "［未］課に確かめてもらう　まだの課1：税務課" in call("--day", "2023-01-31").output
    output = call("--confirm", "1203,1204", "--by", "税務課 見本", "--day", "2023-02-01").output
    assert "［済］調査票を課に送る　庁内メール\n    2023-01-05 見本 太郎" in output
    # Who has sent nothing that counts has nothing to confirm.
    assert "［済］課に確かめてもらう　まだの課なし" in output
    notes = (project / "data/state/quarter.jsonl").read_text("utf-8").splitlines()
    assert [json.loads(line).get("department") for line in notes] == [None, "1203", "1204"]
    page = (project / "data/08_reporting/office_status.html").read_text("utf-8")
    assert "2023-02-01 税務課 見本" in page


def test_each_mail_goes_out_once_and_a_reminder_before_and_after_the_day(project: Path) -> None:
    remember(
        project,
        RETURNS + "INSERT INTO response VALUES ('FY2022Q3', '1205', '区民相談課', "
        "'not_received', NULL);",
    )
    drafts = project / "data/08_reporting/returns/FY2022Q3/メール"
    drafts.mkdir(parents=True)

    def write(text: str, attached: str = "") -> None:
        for code in ("1203_税務課", "1204_窓口課", "1205_区民相談課"):
            content = f"{code}{text}\r\n--==1\r\n{text}\r\n--==1\r\n{attached}"
            (drafts / f"{code}.eml").write_bytes(content.encode())

    def hand_out(day: str) -> list[str]:
        result = call("--mails", "--by", "見本 太郎", "--day", day)
        folder = project / f"data/08_reporting/mails/FY2022Q3/{day}"
        names = sorted(path.name[:4] for path in folder.glob("*"))
        assert f"今日送るメール{len(names)}通" in result.output
        return names

    write("受領")
    assert hand_out("2023-01-10") == ["1203", "1204"]
    write("受領", attached="公開前の確認")
    assert hand_out("2023-01-11") == ["1205"]
    assert hand_out("2023-01-16") == []
    assert hand_out("2023-01-17") == ["1205"]
    write("指摘")
    assert hand_out("2023-01-18") == ["1203", "1204", "1205"]
    assert '"by": "見本 太郎"' in (project / "data/state/quarter.jsonl").read_text("utf-8")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--done", "送付"], "--by に"),
        (["--mails", "--by", "x"], "メールの下書きがありません。先に kedro run --params=period="),
        (["--confirm", "9999", "--by", "x"], "--confirm 9999"),
        (["--period", "FY1999Q1"], "--period FY1999Q1: この期間の照会はありません"),
        (["--env", "nowhere"], "conf/nowhere がありません"),
    ],
)
def test_what_cannot_be_done_is_told(project: Path, arguments: list[str], told: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 1
    assert told in result.output


def test_without_a_period_it_is_the_last_that_has_ended(project: Path) -> None:
    def shown(day: str) -> str:
        return CliRunner().invoke(quarter, ["--day", day]).output

    assert "令和4年度第2四半期(FY2022Q2)" in shown("2022-11-01")
    (project / "data/01_raw/survey/FY2022Q3").mkdir(parents=True)
    assert "令和4年度第3四半期(FY2022Q3)" in shown("2022-11-01")
    # One that is not listed comes up once the one before it was collected.
    assert "令和4年度第4四半期(FY2022Q4)" in shown("2023-07-01")
    (project / "data/01_raw/survey/FY2022Q4").mkdir()
    assert "令和4年度第4四半期(FY2022Q4)" in shown("2023-06-29")
    text = shown("2023-07-01")
    assert "令和5年度第1四半期(FY2023Q1)" in text
    assert "回答を集める　期限令和5年7月14日" in text
    assert "［済］次の期間の照会を決める　期限令和5年9月30日　FY2023Q2 は waves.yml にない" in text


def test_a_broken_setting_is_told(project: Path) -> None:
    path = project / "conf/base/parameters/site.yml"
    text = path.read_text("utf-8")
    for wrong, told in (
        ("{", "site.yml の2行目のあたりをYAMLとして読めません"),
        (
            text.replace("days_to_publication: ", "days_to_publication: ab"),
            "site.yml: site.days_to",
        ),
    ):
        path.write_text(wrong, "utf-8")
        result = call()
        assert result.exit_code == 1
        assert told in result.output
