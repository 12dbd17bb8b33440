from hypothesis import given
from hypothesis import strategies as st

from sumida_data.sample.seeded import seeded_random, share_out


def test_the_same_words_give_the_same_numbers() -> None:
    # The value itself is held, because it must not differ between machines and processes.
    assert seeded_random(1, "cards", "131075").randint(0, 10**6) == 387820
    assert seeded_random(1, "cards").random() != seeded_random(2, "cards").random()


@given(st.integers(0, 10_000), st.lists(st.integers(1, 500), min_size=1))
def test_shares_add_up_to_the_total(total: int, weights: list[int]) -> None:
    shares = share_out(total, weights)
    assert sum(shares) == total
    exact = [total * weight / sum(weights) for weight in weights]
    assert all(abs(share - one) < 1 for share, one in zip(shares, exact, strict=True))


@given(st.lists(st.integers(1, 500), min_size=1))
def test_the_whole_gives_everyone_his_weight(weights: list[int]) -> None:
    assert share_out(sum(weights), weights) == weights
