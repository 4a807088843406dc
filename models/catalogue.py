"""The base models that Atelier offers: what each is, where its files come from, and its defaults for use and training.

An entry is data. ``infra`` turns each entry of a stage into one ``Custom::BaseModel`` resource, whose Lambda copies the files once
to ``base/{name}@{revision}/`` of the model bucket and writes the manifest; nothing is fetched when training or serving.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal

from contracts.artifact import BaseManifest, hash_files
from contracts.sampling import Sampling, SamplingDefaults
from models.licences import APACHE_2, BSD_3, OPENRAIL_M, OPENRAIL_PP_M, SDXL_OPENRAIL_PP_M, Licence


@dataclass(frozen=True, kw_only=True)
class HubSource:
    """A repository on the model hub, mirrored at the entry's revision.

    Only ``.json``, ``.txt`` and ``.safetensors`` files are taken (no pickles). ``variant`` (``fp16``) picks
    ``x.fp16.safetensors``, kept as ``x.safetensors``; empty picks the plain files.
    """

    repository: str
    variant: str = ""
    kind: str = "hub"


@dataclass(frozen=True, kw_only=True)
class AssetSource:
    """A folder of this repository, deployed with the stack."""

    folder: str
    kind: str = "asset"


_REVISIONS = {
    "hub": (r"[0-9a-f]{40}", "a commit of the repository, 40 hexadecimal digits"),
    "asset": (r"v[0-9]+", "a version of the shipped files, such as v4"),
}
"""By a source's kind, what a revision looks like, and that in words."""


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """One base model.

    ``revision`` is a commit of the hub repository, in full, or a version of the shipped files (``v4``): a branch would mean other files
    to whoever deploys later. ``resolution`` is the side in pixels of its pictures, or, of an upscaler, of a
    tile before it is enlarged; ``memory_gib`` is what inference needs at that size; ``defaults`` and ``fast`` are
    ``contracts.sampling.SamplingDefaults`` for requests that say nothing and for those that ask for speed; ``training`` holds
    hyperparameters for each method (``lora``, ``full``). ``stage`` says whether to begin with it (``contracts.terms``), ``retires`` the
    day, as ISO 8601 has it, from which it is not to be used; ``note`` says why, where it is not stable. ``contrastive`` is
    as in its manifest.
    """

    name: str
    revision: str
    family: str
    task: str
    source: HubSource | AssetSource
    licence: Licence
    resolution: int
    memory_gib: float
    defaults: Mapping[str, Any] = field(default_factory=dict)
    fast: Mapping[str, Any] | None = None
    training: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stage: Literal["stable", "preview", "deprecated"] = "stable"
    retires: str | None = None
    note: str = ""
    contrastive: bool = False

    def __post_init__(self) -> None:
        pattern, allowed = _REVISIONS[self.source.kind]
        if not re.fullmatch(pattern, self.revision):
            raise ValueError(f"base model {self.name}: revision: got {self.revision!r}; allowed: {allowed}")
        if self.retires is not None:
            date.fromisoformat(self.retires)
        if (self.stage != "stable" or self.retires) and not self.note:
            raise ValueError(
                f"base model {self.name}: note: got none; allowed: why it is {self.stage}, and where that is said"
            )

    @property
    def reference(self) -> str:
        """``name@revision``: how executions, manifests and prefixes name it."""
        return f"{self.name}@{self.revision}"

    @property
    def sampling(self) -> Sampling:
        """How it paints where a request says nothing."""
        return Sampling.of(SamplingDefaults.from_json(self.defaults))

    @property
    def fast_sampling(self) -> Sampling | None:
        """How it paints where a request asks for speed; None where it has no setting for it."""
        return Sampling.of(SamplingDefaults.from_json(self.fast)) if self.fast else None

    def manifest(self, folder: Path) -> BaseManifest:
        """The manifest of the entry's files in a local folder, as the mirror writes it of a shipped model."""
        known = {name: value for name, value in self._facts().items() if name in BaseManifest.model_fields}
        return BaseManifest(**known | {"source": self.source.kind, "files": hash_files(folder)})

    def to_json(self) -> str:
        """The entry as stable JSON text, the ``Entry`` property of its custom resource."""
        return json.dumps(self._facts(), sort_keys=True)

    def _facts(self) -> dict[str, Any]:
        """The entry as a manifest names it, the licence by its terms."""
        terms = {
            "licence": self.licence.name,
            "licence_text": self.licence.text,
            "commercial": self.licence.commercial,
            "restricted": self.licence.restricted,
        }
        facts = {name: value for name, value in asdict(self).items() if name != "note" and value is not None}
        return facts | terms


