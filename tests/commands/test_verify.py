"""`verify` and `undo` find the target of an environment through Kedro's catalogue."""

import logging
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click import ClickException
from click.testing import CliRunner, Result

from sumida_data.catalogue.folder import FolderTarget
from sumida_data.catalogue.target import Catalogue
from sumida_data.commands.verify import abandon, find_versions, undo, verify
from tests.catalogue.office import Office, make_catalogue, make_dataset
from tests.project import Project

# Kedro calls deprecated parts of OmegaConf and of pydantic.
pytestmark = pytest.mark.filterwarnings("default")

FIRST = make_catalogue(make_dataset("a", "1.0.0", data__csv="1\n"))
SECOND = make_catalogue(make_dataset("a", "1.1.0", data__csv="1\n2\n"))


@pytest.fixture
def office(empty_project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office within a project; the commands are called within it."""
    project = tmp_path / "project"
    shutil.copytree(empty_project.path, project)
    monkeypatch.chdir(project)
    return Office(project / "data/06_catalog")


def call(command: object, *arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=answers)  # type: ignore[arg-type]


def test_nothing_published_cannot_be_verified(office: Office) -> None:
    result = call(verify)
    assert result.exit_code == 1
    assert "まだ何も公開していません" in result.output


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [("plans.yml", "- plan_id:", "- plan_id: ["), ("form.yml", "type: integer", "type: many")],
)
def test_a_mistake_in_the_settings_is_told_with_its_file(
    office: Office, name: str, old: str, new: str
) -> None:
    path = Path("conf/base/parameters") / name
    path.write_text(path.read_text("utf-8").replace(old, new, 1), "utf-8")
    result = call(verify)
    assert result.exit_code == 1
    assert name in result.output
    assert isinstance(result.exception, SystemExit)


def test_all_is_read_back(office: Office) -> None:
    office.approve_and_publish(FIRST)
    result = call(verify)
    assert result.exit_code == 0, result.output
    assert "2023-02-01 の P0001 のとおりです(1データセット、1ファイル、2ページ)" in result.output


def test_what_differs_is_listed_with_what_to_do(office: Office) -> None:
    office.approve_and_publish(FIRST)
    (office.public / "dataset/a/latest/data.csv").write_text("9\n")
    result = call(verify)
    assert result.exit_code == 2
    assert "dataset/a/latest/data.csv: 中身が公開したものと違います" in result.output
    assert "違うところが1件あります。kedro run --pipelines=publish で" in result.output


def test_undo_asks_and_says_what_it_does_and_did(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_back = FolderTarget.apply

    def tell_and_put_back(target: FolderTarget, catalogue: Catalogue, *given: Any) -> None:
        logging.getLogger("sumida_data.catalogue.ckan.target").info("データセット a を公開します。")
        put_back(target, catalogue, *given)

    office.approve_and_publish(FIRST)
    office.approve_and_publish(SECOND)
    monkeypatch.chdir("data")
    monkeypatch.setattr(FolderTarget, "apply", tell_and_put_back)
    refused = call(undo, answers="n\n")
    assert refused.exit_code == 1
    assert office.show()["dataset/a/latest/data.csv"] == b"1\n2\n"
    result = call(undo, answers="y\n")
    assert result.exit_code == 0, result.output
    assert (
        "を戻しています。数分かかることがあります。\nデータセット a を公開します。\n"
        "公開先 folder を、公開 P0001" in result.output
    )
    assert "公開 P0001 の内容に戻しました(a 1.0.0)" in result.output
    assert "取消し P0003" in result.output
    assert office.show()["dataset/a/latest/data.csv"] == b"1\n"


@pytest.mark.parametrize(
    ("command", "told"),
    [(undo, "取り消せる公開がありません"), (abandon, "やめる公開がありません")],
)
def test_where_there_is_nothing_to_undo_it_says_so_without_asking(
    office: Office, command: object, told: str
) -> None:
    office.approve_and_publish(FIRST)
    result = call(command)
    assert result.exit_code == 1
    assert result.output.splitlines() == [result.output.strip()]
    assert told in result.output


def test_an_unknown_environment_is_told(office: Office) -> None:
    result = call(verify, "--env", "nowhere")
    assert result.exit_code == 1
    assert "--env=nowhere: " in result.output
    assert "にこの環境がありません。" in result.output


def test_in_a_subfolder_and_a_bare_locale_it_says_the_same(office: Office) -> None:
    command = [sys.executable, "-c", "from sumida_data.commands import main; main()", "verify"]
    environment = os.environ | {"LC_ALL": "C", "LANG": "C"}
    done = subprocess.run(
        command, cwd="data", env=environment, capture_output=True, check=False, encoding="utf-8"
    )
    told = "公開先 folder には、まだ何も公開していません。"
    assert (done.returncode, done.stdout, done.stderr.strip()) == (1, "", told)


def test_a_target_that_is_none_is_told(office: Office) -> None:
    path = Path("conf/local/catalog.yml")
    path.parent.mkdir(exist_ok=True)
    path.write_text("public_target: {type: MemoryDataset}\n", "utf-8")
    result = call(verify)
    assert result.exit_code == 1
    assert "公開先ではありません" in result.output


@pytest.mark.parametrize("text", ["①号の件", "(1)号の件", '（１）号の"件"'])
def test_what_is_taken_down_is_found_as_it_was_typed_and_as_it_is_public(
    tmp_path: Path, text: str
) -> None:
    office = Office(tmp_path)
    table = '1,"(1)号\nの""件"""\n2,x\n' if '"' in text else "1,(1)号の件\n2,x\n"
    office.approve_and_publish(make_catalogue(make_dataset("a", "1.0.0", data__csv=table)))
    assert find_versions(office.record, None, None, text) == {"a": ["1.0.0"]}
    assert find_versions(office.record, "a", None, "") == {"a": ["1.0.0"]}
    for other in ("②号の件", "件2"):
        with pytest.raises(ClickException, match="当てはまる版は"):
            find_versions(office.record, None, None, other)
