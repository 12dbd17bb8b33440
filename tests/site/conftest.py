"""The site built from two small packages, and the whole site of the quarter."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

from sumida_data.base.metadata import DataDictionary, HomeMunicipality
from sumida_data.plan.models import Plans
from sumida_data.site.content import SiteSettings, read_published
from sumida_data.site.pages import build_site
from sumida_data.survey.form import Waves
from tests.packages.conftest import build, build_packages_of, built, frames, packages

__all__ = ["build", "build_packages_of", "built", "frames", "packages"]

Files = dict[str, bytes]


@pytest.fixture(scope="session")
def site(raw_parameters: dict[str, Any]) -> SiteSettings:
    return SiteSettings.model_validate(raw_parameters["site"])


@pytest.fixture(scope="session")
def render(
    built: Files,
    municipality: HomeMunicipality,
    plans: Plans,
    waves: Waves,
    site: SiteSettings,
    dictionary: DataDictionary,
) -> Callable[..., dict[str, str]]:
    """Return a function that builds the site from packages and returns its texts by path."""

    def render_from(files: Files = built, described: SiteSettings = site) -> dict[str, str]:
        names: Iterable[str] = dict.fromkeys(path.partition("/")[0] for path in files)
        published = read_published(files, names)
        pages = build_site(published, municipality, plans, waves, described, dictionary)
        # A ZIP is no text; its bytes are given one to one.
        return {
            path: content.decode("latin-1" if path.endswith(".zip") else "utf-8")
            for path, content in pages.items()
        }

    return render_from


@pytest.fixture(scope="session")
def pages(render: Callable[..., dict[str, str]]) -> dict[str, str]:
    """The site of two small packages."""
    return render()
