"""The commands ``sumida-data backup`` and ``sumida-data restore``.

A backup is a ZIP that holds every file which cannot be made again, under its own path, so that it
can be opened without this program too, and ``控え.json`` with the hash of each.
"""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime
from fnmatch import fnmatch
from functools import partial
from hashlib import sha256
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import click

from sumida_data import __version__
from sumida_data.base.characters import name_some
from sumida_data.base.disk import hold, refuse_outside, replace_file
from sumida_data.base.periods import format_era_date
from sumida_data.catalogue.folder import FolderTarget
from sumida_data.commands.project import find_project

MANIFEST = "控え.json"
# When and where the last backup was made.
LAST_BACKUP = "data/.last_backup.json"
# What `make clean` removes, what is only there while something runs, and what is secret.
_LEFT_OUT = (
    "data/0[2-57-8]_*/*",
    "data/06_catalog/preview/*",
    "data/06_catalog/changes.json",
    "data/sumida.duckdb*",
    "data/.running",
    "data/.last_backup.json",
    "data/06_catalog/record/*/lock",
    "conf/*credentials*",
)
# What readers see of the folder target is shown again from its record.
_PUBLIC, _RECORD = "data/06_catalog/public", "data/06_catalog/record"
# What comes with the program, and is replaced by what the office had made of it.
_SHIPPED = ("conf/*", "data/01_raw/reference/*")
_HELP_BACKUP = """作り直せないものすべての控えを、1つのZIPにとります。

受け取った調査票とファイル、設定、参照表、覚えていること、公開の記録が入ります。集計で作り直せるものと、
CKANのトークン(credentials)は入りません。書いた後に読み返し、すべてのファイルをハッシュで確かめます。
調査票には個人の情報があります。調査票と同じ決まりで保管してください。

終了コード：0 控えをとった、1 とれなかった。
"""
_HELP_RESTORE = """控えから、すべてのファイルを元に戻します。

プログラムを入れたばかりの、まだ何も置いていないフォルダで実行します。控えにないものや、控えと違うもの
があるときは、何も書かずに断ります。戻した後に読み返し、すべてのファイルをハッシュで確かめます。

終了コード：0 戻した、1 戻せなかった。
"""


# The version, when it was made, and by path the hash of each file and when it was last written, in
# nanoseconds.
_Manifest = dict[str, Any]


@click.command(help=_HELP_BACKUP)
@click.argument("target", type=click.Path(path_type=Path), metavar="フォルダ")
def backup(target: Path) -> None:
    """Write a backup into a folder, and read it back."""
    project = find_project()
    now = datetime.now().astimezone()
    path = target.resolve() / f"sumida_data_控え_{now:%Y%m%d_%H%M%S}.zip"
    if path.is_relative_to(project / "data") or path.is_relative_to(project / "conf"):
        raise click.ClickException(f"{target}: 控えは、プロジェクトの外にとってください。")
    aside = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _hold_all(project):
            manifest = _write(aside, project, now.isoformat(timespec="seconds"))
        with ZipFile(aside) as written:
            why = "控えを読み返すと、元のファイルと違います。もう一度実行してください。"
            _refuse(_find_faults(written, manifest), why)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
    _note(project, manifest, path)
    count = len(manifest["files"])
    click.echo(f"{path} に、{count}ファイルの控えをとり、読み返して確かめました。")


