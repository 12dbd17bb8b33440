"""What happens to a form between the office and its return: kinds of damage by name.

What no reader of one file can see is not among them: a row that was deleted whole, a number
that is another number, two answers of one type that changed places.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from random import Random
from typing import Any

from sumida_data.base.periods import format_era_date
from sumida_data.survey.form import Form, FormField
from tests.mutation.grid import Book, Cell, Formula, Origin, Page, Position, new_cells
from tests.mutation.judge import Expected


class DoesNotApplyError(Exception):
    """This workbook has nothing that could be damaged so."""


@dataclass(frozen=True)
class Scene:
    """A workbook about to be damaged.

    Attributes:
        book: The workbook.
        form: The form that it follows.
        expected: Its answers by their cells in the undamaged workbook.
        random: Decides what is hit.
    """

    book: Book
    form: Form
    expected: dict[Origin, Expected]
    random: Random
    # Cells that must stay as they are, because they prove earlier damage.
    evidence: set[Cell] = field(default_factory=set)

    def field_of(self, answer: Expected) -> FormField:
        part = self.form.sheet_of(answer.table)
        assert part is not None
        return next(item for item in part.fields if item.name == answer.field)

    def pick(
        self, wanted: Callable[[FormField, Expected], Any], *, rows: bool = False
    ) -> tuple[Cell, Position, Expected]:
        """Choose an answer; with `rows` one of a table, not of a label cell."""
        positions = self.book.positions()
        found = [
            (positions[origin], answer)
            for origin, answer in self.expected.items()
            if origin in positions
            and (answer.key or not rows)
            and self.evidence.isdisjoint(_row_of(positions[origin]))
            and wanted(self.field_of(answer), answer)
        ]
        if not found:
            raise DoesNotApplyError
        position, answer = self.random.choice(found)
        page, row, column = position
        return page.rows[row][column], position, answer

    def number(self) -> tuple[Cell, Position, Expected]:
        return self.pick(lambda item, a: item.type in ("integer", "number") and a.value)

    def day(self) -> tuple[Cell, Position, Expected]:
        return self.pick(lambda item, a: item.type == "date" and a.value)

    def name(self) -> tuple[Cell, Position, Expected]:
        return self.pick(
            lambda item, a: item.required and item.type == "string" and not item.unique,
            rows=True,
        )

    def code(self) -> tuple[Cell, Position, Expected]:
        return self.pick(lambda item, a: item.unique or item.pattern)

    def choice(self, count: Callable[[int], bool] = bool) -> tuple[Cell, Position, Expected]:
        return self.pick(lambda item, a: item.enum and count(len(item.enum)) and a.value)

    def answer(self) -> tuple[Cell, Position, Expected]:
        return self.pick(lambda item, a: a.value, rows=True)

    def heading(self, *, key: bool = False) -> tuple[Cell, Position, FormField]:
        """Choose a heading over answers; the cell is the one with the field's words."""
        _, (page, row, column), answer = self.pick(lambda item, a: bool(item.key) == key, rows=True)
        item = self.field_of(answer)
        for number in range(row - 1, -1, -1):
            cell = page.rows[number][column]
            if isinstance(cell.value, str) and _starts_as(cell.value, item):
                return cell, (page, number, column), item
        raise DoesNotApplyError

    def label(self) -> tuple[Cell, Position, FormField]:
        """Choose a label with its answer beside it; the position is the label's."""
        _, (page, row, column), answer = self.pick(lambda _, a: not a.key and a.value)
        cell = page.rows[row][column - 1]
        if not isinstance(cell.value, str) or not _starts_as(cell.value, self.field_of(answer)):
            raise DoesNotApplyError
        return cell, (page, row, column - 1), self.field_of(answer)

    def record_row(self) -> tuple[Page, int]:
        _, (page, row, _), _ = self.pick(lambda item, a: item.key, rows=True)
        return page, row

    def last_row(self, page: Page) -> int:
        positions = self.book.positions()
        rows = [
            positions[origin][1]
            for origin, answer in self.expected.items()
            if answer.key and origin in positions and positions[origin][0] is page
        ]
        return max(rows)

    def key_column(self, page: Page) -> int:
        positions = self.book.positions()
        for origin, answer in self.expected.items():
            is_there = origin in positions and positions[origin][0] is page
            if is_there and answer.key and self.field_of(answer).key:
                return positions[origin][2]
        raise DoesNotApplyError

    def header_row(self, page: Page, row: int) -> int:
        """The lowest heading row above a row of a table."""
        column = self.key_column(page)
        for number in range(row - 1, -1, -1):
            cell = page.rows[number][column]
            fields = [item for part in self.form.sheets for item in part.fields if item.key]
            if isinstance(cell.value, str) and any(_starts_as(cell.value, i) for i in fields):
                return number
        raise DoesNotApplyError


def _row_of(position: Position) -> list[Cell]:
    page, row, _ = position
    return page.rows[row]


def _starts_as(text: str, item: FormField) -> bool:
    return (
        text.split("※", maxsplit=1)[0]
        .split("\n", maxsplit=1)[0]
        .split("（", maxsplit=1)[0]
        .rstrip("：")
        in item.headings
    )


Damage = Callable[[Scene], None]
KINDS: dict[str, Damage] = {}


def kind(damage: Damage) -> Damage:
    KINDS[damage.__name__] = damage
    return damage


def rewrite(name: str, choose: Callable[[Scene], Any], write: Callable[[Expected], Any]) -> None:
    """Add a kind of damage that writes something else into one cell."""

    def damage(scene: Scene) -> None:
        cell, _, answer = choose(scene)
        cell.value = write(answer)

    KINDS[name] = damage


def retitle(name: str, write: Callable[[str, FormField], str]) -> None:
    """Add a kind of damage that changes the words of a heading."""

    def damage(scene: Scene) -> None:
        cell, _, item = scene.heading()
        cell.value = write(cell.value, item)

    KINDS[name] = damage


# Rows


