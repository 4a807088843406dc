"""Modes beyond the main job, through the HTTP API and the tiny models: pictures from pictures, and upscaling."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from atelier.errors import ApiError
from infra.components import scaling
from local.sagemaker.endpoints import INSTANCE_SECONDS
from tests.e2e.likeness import alike
from tests.e2e.studio import SAMPLE, Studio

PHOTO = Image.open(SAMPLE / "photos" / "street-01.png").convert("RGB").reduce(2)


def inline(picture: Image.Image) -> str:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"


def predicted(studio: Studio, **request: Any) -> list[NDArray[np.uint8]]:
    pictures = studio.deployment.api.predict({"image": inline(PHOTO), "seed": 3, **request})
    return [np.asarray(Image.open(io.BytesIO(picture)).convert("RGB")) for picture in pictures]


def test_a_picture_becomes_another_of_its_size(studio: Studio) -> None:
    words = {"mode": "image_to_image", "prompt": "a photo of a red skirt", "num_inference_steps": 10}
    (slight,), (strong,) = (predicted(studio, **words, strength=strength) for strength in (0.2, 0.9))
    before = np.asarray(PHOTO, dtype=float)
    assert slight.shape == strong.shape == before.shape
    assert 0 < np.abs(slight - before).mean() < np.abs(strong - before).mean()


@pytest.fixture(scope="module")
def upscaled(studio: Studio) -> NDArray[np.uint8]:
    (picture,) = predicted(studio, mode="upscale")
    return picture


def test_a_picture_becomes_four_times_as_wide_and_high(upscaled: NDArray[np.uint8]) -> None:
    assert upscaled.shape == (4 * PHOTO.height, 4 * PHOTO.width, 3)
    again = np.asarray(Image.fromarray(upscaled).reduce(4), dtype=float)
    assert np.abs(again - np.asarray(PHOTO)).mean() < 2


def test_an_upscaled_style_changes_not_one_byte_of_the_upscaled_photo_outside_its_mask(
    studio: Studio, upscaled: NDArray[np.uint8]
) -> None:
    words = {"mode": "style", "prompt": "a photo of a red skirt", "mask_prompt": "a skirt", "num_inference_steps": 4}
    painted, alpha = predicted(studio, **words, upscale=True, return_mask=True)
    outside = alpha[..., 0] == 0
    assert painted.shape == alpha.shape == upscaled.shape
    assert 0.3 < outside.mean() < 1
    assert alike(painted[outside], upscaled[outside])
    assert not np.array_equal(painted[~outside], upscaled[~outside])


def test_a_picture_too_large_to_upscale_fails_with_the_size_that_is_allowed(studio: Studio) -> None:
    with pytest.raises(ApiError, match=r"HTTP 422.*2049x1024 pixels.*at most 2,097,152 pixels"):
        predicted(studio, mode="upscale", image=inline(Image.new("RGB", (2049, 1024))))


def test_the_endpoint_sleeps_and_a_request_wakes_it(studio: Studio) -> None:
    """Last in this file: it puts every endpoint of the cloud to sleep."""
    cloud, api, name = studio.deployment.cloud, studio.deployment.api, studio.deployment.outputs["EndpointName"]

    def instances() -> int:
        (variant,) = studio.client("sagemaker").describe_endpoint(EndpointName=name)["ProductionVariants"]
        return int(variant["CurrentInstanceCount"])

    def succeeded() -> bool | None:
        status = api.request("GET", f"/v1/predictions/{prediction['id']}")["status"]
        assert status not in ("failed", "canceled")
        return status == "succeeded" or None

    cloud.turn_clock(scaling.EMPTY_MINUTES)
    assert instances() == 0
    request = {"mode": "text_to_image", "prompt": "a skirt", "num_inference_steps": 1}
    prediction = api.request("POST", "/v1/predictions", {"input": request})
    cloud.turn_clock(scaling.WAKE_PERIODS * scaling.WAKE_PERIOD_SECONDS // 60)
    assert instances() == 0
    cloud.turn_clock(int(INSTANCE_SECONDS) // 60)

    studio.until(succeeded)
    assert instances() == 1


def test_the_alarm_of_an_idle_fleet_calls_its_sleep_policy_and_the_news(studio: Studio) -> None:
    outputs, name = studio.deployment.outputs, studio.deployment.outputs["EndpointName"]
    policies = studio.client("application-autoscaling").describe_scaling_policies(
        ServiceNamespace="sagemaker", ResourceId=f"endpoint/{name}/variant/AllTraffic", PolicyNames=["sleep"]
    )["ScalingPolicies"]
    pages = studio.client("cloudwatch").get_paginator("describe_alarms").paginate()
    alarms = [alarm for page in pages for alarm in page["MetricAlarms"]]
    (idle,) = [alarm for alarm in alarms if policies[0]["PolicyARN"] in alarm.get("AlarmActions", [])]
    assert outputs["NewsTopicArn"] in idle["AlarmActions"]
