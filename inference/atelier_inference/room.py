"""Room in memory for the pictures of requests: each takes its share before it is decoded, and gives it back once it is answered."""

import threading

from atelier_inference.waiting import CanceledError


class Room:
    """Room for ``most`` pixels of pictures at a time. Whoever comes when it is full waits, first come, first served."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._taken = 0
        self._queue: list[Share] = []
        self._changed = threading.Condition()

    def share(self) -> "Share":
        """The share of one request; nothing is taken yet."""
        return Share(self)

    def take(self, share: "Share", pixels: int) -> None:
        """Wait for room. A request larger than the whole room gets it where nobody else is in it. Raises CanceledError."""
        with self._changed:
            self._queue.append(share)
            self._changed.notify_all()
            self._changed.wait_for(lambda: share.left or self._has_room(share, pixels))
            self._queue.remove(share)
            self._changed.notify_all()
            if share.left:
                raise CanceledError("nobody waits for it")
            share.pixels = pixels
            self._taken += pixels

    def grow(self, share: "Share", pixels: int) -> None:
        """Count a larger picture of a request that has room: it waits for nobody, but others wait for it."""
        with self._changed:
            if not share.left:
                self._taken += pixels - share.pixels
                share.pixels = pixels

    def leave(self, share: "Share") -> None:
        """Make room for others."""
        with self._changed:
            share.left = True
            self._taken -= share.pixels
            share.pixels = 0
            self._changed.notify_all()

    def _has_room(self, share: "Share", pixels: int) -> bool:
        return self._queue[0] is share and self._taken + pixels <= max(self._most, pixels)


class Share:
    """What a request has of a room: ``pixels``, until it has ``left``."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self.pixels = 0
        self.left = False

    def take(self, pixels: int) -> None:
        """Take room for a picture. Only a request's first picture waits: two that waited for their second ones would wait for each other.

        A mask has the size of its picture, or is refused once it was read; both are in what one pixel is reckoned at. Raises CanceledError.
        """
        if not self.pixels:
            self._room.take(self, pixels)
        elif pixels > self.pixels:
            self._room.grow(self, pixels)

    def leave(self) -> None:
        """Give back what was taken, and wait no more."""
        self._room.leave(self)
