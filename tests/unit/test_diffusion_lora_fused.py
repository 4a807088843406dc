"""Weights with LoRAs added are kept for the styles used last, in so many bytes."""

import pytest
import torch

from diffusion.lora_fused import FusedWeights


class Counted:
    """Weights that know how often they were made."""

    def __init__(self) -> None:
        self.kept = FusedWeights()
        self.made: list[str] = []

    def weight(self, mix: str) -> torch.Tensor:
        def make() -> torch.Tensor:
            self.made.append(mix)
            return torch.ones(1)

        return self.kept.weight(mix, "layer", make)


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    monkeypatch.setattr("diffusion.lora_fused.MOST_FUSED", 100)
    return Counted()


def test_they_are_made_once(counted: Counted) -> None:
    for _ in range(3):
        assert counted.kept.keep({"a": 60, "b": 40}.items())
        assert counted.weight("a") is counted.weight("a")
        counted.weight("b")
    assert counted.made == ["a", "b"]


def test_those_used_longest_ago_make_room(counted: Counted) -> None:
    for mix in ("a", "b", "a", "c", "a", "b"):
        assert counted.kept.keep({mix: 50}.items())
        counted.weight(mix)
    assert counted.made == ["a", "b", "c", "b"]


def test_a_call_that_has_no_room_keeps_nothing_and_takes_nothing(counted: Counted) -> None:
    assert counted.kept.keep({"a": 60}.items())
    counted.weight("a")
    assert not counted.kept.keep({"b": 60, "c": 60}.items())
    assert counted.kept.keep({"a": 60}.items())
    counted.weight("a")
    assert counted.made == ["a"]
