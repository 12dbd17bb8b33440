"""Everything that can be searched for: indicators, datasets and columns."""

from collections.abc import Iterable
from dataclasses import dataclass

from sumida_data.plan.models import Indicator
from sumida_data.site.published import Published


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the index.

    Attributes:
        name: Its machine name.
        title: Its Japanese title.
        title_en: Its English title.
        description: What it is, in Japanese.
        path: The page that tells about it; empty where several do.
        places: The pages of a column, each with the Japanese and the English title of the table.
    """

    name: str
    title: str
    title_en: str
    description: str
    path: str = ""
    places: tuple[tuple[str, str, str], ...] = ()


def list_indicators(indicators: Iterable[Indicator]) -> list[Entry]:
    """Return an entry for each indicator."""
    return [
        Entry(
            one.indicator_id,
            one.title,
            one.title_en,
            one.definition,
            f"indicators/{one.indicator_id}.html",
        )
        for one in indicators
    ]


def list_datasets(published: Published) -> list[Entry]:
    """Return an entry for each dataset."""
    return [
        Entry(
            dataset.name,
            dataset.descriptor["title"],
            dataset.descriptor["sumida:titleEn"],
            dataset.descriptor["description"],
            dataset.page,
        )
        for dataset in published.datasets
    ]


def list_columns(published: Published) -> list[Entry]:
    """Return an entry for each column; tables that describe it in the same words share one."""
    places: dict[tuple[str, str, str, str], list[tuple[str, str, str]]] = {}
    for dataset in published.datasets:
        for table in dataset.tables:
            for field in table["schema"]["fields"]:
                words = (
                    field["name"],
                    field["title"],
                    field["sumida:titleEn"],
                    field.get("description", ""),
                )
                place = f"{dataset.page}#{table['name']}.{field['name']}"
                titles = (table["title"], table["sumida:titleEn"])
                places.setdefault(words, []).append((place, *titles))
    return [
        Entry(name, title, title_en, description, places=tuple(found))
        for (name, title, title_en, description), found in sorted(places.items())
    ]
