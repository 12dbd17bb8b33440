"""Nodes of the packages pipeline."""

from typing import Any

import pandas as pd

from sumida_data.metadata import DataDictionary
from sumida_data.municipality import HomeMunicipality
from sumida_data.opendata import package
from sumida_data.opendata.database import Database
from sumida_data.opendata.models import Packages
from sumida_data.opendata.response_rates import measure_answer_rates, measure_response_rates
from sumida_data.opendata.views import Views
from sumida_data.plan.models import Plans
from sumida_data.portal import preview
from sumida_data.site.models import Site
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import CentralSources, Form, Waves


def measure_response(
    response: pd.DataFrame, answer: pd.DataFrame, form: Form, dictionary: dict[str, Any]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return tables ``response_rate`` and ``answer_rate``."""
    described = DataDictionary.model_validate(dictionary)
    rates = measure_response_rates(response, described)
    return rates, measure_answer_rates(answer, described, form)


def build_packages(
    packages: Packages,
    municipality: HomeMunicipality,
    sources: CentralSources,
    dictionary: dict[str, Any],
    published: dict[str, SourceFile],
    **tables: pd.DataFrame,
) -> dict[str, bytes]:
    """Build every package of packages.yml from the tables.

    Raises:
        PackageError: If packages.yml asks for what cannot be published, or for the removal of
            what was not announced to go.
    """
    described = DataDictionary.model_validate(dictionary)
    surroundings = package.Surroundings(packages, municipality, sources)
    before = {name: file.read() for name, file in published.items()}
    return package.build_packages(surroundings, described, tables, before)


def build_preview(
    files: dict[str, SourceFile],
    packages: Packages,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: Site,
) -> dict[str, bytes]:
    """Build the preview catalogue from the packages as they were written."""
    contents = {name: file.read() for name, file in files.items()}
    return preview.build_preview(contents, packages, municipality, plans, waves, site)


def gather_database(dictionary: dict[str, Any], views: Views, **tables: pd.DataFrame) -> Database:
    """Put the tables together with their descriptions and the usual questions to them."""
    return Database(tables, DataDictionary.model_validate(dictionary), views)
