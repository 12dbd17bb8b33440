"""A reverse proxy before a CKAN that counts calls and spoils those that a test names."""

import base64
import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import urlsplit

WRITES = {
    "package_create",
    "package_revise",
    "package_create_default_resource_views",
    "datastore_create",
    "datastore_upsert",
    "datastore_delete",
}
_PAGE = b"<html><body><h1>Request blocked</h1></body></html>"
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Fault:
    """What happens to a call instead of its answer.

    Attributes:
        action: The call that it befalls, "download", "write" for any that writes, or "any".
        skip: How many such calls pass before.
        status: Status of a page of HTML, or 0 for a connection that just ends.
        forward: Whether CKAN gets the call all the same.
        times: How often.
        headers: Of the page.
        delay: Seconds before CKAN's own answer arrives.
        cut: Whether only half of CKAN's own answer arrives.
        before: Called before CKAN gets the call.
        then: Called before anything is answered.
    """

    action: str
    status: int = 0
    forward: bool = False
    times: int = 1
    skip: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0
    cut: bool = False
    before: Callable[[], object] | None = None
    then: Callable[[], object] | None = None

    def befalls(self, action: str) -> bool:
        """Say whether this call is the one, and count it."""
        if self.action not in (action, "any", "write") or (
            self.action == "write" and action not in WRITES
        ):
            return False
        self.skip -= 1
        if self.skip >= 0 or self.times <= 0:
            return False
        self.times -= 1
        return True


class Proxy(ThreadingHTTPServer):
    """Stands before a CKAN while a test runs.

    Args:
        url: Address of the CKAN.
        root: Path under which it shows the CKAN.
        password: The user:password that it asks for; the token is then in ``X-CKAN-API-Key``.

    Attributes:
        url: Its own address.
        faults: What is to go wrong.
        calls: Names of the actions that were called.
        sent: Bytes that each call sent, in the same order.
        agents: User-Agents seen.
        tokens: Tokens seen.
    """

    daemon_threads = True

    def __init__(self, url: str, root: str = "", password: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target, self.root, self.password = urlsplit(url).netloc, root, password
        self.url = f"http://127.0.0.1:{self.server_port}{root}"
        self.faults: list[Fault] = []
        self.calls: list[str] = []
        self.sent: list[int] = []
        self.agents: set[str] = set()
        self.tokens: set[str] = set()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    @property
    def writes(self) -> list[str]:
        """The calls that write."""
        return [call for call in self.calls if call in WRITES]

    def forget(self) -> None:
        """Begin to count anew."""
        self.calls.clear()
        self.sent.clear()

    def note(self, action: str, size: int) -> Fault | None:
        """Count a call; return what is to happen to it."""
        with self._lock:
            self.calls.append(action)
            self.sent.append(size)
            return next((fault for fault in self.faults if fault.befalls(action)), None)


class _Handler(BaseHTTPRequestHandler):
    server: Proxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._admit():
            return
        path = urlsplit(self.path).path
        action = "download" if "/download/" in path else path.rpartition("/")[2]
        self.server.agents.add(self.headers["User-Agent"])
        self.server.tokens.add(self.headers.get("Authorization", ""))
        fault = self.server.note(action, len(body))
        if fault:
            self._spoil(fault, body)
        else:
            self._answer(*self._forward(body))

    def do_GET(self) -> None:
        self.do_POST()

    def _admit(self) -> bool:
        """Take the path and the token as the CKAN wants them; answer 401 without the password."""
        # As a proxy on the way to another site it is given the whole address.
        asked = urlsplit(self.path)
        self.path = asked._replace(scheme="", netloc="").geturl()
        root, password = self.server.root, self.server.password
        if not root or not asked.path.startswith(f"{root}/"):
            return True
        basic = f"Basic {base64.b64encode(password.encode()).decode()}"
        if password and self.headers["Authorization"] != basic:
            self._answer(401, {"WWW-Authenticate": "Basic"}, _PAGE)
            return False
        self.path = self.path.removeprefix(root)
        del self.headers["Authorization"]
        if token := self.headers["X-CKAN-API-Key"]:
            self.headers["Authorization"] = token
        return True

    def _spoil(self, fault: Fault, body: bytes) -> None:
        self.close_connection = True
        if fault.before:
            fault.before()
        answer = self._forward(body) if fault.forward or fault.delay or fault.cut else None
        if fault.then:
            fault.then()
        time.sleep(fault.delay)
        if fault.status:
            self._answer(fault.status, {"Content-Type": "text/html"} | fault.headers, _PAGE)
        elif answer and (fault.delay or fault.before or fault.cut):
            self._answer(*answer, cut=fault.cut)

    def _forward(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.target, timeout=60)
        try:
            connection.request(self.command, self.path, body or None, dict(self.headers))
            answer = connection.getresponse()
            kind = answer.headers.get("Content-Type", "")
            return answer.status, {"Content-Type": kind}, answer.read()
        except (OSError, http.client.HTTPException):
            return 502, {"Content-Type": "text/html"}, _PAGE
        finally:
            connection.close()

    def _answer(
        self, status: int, headers: dict[str, str], content: bytes, *, cut: bool = False
    ) -> None:
        try:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[: len(content) // 2] if cut else content)
        except OSError:
            self.close_connection = True  # the client has gone

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
