"""One package published to a real CKAN by three tools: first, unchanged, and with one new file.

A proxy before the CKAN counts requests and the bytes that they send. Compared are this project,
the CKAN adapter of frictionless, and ``ckanapi load datasets --upload-resources``, each used as its
makers describe it. What a tool does with the same package again is the point: how much it sends,
whether a file stands there twice, and whether the ids, and so the addresses, are still the same.
"""

import functools
import http.server
import io
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pyarrow.parquet as pq
from pyarrow import csv
from rich.console import Console
from rich.table import Table

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from tests.catalogue.ckan.catalogues import make_catalogue, make_dataset, publish  # noqa: E402
from tests.catalogue.ckan.proxy import Proxy  # noqa: E402
from tests.catalogue.ckan.stack.start import ORGANIZATION, STAND_IN, Ckan, install  # noqa: E402

from sumida_data.catalogue.ckan.site import CkanSettings, CkanSite  # noqa: E402
from sumida_data.catalogue.ckan.target import CkanTarget  # noqa: E402
from sumida_data.catalogue.target import Dataset  # noqa: E402

READS = ("_show", "_search", "_list", "_authz", "_list_for_user", "download")
Publish = Callable[[Dataset, str, str], None]
# In an environment of its own, because it needs libraries that the project does not.
FRICTIONLESS = """
import json, sys
from frictionless import Package
from frictionless.portals import CkanControl
descriptor, control, folder = json.loads(sys.argv[1])
Package.from_descriptor(descriptor, basepath=folder).publish(control=CkanControl(**control))
"""
ROWS = [(f"FY{n}", "普及率", "2023-01-31", f"{n}.5", str(n), "false") for n in range(2000)]


@dataclass(frozen=True)
class Standing:
    """What stands in the CKAN after a step.

    Attributes:
        ids: Ids of the resources.
        names: Their file names.
    """

    ids: frozenset[str]
    names: tuple[str, ...]


def main() -> None:
    """Measure and print."""
    console = Console()
    with Ckan() as ckan, Proxy(ckan.url) as proxy:
        console.print(f"CKAN {ckan.version}. {STAND_IN}")
        token = ckan.tokens["publisher"]
        tools: dict[str, Publish] = {
            "sumida_data": publish_ours,
            "frictionless": publish_with_frictionless,
            "ckanapi load": publish_with_ckanapi,
        }
        table = Table(
            "tool", "step", "requests", "writes", "bytes sent", "files twice", "new ids", "end"
        )
        for tool, method in tools.items():
            before = Standing(frozenset(), ())
            for step, dataset in make_steps(tool.split()[0].replace("_", "-")):
                proxy.forget()
                told = attempt(method, dataset, proxy.url, token)
                calls, sent = list(proxy.calls), sum(proxy.sent)
                now = look(ckan, dataset.name)
                writes = sum(not name.endswith(READS) for name in calls)
                twice = len(now.names) - len(set(now.names))
                fresh = len(now.ids - before.ids) if before.ids else 0
                table.add_row(
                    tool,
                    step,
                    f"{len(calls)}",
                    f"{writes}",
                    f"{sent:,}",
                    f"{twice}",
                    f"{fresh}",
                    told,
                )
                before = now
        console.print(table)


def make_steps(name: str) -> Iterator[tuple[str, Dataset]]:
    """Yield the steps: what is published first, again, and then with another README."""
    first = make_dataset(name, rows=ROWS)
    readme, table, parquet, described = first.files
    buffer = io.BytesIO()
    pq.write_table(csv.read_csv(io.BytesIO(table.content)), buffer)
    others = (table, replace(parquet, content=buffer.getvalue()), described)
    first = replace(first, files=(readme, *others))
    yield "first", first
    yield "unchanged", first
    changed = replace(readme, content=b"# another\n")
    yield "one file changed", replace(first, files=(changed, *others))


def attempt(method: Publish, dataset: Dataset, url: str, token: str) -> str:
    """Publish and return how it ended."""
    try:
        method(dataset, url, token)
    except subprocess.CalledProcessError as error:
        return f"failed: {error.stderr.decode().splitlines()[-1][:60]}"
    return "done"


def look(ckan: Ckan, name: str) -> Standing:
    """Return the resources of a dataset."""
    resources = ckan.action("package_show", id=name)["resources"]
    names = tuple(one["url"].rpartition("/")[2] for one in resources)
    return Standing(frozenset(one["id"] for one in resources), names)


def publish_ours(dataset: Dataset, url: str, token: str) -> None:
    """Publish as the publish pipeline does, and read every byte back."""
    settings = CkanSettings.model_validate(
        {"url": url, "token": token, "organization": ORGANIZATION}
    )
    catalogue = make_catalogue(dataset)
    target = CkanTarget(settings)
    publish(target, catalogue)
    if differences := target.verify(catalogue):
        raise RuntimeError("\n".join(differences))


def publish_with_frictionless(dataset: Dataset, url: str, token: str) -> None:
    """Publish with the CKAN adapter; a dataset that is there already needs ``allow_update``."""
    there = CkanSite(CkanSettings(url=url), anonymous=True).find(
        "package_show", {"id": dataset.name}
    )
    control: dict[str, object] = {
        "baseurl": url,
        "organization_name": ORGANIZATION,
        "apikey": token,
    }
    control["allow_update"] = bool(there)
    resources = [
        {"name": file.key.lower().replace(".", "-"), "path": file.key}
        for file in dataset.files
        if file.key != "datapackage.json"  # which the adapter writes itself
    ]
    descriptor = {"name": dataset.name, "title": dataset.metadata["title"], "resources": resources}
    if there:
        descriptor["id"] = there["id"]
    with write(dataset) as folder:
        given = json.dumps([descriptor, control, str(folder)])
        command = [install("tools"), "-c", FRICTIONLESS, given]
        subprocess.run(command, capture_output=True, check=True)


def publish_with_ckanapi(dataset: Dataset, url: str, token: str) -> None:
    """Load the dataset as JSON; the tool fetches the files from a web server."""
    with write(dataset) as folder, serve(folder) as address:
        entry = {
            "name": dataset.name,
            "title": dataset.metadata["title"],
            "owner_org": ORGANIZATION,
            "resources": [
                {
                    **file.metadata,
                    # As in what ``ckanapi dump`` writes, which this tool is made to load.
                    "id": str(uuid5(NAMESPACE_URL, f"{dataset.name}/{file.key}")),
                    "url": f"{address}/{file.key}",
                    "url_type": "upload",
                }
                for file in dataset.files
            ],
        }
        command = ["ckanapi", "load", "datasets", "--upload-resources", "-r", url, "-a", token]
        binaries = str(Path(sys.executable).parent)
        environment = os.environ | {"PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run(
            command,
            input=json.dumps(entry).encode(),
            env=environment,
            capture_output=True,
            check=True,
        )


@contextmanager
def write(dataset: Dataset) -> Iterator[Path]:
    """Write the files of a dataset into a folder."""
    with tempfile.TemporaryDirectory() as name:
        for file in dataset.files:
            (Path(name) / file.key).write_bytes(file.content)
        yield Path(name)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on this machine and give its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    main()
