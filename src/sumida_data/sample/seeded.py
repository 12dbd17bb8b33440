"""Randomness that gives the same result on every machine, and totals that always come out."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from random import Random


def seeded_random(*seed: object) -> Random:
    """Return a generator that depends on nothing but these words and numbers."""
    return Random("/".join(map(str, seed)))  # noqa: S311  # invents sample data, keeps no secret


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Divide a total in proportion to weights into whole numbers that add up to it."""
    whole = sum(weights)
    bounds = [total * reached // whole for reached in accumulate(weights, initial=0)]
    return [upper - lower for lower, upper in pairwise(bounds)]
