"""Bad days, against a real CKAN: nothing twice, nothing half public, and a repeat converges."""

import contextlib
import os
import pickle
import random
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest

from sumida_data.catalogue.target import TargetError
from tests.catalogue.ckan.catalogues import ROWS, make_catalogue, make_dataset, make_file, publish
from tests.catalogue.ckan.proxy import Fault
from tests.catalogue.office import DAY
from tests.project import PROJECT

# Each waits for a site that is slow, cut off or down.
pytestmark = pytest.mark.long

OLD = make_catalogue(make_dataset(title="前の版", rows=ROWS[:1]))
NEW = make_catalogue(make_dataset(title="次の版", version="1.1.0"))
RANDOM_KILLS = 50

REFUSED = {
    "413": (Fault("package_revise", 413), "大きすぎて断られました(413)"),
    "redirect": (
        Fault("package_revise", 301, headers={"Location": "http://127.0.0.1:9/elsewhere"}),
        "別の住所 http://127.0.0.1:9/elsewhere を案内しました(301)",
    ),
    "page of a firewall": (Fault("package_revise", 403), "防御装置(WAF)"),
}
UNCERTAIN = {
    "502": (Fault("package_revise", 502), 2),
    "429": (Fault("package_revise", 429, headers={"Retry-After": "0"}), 2),
    "408": (Fault("package_revise", 408), 2),
    "dropped before": (Fault("package_revise"), 2),
    "504 after commit": (Fault("package_revise", 504, forward=True), 1),
    "dropped after commit": (Fault("package_revise", forward=True), 1),
    "slow": (Fault("package_revise", delay=4), 1),
}
ELSEWHERE = {
    "package_create": Fault("package_create", 504, forward=True),
    "datastore_create": Fault("datastore_create", forward=True),
    "datastore_upsert": Fault("datastore_upsert", 504, forward=True),
    "views": Fault("package_create_default_resource_views", 502, forward=True),
    "search": Fault("package_search", 502),
    "download": Fault("download", 503, times=2),
}


def assert_whole(target, catalogue, ckan):
    """Publish once more, which must suffice, and once more, which must find nothing to do."""
    publish(target, catalogue)
    assert target.verify(catalogue) == []
    for dataset in catalogue.datasets:
        name = f"{target.settings.name_prefix}{dataset.name}"
        package = ckan.action("package_show", id=name)
        # Beside the files stands the version, whole.
        assert len(package["resources"]) == len(dataset.files) + 1
        assert len({one["name"] for one in package["resources"]}) == len(dataset.files) + 1


@pytest.mark.parametrize("name", REFUSED)
def test_refused_update_leaves_the_old_version_whole(name, target, proxy, ckan):
    fault, words = REFUSED[name]
    publish(target, OLD)
    proxy.faults.append(replace(fault))
    with pytest.raises(TargetError) as told:
        target.apply(NEW)
    assert words in str(told.value)
    assert target.verify(OLD) == []
    assert_whole(target, NEW, ckan)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_first_publication_shows_nothing(name, target, proxy, ckan):
    proxy.faults.append(replace(REFUSED[name][0]))
    with pytest.raises(TargetError):
        publish(target, NEW)
    assert target.verify(NEW) == ["データセット dx-indicators: 公開されていません。"]
    assert_whole(target, NEW, ckan)


@pytest.mark.parametrize("name", UNCERTAIN)
def test_uncertain_answer_is_looked_into_and_nothing_done_twice(
    name, target, open_ckan, proxy, ckan
):
    fault, revisions = UNCERTAIN[name]
    publish(target, OLD)
    hurried = open_ckan(timeout=2) if fault.delay else target
    assert hurried.ready
    proxy.faults.append(replace(fault))
    proxy.forget()
    hurried.apply(NEW)
    assert proxy.writes.count("package_revise") == revisions
    assert target.verify(NEW) == []
    assert_whole(target, NEW, ckan)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_uncertain_answers_to_other_calls(name, target, proxy, ckan):
    proxy.faults.append(replace(ELSEWHERE[name]))
    publish(target, NEW)
    assert target.verify(NEW) == []
    assert_whole(target, NEW, ckan)


def test_site_that_stays_uncertain_is_given_up(open_ckan, proxy, ckan):
    target = open_ckan(attempts=3)
    publish(target, OLD)
    proxy.faults.append(Fault("package_revise", 504, times=3))
    proxy.forget()
    with pytest.raises(TargetError, match="3回試しました"):
        target.apply(NEW)
    assert proxy.writes == ["package_revise"] * 3
    assert target.verify(OLD) == []
    assert_whole(target, NEW, ckan)


def test_token_is_told_to_nobody_else(target, open_ckan, proxy, ckan):
    publish(target, OLD)
    elsewhere = proxy.__class__(ckan.url)
    with elsewhere:
        there = {"Location": f"{elsewhere.url}/dataset/x"}
        proxy.faults.append(Fault("download", 302, headers=there))
        proxy.faults.append(Fault("package_revise", 307, headers=there))
        with pytest.raises(TargetError, match="トークンはそこへ送っていません"):
            target.apply(NEW)
    assert elsewhere.calls == ["x"]
    assert elsewhere.tokens == {""}


