"""How fast returned workbooks are read to answers with findings, and in how much memory.

The readers take turns in one run, so that their ratios hold on a busy machine too: this project's
in one process and as it reads that many, python-calamine alone (the limit: it reads the cells and
understands none), and a script with pandas and openpyxl that gets the same fields and checks
nothing (`hand_written.py`). The workbooks are copies of the sample's of all quarters.
"""

import io
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median
from time import perf_counter

import yaml
from hand_written import read_workbook
from python_calamine import CalamineWorkbook
from rich.console import Console
from rich.table import Table

from sumida_data.commands.project import Project
from sumida_data.sample.returns import make_returns
from sumida_data.sample.ward import Sample, parse_facts
from sumida_data.survey.collecting.returns import VERY_MANY, FormReader, read_returns
from sumida_data.survey.files import SourceFile

PROJECT = Path(__file__).parents[1]
PERIOD = "FY2022Q3"
FEW, SOME, MANY = 80, 800, 8_000
ROUNDS = {FEW: 5, MANY: 3}

OURS = "sumida_data, one process"

Read = Callable[[Sequence[Path]], int]


def main() -> None:
    """Measure and print."""
    if len(sys.argv) > 1:
        print(measure_memory(Path(sys.argv[1]), int(sys.argv[2])))
        return
    console = Console()
    project = Project(PROJECT)
    readers: dict[str, Read] = {
        OURS: partial(read_ours, project, VERY_MANY - 1),
        "sumida_data": partial(read_ours, project, MANY),
        "python-calamine alone": read_bare,
        "pandas + openpyxl by hand": read_by_hand,
    }
    with tempfile.TemporaryDirectory() as folder:
        paths = write_returns(project, Path(folder))
        for count, rounds in ROUNDS.items():
            console.print(compare(readers, paths[:count], rounds))
        for count in (SOME, MANY):
            command = [sys.executable, __file__, folder, str(count)]
            peak = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            console.print(
                f"Peak memory of a process that reads {count:,} workbooks: {peak.strip()}"
            )


def write_returns(project: Project, folder: Path) -> list[Path]:
    """Write the sample's returns of all quarters again and again, and return their paths."""
    settings = yaml.safe_load((PROJECT / "conf/base/parameters/sample.yml").read_text("utf-8"))
    sample = Sample.model_validate(settings["sample"])
    folder_of_facts = PROJECT / "data/01_raw/reference/sample"
    facts = parse_facts({path.name: path.read_bytes() for path in folder_of_facts.glob("*.csv")})
    returns = make_returns(sample, facts, project.form, project.waves, project.departments)
    paths = []
    for number, content in enumerate(islice(cycle(returns.values()), MANY)):
        path = folder / f"{number:05}.xlsx"
        path.write_bytes(content)
        paths.append(path)
    return paths


def read_ours(project: Project, at_once: int, paths: Sequence[Path]) -> int:
    """Read workbooks to answers and findings as the quarter's run does; count answers given."""
    reader = FormReader(project.form, project.rules)
    files = [SourceFile(f"{PERIOD}/{path.name}", path) for path in paths]
    count = 0
    for start in range(0, len(files), at_once):
        for returned in read_returns(reader, project.waves, files[start : start + at_once]):
            records = [returned.cover, *returned.records]
            answers = [answer for record in records if record for answer in record.answers]
            count += sum(answer.reading.status != "not_answered" for answer in answers)
    return count


def read_bare(paths: Sequence[Path]) -> int:
    """Read all cells; return the number of those with content."""
    count = 0
    for path in paths:
        book = CalamineWorkbook.from_filelike(io.BytesIO(path.read_bytes()))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            count += sum(len(row) - row.count("") for row in rows)
    return count


def read_by_hand(paths: Sequence[Path]) -> int:
    """Read the same fields by hand; return the number of answers given."""
    return sum(len(read_workbook(path)) for path in paths)


def compare(readers: dict[str, Read], paths: Sequence[Path], rounds: int) -> Table:
    """Let the readers take turns and compare their medians."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    counts: dict[str, float] = {}
    for _ in range(rounds):
        for name, read in readers.items():
            taken = paths[:FEW] if read is read_by_hand else paths
            start = perf_counter()
            counts[name] = read(taken) / len(taken)
            times[name].append((perf_counter() - start) / len(taken) * 1000)
    ours = median(times[OURS])
    table = Table(title=f"{len(paths):,} workbooks, median of {rounds} rounds")
    for heading in ("reader", "ms a workbook", "÷ ours", "values a workbook", "workbooks"):
        table.add_column(heading, justify="left" if heading == "reader" else "right")
    for name, read in readers.items():
        middle = median(times[name])
        taken = FEW if read is read_by_hand else len(paths)
        cells = (f"{middle:.2f}", f"{middle / ours:.2f}", f"{counts[name]:.1f}", f"{taken:,}")
        table.add_row(name, *cells)
    return table


def measure_memory(folder: Path, count: int) -> str:
    """Read that many workbooks and return the most memory this process ever had."""
    read_ours(Project(PROJECT), MANY, sorted(folder.glob("*.xlsx"))[:count])
    status = Path("/proc/self/status").read_text("utf-8")
    match = re.search(r"VmHWM:\s+(\d+) kB", status)
    return f"{int(match[1]) / 1024:.0f} MB" if match else "unknown"


if __name__ == "__main__":
    main()
