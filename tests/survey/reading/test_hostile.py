"""Files that are broken, or made to do harm: each is answered, and nothing stops.

How long each takes is measured by `make bench`.
"""

from pathlib import Path

import pytest

from tests.survey.hostile import BROKEN, READABLE, check, make_good

pytestmark = pytest.mark.usefixtures("unmeasured")

MEGABYTES = 300


@pytest.fixture(scope="module")
def good() -> bytes:
    return make_good()


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_used_is_told_of(tmp_path: Path, good: bytes, kind: str) -> None:
    rule_id, make = BROKEN[kind]
    result = check(tmp_path / "1203.xlsx", make(good))
    assert result["findings"] == [[rule_id, None, None]]
    assert result["megabytes"] <= MEGABYTES


@pytest.mark.parametrize("kind", READABLE)
def test_what_does_no_harm_is_read(tmp_path: Path, good: bytes, kind: str) -> None:
    expected, make = READABLE[kind]
    result = check(tmp_path / "1203.xlsm", make(good))
    assert [one for one in result["findings"] if one[0] not in {"F204", "F323"}] == expected
    assert result["answers"] > 1
    assert result["megabytes"] <= MEGABYTES
