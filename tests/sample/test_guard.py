from collections.abc import Callable
from pathlib import Path

import pytest

from sumida_data.sample import RealFilesError, refuse_real_files
from sumida_data.survey.files import SourceFile


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], SourceFile]:
    def write(name: str, content: bytes) -> SourceFile:
        path = tmp_path / name
        path.write_bytes(content)
        return SourceFile(f"FY2022Q3/{name}", path)

    return write


def test_sample_files_may_be_replaced(
    put: Callable[[str, bytes], SourceFile], returns: dict[str, bytes]
) -> None:
    contents = list(returns.values())[:3]
    refuse_real_files(put(f"{number}.xlsx", one) for number, one in enumerate(contents))


def test_a_real_return_is_named_and_kept(
    put: Callable[[str, bytes], SourceFile],
    returns: dict[str, bytes],
    make_workbook: Callable[..., bytes],
) -> None:
    sample = put("1202.xlsx", next(iter(returns.values())))
    real = put("1203.xlsx", make_workbook({"表紙": [["課コード", "1203"]]}))
    with pytest.raises(RealFilesError, match=r"FY2022Q3/1203\.xlsx。.*空にしてください"):
        refuse_real_files([sample, real])


def test_a_file_that_cannot_be_read_is_taken_for_real(
    put: Callable[[str, bytes], SourceFile],
) -> None:
    broken = [put(name, b"no workbook") for name in ("a.xlsx", "b.xlsx")]
    with pytest.raises(RealFilesError, match=r"FY2022Q3/a\.xlsx ほか1件"):
        refuse_real_files(broken)
