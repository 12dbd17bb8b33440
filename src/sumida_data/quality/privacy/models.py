"""The privacy gate as data."""

from pydantic import Field as Described

from sumida_data.metadata import Model


class Privacy(Model):
    """What may be set of the gate; nothing here switches it off.

    Attributes:
        smallest_count: Counts of people below it are withheld; 0 is not.
        people: Units that count people.
    """

    smallest_count: int = Described(ge=3)
    people: tuple[str, ...] = Described(min_length=1)
