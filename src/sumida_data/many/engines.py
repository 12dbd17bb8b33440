"""Where units run: in processes of one machine, or on Spark; what they make is the same.

Of scheduling, moving and retrying on many machines nothing is written here: Spark does that.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import Any

import pandas as pd

from sumida_data.many.models import Many
from sumida_data.many.units import Outcome, Work

# A process is replaced after so many units, so that its memory stays flat.
_UNITS_PER_PROCESS = 200
_OUTCOME = "code string, state string, reason string"
_work: Work | None = None


class EngineError(RuntimeError):
    """The engine asked for is not there; the text says what to do."""


def run_units(work: Work, codes: Sequence[str], settings: Many) -> list[Outcome]:
    """Do the units where the settings say, and return what became of each, by code.

    Raises:
        EngineError: If Spark is asked for and not there.
    """
    if settings.engine == "spark":
        return sorted(_run_on_spark(work, codes, settings.master))
    return sorted(_run_in_processes(work, codes, settings.workers or os.cpu_count() or 1))


def _run_in_processes(work: Work, codes: Sequence[str], workers: int) -> Iterator[Outcome]:
    waiting = list(codes)
    for together in (True, False):
        ended: list[str] = []
        # After a process was brought down, each unit gets one of its own: it shows which did it.
        for group in [waiting] if together else [[code] for code in waiting]:
            done, left = _try_units(work, group, workers)
            yield from done
            ended += left
        waiting = ended
        if not waiting:
            return
    for code in waiting:
        yield Outcome(code, "failed", "処理していたプロセスが終了しました(メモリ不足など)。")


def _try_units(work: Work, codes: Sequence[str], workers: int) -> tuple[list[Outcome], list[str]]:
    """Return what became of units, and those whose process ended before they did."""
    done: list[Outcome] = []
    with ProcessPoolExecutor(
        min(workers, len(codes)) or 1,
        get_context("spawn"),
        _take_up,
        (work,),
        max_tasks_per_child=_UNITS_PER_PROCESS,
    ) as pool:
        futures = {code: pool.submit(_process, code) for code in codes}
        for future in futures.values():
            try:
                done.append(future.result())
            except BrokenProcessPool:
                continue
    known = {outcome.code for outcome in done}
    return done, [code for code in codes if code not in known]


def _take_up(work: Work) -> None:
    global _work  # noqa: PLW0603  # once in each process, not with each unit
    _work = work


def _process(code: str) -> Outcome:
    if _work is None:
        raise EngineError
    return _work.process(code)


def _run_on_spark(work: Work, codes: Sequence[str], master: str) -> list[Outcome]:
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415  # an extra of its own
    except ImportError as error:
        raise EngineError(
            "engine: spark には PySpark が要ります。pip install .[spark] を実行してください。"
        ) from error
    if not codes:
        return []
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)

    def process(frames: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        for frame in frames:
            outcomes = [work.process(code) for code in frame["code"]]
            yield pd.DataFrame(outcomes, columns=Outcome._fields)

    try:
        builder: Any = SparkSession.builder
        session = (
            builder.master(master)
            .appName("sumida-data")
            .config("spark.ui.enabled", "false")
            .config("spark.sql.session.timeZone", "UTC")
            .getOrCreate()
        )
    except Exception as error:
        raise EngineError(
            f"Sparkを始められません(master: {master})。Java 17 と master のアドレスを"
            f"確かめてください。{error}"
        ) from error
    units = session.createDataFrame([(code,) for code in codes], "code string")
    # One unit is one task: what Spark retries is one municipality.
    rows = units.repartition(len(codes), "code").mapInPandas(process, _OUTCOME).collect()
    return [Outcome(*row) for row in rows]
