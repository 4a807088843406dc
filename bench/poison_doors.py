"""The doors that pictures come in by: each takes a file as photo and as mask, says what became of the photo, and raises what is a fault."""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from PIL import Image
from starlette.testclient import TestClient

from atelier_training.arguments import parser
from atelier_training.engine.interruption import Interruption
from atelier_training.jobs import segment
from atelier_training.paths import MlPaths
from contracts.errors import InvalidInputError
from imaging.masks import grow_image
from imaging.pictures import decode_mask, encode, measure, read_picture
from imaging.repaint import Repainting, frame, paste
from tests.integration import inference_server
from tests.unit.miniatures import save_segmenter
from tests.unit.ops_api import Api
from tests.unit.training_root import write_dataset

SMALL = (64, 64)


def decode(data: bytes) -> str:
    """Read it, repaint it, encode it; and read it as a mask of each convention."""
    outcome = "refused"
    try:
        picture = read_picture(data, name="picture").image
        outcome = "read"
        middle = Image.new("L", picture.size, 255)
        framed = frame(Repainting(picture=picture, mask=middle, prompt="p", seeds=[0]), 32)
        encode(paste(framed, Image.new("RGB", (32, 32)), in_place=True), "png")
    except InvalidInputError:
        pass
    for convention in ("white", "transparent"):
        try:
            grow_image(decode_mask(data, name="mask", convention=convention), 3)
        except InvalidInputError:
            continue
    return outcome


def look(data: bytes) -> str:
    """Post it to the API; it reads the header only."""
    with redirect_stdout(io.StringIO()):  # where Lambdas put their metrics
        statuses = [Api().call("POST", "/v1/predictions", {"input": fields}).status for fields in _requests(data)]
    if not set(statuses) <= {201, 422}:
        raise RuntimeError(f"answered with {statuses}")
    return "read" if statuses[0] == 201 else "refused"


@contextmanager
def serving(folder: Path) -> Iterator[Callable[[bytes], str]]:
    """Ask a model server, whose models are made in an empty ``folder``."""
    with inference_server.serving(folder) as server:
        yield lambda data: ask(server.client, data)


def ask(client: TestClient, data: bytes) -> str:
    """Send it to ``/invocations``: to find a garment in, to repaint, and as a mask."""
    answers = [client.post("/invocations", json=fields) for fields in _requests(data)]
    if broken := [answer for answer in answers if answer.status_code not in (200, 400)]:
        raise RuntimeError(f"answered with {broken[0].status_code}: {broken[0].text}")
    looked_at = answers[0].status_code == 200 or answers[0].json()["error"]["type"] == "GarmentNotFoundError"
    return "read" if looked_at else "refused"


def segmenting(folder: Path) -> Callable[[bytes], str]:
    """Run the Segment job on a dataset, which is made in an empty ``folder``, with the file as a fifth picture, then as a mask."""
    paths = MlPaths(root=folder)
    dataset = paths.processing_input("dataset")
    write_dataset(dataset, with_masks=True)
    save_segmenter(paths.processing_input("segmenter"))

    def enter(data: bytes) -> str:
        as_picture = _segmented(paths, dataset / "skirt-4.png", data)
        _segmented(paths, dataset / "masks/skirt-0.png", data)
        return as_picture

    return enter


def _segmented(paths: MlPaths, place: Path, data: bytes) -> str:
    before = place.read_bytes() if place.exists() else None
    place.write_bytes(data)
    try:
        segment.run(parser().parse_args(["segment", "--task=inpaint", "--target=a skirt"]), paths, Interruption())
    except InvalidInputError as error:
        if place.name not in str(error):
            raise
        return "refused"
    finally:
        place.unlink() if before is None else place.write_bytes(before)
    return "read"


def _requests(data: bytes) -> Iterator[dict[str, Any]]:
    photo, small = base64.b64encode(data).decode(), _blank("RGB", SMALL)
    try:
        mask = _blank("L", measure(data, name="picture"))
    except InvalidInputError:
        mask = small
    quick = {"mode": "inpaint", "prompt": "p", "num_inference_steps": 1}
    yield {"mode": "segment", "mask_prompt": "a skirt", "image": photo}
    yield {**quick, "image": photo, "mask": mask}
    yield {**quick, "image": small, "mask": photo}


def _blank(mode: str, size: tuple[int, int]) -> str:
    return base64.b64encode(encode(Image.new(mode, size, "white"), "png")).decode()
