"""How full each client's bucket is: in a file of fixed size that all workers share."""

import fcntl
import hashlib
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SLOT = struct.Struct("=16sdd")  # digest of the client's name, level, since when
SLOTS = 8_192
TRIED = 8  # slots that a client may lie in
NOBODY = bytes(16)


@dataclass(frozen=True)
class Place:
    """The slot of one client, as long as it is held."""

    memory: mmap.mmap
    at: int
    mark: bytes

    def read(self) -> tuple[float, float] | None:
        """Return the level, and since when; None where the client is new."""
        mark, level, since = SLOT.unpack_from(self.memory, self.at)
        return (level, since) if mark == self.mark else None

    def write(self, level: float, since: float) -> None:
        """Keep a level."""
        SLOT.pack_into(self.memory, self.at, self.mark, level, since)


@dataclass
class Levels:
    """Levels by client; of this process alone, or ``shared`` in a file.

    A client whose slots are all taken gets that of whoever has not called for longest.
    """

    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, SLOT.size * SLOTS), repr=False)
    file: int | None = None

    @classmethod
    def shared(cls, path: Path) -> "Levels":
        """Return levels in the file at ``path``, which is made where it is not there."""
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(file).st_size != SLOT.size * SLOTS:
            os.ftruncate(file, SLOT.size * SLOTS)
        return cls(mmap.mmap(file, SLOT.size * SLOTS), file)

    @contextmanager
    def of(self, client: str) -> Iterator[Place]:
        """Hold the client's place, which no other process changes meanwhile."""
        mark = hashlib.blake2b(client.encode(), digest_size=16).digest()
        if self.file is not None:
            fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            yield Place(self.memory, self._at(mark), mark)
        finally:
            if self.file is not None:
                fcntl.flock(self.file, fcntl.LOCK_UN)

    def _at(self, mark: bytes) -> int:
        first = int.from_bytes(mark[:4])
        slots = [(first + step) % SLOTS * SLOT.size for step in range(TRIED)]
        oldest, since = slots[0], float("inf")
        for at in slots:
            found, _, then = SLOT.unpack_from(self.memory, at)
            if found in (mark, NOBODY):
                return at
            if then < since:
                oldest, since = at, then
        return oldest
