"""What an officer sees when something is wrong: one clear line, and the rest goes on."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from sumida_data.base.disk import hold
from tests.pipelines.publish.office import ask
from tests.project import Project, Quarter

PERIOD = "FY2022Q2"


@pytest.fixture
def copy(sample_project: Project, tmp_path: Path) -> Project:
    return sample_project.copy_to(tmp_path / "project")


def edit(project: Project, name: str, old: str, new: str) -> None:
    path = project.path / "conf/base/parameters" / name
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        (
            "plans.yml",
            "goal: at_least",
            "goal: at_leest",
            ["plans[0].indicators[0].goal = 'at_leest'", "at_least"],
        ),
        (
            "plans.yml",
            "decimals: 0",
            "decimals: zero",
            ["plans[0].indicators[0].decimals = 'zero'"],
        ),
        (
            "plans.yml",
            "target_min: 25",
            "target_mni: 25",
            ["plans[0].indicators[0].targets[0]", "target_mni"],
        ),
        (
            "waves.yml",
            "2022-04-15",
            "4月15日",
            ["waves.FY2021Q4.due_on = '4月15日'", "2022-04-01 の形"],
        ),
        (
            "waves.yml",
            "手続: all",
            "手続: al",
            [
                "waves.FY2021Q4.sheets.手続 = 'al'",
                'all か、引用符で囲んだ課コードの一覧(["1203", "',
            ],
        ),
        (
            "form.yml",
            "title: 手続番号, ",
            "",
            ["form.sheets[1].fields[0].title", "必ず書いてください"],
        ),
        (
            "sources.yml",
            "name: file_format",
            "name: format",
            ["open_dataset の項目 'format'", "file_format"],
        ),
        ("period.yml", "latest", "2022Q3", ["period", "FY2022Q3"]),
        ("plans.yml", "- plan_id:", "- plan_id: [", ["plans.yml"]),
    ],
)
def test_a_mistake_in_yaml_is_told_in_a_line(
    empty_project: Project, tmp_path: Path, name: str, old: str, new: str, told: list[str]
) -> None:
    project = empty_project.copy_to(tmp_path / "project")
    edit(project, name, old, new)
    run = project.refuse("run")
    assert run.code == 1
    lines = run.output.strip().splitlines()
    assert "Traceback" not in run.output
    assert all(word in lines[0] for word in (name, *told)), run.output


def test_an_unknown_parameter_is_refused(empty_project: Project) -> None:
    run = empty_project.refuse("run", "--params=peroid=FY2022Q3")
    assert run.code == 1
    assert "--params=peroid" in run.output
    assert "period" in run.output.replace("peroid", "")
    assert "Traceback" not in run.output


def test_a_part_of_a_parameter_can_be_set(empty_project: Project) -> None:
    run = empty_project.refuse("run", "--params=quota.rows_set_aside_share=0.1")
    assert "必ず書いてください" not in run.output
    assert "回答がありません" in run.output
    refused = empty_project.refuse("run", "--params=quota.rows_set_aside_share=many")
    assert refused.code == 1
    assert "quota.rows_set_aside_share = 'many'" in refused.output


def test_a_period_without_returns_is_refused_with_those_there_are(copy: Project) -> None:
    run = copy.kedro("run", "--params=period=FY2025Q4")
    assert run.code == 1
    assert "FY2025Q4" in run.output
    assert "FY2022Q3" in run.output
    assert "Traceback" not in run.output


def test_an_empty_folder_says_what_to_do(empty_project: Project) -> None:
    run = empty_project.refuse("run")
    assert run.code == 1
    assert "回答がありません" in run.output
    assert "--pipelines=sample" in run.output
    assert "Traceback" not in run.output


def test_a_mistake_in_the_departments_is_told_with_its_row(copy: Project) -> None:
    path = copy.path / "data/01_raw/reference/departments.csv"
    path.write_text(path.read_text("utf-8").replace("2020-04-01", "令和2年", 1), "utf-8")
    run = copy.refuse("run")
    assert run.code == 1
    assert "departments.csv の2行目の valid_from: '令和2年' は日付ではありません" in run.output


@pytest.mark.parametrize("pipeline", ["forms", "__default__"])
def test_an_unknown_department_in_the_inquiries_is_told(copy: Project, pipeline: str) -> None:
    edit(copy, "waves.yml", '"1201"', '"1299"')
    if pipeline == "forms":
        # Forms that follow returns wait until these are read.
        shutil.rmtree(copy.path / "data/01_raw/survey")
    run = copy.refuse("run", f"--pipelines={pipeline}")
    assert run.code == 1
    assert "waves.yml の FY2022Q4.sheets.指標の説明: 課コード 1299 は、" in run.output
    assert "Traceback" not in run.output


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (None, 1, "data/01_raw/reference/departments.csv がありません"),
        ("課コード,division", 1, "departments.csv に列 department_code、section、"),
        ("", 0, "次にすること"),
    ],
)
def test_a_register_is_read_as_excel_saves_it_or_told_in_one_line(
    empty_project: Project, tmp_path: Path, content: str | None, code: int, told: str
) -> None:
    project = empty_project.copy_to(tmp_path / "project")
    path = project.path / "data/01_raw/reference/departments.csv"
    saved = path.read_text("utf-8-sig").replace("2020-04-01", "2020/4/1")
    path.write_text(content or saved, "cp932")
    if content is None:
        path.unlink()
    run = project.kedro("run", "--pipelines=forms")
    assert (run.code, "Traceback" in run.output) == (code, False), run.output
    assert told in run.output


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        ("--foo", "--foo: このオプションはないか、値が読めません。"),
        ("--params=x", "--params など: このオプションはないか、値が読めません。"),
        ("--conf-source=/nowhere", "--conf-source: このオプションはないか、値が読めません。"),
        ("--env=nowhere", "--env=nowhere: "),
        ("--load-versions=answer", "--params など: このオプションはないか、値が読めません。"),
        ("--runner-params=max_worker=1", "--runner-params=max_worker: この名前はありません。"),
    ],
)
def test_an_option_that_cannot_be_followed_is_told_in_japanese(
    empty_project: Project, argument: str, told: str
) -> None:
    run = empty_project.refuse("run", argument)
    assert run.code == 1
    assert run.output.splitlines()[-1].startswith(told)
    assert "Traceback" not in run.output


@pytest.mark.parametrize("runner", ["Foo", "foo.Bar", "kedro.runner.Foo"])
def test_an_unknown_runner_is_told_in_one_line(empty_project: Project, runner: str) -> None:
    run = empty_project.refuse("run", f"--runner={runner}")
    assert run.code == 1
    [line] = run.output.splitlines()
    assert line.startswith(f"--runner={runner}: この名前はありません。使えるのは SequentialRunner")


def test_a_runner_on_several_processes_is_refused_in_one_line(empty_project: Project) -> None:
    run = empty_project.refuse("run", "--runner=ParallelRunner", "--pipelines=report")
    assert run.code == 1
    [line] = run.output.splitlines()
    assert line.startswith("--runner=ParallelRunner: 大きな値をメモリで渡すため、使えません。")


@pytest.mark.parametrize("part", ["report", "changes"])
def test_a_part_of_a_run_that_never_was_names_what_is_missing(
    empty_project: Project, part: str
) -> None:
    run = empty_project.refuse("run", f"--pipelines={part}")
    line = run.output.splitlines()[-1]
    assert line.startswith("data/03_primary/")
    assert line.endswith(" がまだありません。先に kedro run を、範囲を選ばずに実行してください。")


def test_an_unknown_pipeline_is_told_in_one_line(empty_project: Project) -> None:
    run = empty_project.refuse("run", "--pipelines=ingest,qualty")
    assert run.code == 1
    [line] = run.output.splitlines()
    assert line.startswith("--pipelines=qualty: この名前はありません。使えるのは quality、")


@pytest.mark.parametrize(
    ("option", "given", "usable"),
    [
        ("--from-nodes", "write_retur", "使えるのは write_returns、"),
        ("--nodes", "write_retur", "使えるのは write_returns、"),
        ("--to-outputs", "finding", "使えるのは finding#primary、"),
        ("--tags", "returs", "使えるのは returns、"),
        ("--namespaces", "ward", "使えません。"),
        ("--load-versions", "answer:1", "使えません。"),
    ],
)
def test_a_part_of_the_pipelines_that_is_not_there_is_told_in_one_line(
    empty_project: Project, option: str, given: str, usable: str
) -> None:
    run = empty_project.refuse("run", f"{option}={given}")
    assert run.code == 1
    [line] = run.output.splitlines()
    name = given.partition(":")[0]
    assert line.startswith(f"{option}={name}: この名前はありません。{usable}")


def test_a_second_run_is_told_in_one_line_that_another_is_under_way(
    empty_project: Project, tmp_path: Path
) -> None:
    project = empty_project.copy_to(tmp_path / "project")
    with hold(project.path / "data/.running", RuntimeError()):
        run = project.kedro("run", "--pipelines=sample")
    assert run.code == 1
    assert run.output.splitlines() == [
        "ほかの kedro run が実行中です。終わってから、もう一度実行してください。"
    ]


def test_parts_that_exclude_each_other_are_told_in_one_line(empty_project: Project) -> None:
    run = empty_project.refuse("run", "--from-nodes=write_returns", "--to-nodes=collect_returns")
    assert run.code == 1
    assert run.output.splitlines() == [
        "選ばれた範囲に処理がありません。--from-nodes や --to-nodes などを見直してください。"
    ]


def test_real_returns_are_never_overwritten_by_sample_data(
    sample_project: Project, tmp_path: Path, make_workbook: Any
) -> None:
    copy = sample_project.copy_to(tmp_path / "project")
    real = copy.path / "data/01_raw/survey/FY2022Q3/real.xlsx"
    real.write_bytes(make_workbook({"表紙": [["課コード", "1203"]]}))
    run = copy.refuse("run", "--pipelines=sample")
    assert run.code == 1
    assert "real.xlsx" in run.output
    assert real.exists()


INDICATOR = {
    "indicator_id": "procedures_with_fee",
    "definition_version": "1",
    "title": "手数料のある手続数",
    "title_en": "Procedures with a fee",
    "definition": "手数料が有の手続の数。",
    "numerator_words": "手数料が有の手続の数",
    "kind": "stock",
    "goal": "at_most",
    "unit": "手続",
    "unit_en": "procedures",
    "decimals": 0,
    "source": "survey",
    "table": "procedure",
    "owner": "ICT推進担当",
    "confirmed": False,
    "baseline": {"value": 400},
    "targets": [{"target_date": "2026-03-31", "target_max": 100}],
    "numerator_fields": ["fee"],
    "query": "SELECT p.row_id, 1 AS numerator FROM procedure AS p "
    "JOIN reporting_period AS r ON p.period = r.period WHERE p.fee = '有'",
}


@pytest.fixture(scope="module")
def unusual(sample_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    """A run of an earlier quarter, with one more indicator, a file too many and one too few."""
    project = sample_project.copy_to(tmp_path_factory.mktemp("unusual") / "project")
    path = project.path / "conf/base/parameters/plans.yml"
    content = yaml.safe_load(path.read_text("utf-8"))
    content["plans"][0]["indicators"].append(INDICATOR)
    path.write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), "utf-8")
    raw = project.path / "data/01_raw"
    (raw / f"survey/{PERIOD}/photo.xlsx").write_bytes(b"not a workbook")
    shutil.rmtree(raw / f"external/mynumber_card/{PERIOD}")
    return Quarter(project.path, project.kedro("run", f"--params=period={PERIOD}"))


@pytest.mark.xdist_group("unusual")
class TestAnUnusualRun:
    def test_bad_files_are_set_aside_and_the_quarter_goes_on(
        self, unusual: Quarter, quarter: Quarter
    ) -> None:
        assert unusual.run.code == 2, unusual.run.output
        sql = f"SELECT indicator_id, value FROM indicator_value WHERE period = '{PERIOD}'"
        values, usual = dict(ask(unusual, sql)), dict(ask(quarter, sql))
        assert values.pop("procedures_with_fee") > 0
        assert values.pop("mynumber_card_rate") is None
        assert usual.pop("mynumber_card_rate") is not None
        assert values == usual
        findings = dict(
            ask(unusual, "SELECT rule_id, any_value(how_to_fix) FROM finding GROUP BY ALL")
        )
        assert f"data/01_raw/external/mynumber_card/{PERIOD}/" in findings["F601"]
        assert {"F104", "F202", "F301"} <= set(findings)

    def test_another_period_can_be_reported(self, unusual: Quarter) -> None:
        assert "令和4年度第2四半期" in unusual.run.output
        assert (unusual.data / f"08_reporting/{PERIOD}/progress_report.html").exists()
        assert not (unusual.data / "08_reporting/FY2022Q3").exists()

    def test_an_indicator_is_one_entry_of_yaml(self, unusual: Quarter) -> None:
        of_it = f"indicator_id = 'procedures_with_fee' AND period = '{PERIOD}'"
        [(value,)] = ask(unusual, f"SELECT value FROM indicator_value WHERE {of_it}")
        [(cells,)] = ask(unusual, f"SELECT count(*) FROM lineage WHERE {of_it}")
        [(fees,)] = ask(
            unusual, f"SELECT count(*) FROM procedure WHERE period = '{PERIOD}' AND fee = '有'"
        )
        assert value == fees == cells > 0
        report = unusual.data / f"08_reporting/{PERIOD}/progress_report.html"
        assert "手数料のある手続数" in report.read_text("utf-8")
        path = unusual.data / "05_package/dx-indicators/indicator_value.csv"
        row = f"procedures_with_fee,手数料のある手続数,{PERIOD},1,2022,2,2022-09-30,{int(value)},"
        assert row in path.read_text("utf-8-sig")
