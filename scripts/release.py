"""Make a release: wheel, source archive, bill of materials and hashes.

    python scripts/release.py [--out dist/release]

It is made from what is committed, in a folder of its own, with the day of the commit as the only
day; so anybody who has the commit can make the same bytes and compare.
"""

import argparse
import gzip
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]


def ask_git(*arguments: str) -> str:
    """Return what git says of the project."""
    done = subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def describe_materials(lock: str, version: str) -> str:
    """Return the bill of materials in CycloneDX 1.6: every library of the lock file with hashes."""
    entries = re.findall(r"^([\w.-]+)(?:\[.*\])?==(\S+).*((?:\n +--hash=.*)+)", lock, re.MULTILINE)
    parts = [
        {
            "type": "library",
            "bom-ref": f"pkg:pypi/{name}@{number}",
            "name": name,
            "version": number,
            "purl": f"pkg:pypi/{name}@{number}",
            "licenses": [{"license": {"name": one}} for one in list_licences(name)],
            "hashes": [
                {"alg": "SHA-256", "content": one}
                for one in sorted(re.findall(r"sha256:([0-9a-f]{64})", hashes))
            ],
        }
        for name, number, hashes in entries
    ]
    root = {"type": "application", "name": "sumida-data", "version": version}
    described = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": parts,
    }
    return json.dumps(described, indent=1) + "\n"


def list_licences(name: str) -> list[str]:
    """Return the licences that a library names; none where it is for another system alone."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return []
    classified = [
        one.rpartition(" :: ")[2]
        for one in told.get_all("Classifier", [])
        if one.startswith("License :: ")
    ]
    # Some put the whole text where the name should stand.
    written = [told[key] for key in ("License-Expression", "License") if key in told]
    return [one for one in written if "\n" not in one.strip()][:1] or classified


def normalise_archive(path: Path, seconds: int) -> None:
    """Write a .tar.gz anew in the order of its names, with one day and no owner."""
    with tarfile.open(path) as archive:
        members = sorted(archive.getmembers(), key=lambda member: member.name)
        contents = [
            (member, archive.extractfile(member).read() if member.isfile() else b"")  # type: ignore[union-attr]
            for member in members
        ]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for member, content in contents:
            member.mtime, member.uid, member.gid, member.uname, member.gname = seconds, 0, 0, "", ""
            member.mode, member.pax_headers = (0o644 if member.isfile() else 0o755), {}
            archive.addfile(member, io.BytesIO(content))
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=seconds))


def make(out: Path) -> None:
    """Make the release."""
    seconds = int(ask_git("log", "-1", "--format=%ct"))
    with tempfile.TemporaryDirectory() as workshop:
        source, new = Path(workshop) / "source", Path(workshop) / "release"
        source.mkdir()
        archive = subprocess.run(
            ["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True
        ).stdout
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(source, filter="data")
        environment = os.environ | {"SOURCE_DATE_EPOCH": str(seconds), "PYTHONHASHSEED": "0"}
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(new)]
        subprocess.run(
            [*command, str(source)], check=True, env=environment, stdout=subprocess.DEVNULL
        )
        for path in new.glob("*.tar.gz"):
            normalise_archive(path, seconds)
        version = re.search(
            r'__version__ = "(.+)"', (source / "src/sumida_data/__init__.py").read_text()
        )
        lock = (source / "requirements.lock").read_text("utf-8")
        (new / "sbom.cdx.json").write_text(describe_materials(lock, version[1]), "utf-8")  # type: ignore[index]
        (new / "commit").write_text(ask_git("rev-parse", "HEAD") + "\n", "utf-8")
        sums = [
            f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n"
            for path in sorted(new.iterdir())
        ]
        (new / "SHA256SUMS").write_text("".join(sums), "utf-8")
        shutil.rmtree(out, ignore_errors=True)
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(new, out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist/release")
    given = parser.parse_args()
    make(given.out.resolve())
    sys.stdout.write((given.out / "SHA256SUMS").read_text("utf-8"))
