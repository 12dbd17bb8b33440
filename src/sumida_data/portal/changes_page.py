"""The page of the preview that shows the office what publishing would change."""

from jinja2 import Environment, PackageLoader, StrictUndefined

from sumida_data.portal.changes import ACTIONS, Proposal, count_actions, group_changes
from sumida_data.survey.findings import SEVERITY_LABELS


def render_changes(proposal: Proposal) -> bytes:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("sumida_data.portal"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template("changes.html").render(
        proposal=proposal,
        datasets=group_changes(proposal),
        counts=count_actions(proposal.changes),
        actions=ACTIONS,
        lists=proposal.remarks,
        severities=SEVERITY_LABELS,
    )
    return f"{page}\n".encode()
