"""Which nodes run, on a small pipeline; `test_reuse` does the same with the whole quarter."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from kedro.framework.hooks.manager import _NullPluginManager
from kedro.io import DataCatalog, DatasetError, MemoryDataset
from kedro.pipeline import Pipeline, node
from kedro_datasets.json import JSONDataset

from sumida_data.datasets import FolderDataset
from sumida_data.runs import runner as runner_module
from sumida_data.runs.records import Changes, LastRun
from sumida_data.runs.runner import ChangesRunner


class Office:
    """A folder of files in, their lengths in memory, their sum and a page out."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ran: list[str] = []
        self.word = "a"
        self.again: Any = False
        self.pages = "pages"
        (folder / "in").mkdir()
        (folder / "in/one.txt").write_text("one")

    def pipeline(self) -> Pipeline:
        def measure(files: dict[str, Any]) -> dict[str, int]:
            self.ran.append("measure")
            return {name: len(file.read()) for name, file in files.items()}

        def add(lengths: dict[str, int]) -> int:
            self.ran.append("add")
            return sum(lengths.values())

        def write(total: int, word: str) -> dict[str, bytes]:
            self.ran.append("write")
            return {"2023/page.txt": f"{word} {total}".encode()}

        def summarise(total: int) -> str:
            self.ran.append("summarise")
            return f"sum {total}"

        return Pipeline(
            [
                node(measure, "files", "lengths", name="measure"),
                node(add, "lengths", "total", name="add"),
                node(write, ["total", "params:word"], "pages", name="write"),
                node(summarise, "total", "summary", name="summarise"),
            ]
        )

    def run(self) -> list[str]:
        """Run it and return what ran."""
        self.ran = []
        catalog = DataCatalog(
            {
                "files": FolderDataset(path=str(self.folder / "in"), opened=True),
                "params:word": MemoryDataset(self.word),
                "params:again": MemoryDataset(self.again),
                "total": JSONDataset(filepath=str(self.folder / "total.json")),
                "pages": FolderDataset(path=str(self.folder / self.pages), by_subfolder=True),
            }
        )
        changes = Changes(self.folder, LastRun.read(self.folder), LastRun("settings"))
        self.changes = changes
        ChangesRunner(changes).run(self.pipeline(), catalog, _NullPluginManager())
        changes.this.write(self.folder)
        return self.ran


@pytest.fixture
def office(tmp_path: Path) -> Office:
    office = Office(tmp_path)
    assert office.run() == ["measure", "add", "summarise", "write"]
    return office


def test_nothing_runs_where_nothing_has_changed(office: Office) -> None:
    assert office.run() == []
    assert LastRun.read(office.folder).is_still(office.folder, "settings")
    assert not LastRun.read(office.folder).is_still(office.folder, "other settings")


def test_what_comes_out_the_same_changes_nothing_after_it(office: Office) -> None:
    (office.folder / "in/one.txt").write_text("two")
    before = (office.folder / "total.json").stat().st_mtime_ns
    assert office.run() == ["measure", "add"]
    assert office.changes.names == ["in"]
    assert before <= (office.folder / "total.json").stat().st_mtime_ns


def test_a_change_runs_what_rests_on_it(office: Office) -> None:
    (office.folder / "in/two.txt").write_text("more")
    assert office.run() == ["measure", "add", "summarise", "write"]
    (office.folder / "in/two.txt").rename(office.folder / "in/three.txt")
    assert office.run() == ["measure", "add"]
    (office.folder / "in/three.txt").unlink()
    assert office.run() == ["measure", "add", "summarise", "write"]


def test_a_parameter_runs_what_takes_it(office: Office) -> None:
    office.word = "b"
    assert office.run() == ["write"]
    assert office.changes.names == ["params:word"]


def test_another_place_for_a_result_is_written(office: Office) -> None:
    office.pages = "papers"
    assert office.run() == ["write"]
    assert (office.folder / "papers/2023/page.txt").read_text() == "a 3"


