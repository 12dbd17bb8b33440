"""``python -m sumida_data``: what ``kedro run`` does in a project's folder, from a wheel alone."""

import sys
from pathlib import Path

from kedro.framework.startup import bootstrap_project

metadata = bootstrap_project(Path.cwd())
from sumida_data.cli import run  # noqa: E402  # it asks which project is set up

run.main(sys.argv[1:], "sumida_data", obj=metadata)
