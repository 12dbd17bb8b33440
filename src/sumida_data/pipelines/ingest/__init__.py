"""From received files to answers, findings and typed tables."""

from functools import partial

from rich.progress import track

from sumida_data.base.frames import build_frame, build_frame_of_tuples, join_frames, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.pipelines.wiring import (
    Files,
    Frame,
    Locations,
    Rows,
    UnableError,
    join_nodes,
    makes,
)
from sumida_data.privacy.personal import NameScreen, find_named_cells
from sumida_data.sources import central
from sumida_data.survey import corrections as register
from sumida_data.survey import departments as registered
from sumida_data.survey.answers import AnswerRow
from sumida_data.survey.collecting.collection import Collector
from sumida_data.survey.collecting.kept_readings import list_named_texts, restore_readings
from sumida_data.survey.collecting.receipts import Ledger
from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.findings import Finding, FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.reading.opened import OpenedFiles
from sumida_data.survey.reading.registers import parse_layout_map
from sumida_data.survey.tables import (
    TableDescriptions,
    build_dictionary,
    build_typed_tables,
    split_payment_methods,
)


@makes("data_dictionary")
def describe_tables(tables: TableDescriptions, form: Form) -> DataDictionary:
    """Describe every table from the form and the other descriptions."""
    return build_dictionary(tables, form)


@makes("collector")
def prepare_collector(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    form: Form,
    waves: Waves,
    rules: FindingRules,
    municipality: HomeMunicipality,
    departments: Frame,
    department_succession_csv: Frame,
    layout_map: Frame,
    opened_files: OpenedFiles,
    known_receipts: Frame | None,
) -> Collector:
    """Make what collects the returns."""
    reader = FormReader(form, rules, parse_layout_map(read_rows(layout_map), form), opened_files)
    parsed = registered.parse_departments(read_rows(departments))
    registered.refuse_unknown_codes(waves.listed, parsed)
    changes = registered.parse_successions(read_rows(department_succession_csv), parsed)
    before = None if known_receipts is None else read_rows(known_receipts)
    ledger = Ledger(before or (), is_lost=before == [])
    return Collector(reader, waves, parsed, municipality.code, changes, ledger)


@makes("department", "department_succession")
def check_departments(collector: Collector, dictionary: DataDictionary) -> tuple[Frame, Frame]:
    """Return tables ``department`` and ``department_succession``."""
    known, changes = collector.departments, collector.successions
    series = registered.find_series(known, changes)
    rows = [(f"{one.code}@{one.valid_from}", one.code, series[one.code], *one[1:]) for one in known]
    changed = [(f"{a}>{b}@{day}", a, b, day, note or None) for a, b, day, note in changes]
    return (
        build_frame_of_tuples(dictionary["department"], rows),
        build_frame_of_tuples(dictionary["department_succession"], changed),
    )


@makes(
    *("survey_answers", "response", "survey_findings", "name_screen", "new_receipts"),
    "quarters_received",
)
def collect_returns(
    collector: Collector,
    survey_returns: Files,
    kept_readings: Files,
    dictionary: DataDictionary,
    locations: Locations,
) -> tuple[list[AnswerRow], Frame, list[Finding], NameScreen, Rows, central.Quarters]:
    """Read all returned workbooks; of discarded quarters take what was kept.

    What arrived for the first time is added to the ledger of receipts. What knows the names on the
    covers is for this pipeline only and is never stored.
    """
    kept = restore_readings(kept_readings)
    if not survey_returns and not kept:
        raise UnableError(
            f"{locations['survey_returns']}/ に回答がありません。"
            "期間のフォルダ(FY2022Q3など)に調査票を入れるか、"
            "kedro run --pipelines=sample で見本データを作ってください。"
        )
    show = partial(track, description="調査票を読んでいます")
    collected = collector.collect(survey_returns, show, kept)
    screen = NameScreen(collected.personal_texts, list_named_texts(kept_readings))
    response = build_frame(dictionary["response"], collected.responses)
    periods = tuple(sorted(response["period"].unique()))
    quarters = central.Quarters(periods=periods, sample=bool(response["sample"].any()))
    ledger = collector.ledger.rows
    return collected.answers, response, collected.findings, screen, ledger, quarters


@makes("central_answers", "central_findings", "source_file", "seen_source_files")
def collect_central_files(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    sources: CentralSources,
    rules: FindingRules,
    municipality: HomeMunicipality,
    external_files: Files,
    municipalities: Frame,
    quarters_received: central.Quarters,
    known_source_files: Frame | None,
    opened_files: OpenedFiles,
    dictionary: DataDictionary,
) -> tuple[Frame, Rows, Rows, Rows]:
    """Read the central files of every quarter that has returns.

    Answers and findings are tables ``answer`` and ``finding``, and files: where no central file has
    changed they are taken from there.
    """
    known = central.parse_municipalities(read_rows(municipalities))
    names = (municipality.prefecture_name, municipality.name)
    home = central.Municipality(municipality.code, *names)
    collector = central.CentralCollector(
        sources.root, rules, home, known, sample=quarters_received.sample, files=opened_files
    )
    contents = collector.collect(external_files, quarters_received.periods)
    before = [] if known_source_files is None else read_rows(known_source_files)
    listed, revised = central.remember_contents(contents.files, before, rules)
    answers = build_frame_of_tuples(dictionary["answer"], contents.answers)
    return answers, [one.as_row() for one in (*contents.findings, *revised)], listed, listed


@makes("answer", "correction", "finding", "new_known_answers")
def correct_answers(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    form: Form,
    rules: FindingRules,
    survey_answers: list[AnswerRow],
    central_answers: Frame,
    survey_findings: list[Finding],
    central_findings: Frame,
    corrections: Frame,
    dictionary: DataDictionary,
) -> tuple[Frame, Rows, Rows, Frame]:
    """Put all answers together and apply the agreed corrections."""
    answer = build_frame_of_tuples(dictionary["answer"], survey_answers)
    answer = join_frames(answer, central_answers)
    found = [*survey_findings, *map(Finding.from_row, read_rows(central_findings))]
    agreed = register.parse_corrections(read_rows(corrections), form)
    answer, corrected, left = register.apply_corrections(answer, agreed, rules, found)
    stocks = [part.table for part in form.answer_sheets if part.kind == "stock"]
    findings = [finding.as_row() for finding in left]
    return answer, corrected, findings, answer[answer["table_name"].isin(stocks)]


@makes("#typed")
def build_tables(
    answer: Frame, dictionary: DataDictionary, form: Form, sources: CentralSources
) -> dict[str, Frame]:
    """Make the typed tables of all survey sheets and central files, by name."""
    names = [part.table for part in (*form.answer_sheets, *sources.root)]
    return build_typed_tables(answer, [dictionary[name] for name in names])


@makes("procedure_payment_method")
def list_payment_methods(procedure: Frame, dictionary: DataDictionary) -> Frame:
    """Return table ``procedure_payment_method``."""
    return split_payment_methods(procedure, dictionary["procedure_payment_method"])


@makes(
    "personal_hit", tables=("answer", "finding", "correction", "procedure_payment_method", "#typed")
)
def find_names(name_screen: NameScreen, dictionary: DataDictionary, **tables: Frame) -> Rows:
    """Return table ``personal_hit``: the cells of the tables that hold a name from a cover."""
    return list(find_named_cells(name_screen, tables, dictionary))


create_pipeline = join_nodes(__name__)
