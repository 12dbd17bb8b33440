"""The whole quarter, run once in a copy of the project as the office runs it."""

import contextlib
import fcntl
import io
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from pkgutil import iter_modules

import pytest
from click.testing import CliRunner
from kedro.framework.cli.cli import KedroCLI

from sumida_data import pipelines

PROJECT = Path(__file__).parents[1]

# PySpark, which Great Expectations imports, ends a process that seems to have no main module, as
# the processes of pytest-xdist and those begun here do.
if sys.modules["__main__"].__spec__ is None:
    sys.modules["__main__"].__spec__ = ModuleSpec("__main__", None)


@dataclass(frozen=True)
class Run:
    """A finished command.

    Attributes:
        code: Exit code.
        output: All that it printed.
    """

    code: int
    output: str


# What every command imports; importing it takes longer than many a command.
_IMPORTED_ONCE = (
    *("kedro.framework.cli.cli", "kedro.framework.session", "kedro_datasets.pandas"),
    *("kedro_datasets.json", "sumida_data.datasets", "sumida_data.pipeline_registry"),
    *(f"sumida_data.pipelines.{one.name}" for one in iter_modules(pipelines.__path__)),
)


def run_forked(folder: Path, module: str, *arguments: str) -> Run:
    """Run the ``main`` of a module in a folder, in a process that has imported all before.

    No coverage is measured there.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([*_IMPORTED_ONCE])
    with tempfile.NamedTemporaryFile() as output, pytest.MonkeyPatch.context() as patch:
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        given = (folder, dict(os.environ), module, arguments, output.name)
        process = context.Process(target=_be_command, args=given)
        process.start()
        process.join()
        return Run(process.exitcode or 0, output.read().decode())


def _be_command(
    folder: Path, environment: dict[str, str], module: str, arguments: Sequence[str], output: str
) -> None:
    with Path(output).open("wb", buffering=0) as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | {"COLUMNS": "120", "NO_COLOR": "1"})
    sys.argv = [*arguments]
    import_module(module).main()


@dataclass(frozen=True)
class Project:
    """A copy of the project.

    Attributes:
        path: Where it lies.
    """

    path: Path

    def kedro(self, *arguments: str, measured: bool = False) -> Run:
        """Run a Kedro command in it.

        Args:
            arguments: What stands behind `kedro`.
            measured: Whether coverage is measured, which takes half as long again: once for each
                kind of run is enough.
        """
        if not measured:
            return run_forked(self.path, "kedro.framework.cli.cli", "kedro", *arguments)
        command = [sys.executable, "-m", "kedro", *arguments]
        # In the locale of a bare service; the folder's name has blanks and Japanese.
        environment = os.environ | {"COLUMNS": "120", "NO_COLOR": "1", "LC_ALL": "C"}
        done = subprocess.run(
            command, cwd=self.path, env=environment, capture_output=True, text=True, check=False
        )
        return Run(done.returncode, done.stdout + done.stderr)

    def refuse(self, *arguments: str) -> Run:
        """Run a Kedro command that stops at once, in this process: starting another takes longer."""
        # Warnings of Kedro and its plugins are no failure of ours, as in a process of its own.
        with contextlib.chdir(self.path), warnings.catch_warnings(action="ignore"):
            done = CliRunner(env={"COLUMNS": "120", "NO_COLOR": "1"}).invoke(
                KedroCLI(self.path), arguments, prog_name="kedro"
            )
        return Run(done.exit_code, done.output)

    def copy_to(self, path: Path) -> "Project":
        """Copy it with its data."""
        shutil.copytree(self.path, path, symlinks=True)
        return Project(path)


def make_project(path: Path) -> Project:
    """Copy the project without data other than the reference tables."""
    path.mkdir(parents=True)
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, path / name)
    shutil.copytree(PROJECT / "conf", path / "conf")
    shutil.copytree(PROJECT / "data/01_raw/reference", path / "data/01_raw/reference")
    # Kedro wants the folder; the package is imported from where it is installed.
    (path / "src").mkdir()
    return Project(path)


@pytest.fixture
def empty_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has received nothing; each test has its own, for refused runs leave logs."""
    return make_project(tmp_path_factory.mktemp("empty") / "project")


def build_once(
    factory: pytest.TempPathFactory, name: str, build: Callable[[Path], Run]
) -> tuple[Path, Run]:
    """Return a folder that one of the processes of pytest-xdist has built, and what it printed.

    Args:
        factory: Where temporary folders are made.
        name: What is built.
        build: Makes the folder; the others wait meanwhile.
    """
    common = factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        common = common.parent
    folder, finished = common / f"{name} 墨田区", common / f"{name}.json"
    with (common / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not finished.exists():
            run = build(folder)
            finished.write_text(json.dumps([run.code, run.output]), "utf-8")
    return folder, Run(*json.loads(finished.read_text("utf-8")))


@pytest.fixture(scope="session")
def sample_project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project that has received the sample returns."""
    folder, run = build_once(
        tmp_path_factory,
        "sample",
        lambda folder: make_project(folder).kedro("run", "--pipelines=sample", measured=True),
    )
    assert run.code == 0, run.output
    return Project(folder)


@dataclass(frozen=True)
class Quarter(Project):
    """A project in which the quarter has been run.

    Attributes:
        run: The finished run.
    """

    run: Run

    @property
    def data(self) -> Path:
        """Its data folder."""
        return self.path / "data"


@pytest.fixture(scope="session")
def quarter(sample_project: Project, tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    """The quarter on sample data. Tests read it and change nothing."""
    folder, run = build_once(
        tmp_path_factory,
        "quarter",
        lambda folder: sample_project.copy_to(folder).kedro("run", measured=True),
    )
    return Quarter(folder, run)


# What is known of runs holds times and hashes of the database, which differ from run to run.
OF_RUNS = ("state/last_run.json", "state/runs/", "state/readings/")


def read_products(data: Path) -> Iterator[tuple[str, bytes]]:
    """Yield every product's name and contents; parts of workbooks unzipped."""
    for path in sorted(data.rglob("*")):
        name = path.relative_to(data).as_posix()
        if not path.is_file() or name.startswith(("01_raw", *OF_RUNS)):
            continue
        content = path.read_bytes()
        yield name, content
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                yield from ((f"{name}!{part}", archive.read(part)) for part in archive.namelist())
