"""A denoiser's call: rows that are denoised with the same lie side by side in it, and come back in their own order."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import pytest
import torch
from torch import Tensor

from diffusion.denoiser import DenoiserCall


class AppliedRows:
    """Gives each row the number that is applied to it, and its own input, time step and words back."""

    def __init__(self) -> None:
        self.now: Sequence[int] = ()

    @contextmanager
    def applying(self, applied: Sequence[int]) -> Iterator[None]:
        self.now = applied
        yield

    def __call__(self, sample: Tensor, timesteps: Tensor, *, return_dict: bool, words: Tensor, **_: Any) -> Any:
        assert len(sample) == len(timesteps) == len(words) == len(self.now)
        return (torch.stack([torch.tensor(self.now), sample[:, 0], timesteps, words[:, 0]], dim=1),)


@pytest.mark.parametrize("applied", [[1, 2, 3, 1, 2, 3], [2, 2, 1], [4, 4, 4], [1], [7, 0, 7, 0, 7]], ids=str)
def test_the_same_lie_side_by_side_and_each_row_keeps_its_own(applied: list[int]) -> None:
    model, rows = AppliedRows(), len(applied)
    call = DenoiserCall(
        model=model,
        sample=torch.arange(rows)[:, None],
        timesteps=10 + torch.arange(rows),
        options={"words": 20 + torch.arange(rows)[:, None], "kind": "as it is"},
        applied=applied,
        applying=model.applying,
    )
    made = call.run().tolist()
    assert made == [[each, row, 10 + row, 20 + row] for row, each in enumerate(applied)]
    assert len([*groupby(model.now)]) == len(set(applied))


def test_a_part_has_its_own_rows_of_all() -> None:
    model = AppliedRows()
    options = {"words": torch.arange(4)[:, None], "more": {"words": torch.arange(4)[:, None]}}
    call = DenoiserCall(
        model=model,
        sample=torch.arange(4)[:, None],
        timesteps=torch.arange(4),
        options=options,
        applied=[1, 2, 1, 2],
        applying=model.applying,
    )
    part = call.part(1, 4)
    assert part.rows == len(part.options["more"]["words"]) == 3
    assert part.run().tolist() == [[2, 1, 1, 1], [1, 2, 2, 2], [2, 3, 3, 3]]
