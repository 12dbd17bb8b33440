"""What a Kedro user expects: layers and previews in the picture, patterns, parts of a run."""

import json
import re

import pytest

FLOW = ["raw", "primary", "indicator", "check", "package", "catalog"]


@pytest.fixture(scope="module")
def project(quarter, tmp_path_factory):
    return quarter.copy_to(tmp_path_factory.mktemp("kedro") / "project")


@pytest.fixture(scope="module")
def picture(project):
    """The folder with the data behind `kedro viz`."""
    run = project.kedro("viz", "build", "--include-previews")
    assert run.code == 0, run.output
    return project.path / "build/api"


def test_the_picture_shows_the_layers_in_the_order_of_the_data(picture):
    layers = json.loads((picture / "main").read_text("utf-8"))["layers"]
    assert [layer for layer in layers if layer in FLOW] == FLOW


def test_every_part_of_the_run_has_its_tag(picture):
    nodes = json.loads((picture / "main").read_text("utf-8"))["nodes"]
    assert all(node["tags"] for node in nodes if node["type"] == "task")


def test_tables_have_a_preview(picture):
    nodes = json.loads((picture / "main").read_text("utf-8"))["nodes"]
    [node] = [node for node in nodes if node["name"] == "indicator_value#indicator"]
    preview = json.loads((picture / "nodes" / node["id"]).read_text("utf-8"))["preview"]
    assert "indicator_id" in preview["columns"]


def test_the_catalogue_names_its_patterns(project):
    run = project.kedro("catalog", "list-patterns")
    assert run.code == 0
    assert {"{table}#primary", "{table}#indicator", "{register}_csv"} <= set(
        re.findall(r"\{\w+\}[#\w]*", run.output)
    )


@pytest.mark.long
def test_a_run_goes_on_from_where_the_last_one_failed(project):
    database = project.path / "data/sumida.duckdb"
    database.unlink()
    database.mkdir()
    (database / "in the way").touch()
    failed = project.kedro("run")
    assert failed.code == 1
    assert "続きから始まります" in failed.output
    (database / "in the way").unlink()
    database.rmdir()
    resumed = project.kedro("run")
    assert resumed.code == 2, resumed.output
    assert database.is_file()
    assert "調査票を読んでいます" not in resumed.output


@pytest.mark.long
def test_a_run_as_kedro_does_it_names_the_nodes_from_which_it_goes_on(project):
    database = project.path / "data/sumida.duckdb"
    database.unlink()
    (database / "in the way").mkdir(parents=True)
    failed = project.kedro("run", "--to-nodes=gather_database", "--runner=SequentialRunner")
    assert failed.code == 1
    # In one line, to be copied.
    [nodes] = re.findall(r'^--from-nodes "([^"\n]+)"$', failed.output, re.MULTILINE)
    (database / "in the way").rmdir()
    database.rmdir()
    options = ("--to-nodes=gather_database", "--from-nodes", nodes)
    resumed = project.kedro("run", *options)
    assert resumed.code == 0, resumed.output
    assert database.is_file()
    assert "調査票を読んでいます" not in resumed.output


@pytest.mark.parametrize(
    ("part", "made"),
    [
        ("returns", "data/08_reporting/returns/FY2022Q3/_回収状況.html"),
        ("report", "data/08_reporting/FY2022Q3/progress_report.html"),
        ("changes", "data/06_catalog/preview/changes.html"),
    ],
)
def test_what_shows_the_period_is_made_again_alone(project, part, made):
    (project.path / made).unlink()
    run = project.kedro("run", f"--pipelines={part}")
    assert run.code in {0, 2}, run.output
    assert (project.path / made).is_file()
