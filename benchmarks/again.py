"""What a run costs the first time and again, beside what one would use instead.

Everything is measured in one go as processor time of whole commands, and told as ratios, which hold
on a busy machine too. `docs/performance.md` and its picture are written from it.
"""

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from html import escape
from importlib.metadata import version
from pathlib import Path

PROJECT = Path(__file__).parents[1]
ROUNDS = 3
BY_HAND = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from hand_written import read_workbook
for path in sorted(Path(sys.argv[2]).rglob("*.xlsx")):
    try:
        read_workbook(path)
    except Exception:
        pass
"""
BARE = """
import sys
from python_calamine import CalamineWorkbook
book = CalamineWorkbook.from_path(sys.argv[1])
for name in book.sheet_names:
    book.get_sheet_by_name(name).to_python()
"""
EMPTY = {
    "pyproject.toml": '[tool.kedro]\npackage_name = "empty"\nproject_name = "empty"\n'
    'kedro_init_version = "1.7.0"\nsource_dir = "src"\n',
    "src/empty/__init__.py": "",
    "src/empty/settings.py": "",
    "src/empty/pipeline_registry.py": "from kedro.pipeline import Pipeline, node\n\n\n"
    "def register_pipelines():\n"
    '    return {"__default__": Pipeline([node(lambda: 1, None, "one", name="one")])}\n',
    "conf/base/catalog.yml": "{}\n",
    "conf/base/parameters.yml": "{}\n",
    "conf/local/.gitkeep": "",
}


# What follows in the page, written by hand: what was tried, and what is in the way.
LIMITS = "\n## 届いていない比\n"


@dataclass(frozen=True)
class Cost:
    """What a command cost: seconds of processor time, and its peak memory in MB."""

    seconds: float
    memory: float = 0.0


def measure(command: Sequence[str], folder: Path) -> Cost:
    """Run a command to its end."""
    environment = os.environ | {"KEDRO_DISABLE_TELEMETRY": "1", "NO_COLOR": "1"}
    # Installed code is compiled once, and not at each start.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    return Cost(usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def least(command: Sequence[str], folder: Path) -> Cost:
    """Run a command several times and return what it cost at least."""
    return min((measure(command, folder) for _ in range(ROUNDS)), key=lambda one: one.seconds)


def make_project(folder: Path) -> Path:
    """Copy the project with the sample's returns, and nothing that was made of them."""
    folder.mkdir()
    for name in ("pyproject.toml", ".telemetry"):
        shutil.copy(PROJECT / name, folder)
    shutil.copytree(PROJECT / "conf", folder / "conf")
    shutil.copytree(PROJECT / "data/01_raw", folder / "data/01_raw")
    (folder / "src").mkdir()
    return folder


def count_written(project: Path) -> int:
    """Count the products written since the last look, and look again."""
    stamp = project / "stamp"
    since = stamp.stat().st_mtime_ns if stamp.exists() else 0
    made = (path for path in (project / "data").rglob("*") if path.is_file())
    count = sum(
        path.stat().st_mtime_ns > since
        for path in made
        if not {"01_raw", "state"} & set(path.relative_to(project / "data").parts)
        and path.name != ".running"
    )
    stamp.unlink(missing_ok=True)
    stamp.touch()
    return count


def count_opened(project: Path) -> int:
    """Count the files that were ever opened."""
    kept = project / "data/state/readings"
    return sum(path.is_file() for path in kept.rglob("*"))


