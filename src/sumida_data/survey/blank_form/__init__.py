"""Blank forms: one workbook per department and quarter, made from the form's description."""

from sumida_data.survey.blank_form.last_answers import (
    LastAnswers,
    find_last_answers,
    inherit_answers,
)
from sumida_data.survey.blank_form.workbook import Inquiry, write_blank_form

__all__ = ["Inquiry", "LastAnswers", "find_last_answers", "inherit_answers", "write_blank_form"]
