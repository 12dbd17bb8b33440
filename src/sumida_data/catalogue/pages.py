"""The pages of a catalogue that its site does not have: of changes, of versions, of an end."""

from collections.abc import Iterable, Mapping

from sumida_data.catalogue.changes import ACTIONS, Proposal, count_actions, group_changes
from sumida_data.present.templates import load_templates
from sumida_data.survey.findings import SEVERITY_LABELS


def render_changes(proposal: Proposal) -> bytes:
    """Return the page of the preview that shows the office what publishing would change."""
    return _render(
        "changes.html",
        proposal=proposal,
        datasets=group_changes(proposal),
        counts=count_actions(proposal.changes),
        actions=ACTIONS,
        lists=proposal.remarks,
        severities=SEVERITY_LABELS,
    )


def render_version(
    title: str, version: str, files: Iterable[str], *, is_latest: bool, has_page: bool
) -> bytes:
    """Return the page at the address of a version, which is what people cite.

    Args:
        title: Title of the dataset.
        version: The version.
        files: Its files, which stand beside the page.
        is_latest: Whether this is the address at which the newest version always stands.
        has_page: Whether the dataset has a page of its own.
    """
    return _render(
        "version.html",
        title=title,
        version=version,
        files=files,
        is_latest=is_latest,
        has_page=has_page,
    )


def render_withdrawn(name: str, title: str, versions: Mapping[str, Iterable[str]]) -> bytes:
    """Return the page that a withdrawn dataset leaves.

    Args:
        name: Its name.
        title: Its title.
        versions: The files of each version that was published.
    """
    return _render("withdrawn.html", name=name, title=title, versions=versions)


def _render(template: str, **values: object) -> bytes:
    return load_templates("catalogue").get_template(template).render(values).encode()
