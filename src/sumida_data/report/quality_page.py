"""The results of the checks as one page that needs nothing else."""

from sumida_data.base.metadata import HomeMunicipality
from sumida_data.base.periods import Period
from sumida_data.present.words import format_percentage
from sumida_data.quality.overview import Overview
from sumida_data.quality.rules import SEVERITY_LABELS
from sumida_data.report.page import make_environment


def render_quality_page(
    municipality: HomeMunicipality, period: Period, overview: Overview, *, sample: bool
) -> bytes:
    """Return the quality page.

    Args:
        municipality: Whose data these are.
        period: The reported period; the checks concern all periods.
        overview: The results.
        sample: Whether sample data went into any figure.
    """
    environment = make_environment()
    environment.filters["percentage"] = format_percentage
    template = environment.get_template("quality.html")
    return template.render(
        municipality=municipality,
        report_period=period,
        overview=overview,
        sample=sample,
        severities=SEVERITY_LABELS,
    ).encode()
