"""Nodes of the publish pipeline."""

from typing import Any

import pandas as pd

from sumida_data.frames import to_arrow
from sumida_data.opendata.models import Packages
from sumida_data.portal.approval import RefusedError
from sumida_data.portal.catalogue import gather_catalogue
from sumida_data.portal.changes import Proposal, count_actions, list_changes
from sumida_data.portal.publication import Publication, TargetRecord, prepare_publication
from sumida_data.portal.target import TargetState
from sumida_data.survey.files import SourceFile


def decide_publication(
    preview: dict[str, SourceFile],
    packages: Packages,
    proposal: dict[str, Any] | None,
    state: TargetState,
    record: TargetRecord,
    lineage: pd.DataFrame,
) -> tuple[Publication, Publication]:
    """Decide whether the preview may be published; it is published by being saved.

    Returns:
        The publication twice: for the target, and for the summary.

    Raises:
        RefusedError: If it may not; the text says why and what to do.
    """
    if not preview or proposal is None:
        raise RefusedError("公開するものがありません。先に kedro run を実行してください。")
    files = {name: file.read() for name, file in preview.items()}
    publication = prepare_publication(
        gather_catalogue(files, tuple(one.name for one in packages.packages)),
        Proposal.model_validate(proposal),
        state,
        record,
        to_arrow(lineage),
    )
    return publication, publication


def summarise_publication(publication: Publication, state: TargetState) -> dict[str, Any]:
    """Say what was published and what to do next, as plain data.

    Args:
        publication: What was to be published.
        state: What stands in the target now.
    """
    return {
        "target": state.name,
        "kind": "none" if publication.changes_nothing else publication.kind,
        "approval_id": publication.approval.approval_id,
        "changes": count_actions(list_changes(publication.changes)),
        "datasets": {
            one.name: str(one.metadata["version"]) for one in publication.catalogue.datasets
        },
        "blocked": list(publication.catalogue.blocked),
        "exit_code": 2 if publication.catalogue.blocked else 0,
    }
