"""From department spreadsheets to a city's trusted public figures."""

__version__ = "0.1.0"
