"""Residual blocks that overwrite on the way make the same, to the last bit, and change nothing that others still need."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import nn

from contracts.families import FAMILIES, UPSCALER
from contracts.sampling import Sampling
from diffusion.family import find_family
from diffusion.painter import Painter
from diffusion.residual import OverwritingResidualBlock, overwrite_on_the_way
from tests.unit.miniatures import save_miniature

CHANNELS, FEATURES = 8, 6


def block(**options: object) -> nn.Module:
    torch.manual_seed(0)
    made: nn.Module = ResnetBlock2D(in_channels=CHANNELS, groups=2, **{"temb_channels": FEATURES, **options}).eval()
    return made


def overwritten(part: nn.Module) -> nn.Module:
    overwrite_on_the_way(SimpleNamespace(unet=part, vae=nn.Identity()))
    return part


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"out_channels": 12},
        {"time_embedding_norm": "scale_shift"},
        {"time_embedding_norm": "scale_shift", "skip_time_act": True},
        {"temb_channels": None},
    ],
    ids=str,
)
def test_what_comes_out_is_the_same_and_what_goes_in_stays(
    options: dict[str, object], memory_format: torch.memory_format
) -> None:
    usual, lean = block(**options), overwritten(block(**options))
    assert type(lean) is OverwritingResidualBlock
    values = torch.randn(3, CHANNELS, 4, 4).to(memory_format=memory_format)
    told = None if options.get("temb_channels", FEATURES) is None else torch.randn(3, FEATURES)
    given = [each for each in (values, told) if each is not None]
    before = [each.clone() for each in given]
    with torch.no_grad():
        assert torch.equal(lean(values, told), usual(values, told))
    assert all(map(torch.equal, given, before))


@pytest.mark.parametrize(
    "options", [{"non_linearity": "gelu"}, {"up": True}, {"down": True}, {"output_scale_factor": 2.0}], ids=str
)
def test_other_blocks_stay_as_they_are(options: dict[str, object]) -> None:
    assert type(overwritten(block(**options))) is ResnetBlock2D


@pytest.mark.parametrize("family", [each for each in FAMILIES if each != UPSCALER])
def test_every_family_that_paints_makes_the_same_bytes(family: str, tmp_path: Path) -> None:
    save_miniature(tmp_path, family)
    painter = find_family(family, Painter).load(tmp_path, device="cpu", dtype=torch.float32, checker=False)

    def paint() -> bytes:
        sampling = Sampling(steps=2, guidance=2.0)
        return painter.paint(prompts=["a"], seeds=[1], size=(32, 32), sampling=sampling)[0].tobytes()

    before = paint()
    overwrite_on_the_way(painter.pipeline)
    assert any(isinstance(each, OverwritingResidualBlock) for each in painter.pipeline.unet.modules())
    assert any(isinstance(each, OverwritingResidualBlock) for each in painter.pipeline.vae.modules())
    assert paint() == before
