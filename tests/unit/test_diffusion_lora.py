"""LoRAs beside the model paint what PEFT paints with them inside it, each row its own."""

import copy
import gc
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from torch import Tensor, nn

from contracts.artifact import ADAPTER_WEIGHTS
from diffusion.family import find_family
from diffusion.lora import PARTS, Lora, LoraRows, Mix, fuse, lora_parts, places
from diffusion.lora_file import load_lora, read_lora
from diffusion.painter import Painter
from tests.unit.miniatures import save_miniature

torch.set_num_threads(1)
NAMES = ("rank 4", "rank 2, root", "patterns")


class Model:
    """A miniature, the same for PEFT to change, and three strong LoRAs on every layer of its parts, as diffusers saves them."""

    def __init__(self, family: str, root: Path) -> None:
        save_miniature(root / "base", family)
        self.pipeline, self.inside = (
            find_family(family, Painter).load(root / "base", device="cpu", dtype=torch.float32, checker=False).pipeline
            for _ in range(2)
        )
        for number, name in enumerate(NAMES):
            self._save(root / name, number, name)
        self.folders = {name: root / name for name in NAMES}
        self.loras = {name: load_lora(self.pipeline, folder, name) for name, folder in self.folders.items()}
        generator = torch.Generator().manual_seed(0)
        config = self.pipeline.unet.config
        self.latents = torch.randn(8, config.in_channels, 8, 8, generator=generator)
        self.words = torch.randn(8, 7, config.cross_attention_dim, generator=generator)
        self.added: dict[str, Tensor] = {}
        if family == "sdxl":
            pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
            added = {"text_embeds": torch.randn(8, pooled, generator=generator), "time_ids": torch.full((8, 6), 32.0)}
            self.added = added

    def _save(self, folder: Path, seed: int, name: str) -> None:
        saved: dict[str, Any] = {}
        for part, module in lora_parts(self.inside).items():
            names = [name for each, name in places(self.pipeline) if each == part]
            end = "to_q" if part == "unet" else "q_proj"
            values: dict[str, dict[str, Any]] = {
                NAMES[0]: {"r": 4, "lora_alpha": 6},
                NAMES[1]: {"r": 2, "lora_alpha": 3, "use_rslora": True},
                NAMES[2]: {
                    "r": 3,
                    "lora_alpha": 2.5,
                    "rank_pattern": {f"^{names[0]}": 5, end: 1},
                    "alpha_pattern": {f"^{names[1]}": 7, end: 2},
                },
            }
            config = LoraConfig(target_modules=names, **values[name])
            module.add_adapter(config, adapter_name="made")  # type: ignore[operator]
            generator = torch.Generator().manual_seed(seed)
            shapes = get_peft_model_state_dict(module, adapter_name="made")
            tensors = {key: torch.randn(each.shape, generator=generator) / 4 for key, each in shapes.items()}
            module.delete_adapters("made") if hasattr(module, "delete_adapters") else module.delete_adapter("made")  # type: ignore[operator]
            saved |= {f"{part}_lora_layers": tensors, f"{part}_lora_adapter_metadata": config.to_dict()}
        folder.mkdir()
        self.pipeline.save_lora_weights(folder, **saved)

    @torch.no_grad()
    def noise(self, rows: Sequence[int], pipeline: Any = None) -> Tensor:
        """What the UNet makes of some of the eight rows."""
        own = list(rows)
        added = {name: each[own] for name, each in self.added.items()}
        result: Tensor = (
            (pipeline or self.pipeline)
            .unet(
                self.latents[own],
                torch.full((len(own),), 500),
                encoder_hidden_states=self.words[own],
                added_cond_kwargs=added,
            )
            .sample
        )
        return result

    def with_peft(self, names: Sequence[str], scales: Sequence[float]) -> Tensor:
        """What it makes of all of them with LoRAs inside it."""
        for number, name in enumerate(names):
            self.inside.load_lora_weights(self.folders[name], weight_name=ADAPTER_WEIGHTS, adapter_name=f"a{number}")
        adapters = [f"a{number}" for number, _ in enumerate(names)]
        self.inside.set_adapters(adapters, list(scales))
        made = self.noise(range(8), self.inside)
        self.inside.delete_adapters(adapters)
        return made


