"""Whoever downloads the files from a CKAN can recompute every figure and verdict."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import requests

from sumida_data.base.disk import read_folder
from sumida_data.catalogue.ckan.target import CkanTarget
from sumida_data.catalogue.preview import gather_catalogue
from sumida_data.catalogue.publication import stamp
from tests.catalogue.ckan.catalogues import publish
from tests.catalogue.ckan.stack.start import OtherCkan
from tests.project import Quarter

# Those that rest on small tables; the others would only take longer.
NAMES = ("dx-indicators", "online-consultations", "staff-training")


def test_what_a_ckan_serves_gives_the_figures_that_it_tells(
    quarter: Quarter, ckan: OtherCkan, open_ckan: Callable[..., CkanTarget], tmp_path: Path
) -> None:
    preview = read_folder(quarter.data / "06_catalog/preview")
    whole = stamp(gather_catalogue(preview, NAMES), "2023-02-01")
    datasets = tuple(one for one in whole.datasets if one.name in NAMES)
    target = open_ckan()
    publish(target, replace(whole, datasets=datasets, pages={}))
    for name in NAMES:
        package = ckan.action("package_show", id=f"{target.settings.name_prefix}{name}")
        folder = tmp_path / name
        folder.mkdir()
        for resource in package["resources"]:
            answer = requests.get(resource["url"], timeout=60)
            answer.raise_for_status()
            (folder / resource["url"].rpartition("/")[2]).write_bytes(answer.content)
    script = tmp_path / NAMES[0] / "recompute.py"
    done = subprocess.run(
        [sys.executable, "-I", str(script)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "公表と違うもの 0" in done.stdout
    for name in NAMES[1:]:
        assert (tmp_path / name / "recompute.py").read_bytes() == script.read_bytes()
