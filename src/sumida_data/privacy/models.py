"""The privacy gate as data."""

from pydantic import Field as Described

from sumida_data.base.metadata import Model


class Privacy(Model):
    """What may be set of the gate; nothing here switches it off.

    Attributes:
        smallest_count: Counts of people below it are withheld; 0 is not.
        people: Words of units that count people, alone (人) or in another (延べ人).
        people_kinds: By field, the values that say that the row's figures count people, whatever
            their unit.
    """

    smallest_count: int = Described(ge=3)
    people: tuple[str, ...] = Described(min_length=1)
    people_kinds: dict[str, tuple[str, ...]]
