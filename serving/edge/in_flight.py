"""How many calls are being answered at this moment: in a file of fixed size that all workers share.

Each worker writes a slot of its own, so that what a killed one had begun is not counted for ever.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

SLOT = struct.Struct("=qii")  # the worker's process, its calls about one subject and about many
SLOTS = 64
SIZE = SLOT.size * SLOTS


@dataclass
class InFlight:
    """Calls of this process alone, or ``shared`` in a file."""

    memory: mmap.mmap = field(default_factory=lambda: mmap.mmap(-1, SIZE), repr=False)
    file: int | None = None
    _own: dict[int, int] = field(default_factory=dict)  # where a process, once forked another, has its slot

    @classmethod
    def shared(cls, path: Path) -> "InFlight":
        """Counts in the file at ``path``, which is made where it is not there."""
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if os.fstat(file).st_size != SIZE:
            os.ftruncate(file, SIZE)
        return cls(mmap.mmap(file, SIZE), file)

    def enter(self, many: bool, most: int | None) -> bool:
        """Count one more call unless ``most`` are there already; whether it was counted."""
        with self._alone():
            if most is not None and self._total(many) >= most and self._living(many) >= most:
                return False
            self._add(many, 1)
            return True

    def leave(self, many: bool) -> None:
        """Count one call less."""
        self._add(many, -1)

    def total(self, many: bool) -> int:
        """Calls of all workers that live."""
        with self._alone():
            return self._living(many)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self.file is None:
            yield
            return
        fcntl.flock(self.file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self.file, fcntl.LOCK_UN)

    def _total(self, many: bool) -> int:
        return sum(slot[1 + many] for slot in SLOT.iter_unpack(self.memory))

    def _living(self, many: bool) -> int:
        """The same after the slots of the dead were emptied."""
        for at, (process, *_) in enumerate(SLOT.iter_unpack(self.memory[:])):
            if process and not lives(process):
                SLOT.pack_into(self.memory, at * SLOT.size, 0, 0, 0)
        return self._total(many)

    def _add(self, many: bool, step: int) -> None:
        process = os.getpid()
        if process not in self._own:
            self._own = {process: self._claimed(process)}
        at = self._own[process]
        _, one, several = SLOT.unpack_from(self.memory, at)
        SLOT.pack_into(self.memory, at, process, one + step * (not many), several + step * many)

    def _claimed(self, process: int) -> int:
        """A slot of nobody who lives; where there are more workers than slots, the last one is common."""
        slots = [slot[0] for slot in SLOT.iter_unpack(self.memory)]
        free = (at for at, other in enumerate(slots) if other in (0, process) or not lives(other))
        at = next(free, SLOTS - 1) * SLOT.size
        if SLOT.unpack_from(self.memory, at)[0] != process:
            SLOT.pack_into(self.memory, at, process, 0, 0)
        return at


def lives(process: int) -> bool:
    """Whether a process is there, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