def main() -> None:
    """Measure, print and write the page."""
    python, run = sys.executable, [sys.executable, "-m", "kedro", "run"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        project = make_project(folder / "project")
        empty = folder / "empty"
        for name, text in EMPTY.items():
            (empty / name).parent.mkdir(parents=True, exist_ok=True)
            (empty / name).write_text(text, "utf-8")
        returns = project / "data/01_raw/survey"
        hand = measure([python, "-c", BY_HAND, str(PROJECT / "benchmarks"), str(returns)], folder)
        nothing = least(run, empty)
        first, notes = measure(run, project), {}
        count_written(project)
        opened = count_opened(project)
        same = least(run, project)
        notes["same"] = f"読んだファイル {count_opened(project) - opened}、"
        notes["same"] += f"書いたファイル {count_written(project)}"
        one = sorted((returns / "FY2022Q3").glob("*.xlsx"))[9]
        change_workbook(one)
        edited = measure(run, project)
        notes["edited"] = f"読んだファイル {count_opened(project) - opened}、"
        notes["edited"] += f"書いたファイル {count_written(project)}"
        site = project / "conf/base/parameters/site.yml"
        site.write_text(site.read_text("utf-8").replace("title: ", "title: 新", 1), "utf-8")
        worded = measure(run, project)
        notes["worded"] = f"書いたファイル {count_written(project)}"
        check = least([str(Path(python).with_name("sumida-data")), "check", str(one)], project)
        bare = least([python, "-c", BARE, str(one)], folder)
    rows = [
        ("最初の実行 ÷ 手書きのpandas + openpyxl", first, hand, 0.8, ""),
        ("変わりのない2回目 ÷ 空のkedro run", same, nothing, 2, notes["same"]),
        ("1つの調査票を変えた実行 ÷ 最初の実行", edited, first, 0.35, notes["edited"]),
        ("site.ymlの1語を変えた実行 ÷ 最初の実行", worded, first, 0.15, notes["worded"]),
        ("sumida-data check ÷ calamineだけ", check, bare, 6, ""),
    ]
    place = PROJECT / "docs/performance.md"
    page = write_page(rows, first.memory)
    print(page)
    _, title, limits = place.read_text("utf-8").partition(LIMITS)
    place.write_text(page + title + limits, "utf-8")
    (PROJECT / "docs/performance.svg").write_text(draw(rows), "utf-8")


def change_workbook(path: Path) -> None:
    """Change a word in a workbook as an officer would, and nothing else of it."""
    import zipfile  # noqa: PLC0415

    with zipfile.ZipFile(path) as archive:
        parts = [(part, archive.read(part)) for part in archive.namelist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            is_text = name == "xl/sharedStrings.xml"
            archive.writestr(
                name, content.replace("予定".encode(), "済".encode(), 1) if is_text else content
            )


Rows = list[tuple[str, Cost, Cost, float, str]]


def write_page(rows: Rows, memory: float) -> str:
    """Write the table of what was measured."""
    versions = "、".join(
        f"{name} {version(name)}"
        for name in ("sumida_data", "kedro", "pandas", "duckdb", "pyarrow", "python-calamine")
    )
    lines = [
        "# 実行にかかる時間",
        "",
        "`make bench` が測って書いたもの。処理装置の時間(秒)の比で、小さいほどよい。",
        f"測った日 {date.today().isoformat()}、{os.cpu_count()}コア、{platform.platform()}、"
        f"Python {platform.python_version()}、{versions}。",
        "",
        "![比の図](performance.svg)",
        "",
        "| 何を | 秒 | 比べるもの | 比 | めざす比 | |",
        "|---|---:|---:|---:|---:|---|",
    ]
    lines += [
        f"| {title} | {ours.seconds:.2f} | {other.seconds:.2f} "
        f"| {ours.seconds / other.seconds:.2f} | {aim} | {note} |"
        for title, ours, other, aim, note in rows
    ]
    lines += ["", f"最初の実行で使った記憶の最大：{memory:.0f} MB(めざすもの 400 MB)。"]
    return "\n".join(lines) + "\n"


def draw(rows: Rows) -> str:
    """Draw each ratio as a share of what is aimed at."""
    width, height, scale = 720, 40 * len(rows) + 40, 150
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="13">',
        f'<line x1="{300 + scale}" x2="{300 + scale}" y1="20" y2="{height - 10}" stroke="#666" '
        'stroke-dasharray="4"/>',
        f'<text x="{300 + scale}" y="14" text-anchor="middle">めざす比</text>',
    ]
    for number, (title, ours, other, aim, _) in enumerate(rows):
        ratio, top = ours.seconds / other.seconds, 30 + 40 * number
        bar = min(ratio / aim * scale, 370)
        colour = "#2166ac" if ratio <= aim else "#b35806"
        parts += [
            f'<text x="290" y="{top + 16}" text-anchor="end">{escape(title)}</text>',
            f'<rect x="300" y="{top}" width="{bar:.0f}" height="22" fill="{colour}"/>',
            f'<text x="{306 + bar:.0f}" y="{top + 16}">{ratio:.2f}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


if __name__ == "__main__":
    main()
