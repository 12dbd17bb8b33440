"""Makes sample data and puts it where returns and central files are received."""

from typing import Any

import pandas as pd
from kedro.pipeline import Pipeline

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import HomeMunicipality
from sumida_data.pipelines.wiring import Locations, wire
from sumida_data.sample.central import make_external_files
from sumida_data.sample.returns import make_returns, refuse_real_files
from sumida_data.sample.ward import Facts, Sample, parse_facts
from sumida_data.sources.central import parse_municipalities
from sumida_data.survey.departments import parse_departments
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import Form, Waves


def permit_sample(
    sample: Sample,
    survey_returns: dict[str, SourceFile],
    external_files: dict[str, SourceFile],
) -> Sample:
    """Pass the sample's settings on if no real file would be overwritten.

    Raises:
        RealFilesError: If a received file is not sample data.
    """
    refuse_real_files([*survey_returns.values(), *external_files.values()])
    return sample


def read_facts(sample_facts: dict[str, SourceFile]) -> Facts:
    """Read what is true in the sample ward."""
    return parse_facts({name: file.read() for name, file in sample_facts.items()})


def make_sample_returns(  # one argument for each thing that decides what is answered
    sample: Sample,
    facts: Facts,
    form: Form,
    waves: Waves,
    departments: pd.DataFrame,
    locations: Locations,
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """Make the departments' returns, and say what was made, as plain data."""
    returns = make_returns(sample, facts, form, waves, parse_departments(read_rows(departments)))
    lines = [
        f"見本の調査票{len(returns)}件を {locations['survey_returns']}/ に、"
        f"国などのファイルを {locations['external_files']}/ に作りました。"
        "架空の回答で、実際の数ではありません。",
        "次にすること：kedro run を実行してください。",
    ]
    return returns, {"lines": lines, "exit_code": 0}


def make_sample_external_files(
    sample: Sample,
    facts: Facts,
    municipality: HomeMunicipality,
    departments: pd.DataFrame,
    municipalities: pd.DataFrame,
) -> dict[str, bytes]:
    """Make the central files."""
    return make_external_files(
        sample,
        facts,
        municipality.code,
        parse_departments(read_rows(departments)),
        parse_municipalities(read_rows(municipalities)),
    )


def create_pipeline(**_: Any) -> Pipeline:
    """Permission first, so that nothing is written where a real file lies in either folder."""
    permitted = "permitted_sample"
    nodes = [
        wire(permit_sample, permitted),
        wire(read_facts, "facts"),
        wire(make_sample_returns, ["sample_survey_returns", "sample_summary"], sample=permitted),
        wire(make_sample_external_files, "sample_external_files", sample=permitted),
    ]
    return Pipeline(nodes, tags="sample")
