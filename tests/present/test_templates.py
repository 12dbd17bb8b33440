import sys
from collections.abc import Iterator
from pathlib import Path

import jinja2.compiler
import pytest

from sumida_data.present import words
from sumida_data.present.words import load_templates


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in the place of that of compiled code."""
    monkeypatch.setattr(words, "__file__", str(tmp_path / "words.py"))
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    (tmp_path / "__pycache__").mkdir()
    load_templates.cache_clear()
    yield tmp_path / "__pycache__"
    load_templates.cache_clear()


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of templates that were compiled."""
    names: list[str] = []
    generate = jinja2.environment.generate
    monkeypatch.setattr(
        jinja2.environment, "generate", lambda *a, **k: names.append(a[2]) or generate(*a, **k)
    )
    return names


def load() -> None:
    load_templates.cache_clear()
    load_templates("packages").get_template("README.md")


def test_a_template_is_compiled_once(folder: Path, compiled: list[str]) -> None:
    load()
    load()
    assert compiled == ["README.md"]
    assert len(list(folder.iterdir())) == 1


def test_other_code_or_another_version_of_a_library_compiles_it_again(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    monkeypatch.setattr(words, "hash_code", lambda *_: "other")
    load()
    assert compiled == ["README.md"] * 2


def test_what_is_damaged_is_compiled_again(folder: Path, compiled: list[str]) -> None:
    load()
    [kept] = folder.iterdir()
    kept.write_bytes(b"damaged")
    load()
    assert compiled == ["README.md"] * 2


def test_where_python_keeps_no_compiled_code_nothing_is_kept(
    folder: Path, compiled: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    load()
    load()
    assert compiled == ["README.md"] * 2
    assert list(folder.iterdir()) == []
