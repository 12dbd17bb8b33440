"""Saying in which cells of the tables a cover's name stands."""

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from sumida_data.base.frames import read_rows
from sumida_data.base.metadata import DataDictionary
from sumida_data.privacy.names import NameScreen


def find_named_cells(
    screen: NameScreen, frames: Mapping[str, pd.DataFrame], dictionary: DataDictionary
) -> Iterator[dict[str, Any]]:
    """Yield a row of table ``personal_hit`` for each cell in which a name stands.

    Args:
        screen: Knows the names.
        frames: Tables by name; all their texts that may ever be published are looked at.
        dictionary: Descriptions of the tables.
    """
    for name, frame in frames.items():
        texts = [
            field.name
            for field in dictionary[name].fields
            if (field.published or field.screened or field.free_text)
            and field.type == "string"
            and not field.enum
        ]
        found = {
            text for field in texts for text in frame[field].dropna().unique() if screen.finds(text)
        }
        concerned = frame[frame[texts].isin(found).any(axis="columns")] if found else frame[:0]
        for row in read_rows(concerned):
            for field in (field for field in texts if row[field] in found):
                yield {
                    "row_id": f"{name}/{row['row_id']}/{field}",
                    "table_name": name,
                    "record_id": row["row_id"],
                    "field": field,
                }
