"""Nodes of the packages pipeline."""

from typing import Any

import pandas as pd

from sumida_data.base.frames import build_frame, read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.catalogue import preview
from sumida_data.packages import package
from sumida_data.packages.database import Database
from sumida_data.packages.descriptor import Surroundings
from sumida_data.packages.models import Packages, Views
from sumida_data.packages.response_rates import measure_answer_rates, measure_response_rates
from sumida_data.plan.models import Plans, ReportedPeriod
from sumida_data.privacy.gate import Gate, GuardedTables
from sumida_data.privacy.releases import Privacy, parse_releases
from sumida_data.quality.readability.published import read_packages
from sumida_data.quality.readability.received import list_received
from sumida_data.quality.readability.tables import report
from sumida_data.site.models import SiteSettings
from sumida_data.survey.files import SourceFile
from sumida_data.survey.form import CentralSources, Form, Waves


def guard_tables(  # one argument for each thing that decides what may go out
    packages: Packages,
    plans: Plans,
    form: Form,
    privacy: Privacy,
    released_texts: pd.DataFrame,
    dictionary: dict[str, Any],
    **tables: pd.DataFrame,
) -> tuple[GuardedTables, pd.DataFrame]:
    """Let the tables through the privacy gate.

    Returns:
        What may go out, and table ``privacy_check``.

    Raises:
        ReferenceTableError: If released_texts.csv has a mistake.
    """
    described = DataDictionary.model_validate(dictionary)
    releases = parse_releases(read_rows(released_texts), form)
    guarded = Gate(described, plans.indicators, privacy, releases, packages).guard(tables)
    rows = [outcome.as_row() for outcome in guarded.outcomes]
    return guarded, build_frame(described["privacy_check"], rows)


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
    guarded: GuardedTables,
    published: dict[str, SourceFile],
) -> dict[str, bytes]:
    """Build every package of packages.yml that the privacy gate does not block.

    A blocked one that is public already comes out as it was published, so that its page and its
    entries for harvesters stay.

    Raises:
        PackageError: If packages.yml asks for what cannot be published, or for the removal of
            what was not announced to go.
    """
    surroundings = Surroundings(guarded.admit(packages), municipality, sources)
    before = {path: file.read() for path, file in published.items()}
    kept = {path: before.pop(path) for path in published if path.split("/")[0] in guarded.blocked}
    built = package.build_packages(surroundings, guarded.dictionary, guarded.frames, before)
    return built | kept


def build_preview(
    files: dict[str, SourceFile],
    packages: Packages,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: dict[str, Any],
) -> dict[str, bytes]:
    """Build the preview catalogue from the packages as they were written."""
    contents = {name: file.read() for name, file in files.items()}
    described = DataDictionary.model_validate(dictionary)
    return preview.build_preview(contents, packages, municipality, plans, waves, site, described)


def check_readability(
    files: dict[str, SourceFile],
    published: dict[str, SourceFile],
    returns: dict[str, SourceFile],
    central: dict[str, SourceFile],
    period: ReportedPeriod,
    dictionary: dict[str, Any],
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Hold what goes out and what came in for the reported quarter against the national rules.

    Returns:
        Tables ``readability_check`` and ``readability_score``.
    """
    contents, before = (
        {name: file.read() for name, file in folder.items()} for folder in (files, published)
    )
    released = report("published", read_packages(contents, before))
    received = report("received", list_received([*returns.values(), *central.values()], period))
    described = DataDictionary.model_validate(dictionary)
    return (
        build_frame(described["readability_check"], released.checks + received.checks),
        build_frame(described["readability_score"], released.scores + received.scores),
    )


def gather_database(dictionary: dict[str, Any], views: Views, **tables: pd.DataFrame) -> Database:
    """Put the tables together with their descriptions and the usual questions to them."""
    return Database(tables, DataDictionary.model_validate(dictionary), views)
