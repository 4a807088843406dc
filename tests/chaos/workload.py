"""What a run's clients do: predictions in several modes, trainings, and whatever becomes of these."""

import base64
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from PIL import Image

from contracts.layout import S3Uri
from tests.chaos.door import PREDICTIONS, TRAININGS, Door
from tests.chaos.gathering import record
from tests.chaos.history import PREDICTION, TRAINING, History
from tests.chaos.pictures import photo, png
from tests.chaos.receivers import Receivers
from tests.chaos.schedule import STYLES, Act
from tests.e2e.studio import FEW_STEPS, OPEN_GATE, Studio

_GARMENT = "a skirt"
_PATHS = {"model": "/v1/models/atelier/base/predictions", "deployment": "/v1/deployments/atelier/base/predictions"}
_WAIT = 10
"""Seconds."""

_POSTS = 4
_DELETE_SECONDS = 40.0
_RACE_SECONDS = 20.0
_RACE_PAUSE_SECONDS = 0.005


@dataclass(frozen=True, kw_only=True)
class Workload:
    """The clients of one run. Each act is done in a thread of its own and returns when its last request is answered."""

    studio: Studio
    door: Door
    history: History
    receivers: Receivers
    pictures: Mapping[str, str]
    datasets: Mapping[str, str]

    @classmethod
    def prepared(cls, studio: Studio, door: Door, receivers: Receivers) -> "Workload":
        """Upload the styles' pictures."""
        return cls(
            studio=studio,
            door=door,
            history=door.history,
            receivers=receivers,
            pictures={"photo": _data_uri(photo()), "blank": _data_uri(Image.new("RGB", (96, 96), (200, 180, 160)))},
            datasets={style: studio.upload_by_name(style) for style in STYLES},
        )

    def predict(self, act: Act) -> None:
        """One prediction, and what becomes of it."""
        then, wait, key = act.detail["then"], act.detail["wait"], f"p-{act.dice:08x}"
        path, patience = _PATHS.get(act.detail["door"], PREDICTIONS), _WAIT if act.detail["door"] == "waiting" else 0
        body = {"input": self._input(act), **self._telling(act, key)}
        if then == "repeat":
            with ThreadPoolExecutor(_POSTS) as clients:
                made = [
                    *clients.map(
                        lambda _: self.door.post(PREDICTION, path, body, key=key, wait=patience), range(_POSTS)
                    )
                ]
        else:
            made = [self.door.post(PREDICTION, path, body, key=key, wait=patience)]
        if then and (one := made[0]):
            {"cancel": self._cancel, "race": self._race, "delete": self._delete}.get(then, _nothing)(one, wait)

    def train(self, act: Act) -> None:
        """One training, and what becomes of it."""
        detail, key = act.detail, f"t-{act.dice:08x}"
        given = {name: detail[name] for name in ("task", "method", "approval", "deploy") if detail[name]}
        words = {
            "instance_prompt": "a photo of sks skirt",
            **({"target": _GARMENT} if given["task"] == "inpaint" else {}),
        }
        fast = {"hyperparameters": FEW_STEPS, "gate": OPEN_GATE, "baseline": "none"}
        body = {
            "destination": detail["style"],
            "input": {**given, **words, **fast, "dataset": self.datasets[detail.get("dataset", detail["style"])]},
            **self._telling(act, key),
        }
        for _ in range(2 if detail["then"] == "repeat" else 1):
            one = self.door.post(TRAINING, TRAININGS, body, key=key)
        if one and detail["then"] == "cancel":
            time.sleep(detail["wait"])
            self.door.insist("POST", f"{TRAININGS}/{one}/cancel")

    def resume(self, one: str) -> None:
        """Take up a training that did not succeed."""
        self.door.post(TRAINING, f"{TRAININGS}/{one}/resume", {}, key=f"r-{one}")

    def decide(self, dice: int) -> None:
        """Approve or reject every model package that waits for a person, through the API or the registry."""
        sagemaker = self.studio.client("sagemaker")
        for style in STYLES:
            for package in self._pending(style):
                number, act = package.rpartition("/")[2], "reject" if dice % 4 == 0 else "approve"
                if dice % 4 < 2:
                    self.door.insist("POST", f"/v1/styles/{style}/versions/{number}/{act}", {})
                else:
                    # The registry itself would also take the rejection of what has been promoted meanwhile.
                    sagemaker.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved")

    def _pending(self, style: str) -> list[str]:
        found = [p for p in self.studio.packages(style) if p["ModelApprovalStatus"] == "PendingManualApproval"]
        return [str(package["ModelPackageArn"]) for package in found]

    def _input(self, act: Act) -> dict[str, Any]:
        mode = act.detail["mode"] if act.detail["then"] != "bad" else "segment"
        words = {"prompt": "a red skirt", "num_inference_steps": 1, "seed": act.detail["seed"]}
        photo = {"image": self.pictures["blank" if act.detail["then"] == "bad" else "photo"]}
        return {
            "segment": {**photo, "mask_prompt": _GARMENT},
            "text_to_image": {**words, "width": 64, "height": 64},
            "image_to_image": {**words, **photo, "strength": 1.0},
            "style": {**words, **photo, "mask_prompt": _GARMENT},
        }[mode] | {"mode": mode}

    def _telling(self, act: Act, key: str) -> dict[str, Any]:
        """Where the client wants to be told, if it does, and of what."""
        if not act.detail["told"]:
            return {}
        address = self.receivers.url(act.detail["told"], key)
        return {"webhook": address, "webhook_events_filter": list(act.detail["events"])}

    def _cancel(self, one: str, wait: float) -> None:
        time.sleep(wait)
        self.door.insist("POST", f"{PREDICTIONS}/{one}/cancel")

    def _race(self, one: str, _: float) -> None:
        """Cancel in the moment in which the answer is there and nobody has been told yet."""
        s3, bucket = self.studio.client("s3"), self.studio.bucket("Media")
        place, deadline = self._answer_of(one), time.monotonic() + _RACE_SECONDS
        while place and time.monotonic() < deadline:
            if s3.list_objects_v2(Bucket=bucket, Prefix=place)["KeyCount"]:
                break
            time.sleep(_RACE_PAUSE_SECONDS)
        self.door.insist("POST", f"{PREDICTIONS}/{one}/cancel")

    def _answer_of(self, one: str) -> str:
        """The key that SageMaker will write the answer to, by the prediction's record."""
        place = record(self.studio, f"prediction#{one}").get("answer", {}).get("output")
        return S3Uri.parse(place).key if place else ""

    def _delete(self, one: str, wait: float) -> None:
        """Delete it: at once, which is refused while it runs, and as soon as it has ended."""
        deadline = time.monotonic() + _DELETE_SECONDS
        self.history.doom(one)
        # Where an answer got lost, the next request finds nothing: it is deleted all the same.
        while self.door.call("DELETE", f"{PREDICTIONS}/{one}").status not in (204, 404):
            if time.monotonic() > deadline:
                return
            time.sleep(1 + wait)
        self.history.delete(one)


def _nothing(_: str, __: float) -> None:
    """Nothing becomes of it."""


def _data_uri(picture: Image.Image) -> str:
    return f"data:image/png;base64,{base64.b64encode(png(picture)).decode()}"
