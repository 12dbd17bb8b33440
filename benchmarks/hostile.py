"""How long it takes to check files that are broken or made to do harm, and how much memory.

Each is checked in a process of its own. The seconds are those that the check had a processor, so
that they hold on a busy machine too; the megabytes are the most that the process ever had. Run
from the project's folder: ``python -m benchmarks.hostile``.
"""

import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.survey.hostile import BROKEN, READABLE, check, make_good

SECONDS, MEGABYTES = 2, 300


def main() -> int:
    """Measure, print, and return 1 if a file took more than it may."""
    good = make_good()
    makers = {kind: make for kind, (_, make) in (BROKEN | READABLE).items()}
    table = Table(title=f"Hostile files: at most {SECONDS} s and {MEGABYTES} MB each")
    for heading in ("file", "seconds", "MB", "findings"):
        table.add_column(heading, justify="left" if heading in {"file", "findings"} else "right")
    exceeded = False
    with tempfile.TemporaryDirectory() as folder:
        for kind, make in makers.items():
            result = check(Path(folder) / "1203.xlsm", make(good))
            seconds, megabytes = result["seconds"], result["megabytes"]
            exceeded |= seconds > SECONDS or megabytes > MEGABYTES
            rules = " ".join(sorted({str(finding[0]) for finding in result["findings"]}))
            table.add_row(kind, f"{seconds:.2f}", f"{megabytes:.0f}", rules)
    Console().print(table)
    return int(exceeded)


if __name__ == "__main__":
    sys.exit(main())
