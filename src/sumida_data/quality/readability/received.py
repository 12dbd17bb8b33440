"""The files of one quarter as they came in."""

from collections.abc import Iterable

from sumida_data.base.periods import Period
from sumida_data.plan.models import ReportedPeriod
from sumida_data.quality.readability.files import DataFile, read_file
from sumida_data.survey.files import SourceFile


def list_received(
    files: Iterable[SourceFile], reported: ReportedPeriod
) -> dict[str, list[DataFile]]:
    """Read the files that lie in the folder of the reported quarter.

    Args:
        files: Received files; a quarter is one of the folders in their names.
        reported: The quarter, or ``latest``.

    Returns:
        The files by quarter: one quarter, or none where nothing has come in.
    """
    by_period: dict[str, list[SourceFile]] = {}
    for file in files:
        for period in (part for part in file.name.split("/")[:-1] if _is_period(part)):
            by_period.setdefault(period, []).append(file)
    chosen = max(by_period, default="") if reported.root == "latest" else reported.root
    concerned = by_period.get(chosen, [])
    return {chosen: [read_file(file.name, file.read()) for file in concerned]} if concerned else {}


def _is_period(text: str) -> bool:
    try:
        Period.parse(text)
    except ValueError:
        return False
    return True
