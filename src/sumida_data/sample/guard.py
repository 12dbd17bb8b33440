"""Real returns are never overwritten by sample data."""

from collections.abc import Iterable

from sumida_data.survey.files import SourceFile, UnusableFileError
from sumida_data.survey.reading.workbook import has_sample_stamp, open_workbook


class RealFilesError(ValueError):
    """Files lie where sample data would be written, and do not say that they are sample data."""

    def __init__(self, names: list[str]) -> None:
        others = f" ほか{len(names) - 1}件" if len(names) > 1 else ""
        super().__init__(
            f"見本データではないファイルがあるため、見本データを作りません: {names[0]}{others}。"
            "見本データを使うときは、先に調査票と国やシステムのファイルのフォルダを空にしてください。"
        )


def refuse_real_files(files: Iterable[SourceFile]) -> None:
    """Refuse to go on if any file is not sample data.

    Args:
        files: The files that writing sample data would remove.

    Raises:
        RealFilesError: If a file cannot be read or does not say that it is sample data.
    """
    if real := [file.name for file in files if not _is_sample(file)]:
        raise RealFilesError(real)


def _is_sample(file: SourceFile) -> bool:
    try:
        return has_sample_stamp(open_workbook(file.read(), file.name))
    except UnusableFileError:
        return False
