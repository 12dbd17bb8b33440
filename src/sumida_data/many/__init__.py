"""Municipalities as units of work: where they run, and what they make together."""

from typing import Literal

from pydantic import Field as Described

from sumida_data.base.metadata import Model


class Many(Model):
    """Where the municipalities of a project are worked on.

    Attributes:
        engine: ``none`` for a project of one municipality, ``processes`` on all processors of one
            machine, ``spark`` on whatever ``master`` names.
        workers: Processes; 0 for one on each processor.
        master: Address of the master, such as ``spark://host:7077`` or ``local[2]``.
    """

    engine: Literal["none", "processes", "spark"] = "none"
    workers: int = Described(default=0, ge=0)
    master: str = "local[*]"
