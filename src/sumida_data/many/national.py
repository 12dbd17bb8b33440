"""The package of the plans' indicators, for all municipalities together."""

from collections.abc import Collection, Iterator, Mapping

import pandas as pd

from sumida_data.base.frames import build_frame, join_frames
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.many.results import Results
from sumida_data.packages.descriptor import Surroundings
from sumida_data.packages.models import Packages
from sumida_data.packages.package import BuiltPackages, build_packages
from sumida_data.plan.models import Plans, describe_plans
from sumida_data.privacy.counts import Privacy, withhold_counts
from sumida_data.privacy.gate import guard
from sumida_data.quality.readability import Examiner
from sumida_data.survey.form import CentralSources

_VALUE, _CODE = "indicator_value", "municipality_code"
_OF_EACH = (_VALUE, "indicator_progress")
# The gate and the packages take these too; of many municipalities there is nothing in them.
_EMPTY = ("personal_hit", "correction_notice", "check_result")


def build_national_package(
    results: Results,
    dictionary: DataDictionary,
    plans: Plans,
    packages: Packages,
    privacy: Privacy,
    sources: CentralSources,
    office: HomeMunicipality,
) -> BuiltPackages:
    """Build what packages.yml publishes of indicators, with the rows of every municipality.

    Small counts of people are withheld in each municipality by itself; then all passes the gate.
    Of the package's tables those are left out that are not made of many municipalities.
    """
    described = dict.fromkeys(_EMPTY, ()) | describe_plans(plans)
    shared = {name: build_frame(dictionary[name], rows) for name, rows in described.items()}
    asked = _choose(packages, {*_OF_EACH, *described} - {*_EMPTY})
    found = [
        {**shared, **own}
        for own in _divide({one: results.read(dictionary[one]) for one in _OF_EACH})
    ]
    for own in found:
        # It takes them out of the tables that it is given, and says what it took.
        list(withhold_counts(own, dictionary, plans.indicators, privacy, asked))
    of_all = {name: join_frames(*(own[name] for own in found)) for name in _OF_EACH}
    guarded = guard({**shared, **of_all}, dictionary, plans.indicators, privacy, (), asked)
    surroundings = Surroundings(guarded.admit(asked), office, sources, guarded.held_back)
    return build_packages(surroundings, dictionary, guarded.frames, {}, Examiner(), {})


def _divide(tables: Mapping[str, pd.DataFrame]) -> Iterator[dict[str, pd.DataFrame]]:
    """Yield the tables of each municipality; tables without rows where there is none."""
    for code in [*tables[_VALUE][_CODE].unique()] or [""]:
        own = {name: table[table[_CODE].eq(code)] for name, table in tables.items()}
        yield {name: table.reset_index(drop=True) for name, table in own.items()}


def _choose(packages: Packages, tables: Collection[str]) -> Packages:
    """Return the packages that publish values, with the tables that there are."""
    chosen = [
        package.model_copy(update={"resources": resources})
        for package in packages.packages
        if (resources := tuple(one for one in package.resources if one.table in tables))
        and _VALUE in {one.table for one in resources}
    ]
    return packages.model_copy(update={"packages": tuple(chosen)})