# Several adapters in one model are what is compared with.
pytestmark = pytest.mark.filterwarnings("ignore:Already found a `peft_config`")


@pytest.fixture(scope="module", params=["sd1", "sd2", "sdxl"])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(request.param, tmp_path_factory.mktemp("model"))


def test_a_lora_is_what_peft_makes_of_it(model: Model) -> None:
    rows = LoraRows(model.pipeline)
    plain = model.noise(range(8))
    for name, lora in model.loras.items():
        with rows.rows([((lora, 0.7),)]):
            made = model.noise(range(8))
        expected = model.with_peft([name], [0.7])
        assert (expected - plain).abs().max() > 0.01
        assert (made - expected).abs().max() <= 1e-5, name
    assert torch.equal(model.noise(range(8)), plain)


def test_every_row_has_its_own(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other, patterned = model.loras.values()
    mixes: list[Mix] = [((one, 1.0),), (), ((other, -0.5),), ((patterned, 0.5), (one, 0.25))]
    expected = [
        model.with_peft([NAMES[0]], [1.0]),
        model.noise(range(8)),
        model.with_peft([NAMES[1]], [-0.5]),
        model.with_peft([NAMES[2], NAMES[0]], [0.5, 0.25]),
    ]
    rows = LoraRows(model.pipeline)
    ways = [(2**30, 2**30, torch.channels_last), (2**30, 0, torch.channels_last), (0, 0, torch.contiguous_format)]
    for stacked, fused, layout in ways:  # kept and not, added to the weights and beside them
        model.pipeline.unet.to(memory_format=layout)
        monkeypatch.setattr("diffusion.lora.MOST_STACKED", stacked)
        monkeypatch.setattr("diffusion.lora_fused.MOST_FUSED", fused)
        for own in (range(4), range(8), range(4)):  # guidance doubles the rows, and stops
            with rows.rows(mixes):
                made = model.noise(own)
            for row in own:
                assert (made[row] - expected[row % 4][row]).abs().max() <= 1e-5, (stacked, fused, row)
        rows = LoraRows(model.pipeline)


def test_calls_without_adapters_and_outside_of_the_block_are_the_models_own(model: Model) -> None:
    plain = model.noise(range(8))
    rows = LoraRows(model.pipeline)
    mix: Mix = ((model.loras[NAMES[0]], 1.0),)
    with rows.rows([mix]):
        inside = model.noise(range(8))
        with rows.rows([()] * 8):
            assert torch.equal(model.noise(range(8)), plain)
    assert torch.equal(model.noise(range(8)), plain)
    with rows.rows([mix]):
        assert torch.equal(model.noise(range(8)), inside)
    with rows.rows([]):
        assert not rows._standing
    with pytest.raises(ValueError, match="3 rows of 2 mixes"), rows.rows([mix, ()]):
        model.noise(range(3))


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_a_lora_in_the_weights_paints_what_it_does_beside_them(model: Model, layout: torch.memory_format) -> None:
    model.pipeline.unet.to(memory_format=layout)
    parts = lora_parts(model.pipeline)
    before = {name: copy.deepcopy(part.state_dict()) for name, part in parts.items()}
    lora, ids = model.loras[NAMES[2]], torch.arange(7)[None]
    encoders = [part for name, part in parts.items() if name != "unet"]
    with torch.no_grad():
        plain = [encoder(ids)[0] for encoder in encoders]
        with LoraRows(model.pipeline).rows([((lora, 1.0),)]):
            expected, words = model.noise(range(8)), [encoder(ids)[0] for encoder in encoders]
        fuse(model.pipeline, lora)
        assert (model.noise(range(8)) - expected).abs().max() <= 1e-5
        for encoder, own, wanted in zip(encoders, plain, words, strict=True):
            assert (encoder(ids)[0] - wanted).abs().max() <= 1e-5
            assert (own - wanted).abs().max() > 0.01
    for name, part in parts.items():
        part.load_state_dict(before[name])


def test_rows_of_one_style_are_what_they_are_where_nothing_is_kept(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {name: each.clone() for name, each in model.pipeline.unet.state_dict().items()}
    mix: Mix = ((model.loras[NAMES[0]], 0.7), (model.loras[NAMES[2]], 0.3))
    made = []
    for most in (2**30, 0):
        monkeypatch.setattr("diffusion.lora_fused.MOST_FUSED", most)
        rows = LoraRows(model.pipeline)
        with rows.rows([mix]):
            made += [model.noise(range(8)), model.noise(range(1))]
    assert (made[0] - made[2]).abs().max() <= 1e-5
    assert (made[1] - made[3]).abs().max() <= 1e-5
    assert (made[0][:1] - made[1]).abs().max() <= 1e-5
    after = model.pipeline.unet.state_dict()
    assert all(torch.equal(each, after[name]) for name, each in before.items())


def test_stacks_are_kept_for_the_last_compositions_only(model: Model) -> None:
    rows = LoraRows(model.pipeline)
    for scale in range(1, 9):
        with rows.rows([((model.loras[NAMES[0]], scale / 8),), ()]):
            model.noise(range(2))
    assert len(rows._ready) == 2


def test_what_was_made_for_a_composition_is_freed_with_it(model: Model) -> None:
    """Without the garbage collector, which seldom looks for what is old."""
    rows = LoraRows(model.pipeline)
    made = []
    gc.disable()
    try:
        for scale in range(1, 5):
            with rows.rows([((model.loras[NAMES[0]], scale / 8),), ()]):
                model.noise(range(2))
            made.append(weakref.ref(next(reversed(rows._ready.values()))))
        freed = [each() is None for each in made]
    finally:
        gc.enable()
    assert freed == [True, True, False, False]


def test_text_encoders_have_their_own_rows_too(model: Model) -> None:
    ids = torch.tensor([[1, 5, 9, 2], [1, 7, 3, 2]])
    rows = LoraRows(model.pipeline)
    for part in PARTS[1:]:
        encoder = getattr(model.pipeline, part, None)
        if encoder is None:
            continue
        with torch.no_grad():
            plain = encoder(ids)[0]
            model.inside.load_lora_weights(model.folders[NAMES[2]], weight_name=ADAPTER_WEIGHTS, adapter_name="x")
            expected = getattr(model.inside, part)(ids)[0]
            model.inside.delete_adapters("x")
            with rows.rows([(), ((model.loras[NAMES[2]], 1.0),)]):
                made = encoder(ids)[0]
        assert torch.equal(made[0], plain[0])
        assert (made[1] - expected[1]).abs().max() <= 1e-5
        assert (expected[1] - plain[1]).abs().max() > 1e-3


def test_half_precision_is_the_models(model: Model) -> None:
    """The weights are rounded once, to the precision that the model calculates with."""
    content = (model.folders[NAMES[0]] / ADAPTER_WEIGHTS).read_bytes()
    unet: nn.Module = model.pipeline.unet
    before = {key: each.clone() for key, each in unet.state_dict().items()}
    try:
        unet.to(torch.bfloat16)
        lora = read_lora(model.pipeline, content, "half")
    finally:
        unet.to(torch.float32).load_state_dict(before)
    kinds = {part: {pair.up.dtype for (each, _), pair in lora.layers.items() if each == part} for part in PARTS[:2]}
    assert kinds == {"unet": {torch.bfloat16}, "text_encoder": {torch.float32}}
    full = Lora({place: pair for place, pair in model.loras[NAMES[0]].layers.items() if place[0] == "unet"})
    halved = Lora({place: pair for place, pair in lora.layers.items() if place[0] == "unet"})
    assert 2 * halved.nbytes == full.nbytes
    assert lora.changes_words
    assert not full.changes_words
