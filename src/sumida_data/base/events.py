"""What a run logs as JSON, one object a line, for tools."""

import json
import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from sumida_data.base.disk import PRIVATE_FILE

_EVENTS = logging.getLogger("sumida_data.events")
_LARGEST, _KEPT = 10_485_760, 5


class _Events(RotatingFileHandler):
    """Says of each event when, how grave, from which logger, and what it names.

    The file is readable by its owner alone: names of files may speak of persons.
    """

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        event = {"at": moment, "level": record.levelname, "logger": record.name}
        event |= {"message": record.getMessage(), **getattr(record, "names", {})}
        if record.exc_info:
            event["error"] = logging.Formatter().formatException(record.exc_info)
        return json.dumps(event, ensure_ascii=False, default=str)

    def _open(self) -> Any:
        opened = super()._open()
        Path(self.baseFilename).chmod(PRIVATE_FILE)
        return opened


@contextmanager
def write_events(path: str) -> Iterator[None]:
    """Meanwhile add what is logged to a file too, which begins anew when it is large."""
    loggers = (logging.getLogger(), _EVENTS)
    with closing(_Events(path, "a", _LARGEST, _KEPT, "utf-8", delay=True)) as handler:
        for one in loggers:
            one.addHandler(handler)
        try:
            yield
        finally:
            for one in loggers:
                one.removeHandler(handler)


def log_rows(message: str, rows: Iterable[Mapping[str, Any]], names: Iterable[str]) -> None:
    """Log an event for each row, with the values of these columns."""
    for row in rows:
        _EVENTS.info(message, extra={"names": {name: row[name] for name in names}})
