"""From the returns of many municipalities to the tables, views and peers of all."""

from hashlib import sha256

import sumida_data
from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import HomeMunicipality
from sumida_data.many import Many
from sumida_data.many.national import build_national_package
from sumida_data.many.results import LEDGERS_LOST, SENT_TWICE, Results
from sumida_data.many.units import Work, find_place, parse_registers, run_units, start_spark
from sumida_data.packages.models import Packages
from sumida_data.pipelines.wiring import Contents, Frame, Locations, Summary, join_nodes, makes
from sumida_data.plan.models import Plans
from sumida_data.privacy.counts import Privacy
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import CentralSources, Form, Waves
from sumida_data.survey.tables import TableDescriptions, build_dictionary


@makes("work")
def prepare_work(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    form: Form,
    waves: Waves,
    rules: FindingRules,
    plans: Plans,
    sources: CentralSources,
    tables: TableDescriptions,
    departments: Frame,
    department_succession_csv: Frame,
    corrections: Frame,
    layout_map: Frame,
    municipalities: Frame,
    locations: Locations,
) -> Work:
    """Put together what every unit needs; rows of registers may carry a municipality's code."""
    kept = (departments, department_succession_csv, corrections, layout_map)
    digest = sha256(sumida_data.__version__.encode())
    for model in (form, waves, rules, plans, sources, tables):
        digest.update(model.model_dump_json().encode())
    for register in (*kept, municipalities):
        digest.update(register.to_csv().encode())
    return Work(
        form,
        waves,
        rules,
        plans,
        build_dictionary(tables, form),
        sources.root,
        {one.code: one for one in parse_municipalities(read_rows(municipalities))},
        parse_registers([*map(read_rows, kept)], form),
        find_place(locations["survey_returns"]),
        find_place(locations["external_files"]),
        find_place(locations["many_results"]),
        find_place(locations["known_receipts"]).with_suffix(""),
        digest.hexdigest(),
    )


@makes("many_summary", "many_packages")
def process_units(  # one for each thing it takes
    work: Work,
    many: Many,
    packages: Packages,
    privacy: Privacy,
    sources: CentralSources,
    municipality: HomeMunicipality,
    locations: Locations,
) -> tuple[Summary, Contents]:
    """Do every municipality's unit that is new or has changed; write views, page and package."""
    outcomes = run_units(work, many)
    session = start_spark(many.master) if many.engine == "spark" else None
    results = Results(work.results, session)
    results.write_views(find_place(locations["many_database"]))
    failed = [outcome for outcome in outcomes if outcome.state == "failed"]
    responses = results.list_responses(work, {one.code: one.reason for one in failed})
    results.write_page(find_place(locations["many_peers"]), work, responses)
    states = [outcome.state for outcome in outcomes]
    twice = results.ask(SENT_TWICE)
    lines = [
        f"{len(outcomes)}自治体：新しく集計{states.count('done')}、"
        f"前と同じ{states.count('kept')}、除いたもの{len(failed)}",
        *(f"除いた自治体 {one.code}：{one.reason}" for one in failed),
        *map("同じ調査票が2つ以上の自治体にあります：{codes}".format_map, twice),
        *map("受付簿が失われた自治体：{codes}".format_map, results.ask(LEDGERS_LOST)),
        f"できたもの：{locations['many_database']}、{locations['many_peers']}、"
        f"{locations['many_packages']}",
    ]
    settings = (work.dictionary, work.plans, packages, privacy, sources, municipality)
    built = build_national_package(results, *settings)
    return {"lines": lines, "exit_code": 2 if failed or twice else 0}, built


create_pipeline = join_nodes(__name__)
