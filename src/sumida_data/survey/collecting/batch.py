"""Reading many workbooks: one after the other, or on all processors where they are very many."""

import gc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256

from sumida_data.survey.collecting.returns import FormReader, Return
from sumida_data.survey.files import SourceFile
from sumida_data.survey.findings import Kind, Place, make_finding
from sumida_data.survey.form import Waves

# Reading fewer takes less time than starting the processes does.
VERY_MANY = 500
_CHUNK = 50

# What a process reads with; filled when it starts.
_prepared: list[partial[Return]] = []


def read_returns(reader: FormReader, waves: Waves, files: Sequence[SourceFile]) -> Iterator[Return]:
    """Read workbooks and give them back in their order, each when it is read.

    Args:
        reader: Reads a workbook.
        waves: The inquiries.
        files: The files; the first part of each name is a quarter with an inquiry.
    """
    with _pause_garbage_collection():
        if len(files) < VERY_MANY:
            yield from (_read_file(reader, waves, file) for file in files)
        else:
            yield from _read_in_processes(reader, waves, files)


@contextmanager
def _pause_garbage_collection() -> Iterator[None]:
    """Spare the collector from going through what was read again and again.

    Reading leaves no cycles behind, so that memory does not grow.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_in_processes(
    reader: FormReader, waves: Waves, files: Sequence[SourceFile]
) -> Iterator[Return]:
    # Imported here because it takes time and a single workbook needs none of it.
    from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415
    from multiprocessing import get_context  # noqa: PLC0415

    # What the reader has prepared for itself does not go through to another process.
    start = (replace(reader), waves)
    context = get_context("spawn")
    with ProcessPoolExecutor(mp_context=context, initializer=_prepare, initargs=start) as pool:
        yield from pool.map(_read_prepared, files, chunksize=_CHUNK)


def _prepare(reader: FormReader, waves: Waves) -> None:
    gc.disable()
    _prepared[:] = [partial(_read_file, reader, waves)]


def _read_prepared(file: SourceFile) -> Return:
    return _prepared[0](file)


def _read_file(reader: FormReader, waves: Waves, file: SourceFile) -> Return:
    period = file.name.partition("/")[0]
    returned = Return(file.name, "", file.arrived_at, period)
    try:
        content = file.read()
    except OSError:
        place = Place(period=period, source_file=file.name)
        returned.findings.append(make_finding(reader.rules[Kind.NOT_ACCESSIBLE], place))
        return returned
    returned.file_sha256 = sha256(content).hexdigest()
    reader.read(content, returned, waves.root[period])
    return returned
