"""Nodes of the keep pipeline."""

from collections.abc import Iterable
from typing import Any

import pandas as pd
from rich.progress import track

from sumida_data.frames import read_rows
from sumida_data.plan.models import ReportedPeriod
from sumida_data.survey.collecting.batch import read_returns
from sumida_data.survey.collecting.kept_readings import restore_readings, write_readings
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from sumida_data.survey.reading.layout_map import parse_layout_map


class NothingToKeepError(ValueError):
    """A quarter of which nothing can be kept."""


def keep_readings(  # one argument for each thing that decides what is read
    form: Form,
    waves: Waves,
    rules: FindingRules,
    period: ReportedPeriod,
    layout_map: pd.DataFrame,
    files: dict[str, SourceFile],
    kept: dict[str, SourceFile],
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Read the returns of a quarter and keep what may be kept.

    What was kept before of workbooks that are gone by now stays.

    Returns:
        The quarter's kept readings by path; what was kept and what to do next, as plain data.

    Raises:
        NothingToKeepError: If the quarter is not named, or has no returns.
        KeptReadingError: If what was kept before is damaged.
    """
    name = period.root
    ours = _files_of(name, files)
    if name not in waves.root or not ours:
        raise NothingToKeepError(
            f"--params=period={name}: この期間の調査票がありません。"
            f"書けるのは {'、'.join(sorted(_list_periods(files) & set(waves.root)))} です。"
        )
    reader = FormReader(form, rules, parse_layout_map(read_rows(layout_map), form))
    read = read_returns(reader, waves, list(ours.values()))
    returns = [one for _, one in zip(track(ours, "調査票を読んでいます"), read, strict=True)]
    before = restore_readings(_files_of(name, kept), ours)
    content = write_readings(sorted([*before, *returns], key=lambda one: one.source_file))
    return {f"{name}/readings.jsonl": content}, _summarise(name, len(returns), len(before))


def _files_of(period: str, files: dict[str, SourceFile]) -> dict[str, SourceFile]:
    return {name: file for name, file in files.items() if name.startswith(f"{period}/")}


def _list_periods(names: Iterable[str]) -> set[str]:
    return {name.partition("/")[0] for name in names}


def _summarise(period: str, read: int, before: int) -> dict[str, Any]:
    earlier = f"前に残した{before}件と合わせて、" if before else ""
    lines = [
        f"{period} の調査票{read}件から読み取った内容を、{earlier}"
        f"data/01_raw/kept_readings/{period}/ に残しました。"
        "記入者、内線、メールは入っていません。",
        f"次にすること：data/01_raw/kept_readings/ の控えをとり、data/01_raw/survey/{period}/ を"
        "別の場所へ移して kedro run を実行し、数が変わらないことを確かめてから、"
        "移した調査票を廃棄してください。",
    ]
    return {"lines": lines, "exit_code": 0}
