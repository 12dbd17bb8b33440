"""What a person sees before approving, and what is recorded."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sumida_data.catalogue.approval import NewText, Proposal
from sumida_data.catalogue.record import TargetRecord
from sumida_data.catalogue.target import TargetChange
from sumida_data.commands.approve import approve, describe_gap
from tests.catalogue.office import GAP, PROPOSAL
from tests.project import PROJECT

NAMED = ["--name", "見本 部長", "--decision-number", "4墨企第1号", "--day", "2023-02-01"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which a run has left a proposal; the command is called within it."""
    conf = tmp_path / "conf/base"
    conf.mkdir(parents=True)
    text = (PROJECT / "conf/base/catalog_publish.yml").read_text("utf-8")
    (conf / "catalog_publish.yml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def propose(project: Path, **changes: object) -> Proposal:
    proposal = PROPOSAL.model_copy(update=changes)
    path = project / "data/06_catalog/changes.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(proposal.model_dump_json(), "utf-8")
    return proposal


def call(*arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(approve, arguments, input=answers)


def approvals(project: Path, target: str = "folder") -> list[dict[str, object]]:
    path = project / "data/06_catalog/record" / target / "approvals.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_shows_each_new_text_with_its_cell_and_remembers_it(project: Path) -> None:
    new = NewText(
        text="緒方様 式典", table="行政手続", field="手続名", place="a.xlsx 手続!C11", cells=2
    )
    propose(project, new_texts=(new,), held_back=("online-procedures：表 procedure",))
    result = call(*NAMED, "--yes")
    assert "新しい文 1件：個人に関する記載がないか確かめてください。" in result.output
    assert "  行政手続の手続名「緒方様 式典」(a.xlsx 手続!C11、2欄)" in result.output
    assert "個人に関する記載のおそれがあり、公開しない行：" in result.output
    [approval] = approvals(project)
    assert approval["new_texts"] == [new.sha256]
    assert "緒方" not in json.dumps(approval, ensure_ascii=False)


def test_records_who_approved_what(project: Path) -> None:
    changes = (
        TargetChange(action="create", dataset="dx-indicators"),
        TargetChange(action="keep", dataset="", file="index.html"),
    )
    proposal = propose(project, changes=changes, findings={"error": 2, "warning": 1})
    result = call(*NAMED, "--yes")
    assert result.exit_code == 0, result.output
    [approval] = approvals(project)
    assert approval["approval_id"] == "A0001"
    assert approval["content_sha256"] == proposal.content_sha256
    assert approval["target_sha256"] == proposal.target_sha256
    assert approval["approved_by"] == "見本 部長"
    assert approval["decision_number"] == "4墨企第1号"
    assert approval["approved_on"] == "2023-02-01"
    assert approval["changes"] == [{"action": "create", "dataset": "dx-indicators", "file": None}]
    assert "kedro run --pipelines=publish" in result.output


def test_shows_all_that_a_person_must_know(project: Path) -> None:
    proposal = propose(
        project,
        sample=True,
        versions={"dx-indicators": "1.1.0"},
        changes=(
            TargetChange(action="create", dataset="dx-indicators", file="indicator_value.csv"),
        ),
        gaps=(GAP,),
        findings={"error": 2},
        blocked=("staff-training", "survey-quality"),
        block_reasons={
            "staff-training": ("表 staff_training の列 title の1欄に、電話番号があります。",)
        },
        failed_checks=("Q12：合計が合わない",),
        pending_revisions=("オンライン化手続数①：公表した値と違います",),
    )
    output = call(*NAMED, "--yes", "--accept-gaps").output
    for words in (
        "見本データ",
        proposal.content_sha256,
        "dx-indicators 1.1.0",
        "更新　dx-indicators 1.1.0　新しく公開 1ファイル(indicator_value.csv)",
        "75のうち20(26.7%、基準10.0%)",
        "要修正 2件",
        "staff-training：表 staff_training の列 title の1欄に、電話番号があります。",
        "survey-quality：今回の実行では作られませんでした。",
        "Q12：合計が合わない",
        "オンライン化手続数①：公表した値と違います",
    ):
        assert words in output
    [approval] = approvals(project)
    assert approval["blocked"] == ["staff-training", "survey-quality"]
    assert approval["failed_checks"] == ["Q12：合計が合わない"]
    assert approval["accepted_gaps"][0]["title"] == "未回答の課"  # type: ignore[index]


def test_asks_for_what_was_not_given(project: Path) -> None:
    propose(project, gaps=(GAP,))
    result = call(answers="y\n見本 部長\n4墨企第1号\ny\n")
    assert result.exit_code == 0, result.output
    assert approvals(project)[0]["approved_by"] == "見本 部長"
    assert "未回答の課が基準を超えています。承認者が受け入れますか" in result.output


def test_nothing_is_recorded_without_a_yes(project: Path) -> None:
    propose(project)
    result = call(*NAMED, answers="n\n")
    assert result.exit_code == 1
    assert "承認しませんでした" in result.output
    assert not (project / "data/06_catalog/record/folder/approvals.jsonl").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([*NAMED, "--yes"], "--accept-gaps"),
        (["--name", "部長", "--yes", "--accept-gaps"], "--decision-number"),
        (["--decision-number", "1", "--yes", "--accept-gaps"], "--name"),
        ([*NAMED, "--yes", "--env", "nowhere"], "conf/nowhere がありません"),
    ],
)
def test_what_is_missing_is_told(project: Path, arguments: list[str], told: str) -> None:
    propose(project, gaps=(GAP,))
    result = call(*arguments)
    assert result.exit_code == 1
    assert told in result.output
    assert not (project / "data/06_catalog/record/folder/approvals.jsonl").exists()


