"""From received files to answers, findings and typed tables."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline
from rich.progress import track

from sumida_data.base.frames import build_frame, build_frame_of_tuples, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality, Row
from sumida_data.pipelines.wiring import Locations, has_table, name_datasets, typed_tables, wire
from sumida_data.privacy.names import NameScreen, find_named_cells
from sumida_data.sources.central import (
    CentralCollector,
    Municipality,
    parse_municipalities,
    remember_contents,
)
from sumida_data.survey.answers import AnswerRow
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.kept_readings import list_named_texts, restore_readings
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.corrections import (
    apply_corrections,
    leave_out_settled,
    parse_corrections,
)
from sumida_data.survey.departments import (
    find_series,
    parse_departments,
    parse_successions,
    refuse_unknown_codes,
)
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Finding, FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.registers import parse_layout_map
from sumida_data.survey.tables import TableDescriptions, build_dictionary
from sumida_data.survey.typed_tables import build_typed_tables, split_payment_methods

Frame = pd.DataFrame
Rows = list[Row]


class NoReturnsError(ValueError):
    """There is nothing to work on."""


def describe_tables(tables: TableDescriptions, form: Form) -> DataDictionary:
    """Describe every table from the form and the other descriptions."""
    return build_dictionary(tables, form)


def check_departments(
    departments: Frame, successions: Frame, dictionary: DataDictionary
) -> tuple[Frame, Frame]:
    """Check the department registers and return tables ``department`` and its succession.

    Raises:
        ReferenceTableError: If a register has a mistake.
    """
    parsed = parse_departments(read_rows(departments))
    changes = parse_successions(read_rows(successions), parsed)
    series = find_series(parsed, changes)
    return (
        build_frame(dictionary["department"], [one.as_row(series[one.code]) for one in parsed]),
        build_frame(dictionary["department_succession"], [one.as_row() for one in changes]),
    )


def prepare_collector(  # noqa: PLR0913, PLR0917  # one argument for each thing that decides
    form: Form,
    waves: Waves,
    rules: FindingRules,
    municipality: HomeMunicipality,
    departments: Frame,
    successions: Frame,
    layout_map: Frame,
    opened_files: OpenedFiles,
) -> Collector:
    """Make what collects the returns.

    Raises:
        ReferenceTableError: If a register has a mistake, or an inquiry an unknown department.
    """
    reader = FormReader(form, rules, parse_layout_map(read_rows(layout_map), form), opened_files)
    parsed = parse_departments(read_rows(departments))
    refuse_unknown_codes(waves, parsed)
    changes = parse_successions(read_rows(successions), parsed)
    return Collector(reader, waves, parsed, municipality.code, changes)


def collect_returns(
    collector: Collector,
    survey_returns: dict[str, SourceFile],
    kept_readings: dict[str, SourceFile],
    dictionary: DataDictionary,
    locations: Locations,
) -> tuple[list[AnswerRow], Frame, list[Finding], NameScreen]:
    """Read all returned workbooks; of discarded quarters take what was kept.

    Returns:
        Rows of ``answer``, table ``response``, findings, and what knows the names of the covers,
        which is for this pipeline only and is never stored.

    Raises:
        NoReturnsError: If no file has come in.
        KeptReadingError: If what was kept is damaged.
    """
    kept = restore_readings(kept_readings)
    if not survey_returns and not kept:
        raise NoReturnsError(
            f"{locations['survey_returns']}/ に回答がありません。"
            "期間のフォルダ(FY2022Q3など)に調査票を入れるか、"
            "kedro run --pipelines=sample で見本データを作ってください。"
        )
    show = partial(track, description="調査票を読んでいます")
    collected = collector.collect(survey_returns, show, kept)
    screen = NameScreen(collected.personal_texts, list_named_texts(kept_readings))
    response = build_frame(dictionary["response"], collected.responses)
    return collected.answers, response, collected.findings, screen


def collect_central_files(  # noqa: PLR0913, PLR0917  # one argument for each thing that decides
    sources: CentralSources,
    rules: FindingRules,
    municipality: HomeMunicipality,
    external_files: dict[str, SourceFile],
    municipalities: Frame,
    response: Frame,
    known_source_files: Frame | None,
    opened_files: OpenedFiles,
) -> tuple[list[AnswerRow], list[Finding], Rows, Rows]:
    """Read the central files of every quarter that has returns.

    Returns:
        Rows of ``answer``, findings, and rows of ``source_file``, once to be remembered.
    """
    known = parse_municipalities(read_rows(municipalities))
    home = Municipality(municipality.code, municipality.prefecture_name, municipality.name)
    sample = bool(response["sample"].any())
    collector = CentralCollector(
        sources.root, rules, home, known, sample=sample, files=opened_files
    )
    contents = collector.collect(external_files, sorted(response["period"].unique()))
    before = [] if known_source_files is None else read_rows(known_source_files)
    listed, revised = remember_contents(contents.files, before, rules)
    return contents.answers, [*contents.findings, *revised], listed, listed


def correct_answers(  # one argument for each thing that decides what is corrected
    form: Form,
    rules: FindingRules,
    survey_answers: list[AnswerRow],
    central_answers: list[AnswerRow],
    corrections: Frame,
    dictionary: DataDictionary,
) -> tuple[Frame, Rows, list[Finding]]:
    """Put all answers together and apply the agreed corrections.

    Returns:
        Tables ``answer`` and ``correction``, and findings about the corrections.

    Raises:
        ReferenceTableError: If the register of corrections has a mistake.
    """
    answer = build_frame_of_tuples(dictionary["answer"], [*survey_answers, *central_answers])
    return apply_corrections(answer, parse_corrections(read_rows(corrections), form), rules)


def remember_answers(form: Form, answer: Frame) -> Frame:
    """Return the answers with which the forms of later quarters are filled in."""
    stocks = [part.table for part in form.answer_sheets if part.kind == "stock"]
    return answer[answer["table_name"].isin(stocks)]


def combine_findings(
    survey_findings: list[Finding],
    central_findings: list[Finding],
    correction_findings: list[Finding],
    answer: Frame,
) -> Rows:
    """Return table ``finding``; what an agreed correction has settled is asked no more."""
    received = leave_out_settled([*survey_findings, *central_findings], answer)
    found = [*received, *correction_findings]
    return [finding.as_row() for finding in found]


def build_tables(
    answer: Frame, dictionary: DataDictionary, form: Form, sources: CentralSources
) -> Mapping[str, Frame]:
    """Make the typed tables of all survey sheets and central files, by name."""
    names = [part.table for part in (*form.answer_sheets, *sources.root)]
    return build_typed_tables(answer, [dictionary[name] for name in names])


def list_payment_methods(procedure: Frame, dictionary: DataDictionary) -> Frame:
    """Return table ``procedure_payment_method``."""
    return split_payment_methods(procedure, dictionary["procedure_payment_method"])


def find_names(name_screen: NameScreen, dictionary: DataDictionary, **tables: Frame) -> Rows:
    """Return table ``personal_hit``: the cells of the tables in which a cover's name stands."""
    return list(find_named_cells(name_screen, tables, dictionary))


def create_pipeline(**_: Any) -> Pipeline:
    """From received files to answers, findings and typed tables."""
    register = "department_succession_csv"
    derived = tuple(filter(has_table, ["procedure_payment_method"]))
    screened = ("correction", *derived, *typed_tables())
    central = ("central_answers", "central_findings", "source_file", "seen_source_files")
    nodes = [
        wire(describe_tables, "data_dictionary"),
        wire(check_departments, ["department", "department_succession"], successions=register),
        wire(prepare_collector, "collector", successions=register),
        wire(collect_returns, ["survey_answers", "response", "survey_findings", "name_screen"]),
        wire(collect_central_files, central),
        wire(correct_answers, ["answer", "correction", "correction_findings"]),
        wire(remember_answers, "new_known_answers"),
        wire(combine_findings, "finding"),
        wire(build_tables, name_datasets(*typed_tables())),
        *(wire(list_payment_methods, name) for name in derived),
        wire(find_names, "personal_hit", screened),
    ]
    return Pipeline(nodes, tags="ingest")
