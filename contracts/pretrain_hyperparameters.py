"""Pretraining settings: what the machine's input, the training job and the command that trains on a laptop read."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, get_args

from contracts.declarations import about, bounds, text
from contracts.errors import Problem
from contracts.model import rule
from contracts.strings import StringContract

Model = Literal["unet", "vae", "segmenter", "upscaler"]
MODELS: tuple[Model, ...] = get_args(Model)

DEFAULTS: Mapping[Model, Mapping[str, Any]] = {
    "unet": {"steps": 6_000, "batch": 32, "learning_rate": 2e-3},
    "vae": {"steps": 3_000, "batch": 16, "learning_rate": 2e-3},
    "segmenter": {"steps": 3_000, "batch": 16, "learning_rate": 1.5e-3},
    "upscaler": {"steps": 3_000, "batch": 16, "learning_rate": 1e-3},
}
"""What each model's run is like where the input says nothing; right for the tiny family, a start for others."""


class PretrainHyperparameters(StringContract):
    """What a person may tune of a pretraining run. ``steps``, ``batch`` and ``learning_rate`` have defaults of their own a model."""

    document: ClassVar[str] = "hyperparameters"

    model: Annotated[Model, about("what is trained")] = "unet"
    steps: Annotated[int, bounds(1, 10_000_000, "optimizer steps")] = 6_000
    batch: Annotated[int, bounds(1, 65_536, "samples in one optimizer step, over all hosts")] = 32
    learning_rate: Annotated[float, bounds(1e-9, 1.0, "peak learning rate")] = 2e-3
    seed: Annotated[int, bounds(0, 2**32 - 1, "makes the run repeatable")] = 0
    warmup: Annotated[int, bounds(1, 1_000_000, "steps over which the learning rate rises")] = 100
    hold: Annotated[float, bounds(0.0, 0.999, "share of the steps at the peak; the rate then decays linearly")] = 0.5
    ema: Annotated[float, bounds(0.0, 0.999999, "decay of the averaged weights, which are the result")] = 0.995
    clip: Annotated[float, bounds(1e-6, 1e6, "norm to which gradients are clipped")] = 1.0
    min_snr_gamma: Annotated[float, bounds(0.0, 100.0, "gamma of min-SNR weighting; 0 weighs all timesteps alike")] = (
        0.0
    )
    precision: Annotated[
        Literal["auto", "fp32", "bf16"], about("of the computation; auto is bf16 where the hardware has it")
    ] = "auto"
    checkpoint_every: Annotated[int, bounds(1, 1_000_000, "steps between checkpoints")] = 500
    sharding: Annotated[
        Literal["ddp", "fsdp"], about("fsdp splits weights and optimizer over the processes, ddp copies them")
    ] = "ddp"
    optimizer: Annotated[
        Literal["adamw", "muon"], about("muon suits transformers and needs whole matrices, so no fsdp")
    ] = "adamw"
    streams: Annotated[int, bounds(1, 64, "shards that the run reads side by side")] = 8
    from_nothing: Annotated[bool, about("take the architecture of the base model, and not its weights")] = False
    text_share: Annotated[
        float,
        bounds(0.0, 1.0, "of a unet: share of the pictures painted whole from words, besides those that are anyway"),
    ] = 0.0
    vision_steps: Annotated[
        int, bounds(0, 10_000_000, "of a segmenter: steps that teach its vision the class of every pixel, first")
    ] = 0
    vision_learning_rate: Annotated[float, bounds(1e-9, 1.0, "of a segmenter: learning rate of the vision_steps")] = (
        2e-3
    )
    shards_uri: Annotated[
        str,
        text("an S3 prefix that ends in a slash", longest=1_024, pattern=r"s3://[^/]+/(.+/)?"),
        about("where to stream the shards from, instead of reading the channel shards"),
    ] = ""

    @classmethod
    def prepare(cls, data: Mapping[str, Any]) -> Mapping[str, Any]:
        """The defaults are those of the model."""
        model = data.get("model", "unet")
        return {**DEFAULTS[model], **data} if model in MODELS else data

    @rule
    def _of_its_own_model(self) -> Iterator[Problem]:
        for name, model in (("text_share", "unet"), ("vision_steps", "segmenter")):
            if getattr(self, name) and self.model != model:
                yield Problem(name, getattr(self, name), f"0: only a {model} has it")

    @rule
    def _a_rate_has_its_steps(self) -> Iterator[Problem]:
        default = type(self).model_fields["vision_learning_rate"].default
        if self.vision_learning_rate != default and not self.vision_steps:
            yield Problem("vision_learning_rate", self.vision_learning_rate, "left out: there are no vision_steps")

    @rule
    def _muon_has_whole_matrices(self) -> Iterator[Problem]:
        if self.optimizer == "muon" and self.sharding == "fsdp":
            yield Problem("sharding", "fsdp", "ddp: muon needs whole matrices")
