"""A pipeline's denoiser as it is called: calls that can wait for each other, be made as one, and be split again."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

Model = Callable[..., Any]


@dataclass(frozen=True, kw_only=True)
class DenoiserCall:
    """One call of a denoiser, of ``sample`` (rows, c, h, w) at ``timesteps`` (rows,). Every tensor in ``options`` has as many rows.

    ``applied`` is what each row is denoised with besides, such as its adapters: ``applying`` makes it hold inside a block.
    """

    model: Model
    sample: Tensor
    timesteps: Tensor
    options: Mapping[str, Any] = field(default_factory=dict)
    applied: Sequence[Any] = ()
    applying: Callable[[Sequence[Any]], AbstractContextManager[None]] | None = None

    @property
    def kind(self) -> Hashable:
        """Equal for calls that can be made as one."""
        return id(self.model), _kind(self.sample), self.timesteps.dtype, _kind(self.options)

    @property
    def rows(self) -> int:
        """How many rows are denoised."""
        return self.sample.shape[0]

    def run(self) -> Tensor:
        """What the denoiser predicts (rows, c, h, w)."""
        if self.applying is None:
            return self._predict()
        # Rows that are denoised with the same lie side by side: a layer calculates them together, however many requests they are of.
        firsts = {each: row for row, each in reversed([*enumerate(self.applied)])}
        order = sorted(range(len(self.applied)), key=lambda row: firsts[self.applied[row]])
        if order == [*range(len(order))]:
            with self.applying(self.applied):
                return self._predict()
        rows = torch.tensor(order, device=self.sample.device)
        with self.applying([self.applied[row] for row in order]):
            return self._rows(rows)._predict()[rows.argsort()]

    def part(self, start: int, stop: int) -> "DenoiserCall":
        """The call for some of its rows."""
        part = self._rows(slice(start, stop))
        return replace(part, applied=self.applied[start:stop], applying=self.applying)

    def _rows(self, rows: slice | Tensor) -> "DenoiserCall":
        """The call for some rows, or all in another order, with nothing applied."""
        return DenoiserCall(
            model=self.model,
            sample=self.sample[rows],
            timesteps=self.timesteps[rows],
            options=_rows_of(self.options, rows),
        )

    def _predict(self) -> Tensor:
        prediction: Tensor = self.model(self.sample, self.timesteps, **self.options, return_dict=False)[0]
        return prediction


def joined(calls: Sequence[DenoiserCall]) -> DenoiserCall:
    """Calls of one kind as one, row after row."""
    first = calls[0]
    if len(calls) == 1:
        return first
    return DenoiserCall(
        model=first.model,
        sample=torch.cat([call.sample for call in calls]),
        timesteps=torch.cat([call.timesteps for call in calls]),
        options=_joined([call.options for call in calls]),
        applied=[each for call in calls for each in call.applied],
        applying=first.applying,
    )


class Denoiser:
    """Takes a denoiser's place in a pipeline: has all that the denoiser has, and hands its calls to ``serve``."""

    def __init__(
        self,
        model: Any,
        serve: Callable[[DenoiserCall], Tensor],
        applied: Sequence[Any],
        applying: Callable[[Sequence[Any]], AbstractContextManager[None]] | None,
    ) -> None:
        """``applied`` is what each picture is painted with; guidance denoises each of them twice."""
        self._model = model
        self._serve = serve
        self._applied = applied
        self._applying = applying

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def __call__(self, sample: Tensor, timestep: Tensor, *, return_dict: bool = True, **options: Any) -> tuple[Tensor]:
        """As the pipelines call a denoiser: they ask for a tuple."""
        assert not return_dict
        rows = sample.shape[0]
        applied = [*self._applied] * (rows // len(self._applied)) if self._applied else ()
        call = DenoiserCall(
            model=self._model,
            sample=sample,
            # A pipeline's rows are all at one step; those of several pipelines are not.
            timesteps=timestep.reshape(-1).expand(rows),
            options=options,
            applied=applied,
            applying=self._applying,
        )
        return (self._serve(call),)


def _kind(value: Any) -> Hashable:
    if isinstance(value, Tensor):
        return tuple(value.shape[1:]), value.dtype, value.device
    if isinstance(value, Mapping):
        return tuple((name, _kind(part)) for name, part in value.items())
    return value  # type: ignore[no-any-return]


def _joined(values: Sequence[Any]) -> Any:
    first = values[0]
    if isinstance(first, Tensor):
        return torch.cat(list(values))
    if isinstance(first, Mapping):
        return {name: _joined([value[name] for value in values]) for name in first}
    return first


def _rows_of(value: Any, rows: slice | Tensor) -> Any:
    if isinstance(value, Tensor):
        return value[rows]
    if isinstance(value, Mapping):
        return {name: _rows_of(part, rows) for name, part in value.items()}
    return value
