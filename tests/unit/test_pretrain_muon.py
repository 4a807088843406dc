"""Muon moves all directions of a layer's matrix alike, and everything else as AdamW does."""

import copy
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from atelier_training.engine.checkpoint import RunState, restore, save
from atelier_training.engine.optimizers import SinglePrecisionMuon, layer_matrices, muon
from atelier_training.engine.processes import Processes


class Body(nn.Module):
    """Layers in a list, as transformers name them."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(6, 6) for _ in range(2))


class Transformer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(8, 6)
        self.body = Body()
        self.read = nn.Linear(6, 3)

    def forward(self, words: Tensor) -> Tensor:
        held: Tensor = self.embedding(words)
        for layer in self.body.layers:
            held = held + layer(held).tanh()
        out: Tensor = self.read(held)
        return out


@pytest.fixture
def model() -> Transformer:
    torch.manual_seed(0)
    return Transformer()


def optimizers_of(model: nn.Module, weight_decay: float = 0.1) -> list[Optimizer]:
    return muon(model, betas=(0.9, 0.99), weight_decay=weight_decay)


def learn(model: nn.Module, optimizers: list[Optimizer], steps: int) -> float:
    words = torch.arange(8)
    loss = torch.zeros(())
    for _ in range(steps):
        for optimizer in optimizers:
            optimizer.zero_grad()
            for group in optimizer.param_groups:
                group["lr"] = 1e-2 * group.get("gain", 1.0)
        loss = nn.functional.cross_entropy(model(words), words % 3)
        torch.autograd.backward(loss)
        for optimizer in optimizers:
            optimizer.step()
    return loss.item()


def test_only_matrices_inside_layers_follow_muon(model: Transformer) -> None:
    assert {id(p) for p in layer_matrices(model)} == {id(layer.weight) for layer in model.body.layers}


def test_everything_else_moves_as_torchs_adamw_does(model: Transformer) -> None:
    other = copy.deepcopy(model)
    for net in (model, other):
        for layer in net.body.layers:
            layer.weight.requires_grad_(False)
    learn(model, optimizers_of(model), 5)
    learn(other, [torch.optim.AdamW(other.parameters(), betas=(0.9, 0.99), weight_decay=0.1)], 5)
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_first_step_of_a_matrix_has_ten_times_the_rate_in_every_direction(model: Transformer) -> None:
    weight = next(layer_matrices(model))
    before = weight.detach().clone()
    learn(model, optimizers_of(model, weight_decay=0.0), 1)
    moved = torch.linalg.svdvals(weight.detach() - before)
    assert 0.03 < moved.median() < moved.max() < 0.13


@pytest.mark.parametrize("shape", [(24, 24), (12, 40), (40, 12)])
def test_single_precision_muon_is_torchs_muon_but_for_rounding(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    start, gradients = torch.randn(shape), torch.randn(3, *shape)
    moved = []
    for kind in (torch.optim.Muon, SinglePrecisionMuon):
        matrix = nn.Parameter(start.clone())
        optimizer: Optimizer = kind([matrix], lr=0.1, weight_decay=0.1)
        for gradient in gradients:
            matrix.grad = gradient.clone()
            optimizer.step()
        moved.append(matrix.detach() - start)
    assert (moved[0] - moved[1]).norm() < 0.02 * moved[0].norm()


def test_it_learns(model: Transformer) -> None:
    assert learn(model, optimizers_of(model), 34) < 0.2


def test_a_run_continues_from_the_state_of_both(model: Transformer, tmp_path: Path) -> None:
    """The checkpoint names each optimizer's state by parameter, so that two optimizers share one."""
    optimizers = optimizers_of(model)
    learn(model, optimizers, 4)
    alone = Processes(device=torch.device("cpu"))
    scaler = torch.amp.GradScaler("cpu", enabled=False)
    save(RunState(modules=model, optimizers=optimizers, average=None, scaler=scaler, step=4), tmp_path, {}, alone)
    other = Transformer()
    resumed = RunState(modules=other, optimizers=optimizers_of(other), average=None, scaler=scaler)
    restore(resumed, tmp_path, {}, alone)
    assert resumed.step == 4
    assert learn(other, resumed.optimizers, 5) == learn(model, optimizers, 5)
