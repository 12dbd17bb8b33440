"""Holding a file against the thirty rules, and giving it a score."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from fractions import Fraction
from typing import Final, Literal, NamedTuple

from sumida_data.quality.readability import cells, layout, meaning
from sumida_data.quality.readability.breaks import Break
from sumida_data.quality.readability.files import DataFile
from sumida_data.quality.readability.rules import LEVELS, Level, Rule, list_rules

Result = Literal["passed", "failed", "not_applicable"]

CHECKS: Final[dict[str, Callable[[DataFile], Iterable[Break]]]] = {
    "L1-01": meaning.find_wrong_format,
    "L1-02": layout.find_several_tables,
    "L1-03": layout.find_divided_data,
    "L1-04": layout.find_unrelated_lines,
    "L1-05": cells.find_bare_headings,
    "L1-06": cells.find_layout_by_space,
    "L1-07": cells.find_several_values,
    "L1-08": cells.find_dependent_characters,
    "L1-09": cells.find_unclear_blanks,
    "L1-10": layout.find_objects,
    "L1-11": layout.find_marks_by_look,
    "L1-12": layout.find_merged_cells,
    "L1-13": layout.find_hidden_parts,
    "L1-14": layout.find_broken_lines,
    "L1-15": layout.find_bare_commas,
    "L2-01": cells.find_text_among_numbers,
    "L2-02": cells.find_omissions,
    "L2-03": layout.find_repeated_headings,
    "L2-04": cells.find_unlike_choices,
    "L2-05": cells.find_other_with_detail,
    "L2-06": cells.find_formulas,
    "L3-01": layout.find_late_header,
    "L3-02": meaning.find_codes_without_table,
    "L3-03": cells.find_unexplained_symbols,
    "L3-04": meaning.find_missing_units,
    "L3-05": meaning.find_unusual_times,
    "L3-06": meaning.find_missing_area,
    "L3-07": meaning.find_changed_format,
    "L3-08": meaning.find_missing_definitions,
    "L3-09": layout.find_wide_layout,
}
_EXCEL, _CSV = {"xlsx", "xls", "ods"}, {"csv"}
_FILES, _SET = Fraction(7, 10), Fraction(3, 10)


class Checked(NamedTuple):
    """What a rule says of a file.

    Attributes:
        rule: The rule.
        result: Whether the file keeps it.
        places: In how many places it is broken.
        first: The first of them.
    """

    rule: Rule
    result: Result
    places: int = 0
    first: Break = Break()


def check_file(file: DataFile) -> list[Checked]:
    """Hold a file against all rules.

    What cannot be read as a table breaks the first rule, and none of the others can be told.
    """
    return [_check(rule, file) for rule in list_rules()]


def score_file(checked: Sequence[Checked]) -> dict[Level, int]:
    """Return the points of a file by level, of a hundred each."""
    if any(one.result == "failed" and one.rule.rule_id == "L1-01" for one in checked):
        return dict.fromkeys(LEVELS, 0)
    return {level: max(0, 100 - _lost(checked, level)) for level in LEVELS}


def score_set(files: Sequence[Sequence[Checked]]) -> dict[Level, Fraction]:
    """Return the points of files that belong together: 0.7 x their mean + 0.3 x what all keep.

    What all keep is a hundred less the points of the rules that any of them breaks.
    """
    scores: dict[Level, Fraction] = {}
    together = [one for file in files for one in file if one.result == "failed"]
    whole = score_file(list({one.rule.rule_id: one for one in together}.values()))
    for level in LEVELS:
        mean = Fraction(sum(score_file(file)[level] for file in files), len(files))
        scores[level] = _FILES * mean + _SET * whole[level]
    return scores


def _lost(checked: Sequence[Checked], level: Level) -> int:
    return sum(
        one.rule.points for one in checked if one.result == "failed" and one.rule.level == level
    )


def _check(rule: Rule, file: DataFile) -> Checked:
    if not _applies(rule, file):
        return Checked(rule, "not_applicable")
    first, places = Break(), 0
    for places, one in enumerate(_breaks(rule, file), start=1):
        first = one if places == 1 else first
    return Checked(rule, "failed" if places else "passed", places, first)


def _breaks(rule: Rule, file: DataFile) -> Iterator[Break]:
    yield from CHECKS[rule.rule_id](file)


def _applies(rule: Rule, file: DataFile) -> bool:
    if rule.rule_id == "L1-01":
        return True
    forms = {"all": {file.form}, "excel": _EXCEL, "csv": _CSV}[rule.applies_to]
    return bool(file.grids) and file.form in forms
