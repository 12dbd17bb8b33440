"""From department spreadsheets to a city's trusted public figures."""

import os

__version__ = "1.0.0"

# Arrow's own allocator keeps the memory of tables that are gone; without it a run needs less.
os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")


def keep_to_itself() -> None:
    """Keep Kedro from reporting to anybody, also outside a project; it calls this when it starts.

    Telemetry stalls every command for eleven seconds on a closed network, and what the ward does
    is nobody else's business. The `.telemetry` file says no as well, for tools that look there.
    """
    os.environ.setdefault("KEDRO_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
