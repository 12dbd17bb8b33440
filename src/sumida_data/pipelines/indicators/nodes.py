"""Nodes of the indicators pipeline."""

from typing import Any

import pandas as pd

from sumida_data.base.frames import build_frame, read_rows, to_arrow, to_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.catalogue.history import (
    TargetHistory,
    list_publications,
    list_published_datasets,
    list_published_values,
    merge_histories,
)
from sumida_data.plan.by_department import divide_values
from sumida_data.plan.coverage import Coverage, CoverageKey
from sumida_data.plan.hints import find_hints
from sumida_data.plan.initiatives import describe_effects, sum_effects
from sumida_data.plan.models import InitiativeRules, Plans, ReportedPeriod
from sumida_data.plan.progress import assess
from sumida_data.plan.registers import describe_indicators, describe_targets
from sumida_data.plan.revisions import freeze_values, parse_revisions
from sumida_data.plan.values import ValueEngine
from sumida_data.survey.departments import parse_departments

Frame = pd.DataFrame


class UnknownPeriodError(ValueError):
    """A period was asked for that has no returns."""


def choose_period(period: ReportedPeriod, response: Frame) -> str:
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
    return chosen


def compute_values(  # one argument for each thing that decides what counts
    municipality: HomeMunicipality,
    plans: Plans,
    coverage: dict[CoverageKey, Coverage],
    response: Frame,
    departments: Frame,
    dictionary: dict[str, Any],
    **tables: Frame,
) -> tuple[Frame, Frame, Frame]:
    """Compute every indicator for every quarter.

    Returns:
        Tables ``indicator_value`` and ``lineage`` as the data give them now, whatever has been
        published, and ``indicator_value_by_department``.

    Raises:
        QueryError: If an indicator's query fails.
    """
    described = DataDictionary.model_validate(dictionary)
    sample = bool(response["sample"].any())
    home = {municipality.code: municipality.name}
    with ValueEngine(home, plans, tables, coverage, sample=sample) as engine:
        computed = engine.compute(sorted(response["period"].unique()))
    known = parse_departments(read_rows(departments))
    divided = divide_values(plans, computed.parts.to_pylist(), known)
    return (
        build_frame(described["indicator_value"], computed.values),
        to_frame(computed.lineage),
        build_frame(described["indicator_value_by_department"], divided),
    )


def freeze_published(
    plans: Plans,
    computed: Frame,
    lineage: Frame,
    histories: list[TargetHistory],
    revisions: Frame,
    dictionary: dict[str, Any],
) -> tuple[Frame, Frame, Frame, Frame]:
    """Keep the values that were published, and revise those for which there is a reason.

    Returns:
        Tables ``indicator_value``, ``lineage``, ``pending_revision`` and ``correction_notice``.

    Raises:
        ReferenceTableError: If revisions.csv has a mistake.
    """
    described = DataDictionary.model_validate(dictionary)
    published = merge_histories(histories)
    reasons = parse_revisions(read_rows(revisions), plans, published)
    frozen = freeze_values(read_rows(computed), to_arrow(lineage), published, reasons)
    return (
        build_frame(described["indicator_value"], frozen.values),
        to_frame(frozen.lineage),
        build_frame(described["pending_revision"], frozen.pending),
        build_frame(described["correction_notice"], frozen.notices),
    )


def describe_publications(
    histories: list[TargetHistory], dictionary: dict[str, Any]
) -> tuple[Frame, Frame, Frame]:
    """Return tables ``publication``, ``publication_dataset`` and ``value_publication``."""
    described = DataDictionary.model_validate(dictionary)
    return (
        build_frame(described["publication"], list_publications(histories)),
        build_frame(described["publication_dataset"], list_published_datasets(histories)),
        build_frame(described["value_publication"], list_published_values(histories)),
    )


def find_review_hints(
    plans: Plans, values: Frame, divided: Frame, notes: Frame, dictionary: dict[str, Any]
) -> Frame:
    """Find the values that are worth a second look.

    Raises:
        ReferenceTableError: If hint_notes.csv has a mistake.
    """
    described = DataDictionary.model_validate(dictionary)
    newest = values.sort_values("revision").drop_duplicates(["indicator_id", "period"], keep="last")
    hints = find_hints(plans, *map(read_rows, (newest.sort_index(), divided, notes)))
    return build_frame(described["review_hint"], hints)


def assess_progress(plans: Plans, values: Frame, dictionary: dict[str, Any]) -> Frame:
    """Compare every value with its target, by every method of its plan."""
    described = DataDictionary.model_validate(dictionary)
    by_id = plans.by_id
    known = {indicator.indicator_id for indicator in plans.indicators}
    progress = [
        row
        for value in read_rows(values)
        # A published value of an indicator that is in no plan any more has no target.
        if value["indicator_id"] in known
        for row in assess(
            by_id[value["plan_id"]], by_id[value["plan_id"]].indicator(value["indicator_id"]), value
        )
    ]
    return build_frame(described["indicator_progress"], progress)


def describe_initiatives(  # one argument for each thing that decides what is added
    initiatives: InitiativeRules,
    initiative: Frame,
    initiative_effect: Frame,
    departments: Frame,
    dictionary: dict[str, Any],
) -> tuple[Frame, Frame]:
    """Return tables ``initiative_effect_figure`` and ``initiative_effect_summary``."""
    described = DataDictionary.model_validate(dictionary)
    known = parse_departments(read_rows(departments))
    effects = (read_rows(initiative), read_rows(initiative_effect))
    figures = describe_effects(initiatives, *effects, known)
    return (
        build_frame(described["initiative_effect_figure"], figures),
        build_frame(described["initiative_effect_summary"], sum_effects(figures)),
    )


def describe_plans(plans: Plans, dictionary: dict[str, Any]) -> tuple[Frame, Frame]:
    """Return the plans as tables ``indicator`` and ``indicator_target``."""
    described = DataDictionary.model_validate(dictionary)
    return (
        build_frame(described["indicator"], describe_indicators(plans)),
        build_frame(described["indicator_target"], describe_targets(plans)),
    )