def test_a_refused_gap_is_no_approval(project: Path) -> None:
    propose(project, gaps=(GAP,))
    result = call(*NAMED, answers="n\ny\n")
    assert result.exit_code == 1
    assert "基準を超えています" in result.output


def test_without_a_run_it_says_what_to_do(project: Path) -> None:
    result = call(*NAMED, "--yes")
    assert result.exit_code == 1
    assert "先に kedro run" in result.output


def test_a_broken_proposal_is_told(project: Path) -> None:
    propose(project)
    (project / "data/06_catalog/changes.json").write_text("{", "utf-8")
    assert "もう一度 kedro run" in call(*NAMED, "--yes").output


def test_outside_a_project_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = call(*NAMED, "--yes")
    assert result.exit_code == 1
    assert "プロジェクトのフォルダで実行してください" in result.output


def test_another_environment_has_a_record_of_its_own(project: Path) -> None:
    conf = project / "conf/ckan"
    conf.mkdir()
    (conf / "catalog.yml").write_text(
        "public_target: {target: {record: data/06_catalog/record/ckan}}\n", "utf-8"
    )
    propose(project)
    result = call(*NAMED, "--yes", "--env", "ckan")
    assert result.exit_code == 1
    assert "最後の kedro run は公開先 folder に向けた" in result.output
    propose(project, target="ckan")
    result = call(*NAMED, "--yes", "--env", "ckan")
    assert result.exit_code == 0, result.output
    assert "--pipelines=publish --env=ckan" in result.output
    assert len(approvals(project, "ckan")) == 1


def test_approvals_are_only_added(project: Path) -> None:
    propose(project)
    call(*NAMED, "--yes")
    path = project / "data/06_catalog/record/folder/approvals.jsonl"
    first = path.read_bytes()
    call(*NAMED, "--yes")
    assert path.read_bytes().startswith(first)
    ids = [one.approval_id for one in TargetRecord(path.parent).approvals]
    assert ids == ["A0001", "A0002"]


def test_while_somebody_publishes_nothing_is_approved(project: Path) -> None:
    propose(project)
    with TargetRecord(project / "data/06_catalog/record/folder").lock():
        result = call(*NAMED, "--yes")
    assert result.exit_code == 1
    assert "ほかの人が公開の作業" in result.output


def test_of_many_files_those_that_would_go_are_all_named(project: Path) -> None:
    changes = [TargetChange(action="update", dataset="a")]
    changes += [
        TargetChange(action=action, dataset="a", file=f"{action}{number}.csv")
        for action in ("create", "remove")
        for number in range(5)
    ]
    propose(project, changes=tuple(changes))
    output = call(*NAMED, "--yes").output
    assert "新しく公開 5ファイル(create0.csv、create1.csv、create2.csv、ほか2)" in output
    removed = "、".join(f"remove{number}.csv" for number in range(5))
    assert f"公開をやめる 5ファイル({removed})" in output
    assert "data/06_catalog/preview/changes.html" in output


def test_a_gap_of_nothing_is_within_the_quota() -> None:
    empty = GAP.model_copy(update={"missing": 0, "total": 0})
    assert describe_gap(empty) == "未回答の課：0のうち0(なし、基準10.0%)。基準の内です。"


def test_it_starts_without_kedro_and_data_frames() -> None:
    script = (
        "import sys, sumida_data.commands.approve;"
        "print([m for m in ('kedro', 'pandas', 'pyarrow', 'duckdb') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_nothing_is_begun_anew_beside_what_was_published(project: Path) -> None:
    propose(project, changes=(TargetChange(action="keep", dataset="dx-indicators"),))
    result = call(*NAMED, "--yes")
    assert result.exit_code == 1
    assert "公開の記録がありません" in result.output


def test_what_stands_in_the_way_is_told(project: Path) -> None:
    propose(project, problems=("packages.yml: catalogue_url",))
    result = call(*NAMED, "--yes")
    assert result.exit_code == 1
    assert "このままでは公開できません。\npackages.yml: catalogue_url" in result.output


def test_datasets_of_others_are_adopted_by_name_alone(project: Path) -> None:
    propose(project, changes=(TargetChange(action="adopt", dataset="staff-training"),))
    refused = call(*NAMED, "--yes")
    assert refused.exit_code == 1
    assert "--adopt staff-training" in refused.output
    assert call(*NAMED, "--yes", "--adopt", "staff-training").exit_code == 0
    [approval] = approvals(project)
    assert approval["changes"][0]["action"] == "adopt"
