"""From tables to the analysts' database, the data packages and the preview catalogue."""

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.catalogue import preview
from sumida_data.catalogue.approval import FreeWords
from sumida_data.catalogue.record import TargetRecord
from sumida_data.packages import package, response_rates
from sumida_data.packages.database import Database
from sumida_data.packages.descriptor import Surroundings
from sumida_data.packages.models import Packages, Views
from sumida_data.pipelines import wiring
from sumida_data.pipelines.wiring import EVERY_TABLE, Contents, Files, Frame, Rows, makes, read_all
from sumida_data.plan.models import Plans
from sumida_data.privacy import gate
from sumida_data.privacy.counts import Privacy
from sumida_data.quality.readability import Examiner, list_published
from sumida_data.site.content import SiteSettings
from sumida_data.survey.form import CentralSources, Form, Waves


@makes("guarded_tables", "privacy_check", "free_words", tables=EVERY_TABLE)
def guard_tables(
    packages: Packages,
    plans: Plans,
    form: Form,
    privacy: Privacy,
    released_texts: Frame,
    cleared_texts: Frame,
    dictionary: DataDictionary,
    **tables: Frame,
) -> tuple[gate.GuardedTables, Rows, FreeWords]:
    """Let the tables through the privacy gate."""
    releases = gate.parse_releases(read_rows(released_texts), form)
    cleared = gate.parse_cleared(read_rows(cleared_texts))
    indicators = plans.indicators
    guarded = gate.guard(tables, dictionary, indicators, privacy, releases, packages, cleared)
    outcomes = [outcome.as_row() for outcome in guarded.outcomes]
    return guarded, outcomes, FreeWords.model_validate(guarded.free_words)


@makes("response_rate", "answer_rate")
def measure_response(
    response: Frame, answer: Frame, form: Form, dictionary: DataDictionary
) -> tuple[Frame, Frame]:
    """Return tables ``response_rate`` and ``answer_rate``."""
    rates = response_rates.measure_response_rates(response, dictionary)
    return rates, response_rates.measure_answer_rates(answer, dictionary, form)


@makes("packages", "readability_examiner", "new_package_builds")
def build_packages(  # noqa: PLR0913, PLR0917  # one for each thing it takes
    packages: Packages,
    municipality: HomeMunicipality,
    sources: CentralSources,
    guarded_tables: gate.GuardedTables,
    published_packages: Files,
    target_record: TargetRecord,
    readability_before: Frame | None,
    written_packages: Files,
    known_package_builds: package.Builds | None,
) -> tuple[Contents, Examiner, package.Builds]:
    """Build every package of packages.yml that the privacy gate does not block.

    A blocked one that is public already comes out as it was published, so that its page and its
    entries for harvesters stay. What has looked at how readable the files are goes on with them. A
    package that would come out as it was written last is taken from there.
    """
    guarded, public = guarded_tables, read_all(published_packages)
    surroundings = Surroundings(guarded.admit(packages), municipality, sources, guarded.held_back)
    kept = {name: one for name, one in public.items() if name.split("/")[0] in guarded.blocked}
    before = {name: one for name, one in public.items() if name not in kept}
    examiner, lines = Examiner(readability_before), target_record.publications
    versions = {dataset.name: dataset.version for line in lines for dataset in line.datasets}
    built = package.BuiltPackages(read_all(written_packages), known_package_builds)
    tables = (guarded.dictionary, guarded.frames)
    package.build_packages(surroundings, *tables, before, examiner, versions, built)
    built.update(kept)
    return built, examiner, package.Builds(built.builds)


@makes("catalogue_files", files="packages")
def build_preview(
    files: Files,
    packages: Packages,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> Contents:
    """Build the preview catalogue from the packages as they were written."""
    contents = read_all(files)
    return preview.build_preview(contents, packages, municipality, plans, waves, site, dictionary)


@makes("readability_check", "readability_score", files="packages")
def check_readability(
    files: Files,
    published_packages: Files,
    readability_examiner: Examiner,
    received_readability_check: Frame,
    received_readability_score: Frame,
) -> tuple[Rows, Rows]:
    """Hold the packages as they were written against the national rules, and add what came in."""
    listed = list_published(read_all(files), read_all(published_packages))
    checks, scores = readability_examiner.report("published", listed)
    received = map(read_rows, (received_readability_check, received_readability_score))
    return checks + next(received), scores + next(received)


@makes("database", tables=(*EVERY_TABLE, "#release"))
def gather_database(
    dictionary: DataDictionary,
    views: Views,
    privacy: Privacy,
    cleared_texts: Frame,
    form: Form,
    **tables: Frame,
) -> Database:
    """Put what analysts may see of the tables together with descriptions and usual questions."""
    cleared = gate.parse_cleared(read_rows(cleared_texts))
    shown = gate.hide_from_analysts(tables, dictionary, privacy, cleared, form)
    return Database(shown, dictionary, views, private=privacy.analysts_see_texts)


create_pipeline = wiring.join_nodes(__name__)
