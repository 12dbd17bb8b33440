"""A real CKAN, a proxy before it, and a publisher."""

import itertools
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sumida_data.catalogue.ckan.site import CkanSettings
from sumida_data.catalogue.ckan.target import CkanTarget, open_target
from tests.catalogue.ckan.proxy import Proxy
from tests.catalogue.ckan.stack.start import (
    VERSIONS,
    Ckan,
    OtherCkan,
    has_network,
    install,
)

_ASKED = os.environ.get("CKAN_TEST_VERSIONS", VERSIONS[0]).split()
_NUMBERS = itertools.count()


def make_settings(ckan: OtherCkan, **settings: Any) -> CkanSettings:
    """Return settings for a CKAN, with little patience."""
    given = {
        "url": ckan.url,
        "token": ckan.tokens["publisher"],
        "organization": ckan.organization,
        "backoff": 0.05,
    }
    return CkanSettings.model_validate(given | settings)


@pytest.fixture(scope="session", params=_ASKED)
def ckan(request: pytest.FixtureRequest) -> Iterator[OtherCkan]:
    """A CKAN of ours, or that of CKAN_TEST_URL."""
    url = os.environ.get("CKAN_TEST_URL")
    if url:
        yield OtherCkan(url, os.environ["CKAN_TEST_TOKEN"])
        return
    try:
        install(request.param)
    except subprocess.CalledProcessError:
        if has_network():
            raise
        pytest.skip("no network leads to the packages of a CKAN, and none is installed here")
    with Ckan(request.param) as ours:
        yield ours


@pytest.fixture
def own_ckan(ckan: OtherCkan) -> Ckan:
    """A CKAN whose parts a test may kill, and whose administrator it may be."""
    if not isinstance(ckan, Ckan):
        pytest.skip("a CKAN of others is not to be killed, nor ours to administer")
    return ckan


@pytest.fixture
def proxy(ckan: OtherCkan) -> Iterator[Proxy]:
    with Proxy(ckan.url) as standing:
        yield standing


@pytest.fixture
def open_ckan(ckan: OtherCkan, proxy: Proxy, tmp_path: Path) -> Callable[..., CkanTarget]:
    """Return a function that opens the CKAN through the proxy, among names of this test alone."""
    prefix = f"t{os.getpid()}-{next(_NUMBERS)}-"

    def open_ours(**settings: Any) -> CkanTarget:
        given = {"url": proxy.url, "name_prefix": prefix, **settings}
        return open_target(tmp_path / "record", **make_settings(ckan, **given).model_dump())

    return open_ours


@pytest.fixture
def target(open_ckan: Callable[..., CkanTarget]) -> CkanTarget:
    return open_ckan()


# Before xdist looks for the marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let one process run all tests that need the CKAN, so that only one is started."""
    for item in items:
        if "ckan" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("ckan"))
