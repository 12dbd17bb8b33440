"""The packages that a catalogue shows, and the preview of them."""

import pytest

from sumida_data.catalogue.preview import build_preview
from sumida_data.site.content import SiteSettings
from tests.packages.conftest import build, build_packages_of, built, frames, packages

__all__ = ["build", "build_packages_of", "built", "frames", "packages"]


@pytest.fixture(scope="module")
def show(packages, municipality, plans, waves, raw_parameters, dictionary):
    """Return a function that builds the preview of packages."""
    site = SiteSettings.model_validate(raw_parameters["site"])

    def build(files):
        return build_preview(files, packages, municipality, plans, waves, site, dictionary)

    return build
