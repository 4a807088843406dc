"""What the clients find: a fresh local stage with a style in two versions, a second client, and a photo."""

import io
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import numpy as np
from PIL import Image
from safetensors import numpy as tensors

from cli.account import api_key
from cli.session import Deployment

MODELS = Path(__file__).resolve().parents[2] / "models" / "tiny"
PHOTO = MODELS / "sample" / "photos" / "street-01.png"
DATASET = MODELS / "sample" / "dataset"
LAYER = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
STYLE, PROMPT = "studio", "a photo of sks skirt"
DOOMED = ("autumn", "winter")
"""Styles that schemathesis may delete."""

LOOK_SECONDS, LONGEST_SECONDS = 0.2, 300.0

Found = TypeVar("Found")


@dataclass(frozen=True, kw_only=True)
class ClientStage:
    """``url`` is the API's address, as clients are given it, without a slash at the end; ``other_key`` is another client's."""

    deployment: Deployment
    url: str
    key: str
    other_key: str

    shortest_training: ClassVar[Mapping[str, Any]] = {
        "hyperparameters": {"max_steps": 2, "batch_size": 1, "checkpoint_steps": 100},
        "gate": {"garment_share": 0},
        "baseline": "none",
    }
    """Of an execution's input: two steps, which teach nothing, and a gate that lets them pass."""

    @property
    def outputs(self) -> dict[str, str]:
        """What the stage's stacks say of themselves."""
        return self.deployment.outputs

    def client(self, service: str) -> Any:
        """A boto3 client of the stage's account."""
        return self.deployment.client(service)

    def upload_dataset(self, style: str) -> str:
        """Put a small dataset as a client of the API does; what a training calls it."""
        for name, path in dataset_files().items():
            self.deployment.api.files.upload(path, name=name, style=style)
        return f"datasets/{style}/"

    def until(self, look: Callable[[], Found | None]) -> Found:
        """Look again and again until there is something to see. Raises AssertionError where nothing ever is."""
        deadline = time.monotonic() + LONGEST_SECONDS
        while time.monotonic() < deadline:
            if (found := look()) is not None:
                return found
            time.sleep(LOOK_SECONDS)
        raise AssertionError(f"got nothing after {LONGEST_SECONDS} s")


def dataset_files() -> dict[str, Path]:
    """The smallest dataset that can be learnt from, by the names in it: four pictures, and one to judge by."""
    pictures, looks = sorted(DATASET.glob("*.png"))[:4], sorted((DATASET / "evaluation").glob("*.png"))[:1]
    return {path.relative_to(DATASET).as_posix(): path for path in (DATASET / "dataset_info.json", *pictures, *looks)}


def photo() -> Image.Image:
    """The photo, decoded."""
    with Image.open(PHOTO) as picture:
        return picture.convert("RGB")


def is_png(content: bytes) -> bool:
    """Whether these are the bytes of a picture that can be read."""
    with Image.open(io.BytesIO(content)) as picture:
        picture.load()
        return picture.format == "PNG"


def furnish(deployment: Deployment) -> ClientStage:
    """Publish two versions of each style, of which the second is what its name means, and let a second client in."""
    styles = deployment.api.styles
    for style in (STYLE, *DOOMED):
        for seed in (1, 2):
            styles.import_version(style, adapter(seed), instance_prompt=PROMPT)
        styles.promote(f"{style}@2")
    return ClientStage(
        deployment=deployment,
        url=deployment.api.url,
        key=api_key(deployment.client, deployment.outputs),
        other_key=_another_key(deployment),
    )


def adapter(seed: int, rank: int = 2) -> bytes:
    """A LoRA of one layer of the tiny base model, as diffusers saves it; of random numbers, so small that they hardly show."""
    weights = tensors.load_file(str(MODELS / "weights" / "inpaint" / "unet" / "diffusion_pytorch_model.safetensors"))
    high, wide = weights[f"{LAYER}.weight"].shape
    numbers = np.random.default_rng(seed)
    halves = {"lora_A": (rank, wide), "lora_B": (high, rank)}
    lora = {
        f"unet.{LAYER}.{half}.weight": numbers.normal(0, 1e-3, shape).astype(np.float32)
        for half, shape in halves.items()
    }
    return bytes(tensors.save(lora))


def _another_key(deployment: Deployment) -> str:
    """A second API key of the stage's usage plan, as somebody of the account makes one by hand."""
    gateway = deployment.client("apigateway")
    (first,) = json.loads(deployment.outputs["ApiKeyIds"]).values()
    (plan,) = (each["id"] for each in gateway.get_usage_plans()["items"] if _has(gateway, each["id"], first))
    made = gateway.create_api_key(name="clients", enabled=True)
    gateway.create_usage_plan_key(usagePlanId=plan, keyId=made["id"], keyType="API_KEY")
    return str(made["value"])


def _has(gateway: Any, plan: str, key: str) -> bool:
    return any(each["id"] == key for each in gateway.get_usage_plan_keys(usagePlanId=plan)["items"])
