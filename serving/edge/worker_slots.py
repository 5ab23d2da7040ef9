"""A few numbers of each worker, in a file of fixed size that all of them share.

Each worker writes a slot of its own, so that what a killed one left does not count for ever.
"""

import fcntl
import mmap
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

SLOTS = 64
Numbers = tuple[int | float, ...]


class WorkerSlots:
    """Slots of this process alone, or ``shared`` in a file.

    ``FORMAT`` says what a slot holds: codes of ``struct``, the first that of the worker's process.
    """

    FORMAT = "=qi"

    def __init__(self, file: int | None = None) -> None:
        self._slot = struct.Struct(self.FORMAT)
        size = self._slot.size * SLOTS
        if file is not None and os.fstat(file).st_size != size:
            os.ftruncate(file, size)
        self._memory, self._file = mmap.mmap(-1 if file is None else file, size), file
        self._own: dict[int, int] = {}  # where a process, once forked another, has its slot

    @classmethod
    def shared(cls, path: Path) -> Self:
        """Return slots in the file at ``path``, which is made where it is not there."""
        return cls(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other worker in meanwhile."""
        if self._file is None:
            yield
            return
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def every(self) -> list[Numbers]:
        """Return all slots, those of nobody and of the dead too; the process first."""
        return list(self._slot.iter_unpack(self._memory))

    def living(self) -> list[Numbers]:
        """Return slots of the workers that live; those of the dead are emptied."""
        for at, (process, *_) in enumerate(self._slot.iter_unpack(self._memory[:])):
            if process and not lives(int(process)):
                self._memory[at * self._slot.size : (at + 1) * self._slot.size] = bytes(self._slot.size)
        return [slot for slot in self.every() if slot[0]]

    def read(self) -> Numbers:
        """Return what this worker keeps, without its process."""
        return self._slot.unpack_from(self._memory, self._place())[1:]

    def write(self, *numbers: int | float) -> None:
        """Keep other numbers; from the first time on the worker has a slot."""
        self._slot.pack_into(self._memory, self._place(), os.getpid(), *numbers)

    def _place(self) -> int:
        process = os.getpid()
        if process not in self._own:
            self._own = {process: self._claimed(process)}
        return self._own[process]

    def _claimed(self, process: int) -> int:
        """A slot of nobody who lives; where there are more workers than slots, the last one is common."""
        slots = [int(slot[0]) for slot in self.every()]
        free = (at for at, other in enumerate(slots) if other in (0, process) or not lives(other))
        at = next(free, SLOTS - 1) * self._slot.size
        if self._slot.unpack_from(self._memory, at)[0] != process:
            nothing = [0] * (len(self._slot.unpack_from(self._memory, at)) - 1)
            self._slot.pack_into(self._memory, at, process, *nothing)
        return at


def lives(process: int) -> bool:
    """Tell whether a process is there, whoever it belongs to."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
