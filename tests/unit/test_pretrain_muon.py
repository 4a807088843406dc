"""Muon moves all directions of a layer's matrix alike, and everything else as AdamW does."""

import copy

import pytest
import torch
from torch import Tensor, nn

from atelier_training.engine.optimizers import MuonAdamW, layer_matrices, orthogonal
from atelier_training.engine.settings import TrainSettings


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


def optimizer_of(model: nn.Module) -> MuonAdamW:
    return MuonAdamW(model, 1e-2, betas=(0.9, 0.99), weight_decay=0.1)


def learn(model: nn.Module, optimizer: torch.optim.Optimizer, steps: int) -> float:
    words = torch.arange(8)
    loss = torch.zeros(())
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(words), words % 3)
        torch.autograd.backward(loss)
        optimizer.step()
    return loss.item()


@pytest.mark.parametrize("shape", [(24, 24), (12, 40), (40, 12)])
def test_an_orthogonal_update_has_all_directions_of_the_gradient_at_like_size(shape: tuple[int, int]) -> None:
    torch.manual_seed(0)
    left, _, right = torch.linalg.svd(torch.randn(shape), full_matrices=False)
    strengths = torch.logspace(0, -1, min(shape))
    result = orthogonal(left * strengths @ right)
    sizes = torch.linalg.svdvals(result)
    assert 0.5 < sizes.min() < sizes.max() < 1.3
    assert torch.allclose(result, left * (left.T @ result @ right.T).diagonal() @ right, atol=1e-4)


def test_only_matrices_inside_layers_follow_muon(model: Transformer) -> None:
    assert {id(p) for p in layer_matrices(model)} == {id(layer.weight) for layer in model.body.layers}


def test_everything_else_moves_as_torchs_adamw_does(model: Transformer) -> None:
    other = copy.deepcopy(model)
    for net in (model, other):
        for layer in net.body.layers:
            layer.weight.requires_grad_(False)
    learn(model, optimizer_of(model), 5)
    learn(other, torch.optim.AdamW(other.parameters(), 1e-2, betas=(0.9, 0.99), weight_decay=0.1), 5)
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_the_first_step_of_a_matrix_has_ten_times_the_rate_in_every_direction(model: Transformer) -> None:
    weight = next(layer_matrices(model))
    before = weight.detach().clone()
    learn(model, MuonAdamW(model, 1e-2, betas=(0.9, 0.99), weight_decay=0.0), 1)
    moved = torch.linalg.svdvals(weight.detach() - before)
    assert 0.03 < moved.median() < moved.max() < 0.13


def test_it_learns_and_goes_on_from_its_saved_state(model: Transformer) -> None:
    optimizer = optimizer_of(model)
    learn(model, optimizer, 4)
    copied = copy.deepcopy(model)
    resumed = optimizer_of(copied)
    resumed.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    ahead = learn(model, optimizer, 30)
    assert learn(copied, resumed, 30) == pytest.approx(ahead, abs=1e-7)
    assert ahead < 0.2


def test_shared_out_matrices_are_refused() -> None:
    with pytest.raises(ValueError, match="sharding: got 'fsdp'; allowed: ddp"):
        TrainSettings(steps=1, batch=1, learning_rate=1e-3, optimizer="muon", sharding="fsdp")
