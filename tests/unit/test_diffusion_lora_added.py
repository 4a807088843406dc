"""Small layers have a trained LoRA added to their weights: the same values and gradients as beside the layer."""

import copy
from typing import Any

import pytest
import torch
from peft import LoraConfig, inject_adapter_in_model
from torch import Tensor, nn

from diffusion.lora_added import AddedConv2d, AddedLinear, add_where_small


class Small(nn.Module):
    """A layer of each kind, by the names that LoRAs are put on."""

    def __init__(self, outputs: int = 8) -> None:
        super().__init__()
        self.conv = nn.Conv2d(6, outputs, 3, stride=2, padding=1)
        self.point = nn.Conv2d(outputs, 4, 1, bias=False)
        self.matrix = nn.Linear(4, 5)

    def forward(self, x: Tensor) -> Tensor:
        points: Tensor = self.point(self.conv(x))
        matrix: Tensor = self.matrix(points.flatten(2).transpose(1, 2))
        return matrix


def _with_lora(module: nn.Module, **settings: Any) -> Any:
    config = LoraConfig(r=3, lora_alpha=6, target_modules=["conv", "point", "matrix"], **settings)
    inject_adapter_in_model(config, module.requires_grad_(False))
    for name, parameter in module.named_parameters():
        if "lora_B" in name:  # zeros would hide the update
            nn.init.normal_(parameter)
    return module


def _gradients(module: nn.Module, x: Tensor) -> dict[str, Tensor]:
    module.zero_grad()
    module(x).pow(2).sum().backward()
    return {name: p.grad.clone() for name, p in module.named_parameters() if p.grad is not None}


@pytest.fixture
def beside() -> Any:
    torch.manual_seed(0)
    return _with_lora(Small())


def test_values_and_gradients_are_those_of_the_update_beside_the_layer(beside: Any) -> None:
    added, x = copy.deepcopy(beside), torch.randn(2, 6, 8, 8)
    add_where_small(added)

    assert [type(added.conv), type(added.point), type(added.matrix)] == [AddedConv2d, AddedConv2d, AddedLinear]
    assert list(added.state_dict()) == list(beside.state_dict())
    torch.testing.assert_close(added(x), beside(x))
    mine, theirs = _gradients(added, x), _gradients(beside, x)
    assert mine.keys() == theirs.keys()
    assert len(mine) == 6
    for name, gradient in theirs.items():
        torch.testing.assert_close(mine[name], gradient, rtol=1e-3, atol=1e-3)


def test_a_copy_calls_its_own_layers(beside: Any) -> None:
    add_where_small(beside)
    other, x = copy.deepcopy(beside), torch.randn(1, 6, 8, 8)
    before = beside(x)

    nn.init.zeros_(other.matrix.lora_B["default"].weight)

    assert torch.equal(beside(x), before)
    assert not torch.equal(other(x), before)


def test_a_layer_whose_update_is_off_is_the_layer_alone(beside: Any) -> None:
    add_where_small(beside)
    values = torch.randn(1, 3, 4)
    layer = beside.matrix

    layer.enable_adapters(False)

    assert torch.equal(layer(values), layer.base_layer(values))


@pytest.mark.parametrize("settings", [{"lora_dropout": 0.5}, {"use_dora": True}])
def test_what_is_more_than_an_update_is_left_to_peft(settings: dict[str, Any]) -> None:
    torch.manual_seed(0)
    module = _with_lora(Small(), **settings).eval()
    plain, x = copy.deepcopy(module), torch.randn(1, 6, 8, 8)

    add_where_small(module)

    assert torch.equal(module(x), plain(x))


def test_large_layers_and_half_precision_stay_as_they_are(beside: Any) -> None:
    large, half = _with_lora(Small(outputs=65)), beside.half()

    for module in (large, half):
        add_where_small(module)

    assert not isinstance(large.conv, AddedConv2d)
    assert not isinstance(half.matrix, AddedLinear)
