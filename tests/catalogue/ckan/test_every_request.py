"""Every request of a publication fails once in each way, on a real CKAN and on two sites' ways.

The second site lies under a path, asks for a password, and is reached through a proxy.
"""

import contextlib
import itertools
import os
from dataclasses import replace

import pytest

from sumida_data.catalogue.ckan import entries
from sumida_data.catalogue.ckan.site import CkanSite
from sumida_data.catalogue.ckan.target import open_target
from sumida_data.catalogue.target import TargetError
from tests.catalogue.ckan.catalogues import ROWS, make_catalogue, make_dataset, publish
from tests.catalogue.ckan.conftest import make_settings
from tests.catalogue.ckan.proxy import Fault, Proxy

# Some thousand publications.
pytestmark = pytest.mark.long

WAYS = {
    "dropped before": Fault("any"),
    "dropped after": Fault("any", forward=True),
    "half an answer": Fault("any", cut=True),
    "too slow": Fault("any", delay=1.2),
    "502": Fault("any", 502),
    "504 after": Fault("any", 504, forward=True),
    "429": Fault("any", 429, headers={"Retry-After": "0"}),
    "408": Fault("any", 408),
    "413": Fault("any", 413),
    "page of a firewall": Fault("any", 403),
    "page instead of an answer": Fault("any", 200),
    "redirect": Fault("any", 301, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
}
VERSIONS = [
    make_catalogue(make_dataset(title="前の版", rows=ROWS[:1]), sample=False),
    make_catalogue(make_dataset(title="次の版", version="1.1.0"), sample=False),
]
_NUMBERS = itertools.count()


@pytest.fixture(params=["at the root", "under a path"])
def open_site(request, own_ckan, tmp_path, monkeypatch):
    """Return a function that opens the site with nothing of ours there, and its proxy."""
    given = {"root": "/data", "password": "me:geheim"} if request.param == "under a path" else {}
    settings = {"timeout": 1, "backoff": 0.01, "attempts": 3, "name_prefix": "m-"}
    settings["organization"] = name = f"o{os.getpid()}-{next(_NUMBERS)}"
    people = [{"name": "publisher", "capacity": "editor"}]
    own_ckan.action("organization_create", caller="admin", name=name, users=people)
    with Proxy(own_ckan.url, **given) as proxy:
        settings["url"] = proxy.url
        if given:
            monkeypatch.setenv("HTTP_PROXY", proxy.url.removesuffix(proxy.root))
            settings |= {"url": "http://ckan.invalid/data", "basic_auth": proxy.password}

        def open_anew():
            with contextlib.suppress(RuntimeError):
                own_ckan.action("dataset_purge", caller="admin", id="m-dx-indicators")
            return open_target(tmp_path, **make_settings(own_ckan, **settings).model_dump())

        yield open_anew, proxy


def spoil(target, proxy, catalogue, fault):
    """Publish while something goes wrong; tell how many calls were made."""
    proxy.faults[:] = [fault] if fault else []
    proxy.forget()
    with contextlib.suppress(TargetError):
        target.__dict__.pop("ready", None)
        publish(target, catalogue)
        assert not fault or target.verify(catalogue) == []
    proxy.faults.clear()
    return len(proxy.calls)


def assert_not_half(target, catalogues):
    """What the public sees is nothing, or all files and words of one publication."""
    public = CkanSite(target.settings, anonymous=True)
    if shown := public.persist(public.show, f"{target.settings.name_prefix}dx-indicators"):
        seen = entries.read_state(public.persist(public.look_into, shown))
        whole = [target._add_versions(one, "").datasets[0].state for one in catalogues]
        assert seen in whole


def assert_converges(target, catalogue):
    publish(target, catalogue)
    assert target.verify(catalogue) == []
    assert [*target._list()] == ["dx-indicators"]
    [package] = target._search("")
    names = [one["name"] for one in package["resources"]]
    assert len(names) == len(set(names)) == len(catalogue.datasets[0].files) + 1


@pytest.mark.parametrize("way", WAYS)
def test_of_a_first_publication(way, open_site):
    open_anew, proxy = open_site
    calls = spoil(open_anew(), proxy, VERSIONS[0], None)
    for number in range(calls):
        target = open_anew()
        spoil(target, proxy, VERSIONS[0], replace(WAYS[way], skip=number))
        assert_not_half(target, VERSIONS[:1])
        assert_converges(target, VERSIONS[0])


@pytest.mark.parametrize("way", WAYS)
def test_of_an_update(way, open_site):
    open_anew, proxy = open_site
    target = open_anew()
    publish(target, VERSIONS[0])
    calls = spoil(target, proxy, VERSIONS[1], None)
    for number in range(calls):
        catalogue = VERSIONS[number % 2]
        spoil(target, proxy, catalogue, replace(WAYS[way], skip=number))
        assert_not_half(target, VERSIONS)
        assert_converges(target, catalogue)
