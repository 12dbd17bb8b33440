"""The tables for analysts: without free text and without what seems to name or reach a person.

Both stand in ``data/03_primary``, which is for the office alone. An individual number stands in no
database, even where the office lets its analysts see the rest.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from sumida_data.base.metadata import DataDictionary, Field, Table
from sumida_data.privacy.gate import find_in_value
from sumida_data.privacy.releases import Privacy

HIDDEN = "【伏せた】個人に関する記載のおそれがあります"
# Tables of which one row is one cell, with the column that names the record it belongs to.
_CELL_TABLES = {"answer": "record_id", "lineage": "row_id"}
_OF_CELL = ("raw_text", "value")
# Made by code: any digits may stand in an id or a hash.
_MADE_BY_CODE = ("row_id", "record_id", "_sha256")
_TOO_SHORT = 9


@dataclass(frozen=True)
class AnalystsView:
    """Hides from analysts what is not for them.

    Attributes:
        dictionary: Descriptions of the tables.
        privacy: Whether analysts see free text and what was found in texts.
        cleared: Texts that hold no personal data.
    """

    dictionary: DataDictionary
    privacy: Privacy
    cleared: frozenset[str]

    def hide(self, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return the tables as analysts may see them; ``personal_hit`` is among them."""
        named = set() if self.privacy.analysts_see_texts else set(frames["personal_hit"]["row_id"])
        return {
            name: frame.assign(**dict(self._hide_texts(self.dictionary[name], frame, named)))
            for name, frame in frames.items()
        }

    def _hide_texts(
        self, table: Table, frame: pd.DataFrame, named: set[str]
    ) -> Iterator[tuple[str, pd.Series]]:
        """Yield the columns of texts."""
        for item in (one for one in table.fields if one.type == "string" and not one.enum):
            if item.name.endswith(_MADE_BY_CODE):
                continue
            texts, fields = frame[item.name], f"{table.name}/{item.name}"
            found = [text for text in texts.dropna().unique() if self._hides(text, table, item)]
            hidden = texts.isin(found) if found else texts.isna() & False
            if table.name in _CELL_TABLES and item.name in _OF_CELL:
                record = frame[_CELL_TABLES[table.name]]
                hidden |= (frame["table_name"] + "/" + record + "/" + frame["field"]).isin(named)
                free = (frame["table_name"] + "/" + frame["field"]).isin(self._free_texts)
            else:
                if "row_id" in frame:
                    hidden |= (f"{table.name}/" + frame["row_id"] + f"/{item.name}").isin(named)
                free = pd.Series(fields in self._free_texts, index=frame.index)
            yield item.name, texts.mask(hidden & texts.notna(), HIDDEN).mask(free, None)

    def _hides(self, text: str, table: Table, item: Field) -> bool:
        if text in self.cleared or (text.isascii() and len(text) < _TOO_SHORT):
            return False
        kinds = find_in_value(text, listed=table.listed or item.listed)
        return "my_number" in kinds if self.privacy.analysts_see_texts else bool(kinds)

    @cached_property
    def _free_texts(self) -> set[str]:
        """The columns of free text that analysts do not see."""
        if self.privacy.analysts_see_texts:
            return set()
        return {
            f"{table.name}/{item.name}"
            for table in self.dictionary.tables
            for item in table.fields
            if item.free_text
        }
