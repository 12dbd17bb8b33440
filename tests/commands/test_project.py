"""The descriptions by which a workbook is checked: kept, and made anew when any file is another."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.commands.project import Project, ProjectError
from sumida_data.survey.reading import opened
from tests.project import PROJECT

FORM, WAVES = "conf/base/parameters/form.yml", "conf/base/parameters/waves.yml"
RULES = "conf/base/parameters/finding_rules.yml"
DEPARTMENTS = "data/01_raw/reference/departments.csv"
LAYOUT_MAP = "data/01_raw/reference/layout_map.csv"
MAPPED = "FY2022Q3,1203_*,procedure,procedure_name,別の見出し,"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("conf/base", "data/01_raw/reference"):
        shutil.copytree(PROJECT / name, tmp_path / name)
    Project(tmp_path)
    return tmp_path


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders whose descriptions are really made."""
    folders: list[Path] = []
    make = Project._make

    def note(project: Project) -> None:
        folders.append(project.folder)
        make(project)

    monkeypatch.setattr(Project, "_make", note)
    return folders


def describe(folder: Path) -> dict[str, object]:
    described = vars(Project(folder)) | {"folder": None}
    rules = described["rules"]
    return described | {"rules": rules.root, "rule": rules["F301"]}


def change(path: Path, old: str, new: str) -> None:
    text = path.read_bytes().decode("utf-8-sig")
    assert old in text
    path.write_bytes(text.replace(old, new, 1).encode())


def forget(folder: Path) -> None:
    shutil.rmtree(folder / "data/state/descriptions")


def test_a_sheet_that_the_form_does_not_have_cannot_be_asked_for(folder: Path) -> None:
    change(folder / WAVES, "手続: all", "手続き: all")
    with pytest.raises(ProjectError, match="'手続き' — 使えるのは 手続、"):
        Project(folder)


@pytest.mark.parametrize("key", ["waves :", '"waves":', "'waves' :"])
def test_a_key_at_the_top_may_be_written_in_any_way(folder: Path, key: str) -> None:
    change(folder / WAVES, "waves:", key)
    assert "FY2022Q3" in Project(folder).waves.root


def test_lines_may_end_as_on_an_old_mac(folder: Path) -> None:
    path = folder / WAVES
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r"))
    assert "FY2022Q3" in Project(folder).waves.root


def test_what_is_kept_is_what_was_made(folder: Path, made: list[Path]) -> None:
    kept = describe(folder)
    assert not made
    forget(folder)
    assert describe(folder) == kept
    assert made


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        (FORM, "title: ", "title: 別の"),
        (WAVES, "due_on: 2022-04-15", "due_on: 2022-04-14"),
        (RULES, "title: ", "title: 別の"),
        (DEPARTMENTS, "税務課", "別の税務課"),
        (LAYOUT_MAP, "note", f"note\n{MAPPED}"),
    ],
)
def test_any_file_of_theirs_that_is_another_makes_them_anew(
    folder: Path, made: list[Path], name: str, old: str, new: str
) -> None:
    before = describe(folder)
    change(folder / name, old, new)
    after = describe(folder)
    assert made == [folder]
    assert after != before
    forget(folder)
    assert describe(folder) == after


def test_a_file_put_back_with_its_old_time_is_noticed(folder: Path, made: list[Path]) -> None:
    before = describe(folder)
    (folder / "conf/base/parameters/zz.yml").write_text("unknown: 1\n")
    describe(folder)
    (folder / "conf/base/parameters/zz.yml").unlink()
    assert describe(folder) == before
    assert made == [folder, folder]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("conf/base/parameters/form (1).yml", "form: {}\n", "form は form (1).yml にもあります"),
        ("conf/base/parameters/zz.yml", "form: [\n", "YAMLとして読めません"),
        (DEPARTMENTS, "a,b\n", "departments.csv に列"),
        (LAYOUT_MAP, "a,b\n", "layout_map.csv に列"),
        (WAVES, "waves: {FY2022Q3: {}}\n", "waves"),
    ],
)
def test_a_mistake_is_told_each_time(folder: Path, name: str, text: str, told: str) -> None:
    (folder / name).write_text(text)
    for _ in range(2):
        with pytest.raises(ProjectError) as error:
            Project(folder)
        assert told in error.value.message


def test_a_register_that_is_gone_is_missed(folder: Path) -> None:
    (folder / DEPARTMENTS).unlink()
    with pytest.raises(ProjectError, match=r"departments\.csv がありません"):
        Project(folder)


@pytest.mark.parametrize("damage", [lambda b: b"", lambda b: b[:-1], lambda b: b"0" + b[1:]])
def test_what_is_damaged_is_made_anew(
    folder: Path, made: list[Path], damage: Callable[[bytes], bytes]
) -> None:
    before = describe(folder)
    [path] = (folder / "data/state/descriptions").glob("*/*")
    path.write_bytes(damage(path.read_bytes()))
    assert describe(folder) == before
    assert made == [folder]
    describe(folder)
    assert made == [folder]


def test_other_code_makes_them_anew(
    folder: Path, made: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opened, "hash_code", lambda *_: "other")
    Project(folder)
    assert made == [folder]


def test_what_changes_while_it_is_read_is_not_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    forget(folder)
    make, before = Project._make, (folder / FORM).read_bytes()

    def meanwhile(project: Project) -> None:
        change(folder / FORM, "title: ", "title: 別の")
        make(project)

    monkeypatch.setattr(Project, "_make", meanwhile)
    assert Project(folder).form.title.startswith("別の")
    monkeypatch.undo()
    (folder / FORM).write_bytes(before)
    assert not Project(folder).form.title.startswith("別の")
