"""AdamW in 32 bits and in 8: the same lesson, a quarter of the state, an exact resume, and a refusal where it cannot be."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from atelier_training.engine.checkpoint import RunState, restore, save
from atelier_training.engine.interruption import InterruptedJobError
from atelier_training.engine.optimizers import adamw_named, require_adamw, state_bytes
from atelier_training.engine.parallel import clip
from atelier_training.engine.processes import Processes
from atelier_training.fine_tune_job import FineTuneJob
from atelier_training.jobs.fine_tune import fine_tune
from contracts.errors import InvalidInputError
from diffusion import unquantised
from tests.unit.test_training_finetune import StopsAfter, same_weights
from tests.unit.test_training_finetune import train as train_here
from tests.unit.training_root import write_training

ALONE = Processes(device=torch.device("cpu"))


def run(name: str) -> RunState:
    """Two layers, the first large enough for 8 bits."""
    torch.manual_seed(0)
    modules = nn.Sequential(nn.Linear(100, 200), nn.Linear(200, 3))
    made = adamw_named(name, modules, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01)
    return RunState(modules=modules, optimizers=made, average=None, scaler=torch.amp.GradScaler("cpu", enabled=False))


def steps(state: RunState, count: int) -> Tensor:
    """Learn to answer 1, with values that depend on the step alone; the last loss."""
    loss = torch.zeros(())
    for number in range(state.step, state.step + count):
        (optimizer,) = state.optimizers
        optimizer.zero_grad()
        values = torch.randn(8, 100, generator=torch.Generator().manual_seed(number))
        loss = (state.modules(values) - 1).square().mean()
        loss.backward()
        optimizer.param_groups[0]["lr"] = 1e-3
        optimizer.step()
        state.step = number + 1
    return loss


def test_eight_bits_teach_what_32_do_with_a_quarter_of_the_state() -> None:
    full, eight = run("adamw"), run("adamw_8bit")
    first = steps(run("adamw"), 1)
    last = steps(full, 60), steps(eight, 60)
    assert max(last) < 0.5 * first
    assert abs(last[0] - last[1]) < 0.1 * last[0]
    for state, most in ((full, 8.01), (eight, 2.4)):
        large = next(p for p in state.modules.parameters() if p.numel() > 4096)
        own = state.optimizers[0].state[large]
        held = sum(each.numel() * each.element_size() for each in own.values() if isinstance(each, Tensor))
        assert state_bytes(state.optimizers[0]) <= held / large.numel() < most


@pytest.mark.parametrize("name", ["adamw", "adamw_8bit"])
@pytest.mark.parametrize("limit", [1e-3, 1e3])
def test_no_step_is_longer_than_gradients_of_the_allowed_norm_make_it(name: str, limit: float) -> None:
    """Below the limit nothing changes, not by a bit."""
    ours, plain = run(name), run(name)
    for _ in range(3):
        for state in (ours, plain):
            state.modules(torch.arange(100.0)[None] / 100).square().sum().backward()
        parameters = list(ours.modules.parameters())
        clip(parameters, limit, ours.optimizers)
        norm = torch.nn.utils.get_total_norm([p.grad for p in plain.modules.parameters() if p.grad is not None])
        assert limit / 5 > norm if limit > 1 else norm > 5 * limit
        for parameter in plain.modules.parameters():
            assert parameter.grad is not None
            parameter.grad /= (norm / limit).clamp(min=1)
        for state in (ours, plain):
            state.optimizers[0].step()
            state.optimizers[0].zero_grad()
    for one, other in zip(ours.modules.parameters(), plain.modules.parameters(), strict=True):
        assert torch.equal(one, other) if limit > 1 else torch.allclose(one, other, rtol=0, atol=1e-6)


def test_without_an_optimizer_that_divides_gradients_are_scaled() -> None:
    parameter = nn.Parameter(torch.ones(4))
    parameter.grad = torch.full((4,), 3.0)
    clip([parameter], 1.5, [])
    assert torch.allclose(parameter.grad.norm(), torch.tensor(1.5))


@pytest.mark.parametrize("name", ["adamw", "adamw_8bit"])
def test_a_run_continues_from_its_state(tmp_path: Path, name: str) -> None:
    whole, first, second = run(name), run(name), run(name)
    steps(whole, 9)
    steps(first, 5)
    save(first, tmp_path, {}, ALONE)
    restore(second, tmp_path, {}, ALONE)
    steps(second, 4)
    assert all(torch.equal(a, b) for a, b in zip(whole.modules.parameters(), second.modules.parameters(), strict=True))


def test_paged_state_stays_where_it_was_made_when_a_checkpoint_is_read() -> None:
    parameter = nn.Parameter(torch.zeros(4096 * 2))
    (made,) = adamw_named("adamw_8bit_paged", nn.ParameterList([parameter]))
    parameter.grad = torch.linspace(-1, 1, parameter.numel())
    with pytest.warns(UserWarning, match="not supported on CPU"):
        made.step()
    saved = copy.deepcopy(made.state_dict())
    parameter.grad = parameter.grad.flip(0) ** 2
    made.step()
    buffer = made.state[parameter]["state1"]
    buffer.is_paged = True
    before = buffer.clone()
    made.load_state_dict(saved)
    assert made.state[parameter]["state1"] is buffer
    assert made.state[parameter]["step"] == 1
    assert not torch.equal(buffer, before)


@pytest.mark.parametrize(
    ("name", "device", "installed", "allowed"),
    [
        ("adamw_8bit_paged", "cpu", True, "adamw | adamw_8bit on a machine without a GPU"),
        ("adamw_8bit", "cuda", False, "adamw on a machine without bitsandbytes"),
        ("adamw_8bit_paged", "cuda", False, "adamw on a machine without bitsandbytes"),
        ("adamw", "cpu", False, ""),
        ("adamw_8bit", "cpu", True, ""),
        ("adamw_8bit_paged", "cuda", True, ""),
    ],
)
def test_what_a_machine_cannot_is_refused(
    name: str, device: str, installed: bool, allowed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unquantised, "is_installed", lambda: installed)
    if not allowed:
        require_adamw(name, torch.device(device))
        return
    with pytest.raises(InvalidInputError) as info:
        require_adamw(name, torch.device(device))
    assert (info.value.what, info.value.got, info.value.allowed) == ("optimizer", name, allowed)


def test_it_is_refused_before_anything_is_prepared(tmp_path: Path) -> None:
    paths = write_training(tmp_path, optimizer="adamw_8bit_paged")
    with pytest.raises(InvalidInputError, match="optimizer: got 'adamw_8bit_paged'"):
        fine_tune(paths.read_hyperparameters(FineTuneJob), paths, ALONE, StopsAfter(0))
    assert not paths.checkpoints.exists()


def test_a_full_fine_tune_in_eight_bits_resumes_exactly(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"optimizer": "adamw_8bit", "method": "full", "checkpoint_steps": "2"}
    whole, parts = write_training(tmp_path / "whole", **settings), write_training(tmp_path / "parts", **settings)
    train_here(whole)
    with pytest.raises(InterruptedJobError):
        train_here(parts, StopsAfter(3))
    train_here(parts)
    weights = "unet/diffusion_pytorch_model.safetensors"
    assert same_weights(whole.model / weights, parts.model / weights)


def test_who_does_not_ask_for_8_bits_waits_for_no_library_of_them(root: Path) -> None:
    """diffusers and peft would import it where it is there."""
    code = """
import json, sys
from diffusion.unquantised import bring_back, is_installed, leave_out
leave_out()
from diffusers import UNet2DConditionModel
from peft import LoraConfig
before = sys.modules["bitsandbytes"] is None
bring_back()
import bitsandbytes
print(json.dumps([is_installed(), before, bitsandbytes.__name__]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == [True, True, "bitsandbytes"]
