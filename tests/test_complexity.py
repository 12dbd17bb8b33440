"""No function takes more decisions than a reader can hold; comprehensions count."""

from collections.abc import Iterator

from radon.complexity import cc_visit

from tests.project import PROJECT

SOURCES = PROJECT / "src/sumida_data"
MOST = 10


def find_complex() -> Iterator[str]:
    for path in sorted(SOURCES.rglob("*.py")):
        for block in cc_visit(path.read_text("utf-8")):
            # A class is shown with the average of its methods, which are shown themselves.
            if block.letter != "C" and block.complexity > MOST:
                name = f"{path.relative_to(SOURCES).as_posix()}: {block.fullname}"
                yield f"{name} ({block.complexity})"


def test_no_function_is_too_complex() -> None:
    assert list(find_complex()) == []
