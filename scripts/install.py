"""Install the project from this folder, on a machine without any network.

    python3 install.py FOLDER        (Linux)
    py -3.11 install.py FOLDER       (Windows)

It needs nothing but Python 3.11. Every file is held against SHA256SUMS first. A folder that holds
the project already gets the new program; what lies in its ``data`` stays, and files of ``conf`` and
of the reference tables that the office has changed stay as they are: the new ones are put beside
them, with ``.new`` at the end.
"""

import hashlib
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SYSTEM = "windows" if sys.platform == "win32" else "linux"
KEPT = ("conf/", "data/")


def find_damaged(folder: Path) -> list[str]:
    """Return the files of the folder that are missing or not as they were made."""
    damaged = []
    for line in (folder / "SHA256SUMS").read_text("utf-8").splitlines():
        sha256, _, name = line.partition("  ")
        path = folder / name
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
            damaged.append(name)
    return damaged


def unpack(archive: Path, target: Path) -> list[str]:
    """Unpack the project and return the files that the office has changed, which stay."""
    changed = []
    with zipfile.ZipFile(archive) as opened:
        for name in opened.namelist():
            path = target / name
            if name.endswith("/"):
                path.mkdir(parents=True, exist_ok=True)
                continue
            content = opened.read(name)
            if name.startswith(KEPT) and path.exists() and path.read_bytes() != content:
                changed.append(name)
                path = path.with_name(f"{path.name}.new")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return changed


def install(target: Path) -> None:
    """Make the virtual environment and install everything into it, from this folder alone."""
    folder = target / ".venv"
    venv.create(folder, with_pip=True, clear=True)
    python = folder / ("Scripts/python.exe" if SYSTEM == "windows" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    pip += ["--no-index", "--find-links", str(HERE / "wheels" / SYSTEM)]
    wanted = HERE / f"requirements-{SYSTEM}.txt"
    subprocess.run([*pip, "--require-hashes", "--requirement", str(wanted)], check=True)
    subprocess.run([*pip, "--no-deps", "--editable", str(target)], check=True)
    shorten_path(folder, target)
    # make looks at these and installs nothing.
    (folder / "installed").touch()
    if (HERE / "dev").read_text("utf-8").strip() == "yes":
        (folder / "installed-dev").touch()


def shorten_path(folder: Path, target: Path) -> None:
    """Name the source by its way from the environment, without the names of folders above it.

    Python 3.11 reads such a file in the encoding of the locale, and with LC_ALL=C does not start
    where a folder's name is Japanese.
    """
    for path in folder.rglob("__editable__*.pth"):
        path.write_text(f"{os.path.relpath(target / 'src', path.parent)}\n", "ascii")


def main() -> int:
    """Install; returns the exit code."""
    if len(sys.argv) != 2:
        print("使い方：python3 install.py 入れるフォルダ")
        return 1
    if sys.version_info[:2] != (3, 11):
        print(f"Python 3.11 で実行してください(今は {sys.version.split()[0]})。")
        return 1
    if damaged := find_damaged(HERE):
        print("壊れているか、足りないファイルがあります。もう一度写してください。")
        print("\n".join(damaged))
        return 1
    target = Path(sys.argv[1]).resolve()
    changed = unpack(HERE / "project.zip", target)
    install(target)
    print(f"{target} に入れました。")
    if changed:
        print(
            "次のファイルは変えてあるため、そのまま残しました。新しいものは .new を見てください。"
        )
        print("\n".join(changed))
    print("次に、そのフォルダで次を実行してください。")
    print(r"  .venv\Scripts\kedro run" if SYSTEM == "windows" else "  .venv/bin/kedro run")
    return 0


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    sys.exit(main())
