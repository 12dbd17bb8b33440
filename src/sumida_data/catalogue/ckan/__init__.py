"""A CKAN as a public target."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from sumida_data.catalogue.ckan.settings import CkanSettings
from sumida_data.catalogue.ckan.target import CkanTarget
from sumida_data.catalogue.publication import find_content_before
from sumida_data.catalogue.record import Record
from sumida_data.catalogue.target import Catalogue, TargetError

__all__ = ["CkanSettings", "CkanTarget", "open_target"]


def open_target(record: str | Path, **settings: Any) -> CkanTarget:
    """Return the CKAN that settings describe.

    Args:
        record: The record of the target, from which an undo takes what was published before.
        settings: The attributes of `CkanSettings`.

    Raises:
        TargetError: If a setting is not known or not allowed.
    """
    kept = Record(Path(record))

    def load_previous() -> Catalogue:
        before = find_content_before(kept.read_publications())
        return kept.load_content(before.publication_id)

    try:
        return CkanTarget(CkanSettings.model_validate(settings), load_previous)
    except ValidationError as error:
        places = "、".join(str(one["loc"][0]) for one in error.errors())
        raise TargetError(f"conf/ckan の設定 {places} が正しくありません。") from error
