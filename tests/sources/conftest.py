from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sumida_data.sources.central import CentralCollector, CentralContents, Municipality
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources

SUMIDA = Municipality("131075", "東京都", "墨田区")
MUNICIPALITIES = [
    SUMIDA,
    Municipality("132063", "東京都", "府中市"),
    Municipality("342084", "広島県", "府中市"),
    Municipality("272299", "大阪府", "四條畷市"),
]
Collect = Callable[..., CentralContents]


@pytest.fixture
def collect(
    tmp_path: Path,
    sources: CentralSources,
    rules: FindingRules,
    make_workbook: Callable[..., bytes],
) -> Collect:
    """Return a function that collects central files given as bytes or as sheets of rows."""

    def run(
        files: dict[str, Any],
        *,
        sample: bool = False,
        expected: int | None = None,
        periods: Sequence[str] = ("FY2022Q3",),
    ) -> CentralContents:
        received = {}
        for name, content in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else make_workbook(content))
            received[name] = SourceFile(name, path)
        few = [one.model_copy(update={"rows_expected": expected}) for one in sources.root]
        collector = CentralCollector(few, rules, SUMIDA, MUNICIPALITIES, sample=sample)
        return collector.collect(received, periods)

    return run
