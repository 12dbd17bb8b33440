"""Checking one workbook."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from sumida_data.base.periods import Period
from sumida_data.commands.project import Project
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, Kind, Severity

# Whether anything has changed can only be told where last quarter's answers are.
_NEEDS_LAST_QUARTER = {Kind.CHANGED_THOUGH_UNCHANGED, Kind.NOTHING_TO_CARRY}


@dataclass(frozen=True, slots=True)
class Checked:
    """A checked workbook.

    Attributes:
        file: The file.
        period: The quarter it was checked for.
        response: Its row of table ``response``.
        findings: What was found.
    """

    file: SourceFile
    period: Period
    response: Mapping[str, Any]
    findings: list[Finding]

    def count(self, severity: Severity) -> int:
        """Return the number of findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)


@dataclass(frozen=True)
class Checker:
    """Checks workbooks; made once and used for many.

    Attributes:
        project: The descriptions to check by.
        period: The quarter to check for; None to find it for each file.
    """

    project: Project
    period: str | None = None

    def check(self, path: Path) -> Checked:
        """Check a workbook as the quarter's run would read it.

        Args:
            path: The file.

        Raises:
            OSError: If it cannot be opened.
        """
        period = self.period or self._find_period(path)
        file = SourceFile(f"{period}/{path.name}", path)
        collected = self._collector.collect({file.name: file})
        response = next(row for row in collected.responses if "source_file" in row)
        findings = [one for one in collected.findings if one.rule_id not in _NEEDS_LAST_QUARTER]
        return Checked(file, Period.parse(period), response, findings)

    @cached_property
    def _collector(self) -> Collector:
        project = self.project
        reader = FormReader(project.form, project.rules, project.layout_map)
        return Collector(reader, project.waves, project.departments, municipality_code="")

    def _find_period(self, path: Path) -> str:
        """Return the quarter that the folder is named after, or the cover states, or the last."""
        waves = self.project.waves.root
        if path.parent.name in waves:
            return path.parent.name
        latest = max(waves, key=Period.parse)
        returned = Return(path.name, "", 0, latest)
        self._collector.reader.read(path.read_bytes(), returned, waves[latest])
        stated = returned.cover.value_of("stated_period") if returned.cover else None
        period = str(Period.find(stated or "") or latest)
        return period if period in waves else latest