def find(name: str) -> CatalogueEntry:
    """The entry called ``name``. Raises ValueError that lists what there is."""
    if name not in CATALOGUE:
        raise ValueError(f"base model: got {name!r}; allowed: {', '.join(CATALOGUE)}")
    return CATALOGUE[name]


def _published(steps: int, *, guidance: float) -> dict[str, Any]:
    """How a published base is sampled: not measured here, but as others found.

    DPM-Solver++ makes "high-quality samples" in 20 steps and "quite good samples even in 10"
    (https://huggingface.co/docs/diffusers/api/schedulers/multistep_dpm_solver); guidance is redundant in the second half of the steps
    (Castillo et al. 2023, arXiv:2312.12487).
    """
    return {
        "num_inference_steps": steps,
        "guidance_scale": guidance,
        "scheduler": "dpm++2m",
        "guidance_until": 0.5,
    }


_UNCLIPPED: Mapping[str, Any] = {"max_grad_norm": 0}
"""Of full fine-tunes: a quarter less state, since gradients that need not wait for the norm of all are let go (``engine/released.py``).

AdamW takes no long steps without it either: whatever the gradients are, a weight moves by at most 3.2 times the learning rate (Kingma
and Ba 2015, arXiv:1412.6980, section 2.1, at the usual decays). What it changes is measured in docs/fine-tuning.md.
"""