@click.command(help=_HELP_RESTORE)
@click.argument("archive", type=click.Path(path_type=Path, exists=True), metavar="控え.zip")
@click.option("--check", is_flag=True, help="控えが壊れていないかだけを確かめ、何も書きません。")
def restore(archive: Path, *, check: bool) -> None:
    """Put everything back from a backup, and read it back."""
    try:
        with ZipFile(archive) as opened:
            manifest: _Manifest = json.loads(opened.read(MANIFEST))
            refuse_outside(manifest["files"])
            why = "控えが壊れています。ほかの控えを使ってください。"
            _refuse(_find_faults(opened, manifest), why)
            made, count = datetime.fromisoformat(manifest["made_at"]), len(manifest["files"])
            made_at = f"{format_era_date(made.date())} {made:%H:%M}"
            if check:
                click.echo(f"{archive} は壊れていません({made_at}、{count}ファイル)。")
                return
            project = find_project()
            why = "控えと違うものがあるため、戻しませんでした。先に別の場所へ移してください。"
            # Files that would be lost, or that no backup would have held.
            there, files = _list(project, (*_LEFT_OUT, *_SHIPPED)), manifest["files"]
            known = {name: files[name][0] for name in files}
            _refuse([one for one in there if _hash(project, one) != known.get(one, "")], why)
            with _hold_all(project):
                for name, (_, written_at) in manifest["files"].items():
                    opened.extract(name, project)
                    # Returns that are not in the ledger of receipts yet are entered by it.
                    os.utime(project / name, ns=(written_at, written_at))
                FolderTarget(project / _PUBLIC, project / _RECORD / "folder").show_again()
            if not (project / LAST_BACKUP).exists():
                _note(project, manifest, archive.resolve())
        why = "戻したファイルを読み返すと、控えと違います。もう一度実行してください。"
        _refuse(_find_faults(project, manifest), why)
    except (BadZipFile, KeyError, ValueError) as error:
        raise click.ClickException(
            f"{archive}: 控えではありません。壊れているか別のファイルなので、戻せません。"
        ) from error
    click.echo(f"{made_at} の控えから{count}ファイルを戻し、確かめました。")
    if manifest["version"] != __version__:
        click.echo(f"控えは版{manifest['version']}、このプログラムは版{__version__}です。")
    click.echo("次に kedro run、sumida-data quarter、sumida-data verify を順に実行してください。")


def _note(project: Path, manifest: _Manifest, archive: Path) -> None:
    note = {"made_at": manifest["made_at"], "path": str(archive)}
    replace_file(project / LAST_BACKUP, json.dumps(note, ensure_ascii=False).encode())


@contextmanager
def _hold_all(project: Path) -> Iterator[None]:
    """Keep runs and publications from changing anything meanwhile."""
    busy = click.ClickException("実行中か公開中です。終わってから、もう一度実行してください。")
    records = [path for path in (project / _RECORD).glob("*") if path.is_dir()]
    with ExitStack() as held:
        for path in (project / "data/.running", *(record / "lock" for record in records)):
            held.enter_context(hold(path, busy))
        yield


def _list(project: Path, left_out: Sequence[str]) -> Iterator[str]:
    """Yield the paths of all files; a link to what is in the project itself is not followed."""
    for folder, folders, files in chain.from_iterable(
        os.walk(project / top, followlinks=True) for top in ("conf", "data")
    ):
        folders[:] = [
            one for one in sorted(folders) if not _leads_back(Path(folder) / one, project)
        ]
        for name in sorted((Path(folder) / one).relative_to(project).as_posix() for one in files):
            if not any(map(partial(fnmatch, name), left_out)):
                yield name


def _leads_back(path: Path, project: Path) -> bool:
    return path.is_symlink() and path.resolve().is_relative_to(project.resolve())


def _write(archive: Path, project: Path, made_at: str) -> _Manifest:
    files = {}
    with ZipFile(archive, "w", ZIP_DEFLATED, strict_timestamps=False) as target:
        for name in _list(project, (*_LEFT_OUT, f"{_PUBLIC}/*")):
            files[name] = (_hash(project, name), (project / name).stat().st_mtime_ns)
            target.write(project / name, name)
        manifest = {"version": __version__, "made_at": made_at, "files": files}
        target.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
    return manifest


def _find_faults(place: Path | ZipFile, manifest: _Manifest) -> list[str]:
    """Return the paths of files that a folder or an archive does not hold as they were."""
    return [name for name, (known, _) in manifest["files"].items() if _hash(place, name) != known]


def _hash(place: Path | ZipFile, name: str) -> str:
    """Return the hash of a file in a folder or an archive; nothing if it is not there whole."""
    try:
        content = place.read(name) if isinstance(place, ZipFile) else (place / name).read_bytes()
    except (BadZipFile, KeyError, FileNotFoundError, IsADirectoryError):
        return ""
    return sha256(content).hexdigest()


def _refuse(names: list[str], why: str) -> None:
    if names:
        shown = name_some(names, 20, between="\n")
        raise click.ClickException(f"{why}\n{shown}")
