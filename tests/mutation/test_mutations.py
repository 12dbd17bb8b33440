"""Damaged forms: every value is read right, or a finding leads to its cell.

`make test-mutation` tries many more pairs than the tests do.
"""

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from sumida_data.survey.collecting.returns import FormReader
from sumida_data.survey.findings import FindingRules
from sumida_data.survey.form import Form, Waves
from tests.mutation.damage import KINDS, DoesNotApplyError, Scene
from tests.mutation.grid import Book, Origin
from tests.mutation.judge import Expected, Judge

pytestmark = pytest.mark.usefixtures("unmeasured")

PERIOD = "FY2022Q3"
# Together they have records in all tables of the quarter, and three hands.
DEPARTMENTS = ("1004", "1202", "1505")
PAIRS = int(os.environ.get("MUTATION_PAIRS", "250"))

Undamaged = list[tuple[Book, dict[Origin, Expected]]]


@pytest.fixture(scope="session")
def judge(form: Form, rules: FindingRules, waves: Waves) -> Judge:
    return Judge(FormReader(form, rules), waves, PERIOD)


@pytest.fixture(scope="session")
def undamaged(judge: Judge, returns: dict[str, bytes]) -> Undamaged:
    found = []
    for name, content in returns.items():
        if name.startswith(tuple(f"{PERIOD}/{code}" for code in DEPARTMENTS)):
            book = Book.load(content)
            found.append((book, judge.expect(book.write())))
    return found


def damage_and_judge(
    names: Sequence[str], seed: int, judge: Judge, form: Form, undamaged: Undamaged
) -> Iterator[tuple[str, list[str]]]:
    """Damage each workbook in this way, one kind after the other; yield what comes of it."""
    for number, (book, expected) in enumerate(undamaged):
        scene = Scene(book.copy(), form, dict(expected), Random(f"{names}{seed}{number}"))
        try:
            for name in names:
                KINDS[name](scene)
        except DoesNotApplyError:
            continue
        yield judge.judge(scene.book, scene.expected)


def test_there_are_many_kinds() -> None:
    assert len(KINDS) >= 200


def test_the_undamaged_have_answers_in_every_table(undamaged: Undamaged, form: Form) -> None:
    tables = {answer.table for _, expected in undamaged for answer in expected.values()}
    # Nobody was asked for 標準化 or 指標の説明 in that quarter.
    others = {"standardization", "indicator_explanation"}
    assert tables == {part.table for part in form.sheets} - others


@pytest.mark.parametrize("name", KINDS)
def test_one_kind_of_damage(name: str, judge: Judge, form: Form, undamaged: Undamaged) -> None:
    outcomes = list(damage_and_judge([name], 0, judge, form, undamaged))
    assert outcomes, "nothing to damage so"
    assert [silent for _, lines in outcomes for silent in lines] == []


def test_pairs_of_damage(judge: Judge, form: Form, undamaged: Undamaged) -> None:
    random = Random(131075)
    outcomes: dict[str, Counter[str]] = defaultdict(Counter)
    silent = []
    for seed in range(PAIRS):
        names = random.sample(list(KINDS), 2)
        some = [random.choice(undamaged)]
        for outcome, lines in damage_and_judge(names, seed, judge, form, some):
            silent += [f"{names}: {line}" for line in lines]
            for name in names:
                outcomes[name][outcome] += 1
    table = "\n".join(f"{name:40} {dict(outcomes[name])}" for name in KINDS)
    print(table)  # noqa: T201  # pytest shows it when the test fails
    assert silent == []
    assert sum(counter.total() for counter in outcomes.values()) > PAIRS
