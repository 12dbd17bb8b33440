"""The report's pages, each of which needs nothing else: styles and charts are in it."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from sumida_data.base.periods import Period, format_era_date
from sumida_data.present import words
from sumida_data.report.content import ProgressReport


def render_page(report: ProgressReport) -> bytes:
    """Return the report as an HTML page."""
    return make_environment().get_template("progress_report.html").render(report=report).encode()


def render_council_paper(report: ProgressReport) -> bytes:
    """Return the progress table as a page to print on A4, in the layout of the ward's deck."""
    return make_environment().get_template("council_paper.html").render(report=report).encode()


def render_briefings(report: ProgressReport) -> dict[str, bytes]:
    """Return a page to print for each indicator that is behind, by its id."""
    template = make_environment().get_template("briefing.html")
    return {
        one.line.indicator.indicator_id: template.render(report=report, one=one).encode()
        for one in report.indicators
        if one.progress["verdict"] in ("slightly_behind", "behind")
    }


def make_environment() -> Environment:
    """Return the environment in which the pages' templates are filled in."""
    environment = Environment(
        loader=PackageLoader("sumida_data.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals |= {"words": words}
    environment.filters |= {
        "amount": words.format_amount,
        "difference": words.format_difference,
        "number": words.format_number,
        "day": format_era_date,
        "period": Period.parse,
    }
    return environment
