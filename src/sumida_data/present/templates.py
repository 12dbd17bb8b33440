"""The one Jinja environment: every page, document and mail is filled in with it.

Each room keeps its templates in its own folder ``templates``; those of this room serve all. What
is left out by mistake is an error and never an empty place.
"""

from functools import cache
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined, select_autoescape

from sumida_data.base.periods import Period, format_era_date
from sumida_data.base.xlsx import SAMPLE_MARK, SAMPLE_NOTE, SAMPLE_WARNING
from sumida_data.present import words


@cache
def load_templates(room: str, **filters: Any) -> Environment:
    """Return a room's templates, with filters beside those that all have.

    They are compiled once in a process. HTML and XML are escaped by the name of the file; Markdown
    and plain text hold no markup.
    """
    loaders = [PackageLoader(f"sumida_data.{room}"), PackageLoader("sumida_data.present")]
    environment = Environment(
        loader=ChoiceLoader(loaders),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {
        "words": words,
        "sample_mark": SAMPLE_MARK,
        "sample_note": SAMPLE_NOTE,
        "sample_warning": SAMPLE_WARNING,
    }
    environment.filters |= {
        "amount": words.format_amount,
        "difference": words.format_difference,
        "number": words.format_number,
        "percentage": words.format_percentage,
        "day": format_era_date,
        "short_day": words.format_short_day,
        "period": Period.parse,
        **filters,
    }
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "sort_keys": False}
    return environment
