"""Makes sample data and puts it where returns and central files are received."""

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import HomeMunicipality
from sumida_data.pipelines.wiring import (
    Contents,
    Files,
    Frame,
    Locations,
    Summary,
    join_nodes,
    makes,
    read_all,
)
from sumida_data.sample.returns import make_returns, refuse_real_files
from sumida_data.sample.ward import Sample, make_external_files, parse_facts
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.departments import parse_departments
from sumida_data.survey.form import Form, Waves


@makes("sample_survey_returns", "sample_external_files", "sample_summary")
def make_sample(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    sample: Sample,
    sample_facts: Files,
    form: Form,
    waves: Waves,
    municipality: HomeMunicipality,
    departments: Frame,
    municipalities: Frame,
    survey_returns: Files,
    external_files: Files,
    locations: Locations,
) -> tuple[Contents, Contents, Summary]:
    """Make the departments' returns and the central files."""
    refuse_real_files([*survey_returns.values(), *external_files.values()])
    facts, known = parse_facts(read_all(sample_facts)), parse_departments(read_rows(departments))
    nation = parse_municipalities(read_rows(municipalities))
    returns = make_returns(sample, facts, form, waves, known)
    lines = [
        f"見本の調査票{len(returns)}件を {locations['survey_returns']}/ に、"
        f"国などのファイルを {locations['external_files']}/ に作りました。"
        "架空の回答で、実際の数ではありません。",
        "次にすること：kedro run を実行してください。",
    ]
    central = make_external_files(sample, facts, municipality.code, known, nation)
    return returns, central, {"lines": lines, "exit_code": 0}


create_pipeline = join_nodes(__name__)
