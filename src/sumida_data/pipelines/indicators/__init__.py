"""From typed tables to indicator values, lineage and progress."""

from typing import Any

import pandas as pd
import pyarrow as pa
from kedro.pipeline import Pipeline

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row
from sumida_data.base.periods import Period
from sumida_data.catalogue.history import (
    TargetHistory,
    list_publications,
    list_published_datasets,
    list_published_values,
    merge_histories,
)
from sumida_data.pipelines.wiring import has_table, typed_tables, wire
from sumida_data.plan.definitions import describe_indicators, describe_targets
from sumida_data.plan.hints import find_hints, parse_progress_notes
from sumida_data.plan.initiatives import describe_effects, sum_effects
from sumida_data.plan.models import InitiativeRules, Plans, ReportedPeriod
from sumida_data.plan.progress import assess
from sumida_data.plan.revisions import (
    freeze_values,
    freeze_verdicts,
    parse_revisions,
    parse_verdict_changes,
)
from sumida_data.plan.values import (
    Coverage,
    CoverageKey,
    ValueEngine,
    divide_values,
    measure_coverage,
)
from sumida_data.survey.departments import parse_departments

Frame = pd.DataFrame
Rows = list[Row]


class UnknownPeriodError(ValueError):
    """A period was asked for that has no returns."""


def choose_period(period: ReportedPeriod, response: Frame) -> Period:
    """Return the period to report: the one asked for, or the latest that has returns.

    Raises:
        UnknownPeriodError: If there are no returns for the period asked for.
    """
    received = response[response["source_file"].notna()]
    periods = sorted(received["period"].unique())
    chosen: str = periods[-1] if period.root == "latest" else period.root
    if chosen not in periods:
        raise UnknownPeriodError(
            f"--params=period={chosen}: この期間の回答はありません。"
            f"あるのは {'、'.join(periods)} です。"
        )
    return Period.parse(chosen)


def compute_values(  # one argument for each thing that decides what counts
    municipality: HomeMunicipality,
    plans: Plans,
    coverage: dict[CoverageKey, Coverage],
    response: Frame,
    departments: Frame,
    **tables: Frame,
) -> tuple[Rows, pa.Table, Rows]:
    """Compute every indicator for every quarter.

    Returns:
        Tables ``indicator_value`` and ``lineage`` as the data give them now, whatever has been
        published, and ``indicator_value_by_department``.

    Raises:
        QueryError: If an indicator's query fails.
    """
    sample = bool(response["sample"].any())
    home = {municipality.code: municipality.name}
    with ValueEngine(home, plans, tables, coverage, sample=sample) as engine:
        computed = engine.compute(sorted(response["period"].unique()))
    known = parse_departments(read_rows(departments))
    divided = divide_values(plans, computed.parts.to_pylist(), known)
    return computed.values, computed.lineage, divided


def freeze_published(
    plans: Plans,
    computed_values: Rows,
    computed_lineage: pa.Table,
    publication_history: list[TargetHistory],
    revisions: Frame,
) -> tuple[Rows, pa.Table, Rows, Rows]:
    """Keep the values that were published, and revise those for which there is a reason.

    Returns:
        Tables ``indicator_value``, ``lineage``, rows of ``pending_revision``, and table
        ``correction_notice``.

    Raises:
        ReferenceTableError: If revisions.csv has a mistake.
    """
    published = merge_histories(publication_history)
    reasons = parse_revisions(read_rows(revisions), plans, published)
    frozen = freeze_values(computed_values, computed_lineage, published, reasons)
    return frozen.values, frozen.lineage, frozen.pending, frozen.notices


def describe_publications(
    publication_history: list[TargetHistory], dictionary: DataDictionary
) -> tuple[Frame, Frame, Frame]:
    """Return tables ``publication``, ``publication_dataset`` and ``value_publication``."""
    described = {
        "publication": list_publications(publication_history),
        "publication_dataset": list_published_datasets(publication_history),
        "value_publication": list_published_values(publication_history),
    }
    first, second, third = (build_frame(dictionary[name], rows) for name, rows in described.items())
    return first, second, third


