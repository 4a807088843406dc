"""A share of the pictures of ``make bench-poison``: each is read, or refused by name, and never refused by its header and then read."""

import pytest

from bench.poison import PictureDoor, swallow
from bench.poison_doors import decode, look
from bench.poisoned_pictures import FamilyShare, poison


@pytest.mark.filterwarnings("ignore")
def test_a_picture_that_is_made_to_break_a_reader_is_read_or_refused_by_name() -> None:
    all_of_them = FamilyShare(40)
    doors = {"decode": PictureDoor(enter=decode, share=all_of_them), "api": PictureDoor(enter=look, share=all_of_them)}
    outcome = swallow(poison(seed=5, count=40), doors)
    assert outcome["faults"] == []
    assert outcome["decode"]["read"] + outcome["decode"]["refused"] == 40
    assert 0 < outcome["decode"]["read"] <= outcome["api"]["read"] < 40
