"""Settings of the Kedro project."""

import os

from kedro.config import MissingConfigException
from kedro.framework.context import KedroContext
from kedro.framework.hooks import hook_impl

# Telemetry stalls every command for eleven seconds on a closed network, and what the ward does
# is nobody else's business. The `.telemetry` file says no as well, for tools that look there.
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

_CKAN = {"url": "CKAN_URL", "token": "CKAN_API_TOKEN"}  # names of variables, not a password


class EnvironmentCredentials:
    """Takes the credentials of a CKAN from the environment where it has them.

    Kedro refuses a catalogue whose credentials stand nowhere, before the target could say in
    plain words what is missing.
    """

    @hook_impl
    def after_context_created(self, context: KedroContext) -> None:
        """Add the credentials to those in the files; the environment goes first."""
        loader = context.config_loader
        try:
            known = loader["credentials"]
        except MissingConfigException:
            known = {}
        given = {key: os.environ[name] for key, name in _CKAN.items() if os.environ.get(name)}
        loader["credentials"] = known | {"ckan": known.get("ckan", {}) | given}


HOOKS = (EnvironmentCredentials(),)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
