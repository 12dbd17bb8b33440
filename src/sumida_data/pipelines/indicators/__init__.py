"""From typed tables to indicator values, lineage and progress."""

from itertools import chain

import pyarrow as pa

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.catalogue import history
from sumida_data.pipelines.wiring import Frame, Rows, UnableError, join_nodes, makes
from sumida_data.plan import hints, initiatives, models, revisions, values
from sumida_data.plan.models import InitiativeRules, Plans, ReportedPeriod
from sumida_data.plan.progress import assess_values
from sumida_data.privacy.counts import Privacy
from sumida_data.survey.departments import parse_departments
from sumida_data.survey.form import Form, Waves

Histories = list[history.TargetHistory]
_PUBLICATIONS = ("publication", "publication_dataset", "value_publication")
_COMPUTED = ("computed_values", "computed_lineage", "indicator_value_by_department")


@makes("reported_period")
def choose_period(period: ReportedPeriod, response: Frame) -> Period:
    """Return the period to report: the one asked for, or the latest that has returns."""
    received = response[response["source_file"].notna()]
    periods = sorted(received["period"].unique())
    chosen = period.choose(periods)
    if chosen not in periods:
        raise UnableError(
            f"--params=period={chosen}: この期間の回答はありません。"
            f"あるのは {'、'.join(periods)} です。"
        )
    return Period.parse(chosen)


@makes(*_COMPUTED, tables=("answer", "#typed"))
def compute_values(
    municipality: HomeMunicipality,
    plans: Plans,
    form: Form,
    waves: Waves,
    response: Frame,
    departments: Frame,
    privacy: Privacy,
    **tables: Frame,
) -> tuple[Rows, pa.Table, Rows]:
    """Compute every indicator for every quarter, whatever has been published."""
    home = {municipality.code: municipality.name}
    coverage = values.measure_coverage(form, waves, response)
    known = parse_departments(read_rows(departments))
    people = privacy.people
    return values.compute_indicators(home, plans, tables, coverage, response, known, people)


@makes("indicator_value", "lineage", "pending_values", "correction_notice")
def freeze_published(
    plans: Plans,
    computed_values: Rows,
    computed_lineage: pa.Table,
    publication_history: Histories,
    revisions_csv: Frame,
    accepted_differences: Frame,
) -> tuple[Rows, pa.Table, Rows, Rows]:
    """Keep the values that were published, and revise those for which there is a reason."""
    published = history.merge_histories(publication_history)
    reasons = revisions.parse_revisions(read_rows(revisions_csv), plans, published)
    accepted = revisions.parse_accepted(read_rows(accepted_differences), plans, published)
    return revisions.freeze_values(computed_values, computed_lineage, published, reasons, accepted)


@makes("review_hint")
def find_review_hints(
    plans: Plans, indicator_value: Frame, indicator_value_by_department: Frame, hint_notes: Frame
) -> Rows:
    """Find the values worth a second look, among the last revisions."""
    of_one = ["indicator_id", "period"]
    newest = indicator_value.sort_values("revision").drop_duplicates(of_one, keep="last")
    frames = (newest.sort_index(), indicator_value_by_department, hint_notes)
    return hints.find_hints(plans, *map(read_rows, frames))


@makes("progress_note", tables=("#typed",))
def gather_progress_notes(
    plans: Plans, indicator_value: Frame, progress_notes: Frame, response: Frame, **tables: Frame
) -> Rows:
    """Gather what owners and office say of values; some forms do not ask the owners."""
    explained = [read_rows(tables[name]) for name in ("indicator_explanation",) if name in tables]
    values = read_rows(indicator_value)
    evidence = (chain.from_iterable(explained), read_rows(response))
    return hints.gather_progress_notes(read_rows(progress_notes), plans, values, *evidence)


@makes("indicator_progress", "pending_revision")
def assess_progress(
    plans: Plans,
    indicator_value: Frame,
    publication_history: Histories,
    pending_values: Rows,
    verdict_changes: Frame,
) -> tuple[Rows, Rows]:
    """Compare every value with its target, by every method of its plan."""
    computed = assess_values(plans, read_rows(indicator_value))
    published = history.merge_histories(publication_history)
    reasons = revisions.parse_verdict_changes(read_rows(verdict_changes), plans, published)
    progress, pending = revisions.freeze_verdicts(computed, published, reasons)
    return progress, [*pending_values, *pending]


@makes("initiative_effect_figure", "initiative_effect_summary")
def describe_initiatives(
    rules: InitiativeRules, initiative: Frame, initiative_effect: Frame, departments: Frame
) -> tuple[Rows, Rows]:
    """Return tables ``initiative_effect_figure`` and ``initiative_effect_summary``."""
    known = parse_departments(read_rows(departments))
    effects = (read_rows(initiative), read_rows(initiative_effect))
    figures = initiatives.describe_effects(rules, *effects, known)
    return figures, initiatives.sum_effects(figures)


@makes("indicator", "indicator_target", "indicator_baseline", "judging_method", *_PUBLICATIONS)
def describe_plans(
    plans: Plans, publication_history: Histories, dictionary: DataDictionary
) -> list[Frame]:
    """Return the plans and what was published of them as tables."""
    tables = models.describe_plans(plans) | history.list_publications(publication_history)
    return [build_frame(dictionary[name], rows) for name, rows in tables.items()]


create_pipeline = join_nodes(__name__)
