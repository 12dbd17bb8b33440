"""The checks of all tables, and their results as tables."""

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary
from sumida_data.catalogue.history import TargetHistory, merge_histories
from sumida_data.pipelines.wiring import Files, Frame, Rows, join_nodes, makes
from sumida_data.plan.models import Plans, ReportedPeriod
from sumida_data.quality import check
from sumida_data.quality.readability import Examiner, list_received
from sumida_data.quality.rules import QualityRules
from sumida_data.survey.departments import parse_departments
from sumida_data.survey.form import Waves


@makes("check_result", "check_failure", tables=("#typed", "#primary", "#indicator"))
def check_tables(
    rules: QualityRules,
    plans: Plans,
    waves: Waves,
    publication_history: list[TargetHistory],
    departments: Frame,
    dictionary: DataDictionary,
    **tables: Frame,
) -> tuple[Frame, Frame]:
    """Hold every table to every rule and return ``check_result`` and ``check_failure``."""
    known = parse_departments(read_rows(departments))
    public = merge_histories(publication_history).public
    sample = bool(tables["indicator_value"]["sample"].any())
    named = check.gather_relations(waves, known, plans.indicators, public, sample=sample)
    return check.run_checks(rules, dictionary, tables, named)


@makes("received_readability_check", "received_readability_score")
def examine_received(
    survey_returns: Files,
    external_files: Files,
    period: ReportedPeriod,
    readability_before: Frame | None,
) -> tuple[Rows, Rows]:
    """Hold the files of the reported quarter against the national rules for readability."""
    files = [*survey_returns.values(), *external_files.values()]
    return Examiner(readability_before).report("received", list_received(files, period))


create_pipeline = join_nodes(__name__)
