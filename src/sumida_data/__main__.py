"""``python -m sumida_data``: what ``kedro run`` does in a folder with ``conf`` and ``data``."""

import sys
from pathlib import Path

from kedro import __version__
from kedro.framework.project import configure_project
from kedro.framework.startup import ProjectMetadata

configure_project("sumida_data")
from sumida_data.cli import run  # noqa: E402  # it asks which project is set up

here = Path.cwd()
# Of a project that was installed there is neither source nor pyproject.toml.
metadata = ProjectMetadata(
    here / "pyproject.toml", "sumida_data", here.name, here, here / "src", __version__, [], ""
)
run.main(sys.argv[1:], "sumida_data", obj=metadata)
