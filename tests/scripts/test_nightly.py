"""Unattended runs, and the files that start them."""

import argparse
import configparser
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.project import PROJECT

GIVEN = argparse.Namespace(env=None, backup=None, keep=2, every=0)


@pytest.fixture
def nightly(script, monkeypatch: pytest.MonkeyPatch):
    """The script; what it would start is noted and exits with the codes given."""
    module = script("nightly")
    module.started, module.codes = [], {}

    def start(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        words = [one for one in command[1:] if "import" not in one and one not in {"-m", "-c"}]
        module.started.append(words)
        name = next(one for one in ("kedro", "quarter", "backup") if one in words)
        return subprocess.CompletedProcess(command, module.codes.get(name, 0))

    monkeypatch.setattr(module.subprocess, "run", start)
    return module


@pytest.mark.parametrize(
    ("codes", "gravest"),
    [({}, 0), ({"kedro": 2}, 2), ({"quarter": 2}, 2), ({"kedro": 1, "quarter": 2}, 1)],
)
def test_the_gravest_exit_code_is_that_of_the_night(
    nightly, tmp_path: Path, codes: dict[str, int], gravest: int
) -> None:
    nightly.codes = codes
    assert nightly.run(tmp_path, GIVEN) == gravest
    assert [words[0] for words in nightly.started] == ["kedro", "quarter"]


def test_only_the_newest_backups_stay(nightly, tmp_path: Path) -> None:
    for day in ("01", "03", "02"):
        (tmp_path / f"sumida_data_控え_202301{day}_023000.zip").touch()
    (tmp_path / "other.zip").touch()
    given = argparse.Namespace(env="ckan", backup=tmp_path, keep=2)
    nightly.run(tmp_path, given)
    assert nightly.started[0] == ["kedro", "run", "--env=ckan"]
    assert nightly.started[2] == ["backup", str(tmp_path)]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert [name[-17:-11] for name in left[1:]] == ["230102", "230103"]


def test_a_file_that_arrives_starts_a_run_once_it_is_whole(
    nightly, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    returns = tmp_path / "data/01_raw/survey/FY2022Q3"
    returns.mkdir(parents=True)
    events = iter(["", "part", "part, whole", "", "", "stop"])

    def wait(_: float) -> None:
        event = next(events)
        if event == "stop":
            raise KeyboardInterrupt
        if event:
            (returns / "1203.xlsx").write_text(event)

    monkeypatch.setattr(nightly.time, "sleep", wait)
    with pytest.raises(KeyboardInterrupt):
        nightly.watch(tmp_path, GIVEN)
    # Once for the file; not for its parts, and not again.
    assert [words[0] for words in nightly.started] == ["kedro", "quarter"]


def test_units_and_task_call_what_there_is() -> None:
    for path in (PROJECT / "scripts/systemd").iterdir():
        unit = configparser.ConfigParser(strict=False, interpolation=None)
        unit.optionxform = str  # type: ignore[assignment,method-assign]
        unit.read(path, "utf-8")
        if path.suffix == ".service" and "nightly" in unit["Service"]["ExecStart"]:
            assert "PrivateNetwork" in unit["Service"]
    task = ElementTree.fromstring((PROJECT / "scripts/windows/nightly.xml").read_bytes())  # noqa: S314  # our own
    [arguments] = task.iter("{http://schemas.microsoft.com/windows/2004/02/mit/task}Arguments")
    assert arguments.text is not None
    assert (PROJECT / arguments.text.split()[0].replace("\\", "/")).is_file()
