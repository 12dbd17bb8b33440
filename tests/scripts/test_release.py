"""A release is the same bytes whenever it is made, and lists what it is made of."""

import io
import json
import re
import tarfile
from pathlib import Path

from tests.project import PROJECT


def test_an_archive_is_the_same_whatever_the_clock_says(script, tmp_path: Path) -> None:
    made = []
    for mtime, names in ((1, ("a", "b")), (2_000_000_000, ("b", "a"))):
        path = tmp_path / f"{mtime}.tar.gz"
        with tarfile.open(path, "w:gz") as archive:
            for name in names:
                member = tarfile.TarInfo(name)
                member.size, member.mtime, member.uname = 1, mtime, str(mtime)
                archive.addfile(member, io.BytesIO(name.encode()))
        script("release").normalise_archive(path, 1_600_000_000)
        made.append(path.read_bytes())
    assert made[0] == made[1]


def test_the_bill_of_materials_names_every_library_with_its_hashes(script) -> None:
    lock = (PROJECT / "requirements.lock").read_text("utf-8")
    described = json.loads(script("release").describe_materials(lock, "1.0.0"))
    names = {part["name"] for part in described["components"]}
    assert {"kedro", "duckdb", "pandas"} <= names
    pinned = re.findall(r"^[\w.-]+(?:\[.+\])?==", lock, re.MULTILINE)
    assert len(described["components"]) == len(pinned)
    assert all(len(part["hashes"][0]["content"]) == 64 for part in described["components"])
    licences = {one["name"]: one["licenses"] for one in described["components"]}
    assert licences["click"] == [{"license": {"name": "BSD-3-Clause"}}]
    assert described["bomFormat"] == "CycloneDX"
