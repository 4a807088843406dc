"""Clients that ask for a picture as OpenAI's and Stability's do: by JSON or by a form, again and again until it is there."""

import base64
import hashlib
import io
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from tests.chaos.door import Answer, Door
from tests.chaos.history import Asked, History
from tests.chaos.schedule import Act
from tests.chaos.transfers import transfer
from tests.e2e.studio import SAMPLE

_GENERATIONS, _EDITS = "/v1/images/generations", "/v1/images/edits"
_REPLACE = "/v2beta/stable-image/edit/search-and-replace"
_ACCEPTED = ("image/*", "application/json")
_GARMENT = "a skirt"
_PAINTED = "being painted"
"""What our own 503 says: nothing is lost."""


@dataclass(frozen=True, kw_only=True)
class Pictures:
    """Each act is done in a thread of its own. ``photo`` is a file, ``mask`` one of its size that is transparent below."""

    door: Door
    history: History
    photo: bytes
    mask: bytes
    _tries: Counter[str] = field(default_factory=Counter)

    @classmethod
    def prepared(cls, door: Door) -> "Pictures":
        """With a photo of the sample's."""
        picture = photo()
        mask = picture.convert("RGBA")
        mask.paste((0, 0, 0, 0), (0, mask.height // 2, mask.width, mask.height))
        return cls(door=door, history=door.history, photo=png(picture), mask=png(mask))

    def ask(self, act: Act) -> None:
        """Ask for a picture, some at once with the same key."""
        key = f"g-{act.dice:08x}"
        self.history.ask(key, self._asked(act))
        times = 2 if act.detail["repeat"] and act.detail["keyed"] else 1
        with ThreadPoolExecutor(times) as clients:
            list(clients.map(lambda number: self.ask_again(key, number), range(times)))

    def ask_again(self, key: str, number: int = 0) -> None:
        """Ask once for what a client wants, who comes again where it is being painted; of several at once the ``number``-th."""
        asked = self.history.asked[key]
        if asked.path == _REPLACE:  # as which of both it is answered is nothing that another prediction were made for
            asked = replace(asked, accept=_ACCEPTED[(_ACCEPTED.index(asked.accept) + number) % len(_ACCEPTED)])
        self._tries[key] += 1
        answer = self.door.paint(asked, key=key, retry=self._tries[key] - 1)
        if answer.status == 422:
            self.history.paint(key, f"422 {_reason(answer)}")
        elif answer.status == 200 and (picture := _picture(answer)):
            self.history.paint(key, hashlib.sha256(picture).hexdigest())
        elif not (answer.status == 503 and _PAINTED in str(answer.body)):
            self.history.unhear(key)

    def _asked(self, act: Act) -> Asked:
        detail, prompt = act.detail, f"a red skirt {act.dice}"
        picture = {"image": ("photo.png", self.photo)}
        if detail["as"] == "generations":
            fields: dict[str, Any] = {"prompt": prompt, "size": "64x64", "response_format": detail["format"]}
            return Asked(path=_GENERATIONS, prompt=prompt, fields=fields, is_keyed=detail["keyed"])
        if detail["as"] == "edits":
            ways: dict[str, dict[str, Any]] = {
                "mask": {"mask": ("mask.png", self.mask)},
                "words": {"mask_prompt": _GARMENT},
                "": {},
            }
            fields = {**picture, **ways[detail["by"]], "prompt": prompt, "response_format": detail["format"]}
            return Asked(path=_EDITS, prompt=prompt, fields=fields, is_form=True, is_keyed=detail["keyed"])
        fields, accept = {**picture, "prompt": prompt, "search_prompt": _GARMENT}, _ACCEPTED[act.dice % len(_ACCEPTED)]
        keyed = detail["keyed"]
        return Asked(
            path=_REPLACE, prompt=prompt, fields=fields, is_form=True, accept=accept, is_keyed=keyed, counts=False
        )


def photo() -> Image.Image:
    """A photo of the sample's, of half its size."""
    return Image.open(SAMPLE / "photos" / "street-01.png").convert("RGB").reduce(2)


def png(picture: Image.Image) -> bytes:
    """A picture as a file."""
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _reason(answer: Answer) -> str:
    """What is wrong, as one of both APIs says it."""
    return str(answer.body["errors"] if "errors" in answer.body else answer.body["error"]["message"])


def _picture(answer: Answer) -> bytes:
    """What was painted, as it is told or as it lies where the answer says; empty where nobody gave it."""
    if answer.content:
        return answer.content
    if "image" in answer.body:
        return base64.b64decode(answer.body["image"])
    (picture,) = answer.body["data"]
    if picture["b64_json"]:
        return base64.b64decode(picture["b64_json"])
    status, read = transfer("GET", picture["url"])
    return read if status == 200 else b""
