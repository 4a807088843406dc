"""A stream that is hashed and counted while it is read, so that a file of any size is verified in constant memory."""

import hashlib
from typing import IO

from atelier_ops.errors import SourceFileError
from atelier_ops.gateways.hub import HubFile


class CheckedStream:
    """Passes reads on; knows afterwards how many bytes went by and their hashes."""

    def __init__(self, source: IO[bytes], expected: HubFile) -> None:
        self._source = source
        self._expected = expected
        self._size = 0
        self._sha256 = hashlib.sha256()
        # git names a file by the SHA-1 of "blob {size}\0" and its bytes.
        self._blob = hashlib.sha1(f"blob {expected.size}\0".encode(), usedforsecurity=False)

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes of the source. Raises SourceFileError as soon as the last byte shows that they are not what was promised."""
        data = self._source.read(size)
        self._size += len(data)
        self._sha256.update(data)
        self._blob.update(data)
        if data and self._size >= self._expected.size:
            self.verify()
        return data

    def verify(self) -> str:
        """The sha256 of everything read. Raises SourceFileError where size or hash are not what the source promised."""
        expected, sha256 = self._expected, self._sha256.hexdigest()
        if self._size != expected.size:
            raise SourceFileError(f"{expected.path}: got {self._size} bytes; allowed: {expected.size}")
        if expected.sha256 and sha256 != expected.sha256:
            raise SourceFileError(f"{expected.path}: got sha256 {sha256}; allowed: {expected.sha256}")
        if expected.blob and self._blob.hexdigest() != expected.blob:
            raise SourceFileError(f"{expected.path}: got blob {self._blob.hexdigest()}; allowed: {expected.blob}")
        return sha256
