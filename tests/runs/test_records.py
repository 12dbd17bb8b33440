"""The record of a run says of what, with what and by whom it was made, and how long it took."""

import getpass
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from sumida_data.base.events import write_events
from sumida_data.pipeline_registry import QUARTER
from tests.project import Project, Quarter


def read_records(project: Project) -> list[dict[str, Any]]:
    paths = sorted((project.path / "data/state/runs").iterdir())
    return [json.loads(path.read_bytes()) for path in paths]


@pytest.fixture(scope="module")
def record(quarter: Quarter) -> dict[str, Any]:
    return read_records(quarter)[-1]


def test_it_names_what_came_in_and_what_came_out_with_hashes(
    quarter: Quarter, record: dict[str, Any]
) -> None:
    for title, name in (
        ("inputs", "data/01_raw/reference/departments.csv"),
        ("settings", "conf/base/parameters/form.yml"),
        ("outputs", "data/05_package/dx-indicators/indicator_value.csv"),
    ):
        content = (quarter.path / name).read_bytes()
        assert record[title][name] == hashlib.sha256(content).hexdigest()
    received = [path for path in (quarter.data / "01_raw/survey").rglob("*") if path.is_file()]
    assert {path.relative_to(quarter.path).as_posix() for path in received} <= set(record["inputs"])


def test_it_says_how_long_each_stage_took_and_how_much_it_took_and_made(
    quarter: Quarter, record: dict[str, Any]
) -> None:
    assert set(record["stages"]) == set(QUARTER)
    assert all(stage["seconds"] >= 0 for stage in record["stages"].values())
    answer = pd.read_parquet(quarter.data / "03_primary/answer.parquet")
    assert record["stages"]["ingest"]["in"]["survey_returns"] == 287
    assert record["stages"]["ingest"]["out"]["answer#primary"] == len(answer)
    log = (quarter.path / "info.log").read_text("utf-8")
    assert "段階ごとの秒数：ingest" in log


def test_it_says_how_the_run_went(quarter: Quarter, record: dict[str, Any]) -> None:
    findings = pd.read_parquet(quarter.data / "03_primary/finding.parquet")
    assert record["findings"] == findings["rule_id"].value_counts().to_dict()
    checks = pd.read_parquet(quarter.data / "03_primary/check_result.parquet")
    failed = checks[checks["passed"].isin([False])]
    assert record["failed_checks"] == failed["rule_id"].value_counts().to_dict()
    assert record["figures"]["オンライン化手続数① FY2022Q3"] == "23.0000"
    assert record["exit_code"] == quarter.run.code
    assert record["account"] == getpass.getuser()
    assert {"python", "kedro", "duckdb"} <= set(record["versions"])
    assert record["started"] <= record["finished"]


def test_events_are_json_and_name_file_sheet_and_indicator(quarter: Quarter) -> None:
    lines = (quarter.path / "events.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    findings = pd.read_parquet(quarter.data / "03_primary/finding.parquet")
    told = [one for one in events if one["message"] == "指摘"]
    assert [one["source_file"] for one in told] == findings["source_file"].to_list()
    assert {"sheet", "cell", "rule_id", "severity", "at", "level"} <= told[0].keys()
    # What stands in a cell may speak of a person.
    assert not {"value_found", "message_text", "row_label"} & told[0].keys()
    values = {one["indicator_id"] for one in events if one["message"] == "値"}
    assert "online_procedures_dx" in values


def test_what_went_wrong_stands_among_the_events(tmp_path: Path) -> None:
    path, logger = tmp_path / "events.jsonl", logging.getLogger("sumida_data.tests")
    with write_events(str(path)):
        try:
            raise ValueError("だめ")
        except ValueError:
            logger.exception("止まった %s", "所")
    logger.error("後で")
    [event] = map(json.loads, path.read_text("utf-8").splitlines())
    assert (event["message"], event["level"]) == ("止まった 所", "ERROR")
    assert path.stat().st_mode & 0o777 == 0o600
    assert event["error"].endswith("ValueError: だめ")


def test_a_run_that_fails_says_why_and_a_run_that_does_nothing_leaves_none(
    quarter: Quarter, tmp_path: Any
) -> None:
    project = quarter.copy_to(tmp_path / "project")
    before = len(read_records(project))
    assert project.refuse("run").code == quarter.run.code
    assert len(read_records(project)) == before
    (project.path / "data/01_raw/reference/departments.csv").write_text("nothing", "utf-8")
    assert project.refuse("run").code == 1
    *_, last = read_records(project)
    assert last["exit_code"] == 1
    assert "departments.csv" in last["error"]