def test_another_description_of_a_table_writes_it_again(tmp_path: Path) -> None:
    path = tmp_path / "dictionary.json"
    ran: list[str] = []

    class Described(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
        def hash_description(self) -> str:
            return path.read_text()

    def make(word: str) -> str:
        ran.append(word)
        return word

    def run() -> None:
        made = {"made": Described(filepath=str(tmp_path / "made.json"))}
        given = {"params:again": MemoryDataset(data=False), "params:word": MemoryDataset("a")}
        changes = Changes(tmp_path, LastRun.read(tmp_path), LastRun())
        parts = Pipeline([node(make, "params:word", "made", name="make")])
        ChangesRunner(changes).run(parts, DataCatalog(made | given), _NullPluginManager())
        changes.this.write(tmp_path)

    for description in ("text", "text", "number"):
        path.write_text(description)
        run()
    assert ran == ["a", "a"]


@pytest.mark.parametrize(
    ("path", "ran"), [("total.json", ["measure", "add"]), ("pages/2023/page.txt", ["write"])]
)
def test_a_damaged_or_lost_result_is_made_again(office: Office, path: str, ran: list[str]) -> None:
    content = (office.folder / path).read_bytes()
    (office.folder / path).write_bytes(content[:-1] + b"9")
    assert not LastRun.read(office.folder).is_still(office.folder, "settings")
    assert office.run() == ran
    (office.folder / path).unlink()
    assert office.run() == ran
    assert (office.folder / path).read_bytes() == content


def test_a_file_too_many_in_a_result_is_taken_out(office: Office) -> None:
    (office.folder / "pages/2023/other.txt").touch()
    assert office.run() == ["write"]
    assert not (office.folder / "pages/2023/other.txt").exists()


def test_other_code_runs_everything(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner_module, "hash_code", lambda: "other")
    assert office.run() == ["measure", "add", "summarise", "write"]
    assert office.changes.names == ["code"]


@pytest.mark.parametrize("again", [True, "true"])
def test_everything_runs_again_when_asked(office: Office, again: object) -> None:
    office.again = again
    assert office.run() == ["measure", "add", "summarise", "write"]
    assert not LastRun.read(office.folder).is_still(office.folder, "settings")


@pytest.mark.parametrize("content", [b"", b"{}", b"0\n{}", b"\xff"])
def test_a_damaged_memory_is_not_believed(office: Office, content: bytes) -> None:
    (office.folder / "data/state/last_run.json").write_bytes(content)
    assert office.run() == ["measure", "add", "summarise", "write"]


def test_what_is_remembered_of_derived_things_is_believed_as_the_last_run_left_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "made.json"
    taken: list[Any] = []

    class Optional(JSONDataset):  # type: ignore[misc]  # kedro-datasets is untyped
        def load(self) -> Any:
            return super().load() if self.exists() else None

    def make(before: Any, word: str) -> str:
        taken.append(before)
        return word

    def run(word: str) -> None:
        before = Optional(filepath=str(path), metadata={"derived": True})
        known = {"before": before, "made": JSONDataset(filepath=str(path))}
        given = {"params:again": MemoryDataset(data=False), "params:word": MemoryDataset(word)}
        changes = Changes(tmp_path, LastRun.read(tmp_path), LastRun())
        parts = Pipeline([node(make, ["before", "params:word"], "made", name="make")])
        ChangesRunner(changes).run(parts, DataCatalog(known | given), _NullPluginManager())
        changes.this.write(tmp_path)

    for word in ("a", "b", "b"):
        run(word)
    path.write_text('"c"')
    run("b")
    assert taken == [None, "a", None]
    assert path.read_text() == '"b"'


def test_a_run_goes_on_from_where_the_last_one_failed(office: Office) -> None:
    (office.folder / "in/two.txt").write_text("more")
    shutil.rmtree(office.folder / "pages")
    (office.folder / "pages").write_text("in the way")
    with pytest.raises(DatasetError):
        office.run()
    office.changes.keep_what_is_done()
    assert not LastRun.read(office.folder).is_still(office.folder, "settings")
    (office.folder / "pages").unlink()
    assert office.run() == ["summarise", "write"]