_ENTRIES = (
    CatalogueEntry(
        name="tiny-inpaint",
        revision="v4",
        family="sd1",
        task="inpaint",
        source=AssetSource(folder="models/tiny/weights/inpaint"),
        licence=APACHE_2,
        resolution=64,
        memory_gib=0.5,
        # The fewest rows of the denoiser that make bench-quality finds within noise of 20 guided steps of DDIM.
        defaults={"num_inference_steps": 6, "guidance_scale": 2.0, "scheduler": "unipc", "guidance_until": 0.5},
        fast={"num_inference_steps": 4, "guidance_scale": 2.0, "scheduler": "unipc", "guidance_until": 0.5},
        training={
            # With 5 seeds 110 steps reach as much of the real garment's colours as 160: 0.88 of them, deviation 0.02.
            "lora": {
                "max_steps": 110,
                "batch_size": 6,
                "learning_rate": 4e-3,
                "num_class_images": 60,
                "lora_rank": 16,
                "lr_scheduler": "cosine",
                "lr_warmup_steps": 5,
            },
            "full": {
                "max_steps": 100,
                "batch_size": 8,
                "learning_rate": 1.5e-3,
                "lr_scheduler": "linear",
                "lr_warmup_steps": 5,
                **_UNCLIPPED,
            },
        },
    ),
    CatalogueEntry(
        name="tiny-clipseg",
        revision="v3",
        family="clipseg",
        task="segment",
        source=AssetSource(folder="models/tiny/weights/clipseg"),
        licence=APACHE_2,
        resolution=96,
        memory_gib=0.2,
    ),
    CatalogueEntry(
        name="tiny-upscaler",
        revision="v2",
        family="upscaler",
        task="upscale",
        source=AssetSource(folder="models/tiny/weights/upscaler"),
        licence=APACHE_2,
        resolution=64,
        memory_gib=0.5,
        defaults={"num_inference_steps": 2, "guidance_scale": 1.0},
        training={
            "lora": {
                "max_steps": 60,
                "batch_size": 4,
                "learning_rate": 3e-4,
                "lora_rank": 16,
                "lr_scheduler": "cosine",
            },
            "full": {
                "max_steps": 60,
                "batch_size": 4,
                "learning_rate": 5e-5,
                "lr_scheduler": "cosine",
                **_UNCLIPPED,
            },
        },
    ),
    CatalogueEntry(
        name="sd2-inpaint",
        revision="5f74973cbb64c8568780732c17f43eb269d63a0d",
        family="sd2",
        task="inpaint",
        source=HubSource(repository="sd2-community/stable-diffusion-2-inpainting", variant="fp16"),
        licence=OPENRAIL_PP_M,
        stage="deprecated",
        note="Stability AI withdrew it in November 2025 (https://github.com/huggingface/diffusers/issues/12874); the files are a mirror",
        resolution=512,
        memory_gib=6,
        defaults=_published(20, guidance=6.5),
        fast=_published(10, guidance=6.5),
        training={
            "lora": {"max_steps": 800, "learning_rate": 1e-4, "lora_rank": 8, "gradient_checkpointing": True},
            "full": {
                "max_steps": 800,
                "learning_rate": 2e-6,
                "with_prior_preservation": True,
                "num_class_images": 200,
                "gradient_checkpointing": True,
                **_UNCLIPPED,
            },
        },
    ),
    CatalogueEntry(
        name="sd15-inpaint",
        revision="8a4288a76071f7280aedbdb3253bdb9e9d5d84bb",
        family="sd1",
        task="inpaint",
        source=HubSource(repository="stable-diffusion-v1-5/stable-diffusion-inpainting", variant="fp16"),
        licence=OPENRAIL_M,
        stage="deprecated",
        note="Runway withdrew it in August 2024 (https://github.com/huggingface/diffusers/issues/9421); the files are a mirror",
        resolution=512,
        memory_gib=5,
        defaults=_published(20, guidance=7.5),
        fast=_published(10, guidance=7.5),
        training={
            "lora": {"max_steps": 800, "learning_rate": 1e-4, "lora_rank": 8, "gradient_checkpointing": True},
            "full": {"max_steps": 1000, "learning_rate": 2e-6, "gradient_checkpointing": True, **_UNCLIPPED},
        },
    ),
    CatalogueEntry(
        name="sd-x4-upscaler",
        revision="572c99286543a273bfd17fac263db5a77be12c4c",
        family="upscaler",
        task="upscale",
        source=HubSource(repository="stabilityai/stable-diffusion-x4-upscaler", variant="fp16"),
        licence=OPENRAIL_PP_M,
        resolution=128,
        # An estimate: 2 GiB of weights, and 9 GiB while 8 tiles of 512 pixels are decoded in single precision.
        memory_gib=11,
        defaults={"num_inference_steps": 25, "guidance_scale": 9.0},
        training={
            "lora": {"max_steps": 800, "learning_rate": 1e-4, "lora_rank": 8, "gradient_checkpointing": True},
            "full": {"max_steps": 800, "learning_rate": 2e-6, "gradient_checkpointing": True, **_UNCLIPPED},
        },
    ),
    CatalogueEntry(
        # Full fine-tuning keeps 12 bytes for each of 2.6 billion weights, more than a 24 GB GPU has: there Prepare refuses it.
        name="sdxl-inpaint",
        revision="115134f363124c53c7d878647567d04daf26e41e",
        family="sdxl",
        task="inpaint",
        source=HubSource(repository="diffusers/stable-diffusion-xl-1.0-inpainting-0.1", variant="fp16"),
        licence=SDXL_OPENRAIL_PP_M,
        resolution=1024,
        memory_gib=12,
        defaults=_published(20, guidance=8.0),
        fast=_published(10, guidance=8.0),
        training={
            "lora": {"max_steps": 800, "learning_rate": 1e-4, "lora_rank": 8, "gradient_checkpointing": True},
            "full": {"max_steps": 800, "learning_rate": 2e-6, "gradient_checkpointing": True, **_UNCLIPPED},
        },
    ),
    CatalogueEntry(
        name="clipseg-rd64-refined",
        revision="999e0328d9e10b484360c477313983f9afdd7050",
        family="clipseg",
        task="segment",
        # Its authors' code is MIT "excluding model weights" (https://github.com/timojl/clipseg); this is what their institute's page says.
        source=HubSource(repository="CIDAS/clipseg-rd64-refined"),
        licence=APACHE_2,
        resolution=352,
        memory_gib=1,
        # Its CLIP is OpenAI's ViT-B/16, frozen while the decoder was trained (https://arxiv.org/abs/2112.10003).
        contrastive=True,
    ),
    CatalogueEntry(
        name="blip-captioning-large",
        # The smaller one has no safetensors, and pickles are not mirrored.
        revision="353689b859fcf0523410b1806dace5fb46ecdf41",
        family="blip",
        task="caption",
        source=HubSource(repository="Salesforce/blip-image-captioning-large"),
        licence=BSD_3,
        stage="preview",
        note="nothing of it was mirrored or run here: tests caption with a miniature of its kind",
        resolution=384,
        # 1.9 GB of weights in single precision, and a picture.
        memory_gib=2.5,
    ),
)

CATALOGUE: Mapping[str, CatalogueEntry] = {entry.name: entry for entry in _ENTRIES}