def test_files_replaced_by_a_failed_call_are_found_and_repaired(target, ckan):
    """CKAN replaces files before it knows whether the call succeeds, and does not put them back."""
    large = make_file("large.bin", b"0", "TXT", "text/plain")
    small = make_dataset()
    publish(target, make_catalogue(replace(small, files=(*small.files, large))))
    new = make_file("README.md", b"replaced", "MD", "text/markdown")
    too_large = replace(large, content=b"0" * 3_000_000)
    torn = make_catalogue(replace(small, files=(new, *small.files[1:], too_large)))
    with pytest.raises(TargetError, match="ファイルが大きすぎる"):
        target.apply(torn)
    old = make_catalogue(replace(small, files=(*small.files, large)))
    assert target.verify(old) == [
        "データセット dx-indicators: README.md: 中身が公開したものと違います。"
    ]
    assert_whole(target, old, ckan)


def test_search_engine_down(open_ckan, own_ckan):
    target = open_ckan(attempts=2)
    publish(target, OLD)
    own_ckan.kill("search")
    try:
        with pytest.raises(TargetError, match="2回試しました"):
            target.apply(NEW)
    finally:
        own_ckan.start_search()
    assert [line for line in target.verify(OLD) if "中身" not in line] == []
    assert_whole(target, NEW, own_ckan)


def test_ckan_killed_in_mid_call(open_ckan, own_ckan, proxy):
    target = open_ckan(attempts=2)
    publish(target, OLD)
    kill = threading.Timer(0.05, own_ckan.kill, ["server"])
    proxy.faults.append(Fault("package_revise", forward=True, before=kill.start))
    try:
        with pytest.raises(TargetError, match="2回試しました"):
            target.apply(NEW)
    finally:
        kill.join()
        own_ckan.start_server()
    assert_whole(target, NEW, own_ckan)


def test_two_publishers_at_once(open_ckan, ckan):
    targets = [open_ckan(), open_ckan()]
    catalogues = [make_catalogue(make_dataset(title=f"版{n}", rows=ROWS[n:])) for n in range(2)]

    def run(number):
        # Each puts its own version back until it gives up, so one of them may have to.
        with contextlib.suppress(TargetError):
            targets[number].apply(catalogues[number])

    threads = [threading.Thread(target=run, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    standing = targets[0].observe(DAY).datasets["dx-indicators"]
    hashes = {key: file[0] for key, file in standing.files.items()}
    assert hashes in [
        {file.key: file.sha256 for file in one.datasets[0].files} for one in catalogues
    ]
    assert_whole(targets[1], catalogues[1], ckan)


def test_token_that_expires_in_between(open_ckan, own_ckan, proxy):
    token = own_ckan.action("api_token_create", name="short", user="publisher")["token"]
    target = open_ckan(token=token)
    publish(target, OLD)
    revoke = lambda: own_ckan.action("api_token_revoke", token=token, caller="admin")  # noqa: E731
    proxy.faults.append(Fault("package_revise", forward=True, before=revoke))
    with pytest.raises(TargetError, match=r"許可しませんでした\(403\)。トークンの期限が切れたか"):
        target.apply(NEW)
    with pytest.raises(TargetError, match="APIトークンが無効です"):
        open_ckan(token=token).observe(DAY)
    other = open_ckan()
    assert other.verify(OLD) == []
    assert_whole(other, NEW, own_ckan)


class TestKilledProcess:
    @pytest.fixture
    def start(self, proxy, target, tmp_path):
        """Return a function that begins to publish in a process of its own."""

        def run(catalogue):
            given = tmp_path / "publication"
            given.write_bytes(pickle.dumps((target.settings, catalogue)))
            command = [sys.executable, "-m", "tests.catalogue.ckan.publish_once", str(given)]
            paths = os.pathsep.join([str(PROJECT), str(PROJECT / "src")])
            return subprocess.Popen(command, cwd=PROJECT, env=os.environ | {"PYTHONPATH": paths})

        return run

    @pytest.mark.parametrize("write", range(6))
    def test_after_each_write_of_a_first_publication(self, write, start, target, proxy, ckan):
        self.kill_after(write, NEW, start, proxy)
        assert_whole(target, NEW, ckan)

    @pytest.mark.parametrize("write", range(2))
    def test_after_each_write_of_an_update(self, write, start, target, proxy, ckan):
        publish(target, OLD)
        proxy.forget()
        self.kill_after(write, NEW, start, proxy)
        assert_whole(target, NEW, ckan)

    def kill_after(self, write, catalogue, start, proxy):
        processes = []

        def kill():
            processes[0].kill()

        proxy.faults.append(Fault("write", skip=write, forward=True, then=kill))
        processes.append(process := start(catalogue))
        assert process.wait(60) == -signal.SIGKILL
        assert len(proxy.writes) == write + 1
        proxy.faults.clear()

    def test_at_random_moments(self, start, target, proxy, ckan):
        chance = random.Random(20230131)
        began = time.monotonic()
        assert start(OLD).wait(60) == 0
        lasts = time.monotonic() - began
        for number in range(RANDOM_KILLS):
            rows = [(f"Q{number}", f"指標{n}", "2023-01-31", str(n), "", "") for n in range(30)]
            catalogue = make_catalogue(make_dataset(title=f"版{number}", rows=rows))
            process = start(catalogue)
            time.sleep(chance.uniform(0, lasts))
            process.kill()
            process.wait(60)
            assert_whole(target, catalogue, ckan)
