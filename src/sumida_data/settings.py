"""Settings of the Kedro project."""

import os

from sumida_data.hooks import EnvironmentCredentials

# Telemetry stalls every command for eleven seconds on a closed network, and what the ward does
# is nobody else's business. The `.telemetry` file says no as well, for tools that look there.
os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")

HOOKS = (EnvironmentCredentials(),)
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "local"}
