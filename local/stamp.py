"""What the folder of a local cloud says of itself: which cloud lives in it, where it answers, and which version wrote it."""

import importlib.metadata
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from pydantic import TypeAdapter, ValidationError

from local.errors import LocalCloudError

NAME = "cloud.json"
FORMAT = 1
"""Of everything below the folder; raised where an older version could not read what a newer one writes."""

START_ANEW = "start anew with `make local-clean` (`atelier clean --out`), which removes what is in it"


@dataclass(frozen=True, kw_only=True)
class Stamp:
    """``format`` and ``ministack`` are those of the version that wrote last; ``port`` is the address's, 0 before it has one.

    ``lasting`` says that a start afresh does not remove what is in the folder.
    ``half_deployed`` says that the first deployment has begun and is not complete: nothing in the folder is anybody's yet.
    """

    account: str
    region: str
    port: int = 0
    lasting: bool = False
    half_deployed: bool = False
    format: int = FORMAT
    ministack: str = importlib.metadata.version("ministack")

    @classmethod
    def read(cls, folder: Path) -> Self | None:
        """The stamp of a folder, None where no cloud has lived. Raises LocalCloudError where this version cannot read the folder."""
        path = folder / NAME
        if not path.exists():
            return None
        try:
            stamp = TypeAdapter(cls).validate_json(path.read_bytes())
        except ValidationError as error:
            raise LocalCloudError(f"{path}: got a damaged file ({error.errors()[0]['msg']}); {START_ANEW}") from error
        if stamp.format > FORMAT or _numbers(stamp.ministack) > _numbers(cls.ministack):
            raise LocalCloudError(
                f"{folder} was written by a newer version: got format {stamp.format} with ministack {stamp.ministack}; allowed: "
                f"format {FORMAT} with ministack {cls.ministack} or older. Run the version that wrote it, or {START_ANEW}"
            )
        return stamp

    def require_place(self, folder: Path, *, account: str, region: str) -> None:
        """Raise LocalCloudError where the cloud in the folder is of another account or region."""
        if (self.account, self.region) != (account, region):
            raise LocalCloudError(
                f"{folder} holds a cloud of {self.account}/{self.region}: got {account}/{region}; allowed: the same place. "
                f"Use another --out, or {START_ANEW}"
            )

    def write(self, folder: Path) -> None:
        """Put the stamp into the folder, whole or not at all."""
        staged = folder / f"{NAME}.new"
        staged.touch(mode=0o600)
        staged.write_text(json.dumps(asdict(self)), encoding="utf-8")
        staged.replace(folder / NAME)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdecimal()]
