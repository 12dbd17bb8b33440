"""The package of the plans' indicators, for all municipalities together."""

from collections.abc import Collection

from sumida_data.base.frames import build_frame
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.many.results import Results
from sumida_data.packages.descriptor import Surroundings
from sumida_data.packages.models import Packages
from sumida_data.packages.package import BuiltPackages, build_packages
from sumida_data.plan.models import Plans, describe_plans
from sumida_data.privacy.counts import Privacy
from sumida_data.privacy.gate import guard
from sumida_data.quality.readability import Examiner
from sumida_data.survey.form import CentralSources

_VALUE = "indicator_value"
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

    All passes the gate, which withholds small counts of people in each municipality by itself.
    Of the package's tables those are left out that are not made of many municipalities.
    """
    described = dict.fromkeys(_EMPTY, ()) | describe_plans(plans)
    frames = {name: build_frame(dictionary[name], rows) for name, rows in described.items()}
    frames |= {name: results.read(dictionary[name]) for name in _OF_EACH}
    asked = _choose(packages, frames.keys() - {*_EMPTY})
    guarded = guard(frames, dictionary, plans.indicators, privacy, (), asked)
    surroundings = Surroundings(guarded.admit(asked), office, sources, guarded.held_back)
    return build_packages(surroundings, dictionary, guarded.frames, {}, Examiner(), {})


def _choose(packages: Packages, tables: Collection[str]) -> Packages:
    """Return the packages that publish values, with the tables that there are."""
    chosen = [
        package.model_copy(update={"resources": resources})
        for package in packages.packages
        if (resources := tuple(one for one in package.resources if one.table in tables))
        and _VALUE in {one.table for one in resources}
    ]
    return packages.model_copy(update={"packages": tuple(chosen)})