@kind
def rows_inserted_above(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.insert_rows(2, [new_cells(page.width), new_cells(page.width)])


@kind
def blank_row_between(scene: Scene) -> None:
    page, row = scene.record_row()
    page.insert_rows(row, [new_cells(page.width)])


@kind
def thousand_blank_rows_after(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.insert_rows(len(page.rows), [[Cell(" ")] for _ in range(1000)])


@kind
def note_with_mark_between(scene: Scene) -> None:
    page, row = scene.record_row()
    page.insert_rows(row, [[*new_cells(scene.key_column(page)), Cell("※ここから新しい手続")]])


@kind
def note_without_mark_between(scene: Scene) -> None:
    page, row = scene.record_row()
    page.insert_rows(row, [[*new_cells(scene.key_column(page)), Cell("以下は昨年度から")]])


@kind
def note_beside_the_table(scene: Scene) -> None:
    page, row = scene.record_row()
    page.insert_column(page.width)
    page.rows[row][-1].value = "←確認中です"


@kind
def total_row_at_the_end(scene: Scene) -> None:
    _total(scene, "合計")


@kind
def subtotal_row_with_words(scene: Scene) -> None:
    _total(scene, "小計（窓口）")


@kind
def total_row_in_the_numbering(scene: Scene) -> None:
    page, _ = scene.record_row()
    column = scene.key_column(page)
    cells = [*new_cells(max(0, column - 1)), Cell("計"), Cell("3件"), Cell(), Cell(3)]
    page.insert_rows(scene.last_row(page) + 1, [cells])


def _total(scene: Scene, word: str) -> None:
    page, _ = scene.record_row()
    cells = [*new_cells(scene.key_column(page)), Cell(word), Cell(), Cell(), Cell(12)]
    page.insert_rows(scene.last_row(page) + 1, [cells])


@kind
def words_under_the_table(scene: Scene) -> None:
    page, _ = scene.record_row()
    cells = [*new_cells(scene.key_column(page)), Cell("以上")]
    page.insert_rows(scene.last_row(page) + 1, [cells])


@kind
def example_row_deleted(scene: Scene) -> None:
    page, row = scene.record_row()
    page.delete_row(_example_row(page, row))


@kind
def example_row_written_over(scene: Scene) -> None:
    """The department answers in the example row and leaves its mark."""
    page, row = scene.record_row()
    example = _example_row(page, row)
    mark = next(cell for cell in page.rows[example] if cell.value)
    if "（記入例）" in str(mark.value):
        raise DoesNotApplyError
    column = scene.key_column(page)
    for number in range(column, page.width):
        page.rows[example][number] = page.rows[row][number]
        page.rows[row][number] = Cell()


@kind
def example_row_copied_down(scene: Scene) -> None:
    page, row = scene.record_row()
    copied = [Cell(cell.value) for cell in page.rows[_example_row(page, row)]]
    page.insert_rows(scene.last_row(page) + 1, [copied])


def _example_row(page: Page, row: int) -> int:
    for number in range(row, -1, -1):
        texts = [str(cell.value) for cell in page.rows[number] if cell.value]
        if texts and (texts[0] in ("例", "記入例") or any("記入例" in text for text in texts)):
            return number
    raise DoesNotApplyError


@kind
def row_copied(scene: Scene) -> None:
    page, row = scene.record_row()
    page.insert_rows(row + 1, [[Cell(cell.value) for cell in page.rows[row]]])


@kind
def row_filled_down(scene: Scene) -> None:
    """A row is copied below the last one; its number and its days go on."""
    _, (page, row, _), _ = scene.pick(
        lambda item, a: item.name == "online_started_on" and a.value, rows=True
    )
    copied = [Cell(cell.value) for cell in page.rows[row]]
    scene.evidence.update(page.rows[row], copied)
    for cell, new in zip(page.rows[row], copied, strict=True):
        answer = scene.expected.get(cell.origin) if cell.origin else None
        if answer and scene.field_of(answer).unique:
            new.value = f"{str(cell.value)[:-1]}8"
        elif answer and answer.value and scene.field_of(answer).type == "date":
            new.value = _day_of(answer) + timedelta(days=1)
    page.insert_rows(scene.last_row(page) + 1, [copied])


@kind
def row_hidden(scene: Scene) -> None:
    page, row = scene.record_row()
    page.hidden_rows.add(row)


@kind
def rows_in_other_order(scene: Scene) -> None:
    page, row = scene.record_row()
    last = scene.last_row(page)
    if row == last:
        raise DoesNotApplyError
    page.rows[row], page.rows[last] = page.rows[last], page.rows[row]


@kind
def headings_repeated(scene: Scene) -> None:
    page, row = scene.record_row()
    header = scene.header_row(page, row)
    page.insert_rows(row, [[Cell(cell.value) for cell in page.rows[header]]])


@kind
def headings_repeated_with_groups(scene: Scene) -> None:
    page, row = scene.record_row()
    header = scene.header_row(page, row)
    both = [[Cell(cell.value) for cell in page.rows[number]] for number in (header - 1, header)]
    page.insert_rows(row, both)


@kind
def numbering_deleted(scene: Scene) -> None:
    page, row = scene.record_row()
    column = scene.key_column(page) - 1
    if column < 0:
        raise DoesNotApplyError
    for number in range(row, len(page.rows)):
        page.rows[number][column] = Cell()


@kind
def numbering_never_calculated(scene: Scene) -> None:
    page, row = scene.record_row()
    column = scene.key_column(page) - 1
    if column < 0:
        raise DoesNotApplyError
    for number in range(row, scene.last_row(page) + 1):
        page.rows[number][column].value = Formula("=ROW()", "")


@kind
def cell_inserted_in_a_row(scene: Scene) -> None:
    """The answers of one row move to the right."""
    _, (page, row, column), _ = scene.pick(lambda item, a: item.key or item.enum, rows=True)
    page.insert_column(page.width)
    cells = page.rows[row]
    cells.insert(column, Cell())
    cells.pop()
    scene.evidence.update(cells)


@kind
def cell_deleted_in_a_row(scene: Scene) -> None:
    """The answers of one row move to the left."""
    _, (page, row, column), _ = scene.pick(lambda item, a: item.enum, rows=True)
    moved = [
        scene.expected.get(cell.origin) for cell in page.rows[row][column + 1 :] if cell.origin
    ]
    # A free text looks right in any column.
    if not any(a and a.value and scene.field_of(a).enum for a in moved):
        raise DoesNotApplyError
    del page.rows[row][column]
    page.rows[row].append(Cell())
    scene.evidence.update(page.rows[row])


# Columns


@kind
def column_inserted_left(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.insert_column(0)


@kind
def blank_column_between(scene: Scene) -> None:
    _, (page, _, column), _ = scene.heading()
    page.insert_column(column)


@kind
def column_with_own_heading(scene: Scene) -> None:
    _, (page, row, column), _ = scene.heading()
    page.insert_column(column)
    page.rows[row][column].value = "課内メモ"
    page.rows[row + 3][column].value = "確認済み"


@kind
def columns_swapped(scene: Scene) -> None:
    _, (page, _, one), _ = scene.heading()
    _, (other_page, _, other), _ = scene.heading(key=True)
    if page is not other_page:
        raise DoesNotApplyError
    page.unmerge()
    page.swap_columns(one, other)


@kind
def column_deleted(scene: Scene) -> None:
    _, (page, _, column), _ = scene.heading()
    _refuse_labels(scene, page)
    page.delete_column(column)


@kind
def key_column_deleted(scene: Scene) -> None:
    _, (page, _, column), _ = scene.heading(key=True)
    _refuse_labels(scene, page)
    page.delete_column(column)


def _refuse_labels(scene: Scene, page: Page) -> None:
    # Of a label without an answer nobody can tell that the answer has been there.
    if any(origin[0] == page.name and not a.key for origin, a in scene.expected.items()):
        raise DoesNotApplyError


@kind
def column_emptied(scene: Scene) -> None:
    """Heading and answers are gone, the column is still there."""
    _, (page, row, column), _ = scene.heading()
    for number in range(row, len(page.rows)):
        page.rows[number][column] = Cell()
    page.unmerge()


@kind
def column_twice(scene: Scene) -> None:
    _, (page, row, column), _ = scene.heading()
    copied = [Cell(cells[column].value if n >= row else None) for n, cells in enumerate(page.rows)]
    page.insert_column(column + 1, copied)


@kind
def empty_column_of_the_same_heading(scene: Scene) -> None:
    cell, (page, row, column), _ = scene.heading()
    page.unmerge()
    page.insert_column(column)
    page.rows[row][column].value = cell.value


# Headings


retitle("heading_with_line_breaks", lambda text, _: "\n".join(text[:4]) + text[4:])
retitle("heading_with_blanks", lambda text, _: f"　{text[:2]} {text[2:]} ")
retitle("heading_with_note", lambda text, _: f"{text}※注２")
retitle("heading_in_an_alias", lambda text, item: item.headings[-1])
retitle("heading_almost_the_same", lambda _, item: f"{item.title}の状況について")
retitle("heading_in_other_words", lambda _, item: "その他の事項")
retitle("heading_numbered", lambda _, item: f"({len(item.title)}){item.title}")
retitle("heading_with_invisible", lambda text, _: f"{text[:1]}\u200b{text[1:]}")
retitle("heading_deleted", lambda _text, _item: "")


@kind
def heading_of_half_width(scene: Scene) -> None:
    table = str.maketrans("オンラインシステム", "ｵﾝﾗｲﾝｼｽﾃﾑ")
    for part in scene.form.sheets:
        for page, _, _, cell in scene.book.cells():
            if page.name == part.sheet and cell.value in [item.title for item in part.fields]:
                cell.value = cell.value.translate(table)


@kind
def unit_of_heading_changed(scene: Scene) -> None:
    cell, _, item = scene.heading()
    if not item.unit:
        numbers = [i for p in scene.form.sheets for i in p.fields if i.unit]
        cells = [c for _, _, _, c in scene.book.cells() if _is_heading(c.value, numbers)]
        if not cells:
            raise DoesNotApplyError
        cell = scene.random.choice(cells)
    cell.value = f"{cell.value.partition('（')[0]}（千円）"


def _is_heading(value: Any, fields: list[FormField]) -> bool:
    return isinstance(value, str) and "（" in value and any(_starts_as(value, i) for i in fields)


@kind
def merged_headings_broken(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.unmerge()


@kind
def group_headings_deleted(scene: Scene) -> None:
    page, row = scene.record_row()
    header = scene.header_row(page, row)
    if header == 0:
        raise DoesNotApplyError
    for area in list(page.merged):
        if area[0] == header - 1 == area[2]:
            page.merged.remove(area)
            page.rows[header - 1][area[1]].value = None


@kind
def title_over_the_headings(scene: Scene) -> None:
    page, row = scene.record_row()
    header = scene.header_row(page, row) - 1
    if header < 1:
        raise DoesNotApplyError
    page.insert_rows(header, [[*new_cells(1), Cell("【様式第２号】記入欄")]])


# Sheets


@kind
def sheet_numbered(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.name = f"３．{page.name}一覧"


@kind
def sheet_named_otherwise(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.name = "Sheet3"


@kind
def sheet_names_swapped(scene: Scene) -> None:
    page, _ = scene.record_row()
    other = next(other for other in scene.book.pages if other.name in ("研修", "取組事例"))
    if page is other:
        raise DoesNotApplyError
    page.name, other.name = other.name, page.name


@kind
def sheets_in_other_order(scene: Scene) -> None:
    scene.random.shuffle(scene.book.pages)


@kind
def sheet_deleted(scene: Scene) -> None:
    page, _ = scene.record_row()
    scene.book.pages.remove(page)


@kind
def cover_deleted(scene: Scene) -> None:
    _, (page, _, _), _ = scene.pick(lambda item, a: a.table == "response")
    scene.book.pages.remove(page)


@kind
def memo_sheet_added(scene: Scene) -> None:
    rows = [[Cell("メモ"), Cell("手続番号の確認")], [Cell("課"), Cell("別の課")]]
    scene.book.pages.append(Page("メモ", rows))


@kind
def sheet_copied(scene: Scene) -> None:
    """A second sheet of the same table, with a record that the first does not have."""
    page, row = scene.record_row()
    rows = [[Cell(cell.value) for cell in cells] for cells in page.rows]
    rows[row][scene.key_column(page)].value = "別の行"
    scene.book.pages.append(Page(f"{page.name} (2)", rows, list(page.merged)))


@kind
def table_in_two_parts(scene: Scene) -> None:
    """The last rows are moved to a sheet of their own, under the same headings."""
    page, row = scene.record_row()
    header, last = scene.header_row(page, row), scene.last_row(page)
    moved = page.rows[last]
    page.rows[last] = new_cells(page.width)
    heads = [[Cell(cell.value) for cell in cells] for cells in page.rows[header - 1 : header + 2]]
    scene.book.pages.append(Page(f"{page.name}の続き", [*heads, moved]))


@kind
def table_goes_on_without_headings(scene: Scene) -> None:
    """The last row is moved to a sheet of its own, with nothing above it."""
    page, _ = scene.record_row()
    last = scene.last_row(page)
    moved, page.rows[last] = page.rows[last], new_cells(page.width)
    scene.book.pages.append(Page(f"{page.name}の続き", [moved]))


# Label cells


@kind
def label_in_an_alias(scene: Scene) -> None:
    cell, _, item = scene.label()
    cell.value = item.headings[-1]


@kind
def label_almost_the_same(scene: Scene) -> None:
    cell, _, item = scene.label()
    cell.value = f"{item.title}について"


def _numbered_label(scene: Scene) -> tuple[Cell, Position, Expected]:
    return scene.pick(lambda item, a: not a.key and item.unit and a.value)


@kind
def label_of_thousands(scene: Scene) -> None:
    _, (page, row, column), answer = _numbered_label(scene)
    title, unit = scene.field_of(answer).title, scene.field_of(answer).unit
    page.rows[row][column - 1].value = f"{title}（千{unit}）"


for name, word in {"a_unit": "千人", "a_plan": "←見込み", "another_number": 7}.items():

    @kind
    def _beside(scene: Scene, word: Any = word) -> None:
        cell, (page, row, column), answer = _numbered_label(scene)
        page.insert_column(column + 1)
        page.rows[row][column + 1].value = word
        cell.value = float(answer.value or 0) + 1

    KINDS[f"label_with_{name}_beside_its_answer"] = KINDS.pop("_beside")


@kind
def unit_above_labels(scene: Scene) -> None:
    cell, (page, row, column), answer = _numbered_label(scene)
    page.insert_rows(row, [[*new_cells(column - 1), Cell("（単位：百人）")]])
    cell.value = float(answer.value or 0) / 100


@kind
def label_deleted(scene: Scene) -> None:
    cell, _, _ = scene.label()
    cell.value = None


@kind
def answer_two_cells_from_its_label(scene: Scene) -> None:
    _, (page, _, column), _ = scene.label()
    page.insert_column(column + 1)


@kind
def labels_moved_down(scene: Scene) -> None:
    _, (page, row, _), _ = scene.label()
    page.insert_rows(row, [new_cells(page.width)])


@kind
def answers_below_their_labels(scene: Scene) -> None:
    _, (page, _, _), _ = scene.pick(lambda item, a: a.table == "response")
    positions = scene.book.positions()
    labels, answers = [], []
    for origin, answer in scene.expected.items():
        if answer.table == "response" and origin in positions:
            _, row, column = positions[origin]
            labels.append(page.rows[row][column - 1])
            answers.append(page.rows[row][column])
    if not labels:
        raise DoesNotApplyError
    blank = max(0, page.width - len(labels))
    rows = [page.rows[0], page.rows[1], [*labels, *new_cells(blank)], [*answers, *new_cells(blank)]]
    width = max(len(row) for row in rows)
    page.rows[:] = [[*row, *new_cells(width - len(row))] for row in rows]
    page.unmerge()


# Cells


@kind
def rows_merged(scene: Scene) -> None:
    """Equal answers of two rows become one merged cell."""
    _, (page, row, column), _ = scene.answer()
    if row == scene.last_row(page):
        raise DoesNotApplyError
    page.rows[row + 1][column].value = None
    page.merged.append((row, column, row + 1, column))


@kind
def cells_of_a_row_merged(scene: Scene) -> None:
    _, (page, row, column), _ = scene.answer()
    if column + 1 >= page.width or page.rows[row][column + 1].value is None:
        raise DoesNotApplyError
    page.rows[row][column + 1].value = None
    page.merged.append((row, column, row, column + 1))


@kind
def answer_moved_into_a_comment(scene: Scene) -> None:
    cell, _, _ = scene.answer()
    cell.comment, cell.value = str(cell.value), None


@kind
def comment_added(scene: Scene) -> None:
    cell, _, _ = scene.answer()
    cell.comment = "確認してください"


rewrite("formula_with_value", Scene.number, lambda a: Formula("=A1", float(str(a.value))))
rewrite("formula_without_value", Scene.answer, lambda _: Formula("=A1", ""))
rewrite("error_in_a_cell", Scene.answer, lambda _: Formula("=1/0", "#DIV/0!"))
rewrite("truth_for_an_answer", Scene.number, lambda _: True)

TO_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
WORDS = {
    "number_full_width": lambda n: n.translate(TO_FULL_WIDTH),
    "number_of_text": lambda n: n,
    "number_with_thousands": lambda n: f"{int(float(n)):,}" if n.isdigit() else n,
    "number_with_blanks": lambda n: f"\u3000{n}\u00a0",
    "number_with_invisible": lambda n: f"\u200b{n}",
    "number_with_about": lambda n: f"約{n}",
    "number_with_expected": lambda n: f"{n}（見込み）",
    "number_with_total_of": lambda n: f"延べ{n}",
    "number_with_other_unit": lambda n: f"{n}千円",
    "number_with_note": lambda n: f"{n}※1",
    "number_with_note_in_parentheses": lambda n: f"{n}（うち新規3）",
    "number_with_letters": lambda n: f"1O{n}",
    "number_with_kanji_dash": lambda n: f"{n}一5",
    "number_enclosed": lambda _: "⑳",
    "number_with_superscript": lambda n: f"{n}²",
    "number_of_another_script": lambda _: "١٢",
    "number_of_words": lambda _: "たくさん",
    "number_as_a_bound": lambda n: f"{n}以上",
    "number_as_a_range": lambda n: f"{n}～{n}5",
    "numbers_on_two_lines": lambda n: f"{n}\n{n}",
    "numbers_in_a_list": lambda n: f"{n}、{n}",
    "numbers_with_a_blank_between": lambda n: f"{n} {n}",
    "number_and_ditto": lambda _: "同上",
    "number_as_a_fraction": lambda _: "½",
    "number_negative": lambda n: f"△{n}",
    "number_with_minus_look_alike": lambda n: f"\u2212{n}",
    "number_with_two_decimals": lambda n: f"{n}.25.5",
    "number_with_question": lambda n: f"{n}？",
    "number_with_yen_before": lambda n: f"￥{n}",
    "number_with_planned": lambda n: f"{n}予定",
    "number_with_about_and_planned": lambda n: f"約{n}予定",
    "unit_alone": lambda _: "千件",
    "unit_of_thousand_hours_alone": lambda _: "千時間",
    "power_alone": lambda _: "百",
    "number_of_minutes_or_hours": lambda n: f"{n}時間30分",
    "number_in_ten_thousand_yen": lambda n: f"{n}万円",
    "number_in_thousand_hours": lambda n: f"{n}千時間",
}
for name, write in WORDS.items():
    rewrite(name, Scene.number, lambda a, write=write: write(a.value))


@kind
def number_with_its_unit(scene: Scene) -> None:
    cell, _, answer = scene.pick(lambda item, a: item.unit and a.value)
    cell.value = f"{answer.value}{scene.field_of(answer).unit}"


@kind
def number_in_kanji(scene: Scene) -> None:
    cell, _, answer = scene.pick(lambda item, a: item.type == "integer" and a.value)
    assert answer.value is not None
    if len(answer.value) == 1:
        raise DoesNotApplyError
    cell.value = answer.value.translate(str.maketrans("0123456789", "〇一二三四五六七八九"))


def _day_of(answer: Expected) -> date:
    assert answer.value is not None
    return date.fromisoformat(answer.value)


DAYS: dict[str, Callable[[date], Any]] = {
    "day_of_era": format_era_date,
    "day_of_short_era": lambda d: f"R{d.year - 2018}.{d.month}.{d.day}",
    "day_full_width": lambda d: f"{d.year}年{d.month}月{d.day}日".translate(TO_FULL_WIDTH),
    "day_with_slashes": lambda d: f"{d.year}/{d.month}/{d.day}",
    "day_with_weekday": lambda d: (
        f"{d.year}年{d.month}月{d.day}日({'月火水木金土日'[d.weekday()]})"
    ),
    "day_with_since": lambda d: f"{d.year}.{d.month}.{d.day}～",
    "day_with_time": lambda d: datetime.combine(d, time(9, 30)),
    "day_as_serial": lambda d: (d - date(1899, 12, 30)).days,
    "day_as_serial_text": lambda d: str((d - date(1899, 12, 30)).days),
    "day_of_1904_serial": lambda d: str((d - date(1904, 1, 1)).days),
    "day_without_day": lambda d: f"{d.year}年{d.month}月",
    "day_without_year": lambda d: f"{d.month}月{d.day}日",
    "day_of_two_digit_year": lambda d: f"{d.year % 100}/{d.month}/{d.day}",
    "day_of_era_without_letter": lambda d: f"{d.year - 2018}.{d.month}.{d.day}",
    "day_with_hyphen_look_alikes": lambda d: f"{d.year}‐{d.month}‐{d.day}",
    "day_that_is_none": lambda d: f"{d.year}/{d.month}/32",
    "days_on_two_lines": lambda d: f"{d.year}/{d.month}/{d.day}\n{d.year}/{d.month}/{d.day}",
    "day_to_day": lambda d: f"R{d.year - 2018}.{d.month}.{d.day}～R9.3.31",
    "day_in_words": lambda _: "来月から",
}
for name, write_day in DAYS.items():
    rewrite(name, Scene.day, lambda a, write=write_day: write(_day_of(a)))

DAY_FORMATS = {
    "planned": 'yyyy/m/d"予定"',
    "about": 'yyyy/m/d"頃"',
    "abolished": '"廃止"yyyy/m/d',
    "preliminary": 'yyyy"年"m"月"d"日（仮）"',
    "until": 'yyyy/m/d"まで"',
    "another_year": '"R3."m"."d',
    "white": "[White]yyyy/m/d",
}
for name, code in DAY_FORMATS.items():

    @kind
    def _day_format(scene: Scene, code: str = code) -> None:
        cell, _, answer = scene.day()
        cell.value, cell.style = _day_of(answer), {"num_format": code}

    KINDS[f"day_shown_as_{name}"] = KINDS.pop("_day_format")
for name, word in {
    "about": "頃",
    "about_in_kana": "ごろ",
    "before_or_after": "前後",
    "about_in_parentheses": "（頃）",
}.items():
    rewrite(f"day_with_{name}", Scene.day, lambda a, word=word: f"{a.value}{word}")
rewrite(
    "day_of_an_event_planned",
    lambda s: s.pick(lambda item, a: item.type == "date" and item.required and a.value),
    lambda a: f"{a.value}予定",
)

CHOICES: dict[str, Callable[[str], Any]] = {
    "choice_with_blanks": lambda c: f" {c}　",
    "choice_with_line_break": lambda c: f"{c}\n",
    "choice_numbered": lambda c: f"1.{c}",
    "choices_two": lambda c: f"{c}・予定",
    "choice_with_note": lambda c: f"{c}（一部）",
    "choice_in_other_words": lambda _: "やってます",
    "choice_as_number": lambda _: 1,
    "choice_enclosed": lambda c: f"①{c}",
}
for name, write_choice in CHOICES.items():
    rewrite(name, Scene.choice, lambda a, write=write_choice: write(a.value))
rewrite("choice_marked_of_many", lambda s: s.choice(lambda n: n > 2), lambda _: "○")


@kind
def choice_marked_of_two(scene: Scene) -> None:
    cell, _, _ = scene.pick(
        lambda item, a: (
            item.enum and len(item.enum) == 2 and a.value in ("該当", "有", "はい", "可")
        )
    )
    cell.value = "〇"


@kind
def choice_in_a_synonym(scene: Scene) -> None:
    cell, _, answer = scene.pick(lambda item, a: a.value in item.synonyms)
    cell.value = scene.field_of(answer).synonyms[str(answer.value)][-1]


rewrite("choice_and_ditto", Scene.choice, lambda _: "〃")
rewrite("text_and_ditto", Scene.name, lambda _: "同上")
rewrite("code_and_ditto", Scene.code, lambda _: "〃")
rewrite("code_full_width", Scene.code, lambda a: str(a.value).translate(TO_FULL_WIDTH))
rewrite("code_of_small_letters", Scene.code, lambda a: str(a.value).lower())
rewrite("code_with_look_alike", Scene.code, lambda a: str(a.value).replace("-", "ー"))
rewrite("code_with_blank", Scene.code, lambda a: f"{a.value} ")
rewrite("code_with_enclosed", Scene.code, lambda a: f"{str(a.value)[:-1]}①")
rewrite("name_with_blanks_around", Scene.name, lambda a: f"　{a.value} ")
rewrite("name_with_invisible", Scene.name, lambda a: f"{str(a.value)[:2]}\u200b{str(a.value)[2:]}")
rewrite("name_with_radical", Scene.name, lambda a: f"{str(a.value)[:-1]}⻄")
rewrite("name_with_old_form", Scene.name, lambda a: f"{a.value}區")
rewrite("name_with_private_character", Scene.name, lambda a: f"{a.value}\ue000")
rewrite("name_deleted", Scene.name, lambda _: None)
rewrite("code_deleted", Scene.code, lambda _: None)
CODES: dict[str, Callable[[str], str]] = {
    "code_of_fewer_digits": lambda c: c.replace("-0", "-"),
    "code_of_more_digits": lambda c: c.replace("-", "-0"),
    "code_without_hyphen": lambda c: c.replace("-", ""),
    "code_without_letter": lambda c: c.lstrip("T"),
    "code_with_underscore": lambda c: c.replace("-", "_"),
    "code_in_parentheses": lambda c: f"（{c}）",
    "code_with_letter_o": lambda c: c.replace("0", "O"),
    "code_with_cyrillic": lambda c: c.replace("T", "Т"),
}
for name, write_code in CODES.items():
    rewrite(name, Scene.code, lambda a, write=write_code: write(str(a.value)))


@kind
def name_over_two_lines(scene: Scene) -> None:
    cell, _, answer = scene.name()
    name = str(answer.value)
    places = [i for i in range(1, len(name)) if not name[i - 1 : i + 1].isascii()]
    if not places:
        raise DoesNotApplyError
    place = scene.random.choice(places)
    cell.value = f"{name[:place]}\n{name[place:]}"


@kind
def name_that_begins_like_an_example(scene: Scene) -> None:
    """A record of its own, whose name begins with 例."""
    cell, _, answer = scene.name()
    cell.value = f"例規集の閲覧（{answer.value}）"
    for origin in [o for o, e in scene.expected.items() if _same_record(e, answer)]:
        before = scene.expected[origin]
        key = before.key.replace(str(answer.value), cell.value)
        value = cell.value if before.field == answer.field else before.value
        scene.expected[origin] = Expected(
            before.table, key, before.field, before.title, value, before.status
        )


def _same_record(one: Expected, other: Expected) -> bool:
    return (one.table, one.key) == (other.table, other.key)


# What the officer sees, and a reader of cells does not


STRIKE, RAISED, LOWERED = {"font_strikeout": True}, {"font_script": 1}, {"font_script": 2}
PLAIN = {"bold": True}


def restyle(
    name: str, choose: Callable[[Scene], Any], style: dict[str, Any], scale: Any = 1
) -> None:
    """Add a kind of damage that changes the look of one cell, and the number stored in it."""

    def damage(scene: Scene) -> None:
        cell, _, answer = choose(scene)
        cell.style = style
        if answer.value and scene.field_of(answer).type in ("integer", "number"):
            cell.value = float(answer.value) * scale
            # Of another number, the same format would show another one.
            scene.evidence.update({cell} if scale != 1 else ())

    KINDS[name] = damage


restyle("number_struck_out", Scene.number, STRIKE)
restyle("name_struck_out", Scene.name, STRIKE)
restyle("choice_struck_out", Scene.choice, STRIKE)
restyle("number_in_white", Scene.number, {"font_color": "#FFFFFF"})
restyle("name_in_white", Scene.name, {"font_color": "#FFFFFF"})
restyle(
    "number_in_the_colour_of_its_cell",
    Scene.number,
    {"font_color": "#FF0000", "bg_color": "#FF0000"},
)
restyle("number_black_on_black", Scene.number, {"bg_color": "#000000"})
restyle(
    "number_nearly_in_the_colour_of_its_cell",
    Scene.number,
    {"font_color": "#FFFF01", "bg_color": "#FFFF00"},
)
restyle("number_crossed_out_by_a_line", Scene.number, {"diag_type": 1, "diag_border": 1})
restyle("name_crossed_out_by_a_line", Scene.name, {"diag_type": 3, "diag_border": 2})
restyle("number_with_an_exponent", Scene.number, {"num_format": "0.00E+00"})
restyle("number_not_shown", Scene.number, {"num_format": ";;;"})
restyle("number_shown_as_percentage", Scene.number, {"num_format": "0%"}, 0.01)
restyle("number_shown_in_thousands", Scene.number, {"num_format": "#,##0,"})
restyle("number_shown_in_thousands_with_word", Scene.number, {"num_format": '#,##0,"千"'})
restyle("number_of_thousands_with_word", Scene.number, {"num_format": '0.0"千件"'}, 0.001)
restyle("number_of_ten_thousands_with_word", Scene.number, {"num_format": '0.0"万"'}, 0.0001)
restyle("number_shown_rounded", Scene.number, {"num_format": "0"}, 1.0001)
restyle("number_shown_with_about", Scene.number, {"num_format": '"約"0'})
for name, code in {
    "yen": '"¥"#,##0',
    "yen_of_a_country": "[$¥-411]#,##0",
    "built_in_currency": 5,
    "yen_behind": '#,##0"円"',
    "another_unit": '0"kg"',
    "a_rate": '0"/月"',
    "a_bound": '0"以下"',
    "minus": '"△"0',
    "parentheses": "(0)",
    "expected": '0"（見込み）"',
}.items():
    restyle(f"number_shown_with_{name}", Scene.number, {"num_format": code})
for name, code in {"name": Scene.name, "choice": Scene.choice}.items():
    restyle(f"{name}_not_shown_of_texts", code, {"num_format": "0;0;0;"})
    restyle(f"{name}_not_shown_of_texts_of_days", code, {"num_format": "yyyy/m/d;;;"})
    restyle(f"{name}_shown_with_words", code, {"num_format": '"（旧）"@'})
    restyle(f"{name}_shown_as_other_words", code, {"num_format": '0;0;0;"非公開"'})
restyle("number_in_white_by_its_format", Scene.number, {"num_format": "[White]0"})
restyle("number_in_white_by_its_japanese_format", Scene.number, {"num_format": "[白]#,##0"})
restyle("number_with_a_point_by_its_format", Scene.number, {"num_format": r"0\.0"}, 10)
restyle("number_with_places_apart", Scene.number, {"num_format": r"0\.000"})
restyle("number_shown_with_thousands", Scene.number, {"num_format": "#,##0"})
restyle("number_shown_with_decimals", Scene.number, {"num_format": "0.00"})


for name, style in {
    "number_in_white_by_a_condition": {"font_color": "#FFFFFF"},
    "number_not_shown_by_a_condition": {"num_format": ";;;"},
    "number_in_thousands_by_a_condition": {"num_format": "#,##0,"},
    "number_as_a_word_by_a_condition": {"num_format": '"調整中"'},
    "number_struck_out_by_a_condition": STRIKE,
}.items():

    @kind
    def _condition(scene: Scene, style: dict[str, Any] = style) -> None:
        _, (page, row, column), _ = scene.number()
        page.conditions.append((row, column, style))

    KINDS[name] = KINDS.pop("_condition")


def recompose(
    name: str,
    choose: Callable[[Scene], Any],
    compose: Callable[[str], list[tuple[dict[str, Any], str]]],
) -> None:
    """Add a kind of damage that makes a cell a rich text."""

    def damage(scene: Scene) -> None:
        cell, _, answer = choose(scene)
        cell.parts = compose(str(answer.value))

    KINDS[name] = damage


recompose("number_corrected_visibly", Scene.number, lambda v: [(STRIKE, "12"), (PLAIN, v)])
recompose("number_corrected_to_another", Scene.number, lambda v: [(STRIKE, v), (PLAIN, "34")])
recompose("number_with_note_above", Scene.number, lambda v: [(PLAIN, v), (RAISED, "1")])
recompose("number_with_note_below", Scene.number, lambda v: [(PLAIN, v), (LOWERED, "2")])
recompose(
    "number_all_struck_in_parts", Scene.number, lambda v: [(STRIKE, v), (STRIKE | PLAIN, "0")]
)
WHITE, TINY = {"font_color": "#FFFFFF"}, {"font_size": 1}
recompose("number_with_a_white_digit", Scene.number, lambda v: [(WHITE, "1"), (PLAIN, v)])
recompose("number_with_a_tiny_digit", Scene.number, lambda v: [(PLAIN, v), (TINY, "9")])
recompose("number_in_two_colours", Scene.number, lambda v: [(PLAIN, v), ({"italic": True}, " ")])
recompose("name_corrected_visibly", Scene.name, lambda v: [(STRIKE, "旧"), (PLAIN, v)])
recompose("name_with_note_above", Scene.name, lambda v: [(PLAIN, v), (RAISED, "注1")])
recompose("choice_corrected_visibly", Scene.choice, lambda v: [(STRIKE, "未定"), (PLAIN, v)])
recompose("day_corrected_visibly", Scene.day, lambda v: [(STRIKE, "2021-01-01"), (PLAIN, v)])


@kind
def row_struck_out(scene: Scene) -> None:
    page, row = scene.record_row()
    for cell in page.rows[row]:
        cell.style = STRIKE


@kind
def row_of_no_height(scene: Scene) -> None:
    page, row = scene.record_row()
    page.flat_rows.add(row)


@kind
def column_hidden(scene: Scene) -> None:
    _, (page, _, column), _ = scene.answer()
    page.hidden_columns.add(column)


@kind
def key_column_hidden(scene: Scene) -> None:
    _, (page, _, column), _ = scene.heading(key=True)
    page.hidden_columns.add(column)


@kind
def sheet_hidden(scene: Scene) -> None:
    page, _ = scene.record_row()
    page.hidden = True


@kind
def text_box_over_the_table(scene: Scene) -> None:
    _, (page, row, column), _ = scene.answer()
    page.drawings.append((row, column, "廃止しました"))


@kind
def calculated_by_hand(scene: Scene) -> None:
    cell, _, _ = scene.number()
    cell.value = Formula("=A1*2", 5)
    scene.book.calculates_by_hand = True


@kind
def days_counted_from_1904(scene: Scene) -> None:
    scene.book.options["date_1904"] = True


# Headings that ask for something else


for name, suffix in {
    "heading_of_last_time": "（前回）",
    "heading_of_last_year": "（前年度）",
    "heading_of_a_plan": "（予定）",
    "heading_of_an_estimate": "（見込み）",
    "heading_of_a_month": "（月平均）",
    "heading_of_a_sum": "（累計）",
    "heading_of_a_fiscal_year": "（令和2年度）",
    "heading_for_reference": "（参考）",
    "heading_with_a_note_of_last_year": "※前年度分を記入",
}.items():
    retitle(name, lambda _, item, suffix=suffix: f"{item.title}{suffix}")
for name, mark in {
    "heading_with_star": "★",
    "heading_enclosed_number": "①",
    "heading_with_number_and_dot": "3.",
    "heading_with_square": "■",
    "heading_with_reference_mark": "※",
}.items():
    retitle(name, lambda text, _, mark=mark: f"{mark}{text}")
for name, unit in {
    "unit_of_heading_in_words": "（単位：千件）",
    "unit_of_heading_people": "（千人）",
    "unit_of_heading_a_month": "（件/月）",
}.items():

    @kind
    def _unit(scene: Scene, unit: str = unit) -> None:
        numbers = [item for part in scene.form.sheets for item in part.fields if item.unit == "件"]
        cells = [c for _, _, _, c in scene.book.cells() if _is_heading(c.value, numbers)]
        if not cells:
            raise DoesNotApplyError
        cell = scene.random.choice(cells)
        cell.value = f"{str(cell.value).partition('（')[0]}{unit}"

    KINDS[name] = KINDS.pop("_unit")


@kind
def unit_above_the_table(scene: Scene) -> None:
    page, row = scene.record_row()
    header = scene.header_row(page, row)
    page.insert_rows(max(0, header - 2), [[Cell("（単位：千件）")]])


def _change_key_heading(scene: Scene, write: Callable[[str], str]) -> None:
    cell, _, _ = scene.heading(key=True)
    cell.value = write(str(cell.value))


for name, write_key in {
    "key_heading_one_letter_off": lambda text: text.replace("番号", "番合").replace("名", "各"),
    "key_heading_with_star": lambda text: f"★{text}",
    "key_heading_enclosed_number": lambda text: f"①{text}",
    "key_heading_of_last_time": lambda text: f"{text}（前回）",
}.items():
    KINDS[name] = lambda scene, write=write_key: _change_key_heading(scene, write)


@kind
def column_of_last_time_beside(scene: Scene) -> None:
    cell, (page, row, column), item = scene.heading()
    last = [Cell() for _ in page.rows]
    last[row].value = f"{item.title}（前回）"
    for number in range(row + 1, scene.last_row(page) + 1):
        last[number].value = 7
    page.insert_column(column, last)
    cell.value = f"{item.title}（今回）"


# Rows that are none


@kind
def example_without_its_mark(scene: Scene) -> None:
    """The form's example as a row among the answers."""
    page, row = scene.record_row()
    example = [Cell(cell.value) for cell in page.rows[_example_row(page, row)]]
    marked = [cell for cell in example if isinstance(cell.value, str)]
    for cell in marked:
        cell.value = cell.value.replace("（記入例）", "").replace("記入例", "")
        if cell.value == "例":
            cell.value = None
    page.insert_rows(scene.last_row(page) + 1, [example])


for name, word in {
    "total_row_of_a_section": "税務課 合計",
    "total_row_of_a_department": "課計",
    "total_row_with_number": "合計2",
    "total_row_of_differences": "増減",
    "total_row_of_the_largest": "最大",
    "total_row_in_latin": "Sum",
    "total_row_collected": "集計",
}.items():
    KINDS[name] = lambda scene, word=word: _total(scene, word)


def _add_other_table(scene: Scene, title: str, *, repeats_headings: bool) -> None:
    """Put a row that nobody asked for under the table, below a title that says so."""
    page, row = scene.record_row()
    column, header = scene.key_column(page), scene.header_row(page, row)
    other = [Cell(cell.value) for cell in page.rows[row]]
    other[column].value = "T9998-01" if str(other[column].value).startswith("T") else "前の行"
    heads = [[Cell(cell.value) for cell in page.rows[header]]] * repeats_headings
    rows = [[*new_cells(column), Cell(title)], *heads, other]
    page.insert_rows(scene.last_row(page) + 1, rows)


for name, title in {
    "last_time": "前回の回答",
    "last_year": "前年度実績",
    "another_year": "令和3年度",
    "reference": "（参考）前回",
}.items():
    KINDS[f"table_of_{name}_below"] = lambda scene, title=title: _add_other_table(
        scene, title, repeats_headings=False
    )
    KINDS[f"headings_and_table_of_{name}_below"] = lambda scene, title=title: _add_other_table(
        scene, title, repeats_headings=True
    )


SET_ASIDE = {
    "last_year": "_R3",
    "last_year_in_western": "（2021）",
    "last_quarter": "（第2四半期）",
    "last_quarter_in_latin": "_Q2",
    "a_day_of_last_quarter": "_R4.9末",
    "before": "（前）",
    "old": "_old",
    "a_draft": "（案）",
    "a_copy": "のコピー",
    "deleted": "（削除）",
    "not_needed": "（不要）",
    "another_section": "（別課）",
}
for name, ending in SET_ASIDE.items():

    @kind
    def _set_aside(scene: Scene, ending: str = ending) -> None:
        """A sheet of that name stands before the right one, with a row of its own."""
        page, row = scene.record_row()
        rows = [[Cell(cell.value) for cell in cells] for cells in page.rows]
        rows[row][scene.key_column(page)].value = "別の行"
        place = scene.book.pages.index(page)
        scene.book.pages.insert(place, Page(f"{page.name}{ending}", rows, list(page.merged)))

    KINDS[f"sheet_of_{name}_beside"] = KINDS.pop("_set_aside")


# Marks that a row is none any more


for name, mark in {
    "deleted": "削除",
    "abolished": "廃止",
    "cross": "×",
    "gone": "R4.9末で廃止",
}.items():

    @kind
    def _marked(scene: Scene, mark: str = mark) -> None:
        """A word in a column of its own, left of a record that counts as if it were not there."""
        page, row = scene.record_row()
        page.insert_column(0)
        page.rows[row][0].value = mark

    KINDS[f"row_marked_{name}"] = KINDS.pop("_marked")


@kind
def row_said_to_be_gone_in_its_remarks(scene: Scene) -> None:
    cell, _, _ = scene.pick(lambda item, _: item.name == "remarks", rows=True)
    cell.value = "この手続は廃止しました。"


for name, line in {
    "with_an_arrow": "↓ここから下は廃止したもの",
    "in_words": "以下は集計しない",
}.items():

    @kind
    def _below(scene: Scene, line: str = line) -> None:
        page, row = scene.record_row()
        page.insert_rows(row, [[Cell(line)]])

    KINDS[f"rows_below_are_gone_{name}"] = KINDS.pop("_below")


def _number_columns(scene: Scene, write: Callable[[int], Any]) -> None:
    """Put a row with a number for every column under the headings."""
    page, row = scene.record_row()
    column = scene.key_column(page)
    numbers = [Cell(write(one)) for one in range(page.width - column)]
    page.insert_rows(_example_row(page, row), [[*new_cells(column), *numbers]])


for name, write_number in {
    "digits": lambda one: one + 1,
    "circles": lambda one: chr(0x2460 + one),
    "parentheses": lambda one: f"({one + 1})",
    "letters": lambda one: chr(ord("A") + one),
}.items():
    KINDS[f"columns_numbered_in_{name}"] = lambda scene, write=write_number: _number_columns(
        scene, write
    )


@kind
def row_of_numbers_alone(scene: Scene) -> None:
    """A row without its name, of which nothing but numbers and days is left."""
    _, (page, row, _), _ = scene.pick(lambda item, _: item.type == "integer", rows=True)
    kept = {origin for origin, a in scene.expected.items() if scene.field_of(a).type == "integer"}
    cells = [cell for cell in page.rows[row][scene.key_column(page) :] if cell.value is not None]
    if not any(cell.origin in kept for cell in cells):
        raise DoesNotApplyError
    for cell in cells:
        cell.value = 5 if cell.origin in kept else None


@kind
def numbering_under_an_alias_of_the_key(scene: Scene) -> None:
    """A column 番号 before 手続番号."""
    _, (page, row, column), item = scene.heading(key=True)
    if item.title != "手続番号":
        raise DoesNotApplyError
    page.unmerge()
    page.insert_column(column)
    page.rows[row][column].value = "番号"
    for number in range(row + 1, scene.last_row(page) + 1):
        page.rows[number][column].value = number


for name, word in {
    "sum_of_months": "月計",
    "sum_of_a_quarter": "四半期計",
    "whole": "全体",
    "all": "すべて",
    "share": "構成比",
    "mean": "Ave.",
    "others": "ほか",
    "same": "以下同じ",
    "half_year": "上半期",
    "month": "4月",
    "fiscal_year": "令和3年度",
    "this_time": "今回",
    "number": "（1）",
    "letter": "ア",
    "mark": "●",
    "zero": "0",
    "end": "EOF",
    "pattern": "見本1",
}.items():
    rewrite(f"name_of_{name}", Scene.name, lambda _, word=word: word)


@kind
def row_of_little_height(scene: Scene) -> None:
    page, row = scene.record_row()
    page.low_rows.add(row)


for name, text in {"another_unit": "（単位：千件）", "last_time": "前回の回答"}.items():

    @kind
    def _drawn(scene: Scene, text: str = text) -> None:
        """A text box beside the table says what is true of all of it."""
        page, _ = scene.record_row()
        page.drawings.append((60, 30, text))

    KINDS[f"text_box_of_{name}"] = KINDS.pop("_drawn")


# Characters that nobody sees, and look-alikes


UNSEEN = {
    "zero_width_joiner": "\u200d",
    "left_to_right_mark": "\u200e",
    "right_to_left_mark": "\u200f",
    "embedding": "\u202a",
    "pop_of_embedding": "\u202c",
    "isolate": "\u2066",
    "word_joiner": "\u2060",
    "byte_order_mark": "\ufeff",
    "variation_selector": "\ufe00",
    "ideographic_variation": "\U000e0100",
    "hangul_filler": "\u3164",
    "soft_hyphen": "\u00ad",
    "mongolian_separator": "\u180e",
    "tag": "\U000e0041",
}
for name, unseen in UNSEEN.items():
    rewrite(
        f"name_with_{name}",
        Scene.name,
        lambda a, u=unseen: f"{str(a.value)[:2]}{u}{str(a.value)[2:]}",
    )
    rewrite(f"number_with_{name}", Scene.number, lambda a, u=unseen: f"{u}{a.value}")
    rewrite(f"code_with_{name}", Scene.code, lambda a, u=unseen: f"{a.value}{u}")
    rewrite(f"choice_with_{name}", Scene.choice, lambda a, u=unseen: f"{a.value}{u}")
rewrite("codes_on_two_lines", Scene.code, lambda a: f"{a.value}\nT9999-99")
rewrite("codes_run_together", Scene.code, lambda a: f"{a.value}T9999-99")
rewrite("codes_in_a_list", Scene.code, lambda a: f"{a.value}、T9999-99")


# Names that are none

for name, word in {
    "example_in_angle_brackets": "〈例〉",
    "example_in_double_brackets": "《記入例》",
    "example_numbered": "例2",
    "circles": "〇〇",
    "circles_and_a_word": "○○手続",
    "triangles": "△△課",
    "test": "テスト",
    "dummy": "ダミー",
    "part_of_the_row_above": "うち窓口",
    "deleted": "（廃止）届出",
    "again": "届出（再掲）",
    "question": "届出？",
    "arrow": "→届出",
    "cross": "×届出",
}.items():
    rewrite(f"name_of_{name}", Scene.name, lambda _, word=word: word)


# Days that cannot be


ODD_DAYS: dict[str, Callable[[date], Any]] = {
    "day_of_another_century": lambda d: d.replace(year=1922),
    "day_of_the_next_century": lambda d: d.replace(year=2202, day=1),
    "day_of_1900": lambda _: 18,
    "day_of_a_western_year_like_an_era": lambda d: d.replace(year=2004, day=1),
    "day_with_another_weekday": lambda d: (
        f"{d.year}年{d.month}月{d.day}日({'月火水木金土日'[(d.weekday() + 1) % 7]})"
    ),
    "day_with_weekday_in_full": lambda d: (
        f"{d.year}年{d.month}月{d.day}日{'月火水木金土日'[d.weekday()]}曜日"
    ),
}
for name, write_day in ODD_DAYS.items():
    rewrite(name, Scene.day, lambda a, write=write_day: write(_day_of(a)))
rewrite("code_taken_for_a_day", Scene.code, lambda _: date(2022, 12, 3))


# What says so beside the answers

for name, word in {
    "as_an_error": "#REF!",
    "as_a_formula": "=A1",
    "and_others": "納税証明書の交付請求 ほか3件",
    "and_more_of_its_kind": "納税証明書等（3件）",
    "and_another_on_a_line": "納税証明書の交付請求\n所得証明書の交付請求",
    "in_bullets": "・納税証明書\n・所得証明書",
    "and_another_after_a_slash": "納税証明書の交付請求／所得証明書の交付請求",
    "still_to_be_written": "手続名を記入",
    "asked_for": "入力してください",
    "of_new": "新規",
    "of_in_review": "見直し中",
    "of_blank": "未記入",
    "of_digits": "123",
    "of_a_day": "R4.10.1",
    "of_repeated_letters": "あああ",
    "of_a_choice": "予定",
    "of_the_rest": "その他手続",
    "of_a_contact": "担当：窓口係",
    "of_a_note": "（注）前年度実績",
    "of_a_branch": "└納税",
    "of_ditto_with_words": "同上（電子）",
    "of_nothing_below": "＜以下余白＞",
}.items():
    rewrite(f"name_{name}", Scene.name, lambda _, word=word: word)
for name, word in {
    "": "単位は千件",
    "_in_words": "件数は千件単位で記入",
    "_of_thousands": "（千件）",
    "_of_hundreds": "100件単位",
    "_of_people": "単位：百人",
}.items():
    rewrite(
        f"unit_in_remarks{name}",
        lambda scene: scene.pick(lambda item, _: item.name == "remarks", rows=True),
        lambda _, word=word: word,
    )

for name, line in {
    "a_month": "11月分",
    "a_month_of_the_year": "令和4年11月分",
    "months": "7月～9月",
    "months_from_april": "4～9月分",
    "half_a_year": "令和4年度上半期",
    "the_end_of_another_month": "9月末現在",
    "the_same_time_last_year": "昨年同期",
    "a_draft": "【案】",
    "work_in_progress": "作成中",
    "estimates": "速報値",
    "dummies": "ダミーデータ",
    "what_was_before": "修正前",
    "what_is_not_counted": "集計対象外",
    "numbers_of_last_year": "件数は令和3年度の実績です",
    "months_in_a_sentence": "※件数は4月から9月までの累計",
    "what_is_red": "赤字は前回の値です",
    "what_is_not_to_be_written": "以下は記入しないでください",
}.items():
    for place in ("title", "corner"):

        @kind
        def _other_time(scene: Scene, line: str = line, place: str = place) -> None:
            cell, (page, row, _), answer = scene.pick(
                lambda item, a: item.type in ("integer", "number") and a.value, rows=True
            )
            if place == "title":
                page.insert_rows(max(0, scene.header_row(page, row) - 2), [[Cell(line)]])
            else:
                page.rows[0][-1].value = line
            cell.value = float(answer.value or 0) + 1

        KINDS[f"{place}_of_{name}"] = KINDS.pop("_other_time")


@kind
def comment_on_a_heading(scene: Scene) -> None:
    cell, (page, row, column), _ = scene.number()
    page.rows[scene.header_row(page, row)][column].comment = "千件単位で記入"
    cell.value = 1


@kind
def row_above_the_headings(scene: Scene) -> None:
    _, (page, row, _), _ = scene.pick(
        lambda item, a: item.name in ("annual_cases", "attendees") and a.value, rows=True
    )
    header, taken = scene.header_row(page, row), page.rows[row]
    page.delete_row(row)
    page.insert_rows(header, [taken])


@kind
def row_of_little_above_the_headings(scene: Scene) -> None:
    _, (page, row, _), _ = scene.pick(lambda item, a: item.name == "online_status", rows=True)
    header, taken = scene.header_row(page, row), page.rows[row]
    for cell in taken:
        answer = cell.origin and scene.expected.get(cell.origin)
        if not (answer and (scene.field_of(answer).key or answer.field == "online_status")):
            cell.value = None
    page.delete_row(row)
    page.insert_rows(header - 1, [taken])


@kind
def unit_at_the_end_of_a_title(scene: Scene) -> None:
    cell, (page, row, _), answer = scene.pick(
        lambda item, a: item.unit == "件" and a.value, rows=True
    )
    page.insert_rows(max(0, scene.header_row(page, row) - 2), [[Cell("件数の一覧（千件）")]])
    cell.value = float(answer.value or 0) / 1000


for name, group in {"last_time": "前回の状況", "a_plan": "来年度の予定"}.items():

    @kind
    def _group(scene: Scene, group: str = group) -> None:
        cell, (page, row, column), answer = scene.pick(
            lambda item, a: item.name in ("annual_cases", "attendees") and a.value, rows=True
        )
        above = scene.header_row(page, row) - 1
        groups = [one for one in page.rows[above] if one.value]
        # Where other damage took the group over this column, none says anything of it.
        if not any(a == above and b <= column <= d for a, b, _, d in page.merged):
            raise DoesNotApplyError
        for one in groups:
            one.value = group
        cell.value = float(answer.value or 0) + 1

    KINDS[f"headings_grouped_as_{name}"] = KINDS.pop("_group")


@kind
def number_repeated_to_fill_its_cell(scene: Scene) -> None:
    cell, _, _ = scene.number()
    cell.value, cell.style = 1, {"align": "fill"}


for name, code in {
    "month": 'yyyy"年"m"月"',
    "month_of_era": "[$-411]ge.m",
    "day_of_no_year": 'm"月"d"日"',
    "day_of_no_year_built_in": 16,
    "month_built_in": 55,
    "year": 'ggge"年"',
}.items():

    @kind
    def _part_of_day(scene: Scene, code: str | int = code) -> None:
        cell, _, answer = scene.day()
        cell.value, cell.style = _day_of(answer).replace(day=17), {"num_format": code}

    KINDS[f"day_shown_as_{name}"] = KINDS.pop("_part_of_day")
