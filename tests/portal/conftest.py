"""The packages that a catalogue shows."""

from tests.opendata.conftest import build, built, frames, packages

__all__ = ["build", "built", "frames", "packages"]
