"""Run the quarter unattended: each night, or whenever something has come in.

    python scripts/nightly.py [--backup FOLDER] [--keep 30] [--env ckan]
    python scripts/nightly.py --watch [--every 60]

It runs ``kedro run`` and then ``sumida-data quarter``, whose output is the mail to the office, and
makes a backup. Nothing is ever published by it. The exit code is the gravest of all: 0 nothing to
do, 2 somebody must look, 1 something failed. With ``--watch`` it goes on until it is stopped, and
runs when files have come in and none has changed for as long as it waits between two looks.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WATCHED = ("data/01_raw", "conf")
_GRAVEST = (1, 2, 0)
_COMMAND = "from sumida_data.commands import main; main()"

State = dict[str, tuple[int, int]]


def look(project: Path) -> State:
    """Return size and time of every file that a run reads."""
    found = {}
    for path in (path for folder in WATCHED for path in (project / folder).rglob("*")):
        try:
            if path.is_file() and not path.name.startswith((".", "~$")):
                state = path.stat()
                found[path.as_posix()] = (state.st_size, state.st_mtime_ns)
        except OSError:
            # It went while we looked; it is missed the next time.
            continue
    return found


def run(project: Path, given: argparse.Namespace) -> int:
    """Run everything once and return the gravest exit code."""
    env = [f"--env={given.env}"] if given.env else []
    commands: list[Sequence[str]] = [["-m", "kedro", "run", *env]]
    commands.append(["-c", _COMMAND, "quarter", *env])
    if given.backup:
        commands.append(["-c", _COMMAND, "backup", str(given.backup)])
    # What is printed goes into a log or a mail, on Windows too.
    environment = os.environ | {"PYTHONUTF8": "1", "NO_COLOR": "1"}
    codes = [
        subprocess.run([sys.executable, *one], cwd=project, env=environment, check=False).returncode
        for one in commands
    ]
    if given.backup:
        remove_old(given.backup, given.keep)
    return next((code for code in _GRAVEST if code in codes), 1)


def remove_old(folder: Path, keep: int) -> None:
    """Remove all backups but the newest ones."""
    for path in sorted(folder.glob("sumida_data_控え_*.zip"))[:-keep]:
        path.unlink()


def watch(project: Path, given: argparse.Namespace) -> None:
    """Run whenever something has come in, once it is there whole."""
    done: State = {}
    before = look(project)
    while True:
        now = look(project)
        if now == before and now != done:
            done = now
            run(project, given)
            before = look(project)
            continue
        before = now
        time.sleep(given.every)


def main() -> int:
    """Run as asked; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backup", type=Path)
    parser.add_argument("--keep", type=int, default=30)
    parser.add_argument("--env")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--every", type=float, default=60)
    given = parser.parse_args()
    if not given.watch:
        return run(ROOT, given)
    try:
        watch(ROOT, given)
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
