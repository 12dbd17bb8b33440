"""Make a folder from which the project is installed on a machine without any network.

    python scripts/offline.py [--dev] [--out dist/offline] [--for linux windows]

It holds the wheels of the lock file for each system, their hashes, the committed project and
``install.py``. Only this script goes to the package index; what it makes never does.
"""

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from packaging.markers import Marker, default_environment

ROOT = Path(__file__).parents[1]
PYTHON = "3.11"
TAGS = {
    "linux": [f"manylinux_2_{minor}_x86_64" for minor in (34, 28, 27, 26, 24, 17)]
    + ["manylinux2014_x86_64", "manylinux1_x86_64", "linux_x86_64"],
    "windows": ["win_amd64"],
}
SYSTEMS = {
    "linux": {
        "sys_platform": "linux",
        "os_name": "posix",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
    },
    "windows": {
        "sys_platform": "win32",
        "os_name": "nt",
        "platform_system": "Windows",
        "platform_machine": "AMD64",
    },
}
# These are published as source alone; a wheel for all systems is built from it here.
FROM_SOURCE = {"docopt", "pyspark"}


def read_lock(text: str, system: str) -> dict[str, str]:
    """Return what a system needs of a lock file: each requirement with its hashes, by name."""
    python = {"python_version": PYTHON, "python_full_version": f"{PYTHON}.0"}
    environment = {**default_environment(), **SYSTEMS[system], **python}
    found = {}
    for entry in re.findall(r"^[\w.-]+.*(?:\n +--hash=.*)+", text, re.MULTILINE):
        first, _, hashes = entry.replace("\\\n", "").partition("--hash=")
        spec, _, marker = first.strip().partition(" ; ")
        if not marker or Marker(marker).evaluate(environment):
            found[re.split(r"[\[=]", spec)[0]] = f"{spec} --hash={hashes}"
    return found


def collect(system: str, lock: Path, wheels: Path) -> list[str]:
    """Fetch the wheels of a system and return the lines of its list of requirements."""
    wanted = read_lock(lock.read_text("utf-8"), system)
    tags = [part for tag in TAGS[system] for part in ("--platform", tag)]
    binary = ["--only-binary", ":all:", "--python-version", PYTHON, *tags]
    source = ["--no-build-isolation", "--no-binary", ":all:"]
    _fetch("download", [wanted[name] for name in wanted if name not in FROM_SOURCE], wheels, binary)
    _fetch("wheel", [wanted[name] for name in wanted if name in FROM_SOURCE], wheels, source)
    return [
        f"{wheel.name.split('-')[0]}=={wheel.name.split('-')[1]} --hash=sha256:{_hash(wheel)}"
        for wheel in sorted(wheels.glob("*.whl"))
    ]


def _fetch(command: str, lines: list[str], wheels: Path, options: list[str]) -> None:
    if not lines:
        return
    with tempfile.TemporaryDirectory() as folder:
        listed = Path(folder, "requirements.txt")
        listed.write_text("\n".join(lines), "utf-8")
        where = "--dest" if command == "download" else "--wheel-dir"
        pip = [sys.executable, "-m", "pip", command, "--quiet", "--disable-pip-version-check"]
        pip += ["--no-deps", "--require-hashes", where, str(wheels), "--requirement", str(listed)]
        # A wheel that is built here is the same whenever it is built.
        environment = os.environ | {"SOURCE_DATE_EPOCH": "315532800"}
        subprocess.run([*pip, *options], check=True, env=environment)


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make(out: Path, systems: list[str], *, dev: bool) -> None:
    """Make the folder."""
    lock = ROOT / ("requirements-dev.lock" if dev else "requirements.lock")
    with tempfile.TemporaryDirectory(dir=out.parent) as workshop:
        new = Path(workshop) / "offline"
        new.mkdir()
        for system in systems:
            lines = collect(system, lock, new / "wheels" / system)
            path = new / f"requirements-{system}.txt"
            path.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
        archive = ["git", "archive", "--format=zip", f"--output={new / 'project.zip'}", "HEAD"]
        subprocess.run(archive, cwd=ROOT, check=True)
        shutil.copy(ROOT / "scripts/install.py", new / "install.py")
        shutil.copy(ROOT / "docs/offline.ja.md", new / "はじめに.md")
        (new / "dev").write_text("yes\n" if dev else "no\n", "utf-8", newline="\n")
        write_sums(new)
        shutil.rmtree(out, ignore_errors=True)
        new.rename(out)


def write_sums(folder: Path) -> None:
    """Write the hash of each file, as `sha256sum -c` reads them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{_hash(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(sums), "utf-8", newline="\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist/offline")
    parser.add_argument("--for", dest="systems", nargs="+", choices=SYSTEMS, default=[*SYSTEMS])
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    given = parser.parse_args()
    given.out.parent.mkdir(parents=True, exist_ok=True)
    make(given.out.resolve(), given.systems, dev=given.dev)
    size = sum(path.stat().st_size for path in given.out.rglob("*") if path.is_file())
    sys.stdout.write(f"{given.out}: {size / 1e6:.0f} MB\n")
