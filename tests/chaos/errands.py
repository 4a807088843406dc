"""What a run's clients do besides predicting and training: they read lists to the end, keep files, and come with a wrong key."""

import time
from dataclasses import dataclass

from tests.chaos.door import FILES, Door
from tests.chaos.history import BATCH, FILE, PREDICTION, TRAINING, History, Walk
from tests.chaos.schedule import Act
from tests.chaos.transfers import transfer

_KINDS = {
    "predictions": (PREDICTION, "id"),
    "trainings": (TRAINING, "id"),
    "files": (FILE, "id"),
    "batches": (BATCH, "id"),
}
"""What a list is of, and which field of a result names it; of others the list's own name, and ``name``."""
_OTHERS = {"styles": "style", "base-models": "name"}

_PUTS = 5
_PAUSE_SECONDS = 1.0
_DELETE_SECONDS = 40.0
_PUT_BEFORE = 412
"""The file is there: an earlier try's answer was lost."""


@dataclass(frozen=True, kw_only=True)
class Errands:
    """Each is done in a thread of its own and returns when its last request is answered."""

    door: Door
    history: History

    def read_list(self, act: Act) -> None:
        """Read all pages of a list, while what it lists comes and goes."""
        what, begun = act.detail["what"], time.monotonic()
        found = self.door.walk(f"/v1/{what}", act.detail["limit"])
        if found is not None:
            kind, name = _KINDS.get(what, (what, _OTHERS.get(what, "")))
            ids = tuple(str(each[name]) for each in found)
            self.history.walk(Walk(kind=kind, begun=begun, ended=time.monotonic(), ids=ids))

    def keep_file(self, act: Act) -> None:
        """Put a file, read it, and perhaps delete it."""
        content = b"\x89PNG\r\n\x1a\n" + str(act.dice).encode()
        uri = self.put(f"f-{act.dice:08x}", "photo.png", "image/png", content)
        one = uri.split("/")[2] if uri else ""
        if one:
            self._read(one, content)
        if one and act.detail["then"] == "delete":
            time.sleep(act.detail["wait"])
            self._delete(one)

    def put(self, key: str, name: str, kind: str, content: bytes) -> str:
        """The uri of a file that was put; empty where that never went well."""
        body = {"name": name, "content_type": kind, "size": len(content), "purpose": "upload"}
        answer = self.door.insist("POST", FILES, body, key=key)
        if answer.status != 201:
            return ""
        place, headers = answer.body["urls"]["upload"], answer.body["headers"]
        for _ in range(_PUTS):
            if transfer("PUT", place, content, headers)[0] in (200, _PUT_BEFORE):
                self.history.keep(answer.body["id"])
                return str(answer.body["uri"])
            time.sleep(_PAUSE_SECONDS)
        return ""

    def knock(self, act: Act) -> None:
        """Somebody whose key is nobody's asks for a list."""
        self.door.knock(f"/v1/{act.detail['what']}")

    def _read(self, one: str, content: bytes) -> None:
        answer = self.door.insist("GET", f"{FILES}/{one}")
        if answer.status == 404:
            self.history.miss(f"file {one} was put and was not found")
        elif answer.status == 200:
            status, read = transfer("GET", answer.body["urls"]["get"])
            if status == 200 and read != content:
                self.history.miss(f"file {one} was put and has other bytes")

    def _delete(self, one: str) -> None:
        deadline = time.monotonic() + _DELETE_SECONDS
        self.history.doom(one)
        while self.door.call("DELETE", f"{FILES}/{one}").status not in (204, 404):
            if time.monotonic() > deadline:
                return
            time.sleep(_PAUSE_SECONDS)
        self.history.delete(one)