def find_review_hints(
    plans: Plans, indicator_value: Frame, indicator_value_by_department: Frame, hint_notes: Frame
) -> Rows:
    """Find the values that are worth a second look.

    Raises:
        ReferenceTableError: If hint_notes.csv has a mistake.
    """
    newest = indicator_value.sort_values("revision").drop_duplicates(
        ["indicator_id", "period"], keep="last"
    )
    frames = (newest.sort_index(), indicator_value_by_department, hint_notes)
    return find_hints(plans, *map(read_rows, frames))


def read_progress_notes(plans: Plans, indicator_value: Frame, progress_notes: Frame) -> Rows:
    """Return table ``progress_note``: why values are where they are, and what comes next.

    Raises:
        ReferenceTableError: If progress_notes.csv has a mistake.
    """
    return parse_progress_notes(read_rows(progress_notes), plans, read_rows(indicator_value))


def assess_progress(
    plans: Plans,
    indicator_value: Frame,
    publication_history: list[TargetHistory],
    pending_values: Rows,
    verdict_changes: Frame,
) -> tuple[Rows, Rows]:
    """Compare every value with its target, by every method of its plan.

    Returns:
        Tables ``indicator_progress``, in which published verdicts stay without a reason, and
        ``pending_revision``.

    Raises:
        ReferenceTableError: If verdict_changes.csv has a mistake.
    """
    by_id = plans.by_id
    known = {indicator.indicator_id for indicator in plans.indicators}
    computed = (
        row
        for value in read_rows(indicator_value)
        # A published value of an indicator that is in no plan any more has no target.
        if value["indicator_id"] in known
        for row in assess(
            by_id[value["plan_id"]], by_id[value["plan_id"]].indicator(value["indicator_id"]), value
        )
    )
    published = merge_histories(publication_history)
    reasons = parse_verdict_changes(read_rows(verdict_changes), published)
    progress, pending = freeze_verdicts(computed, published, reasons)
    return progress, [*pending_values, *pending]


def describe_initiatives(
    initiatives: InitiativeRules, initiative: Frame, initiative_effect: Frame, departments: Frame
) -> tuple[Rows, Rows]:
    """Return tables ``initiative_effect_figure`` and ``initiative_effect_summary``."""
    known = parse_departments(read_rows(departments))
    effects = (read_rows(initiative), read_rows(initiative_effect))
    figures = describe_effects(initiatives, *effects, known)
    return figures, sum_effects(figures)


def describe_plans(plans: Plans, dictionary: DataDictionary) -> tuple[Frame, Frame]:
    """Return the plans as tables ``indicator`` and ``indicator_target``."""
    return (
        build_frame(dictionary["indicator"], describe_indicators(plans)),
        build_frame(dictionary["indicator_target"], describe_targets(plans)),
    )


def create_pipeline(**_: Any) -> Pipeline:
    """From typed tables to indicator values, lineage and progress."""
    computed = ["computed_values", "computed_lineage", "indicator_value_by_department"]
    frozen = ["indicator_value", "lineage", "pending_values", "correction_notice"]
    publications = ["publication", "publication_dataset", "value_publication"]
    nodes = [
        wire(choose_period, "reported_period"),
        wire(measure_coverage, "coverage"),
        wire(compute_values, computed, ("answer", *typed_tables())),
        wire(freeze_published, frozen),
        wire(describe_publications, publications),
        wire(assess_progress, ["indicator_progress", "pending_revision"]),
        wire(find_review_hints, "review_hint"),
        wire(read_progress_notes, "progress_note"),
        wire(describe_plans, ["indicator", "indicator_target"]),
    ]
    effects = ["initiative_effect_figure", "initiative_effect_summary"]
    if all(map(has_table, effects)):
        nodes.append(wire(describe_initiatives, effects))
    return Pipeline(nodes, tags="indicators")
