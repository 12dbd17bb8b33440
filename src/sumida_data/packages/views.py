"""Views and macros: the usual questions to the analysts' database, as data."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field as Described

from sumida_data.base.metadata import DataDictionary, Field, Model, Name, Table

Sql = Annotated[str, Described(min_length=1)]


class View(Model):
    """A table that is computed when it is asked for.

    Attributes:
        name: Name in the database.
        title: Japanese title.
        title_en: English title.
        description: What one row is, in Japanese.
        tables: The tables that describe its columns; the first that knows a name counts.
        fields: The columns in order: in full, or by the name under which a table describes them.
        query: SQL over tables and earlier views; ``{columns}`` stands for the columns' names.
    """

    name: Name
    title: str
    title_en: str
    description: str
    tables: tuple[Name, ...]
    fields: tuple[Field | Name, ...]
    query: Sql

    @property
    def statement(self) -> str:
        """The query with the columns' names filled in."""
        names = (field if isinstance(field, str) else field.name for field in self.fields)
        return self.query.format(columns=", ".join(names))


class Macro(Model):
    """A question with blanks, called like a table.

    Attributes:
        name: Name in the database.
        title: Japanese title.
        description: What it returns, in Japanese.
        parameters: The blanks, in order.
        example: A statement that calls it.
        query: SQL over tables and views in which the parameters stand for values.
    """

    name: Name
    title: str
    description: str
    parameters: tuple[Name, ...]
    example: Sql
    query: Sql


class Views(Model):
    """The contents of views.yml.

    Attributes:
        views: The views; a later one may use an earlier one.
        macros: The macros.
    """

    views: tuple[View, ...]
    macros: tuple[Macro, ...]


def describe_views(views: Views, dictionary: DataDictionary) -> Iterator[Table]:
    """Describe each view as a table.

    Raises:
        KeyError: If a column is given by a name that none of the view's tables describes.
    """
    for view in views.views:
        known = {
            field.name: field for name in reversed(view.tables) for field in dictionary[name].fields
        }
        yield Table(
            name=view.name,
            title=view.title,
            title_en=view.title_en,
            description=view.description,
            primary_key=(),
            fields=tuple(known[item] if isinstance(item, str) else item for item in view.fields),
        )
