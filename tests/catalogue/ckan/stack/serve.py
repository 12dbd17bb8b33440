"""Prepares a CKAN's database where that has not been done, and serves it.

Runs with the Python of CKAN's own environment. Preparing and serving share one process because
importing CKAN takes seconds.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ckan.cli import load_config
from ckan.cli.cli import ckan as command_line
from ckan.config.middleware import make_app
from ckan.plugins.toolkit import get_action
from werkzeug.serving import run_simple

EDITOR = "publisher"


def prepare(settings: dict[str, Any]) -> None:
    """Create tables, an administrator, the organisation and its editor; write their tokens."""
    run("db", "init")
    if not settings["version"].startswith("2.10"):
        run("db", "upgrade", "-p", "activity")
    for plugin in settings["migrations"]:
        run("db", "upgrade", "-p", plugin)
    permissions = capture("datastore", "set-permissions")
    subprocess.run(settings["psql"], input=permissions, check=True, stdout=subprocess.DEVNULL)


def run(*arguments: str) -> None:
    """Run one of CKAN's commands in this process."""
    command_line.main(["-c", sys.argv[1], *arguments], standalone_mode=False)


def capture(*arguments: str) -> bytes:
    """Run one of CKAN's commands and return what it writes."""
    sys.stdout.flush()
    kept, (reader, writer) = os.dup(1), os.pipe()
    os.dup2(writer, 1)
    try:
        run(*arguments)
        sys.stdout.flush()
    finally:
        os.dup2(kept, 1)
        os.close(writer)
    with os.fdopen(reader, "rb") as stream:
        return stream.read()


def create_people(organization: str) -> dict[str, str]:
    """Create an administrator, the organisation, a group and an editor, who is no administrator."""
    tokens = {}
    own = get_action("get_site_user")({"ignore_auth": True}, {})
    for name, sysadmin in (("admin", True), (EDITOR, False)):
        person = {"name": name, "email": f"{name}@example.org", "password": "for-tests-only"}
        get_action("user_create")(_as(own), person | {"sysadmin": sysadmin})
        token = get_action("api_token_create")(_as(own), {"user": name, "name": "tests"})
        tokens[name] = token["token"]
    member = {"name": EDITOR, "capacity": "editor"}
    described = {"name": organization, "title": "墨田区", "users": [member]}
    get_action("organization_create")(_as(own), described)
    group = {"name": "c029", "title": "行財政", "users": [member | {"capacity": "member"}]}
    get_action("group_create")(_as(own), group)
    return tokens


def _as(user: dict[str, str]) -> dict[str, Any]:
    return {"user": user["name"], "ignore_auth": True}


if __name__ == "__main__":
    ini, tokens_path, settings_text = sys.argv[1:]
    settings = json.loads(settings_text)
    fresh = not Path(tokens_path).exists()
    if fresh:
        prepare(settings)
    app = make_app(load_config(ini))
    if fresh:
        with app._wsgi_app.test_request_context():
            tokens = create_people(settings["organization"])
        Path(tokens_path).write_text(json.dumps(tokens), "utf-8")
    run_simple("127.0.0.1", settings["port"], app, threaded=True)
