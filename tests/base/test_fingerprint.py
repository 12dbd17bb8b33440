import sys
from pathlib import Path

import pytest

from sumida_data.base import fingerprint
from sumida_data.base.fingerprint import hash_code


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "package"
    for name in ("base/disk.py", "base/__pycache__/disk.pyc", "site/pages.py"):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(name)
    monkeypatch.setattr(fingerprint, "_PACKAGE", package)
    return package


def hash_anew(*folders: str) -> str:
    hash_code.cache_clear()
    return hash_code(*folders)


@pytest.fixture(autouse=True)
def _forget() -> object:
    yield
    hash_code.cache_clear()


def test_it_is_another_where_a_file_of_the_package_is(package: Path) -> None:
    before = hash_anew(), hash_anew("base")
    (package / "site/pages.py").write_text("other")
    assert hash_anew() != before[0]
    assert hash_anew("base") == before[1]
    (package / "base/disk.py").write_text("other")
    assert hash_anew("base") != before[1]


def test_it_is_the_same_where_only_what_was_compiled_is_another(package: Path) -> None:
    before = hash_anew()
    (package / "base/__pycache__/disk.pyc").write_text("other")
    assert hash_anew() == before


def test_another_version_of_a_library_or_of_python_is_other_code(
    package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    hashes = {hash_anew("base")}
    for name in ("pydantic-2.0", "PyYAML-6.0"):
        (tmp_path / f"{name}.dist-info").mkdir()
        hashes.add(hash_anew("base"))
    monkeypatch.setattr(sys, "version", "3.99")
    hashes.add(hash_anew("base"))
    assert len(hashes) == 4
