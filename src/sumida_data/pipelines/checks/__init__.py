"""The checks of all tables, and their results as tables."""

from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, Row
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import CHECK_TABLES, indicator_tables, primary_tables, wire
from sumida_data.plan.models import Plans, ReportedPeriod
from sumida_data.quality import check
from sumida_data.quality.check import run_checks
from sumida_data.quality.readability.scores import Examiner, list_received
from sumida_data.quality.rules import QualityRules
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import Waves


def check_tables(
    rules: QualityRules,
    plans: Plans,
    waves: Waves,
    packages: Packages,
    published_packages: dict[str, SourceFile],
    dictionary: DataDictionary,
    **tables: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold every table to every rule and return ``check_result`` and ``check_failure``.

    Raises:
        PackageError: If values were published under a name that packages.yml no longer knows.
    """
    last = packages.find_published("indicator_value", published_packages)
    named = {
        "asked_department": check.list_asked_departments(waves, read_rows(tables["department"])),
        "indicator_limit": check.list_limits(plans.indicators),
        "published_value": check.read_published_values(
            published_packages[last].read() if last else None
        ),
    }
    return run_checks(rules, dictionary, tables, named)


def examine_received(
    survey_returns: dict[str, SourceFile],
    external_files: dict[str, SourceFile],
    period: ReportedPeriod,
    readability_before: pd.DataFrame | None,
) -> tuple[list[Row], list[Row]]:
    """Hold the files of the reported quarter against the national rules for readability.

    Returns:
        The part of tables ``readability_check`` and ``readability_score`` that is about them.
    """
    files = [*survey_returns.values(), *external_files.values()]
    return Examiner(readability_before).report("received", list_received(files, period))


def create_pipeline(**_: Any) -> Pipeline:
    """From all tables and received files to the results of their checks."""
    nodes = [
        wire(check_tables, CHECK_TABLES, (*primary_tables(), *indicator_tables())),
        wire(examine_received, ["readability_check#received", "readability_score#received"]),
    ]
    return Pipeline(nodes, tags="checks")
