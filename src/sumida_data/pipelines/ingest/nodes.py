"""Nodes of the ingest pipeline."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from rich.progress import track

from sumida_data.base.frames import build_frame, build_frame_of_tuples, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.privacy.names import NameScreen, find_named_cells
from sumida_data.sources.central import (
    CentralCollector,
    Municipality,
    parse_municipalities,
)
from sumida_data.sources.central_revisions import remember_contents
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.kept_readings import list_named_texts, restore_readings
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.corrections import apply_corrections, parse_corrections
from sumida_data.survey.departments import (
    find_series,
    parse_departments,
    parse_successions,
    refuse_unknown_codes,
)
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.registers import parse_layout_map
from sumida_data.survey.tables import TableDescriptions, build_dictionary
from sumida_data.survey.typed_tables import build_typed_tables, split_payment_methods

Frame = pd.DataFrame


class NoReturnsError(ValueError):
    """There is nothing to work on."""


def describe_tables(tables: TableDescriptions, form: Form) -> dict[str, Any]:
    """Describe every table from the form and the other descriptions, as JSON-able data."""
    return build_dictionary(tables, form).model_dump(mode="json")


def check_departments(
    departments: Frame, successions: Frame, dictionary: dict[str, Any]
) -> tuple[Frame, Frame]:
    """Check the department registers and return tables ``department`` and its succession.

    Raises:
        ReferenceTableError: If a register has a mistake.
    """
    described = DataDictionary.model_validate(dictionary)
    parsed = parse_departments(read_rows(departments))
    changes = parse_successions(read_rows(successions), parsed)
    series = find_series(parsed, changes)
    return (
        build_frame(described["department"], [one.as_row(series[one.code]) for one in parsed]),
        build_frame(described["department_succession"], [one.as_row() for one in changes]),
    )


def prepare_collector(  # one argument for each thing that decides what counts
    form: Form,
    waves: Waves,
    rules: FindingRules,
    municipality: HomeMunicipality,
    departments: Frame,
    successions: Frame,
    layout_map: Frame,
) -> Collector:
    """Make what collects the returns.

    Raises:
        ReferenceTableError: If a register has a mistake, or an inquiry an unknown department.
    """
    reader = FormReader(form, rules, parse_layout_map(read_rows(layout_map), form))
    parsed = parse_departments(read_rows(departments))
    refuse_unknown_codes(waves, parsed)
    changes = parse_successions(read_rows(successions), parsed)
    return Collector(reader, waves, parsed, municipality.code, changes)


def collect_returns(
    collector: Collector,
    files: dict[str, SourceFile],
    kept_readings: dict[str, SourceFile],
    dictionary: dict[str, Any],
) -> tuple[Frame, Frame, Frame, NameScreen]:
    """Read all returned workbooks; of discarded quarters take what was kept.

    Returns:
        Tables ``answer``, ``response`` and ``finding`` of the survey, and what knows the names
        of the covers. It is for this pipeline only and is never stored.

    Raises:
        NoReturnsError: If no file has come in.
        KeptReadingError: If what was kept is damaged.
    """
    kept = restore_readings(kept_readings)
    if not files and not kept:
        raise NoReturnsError(
            "data/01_raw/survey/ に回答がありません。"
            "期間のフォルダ(FY2022Q3など)に調査票を入れるか、"
            "kedro run --pipelines=sample で見本データを作ってください。"
        )
    show = partial(track, description="調査票を読んでいます")
    collected = collector.collect(files, show, kept)
    described = DataDictionary.model_validate(dictionary)
    return (
        build_frame_of_tuples(described["answer"], collected.answers),
        build_frame(described["response"], collected.responses),
        _finding_frame(described, collected.findings),
        NameScreen(collected.personal_texts, list_named_texts(kept_readings)),
    )


def collect_central_files(  # noqa: PLR0913, PLR0917  # one argument for each thing that decides what counts
    sources: CentralSources,
    rules: FindingRules,
    municipality: HomeMunicipality,
    files: dict[str, SourceFile],
    municipalities: Frame,
    response: Frame,
    known_files: Frame | None,
    dictionary: dict[str, Any],
) -> tuple[Frame, Frame, Frame]:
    """Read the central files of every quarter that has returns.

    Returns:
        Tables ``answer`` and ``finding`` of the central files, and ``source_file``.
    """
    known = parse_municipalities(read_rows(municipalities))
    home = Municipality(municipality.code, municipality.prefecture_name, municipality.name)
    sample = bool(response["sample"].any())
    collector = CentralCollector(sources.root, rules, home, known, sample=sample)
    contents = collector.collect(files, sorted(response["period"].unique()))
    described = DataDictionary.model_validate(dictionary)
    before = [] if known_files is None else read_rows(known_files)
    listed, revised = remember_contents(contents.files, before, rules)
    return (
        build_frame_of_tuples(described["answer"], contents.answers),
        _finding_frame(described, [*contents.findings, *revised]),
        build_frame(described["source_file"], listed),
    )


def combine(*frames: Frame) -> Frame:
    """Put rows of one table from several places together."""
    return pd.concat(frames, ignore_index=True)


def correct_answers(  # one argument for each thing that decides what is corrected
    form: Form,
    rules: FindingRules,
    answer: Frame,
    corrections: Frame,
    dictionary: dict[str, Any],
) -> tuple[Frame, Frame, Frame]:
    """Apply the agreed corrections.

    Returns:
        Tables ``answer``, ``correction`` and ``finding`` of the corrections.

    Raises:
        ReferenceTableError: If the register of corrections has a mistake.
    """
    described = DataDictionary.model_validate(dictionary)
    parsed = parse_corrections(read_rows(corrections), form)
    corrected = apply_corrections(answer, parsed, rules)
    return (
        corrected.answer,
        build_frame(described["correction"], corrected.rows),
        _finding_frame(described, corrected.findings),
    )


def build_tables(
    answer: Frame, dictionary: dict[str, Any], form: Form, sources: CentralSources
) -> Mapping[str, Frame]:
    """Make the typed tables of all survey sheets and central files, by name."""
    described = DataDictionary.model_validate(dictionary)
    names = [part.table for part in (*form.answer_sheets, *sources.root)]
    return build_typed_tables(answer, [described[name] for name in names])


def list_payment_methods(procedures: Frame, dictionary: dict[str, Any]) -> Frame:
    """Return table ``procedure_payment_method``."""
    table = DataDictionary.model_validate(dictionary)["procedure_payment_method"]
    return split_payment_methods(procedures, table)


def find_names(screen: NameScreen, dictionary: dict[str, Any], **tables: Frame) -> Frame:
    """Return table ``personal_hit``: the cells of the tables in which a cover's name stands."""
    described = DataDictionary.model_validate(dictionary)
    rows = find_named_cells(screen, tables, described)
    return build_frame(described["personal_hit"], rows)


def _finding_frame(described: DataDictionary, findings: list[Finding]) -> Frame:
    return build_frame(described["finding"], [finding.as_row() for finding in findings])
