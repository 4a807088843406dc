"""A share of the pictures of ``make bench-poison``: each is read, or refused by name."""

import pytest

from bench.poison import poison, swallow


@pytest.mark.filterwarnings("ignore")
def test_a_picture_that_is_made_to_break_a_reader_is_read_or_refused_by_name() -> None:
    outcome = swallow(poison(seed=5, count=40))
    assert outcome["faults"] == []
    assert outcome["pictures"] == 40
    assert 0 < outcome["read"] < 40
