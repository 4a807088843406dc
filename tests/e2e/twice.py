"""The style of the main job's tests, ``twice``, as its users look at it."""

import base64
import io
import json
from dataclasses import dataclass
from typing import Any

from PIL import Image

from atelier_ops.logic.lora.safetensors import read_header
from tests.e2e.studio import SAMPLE, Studio
from tests.unit.lora_files import file_of, numbers

PHOTO = SAMPLE / "photos" / "street-01.png"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A training that waits for a person, and what there was of its style by then."""

    training: str
    execution: str
    package: dict[str, Any]
    published: set[str]
    meant: str


def data_uri(data: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(data).decode()}"


def photo() -> Image.Image:
    return Image.open(io.BytesIO(PHOTO.read_bytes())).convert("RGB")


def styled(studio: Studio, *, version: str = "", **more: Any) -> list[Image.Image]:
    request = {"mode": "style", "image": data_uri(PHOTO.read_bytes()), "mask_prompt": "a skirt", "seed": 3}
    pictures = studio.deployment.api.predict(
        {**request, "prompt": "a photo of sks skirt", "num_inference_steps": 4, **more}, version=version
    )
    return [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]


def meant(studio: Studio, style: str) -> str:
    """The version that the style's bare name means to a prediction."""
    body = {"version": style, "input": {"mode": "text_to_image", "prompt": "a skirt", "num_inference_steps": 2}}
    return str(studio.deployment.api.request("POST", "/v1/predictions", body)["version"])


def manifest_of(studio: Studio, version: int) -> dict[str, Any]:
    key = f"styles/twice/{version}/manifest.json"
    body = studio.client("s3").get_object(Bucket=studio.bucket("Model"), Key=key)["Body"].read()
    return dict(json.loads(body))


def ended(studio: Studio, training: str) -> dict[str, Any]:
    """The training, once it is at its end."""

    def look() -> dict[str, Any] | None:
        now = studio.deployment.api.request("GET", f"/v1/trainings/{training}")
        return now if now["status"] in ("succeeded", "failed") else None

    return studio.until(look)


def resumed(studio: Studio, failed: dict[str, Any]) -> dict[str, Any]:
    """The training that takes up a failed one, at its end."""
    training = studio.deployment.api.request("POST", f"/v1/trainings/{failed['id']}/resume", {})
    return ended(studio, training["id"])


def only_the_first_version_serves(studio: Studio) -> None:
    """The style's bare name means version 1, and nothing is left of a newer one's endpoint."""
    assert meant(studio, "twice") == "twice@1"
    sagemaker, left = studio.client("sagemaker"), {"NameContains": "style-twice"}
    assert sagemaker.list_endpoints(**left)["Endpoints"] == []
    assert sagemaker.list_endpoint_configs(**left)["EndpointConfigs"] == []
    assert sagemaker.list_models(**left)["Models"] == []
    scaling = studio.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")
    assert [
        target["ResourceId"] for target in scaling["ScalableTargets"] if "style-twice" in target["ResourceId"]
    ] == []


def started(training: dict[str, Any]) -> set[str]:
    """The steps that a training has started."""
    return {line.split()[1] for line in training["logs"].splitlines() if line.endswith("started")}


def as_kohyas(body: bytes) -> bytes:
    """A file of ours in the keys of another tool, which has one alpha a layer and nothing beside the tensors."""
    header = read_header(body, "ours")
    said = json.loads(header.metadata["lora_adapter_metadata"])
    parts = {"unet": "lora_unet", "text_encoder": "lora_te_text_model"}
    tensors = {}
    for name, entry in header.tensors.items():
        part, _, path = name.partition(".")
        stem = f"{parts[part]}_{path.partition('.lora_')[0].replace('.', '_')}"
        half = "lora_down" if name.endswith("lora_A.weight") else "lora_up"
        tensors[f"{stem}.{half}.weight"] = (entry.dtype, entry.shape, body[entry.start : entry.end])
        tensors[f"{stem}.alpha"] = ("F32", (), numbers([said[f"{part}.lora_alpha"]], "F32"))
    return file_of(tensors, {"ss_network_module": "networks.lora"})
