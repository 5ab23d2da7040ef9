"""How many calls are being answered at this moment, of all workers."""

from serving.edge.worker_slots import WorkerSlots


class InFlight(WorkerSlots):
    """Calls of this process alone, or ``shared`` in a file."""

    FORMAT = "=qii"  # the worker's process, its calls about one subject and about many

    def enter(self, many: bool, most: int | None) -> bool:
        """Count one more call unless ``most`` are there already; whether it was counted."""
        with self.alone():
            if most is not None and self._total(many) >= most and self._living(many) >= most:
                return False
            self._add(many, 1)
            return True

    def leave(self, many: bool) -> None:
        """Count one call less."""
        self._add(many, -1)

    def total(self, many: bool) -> int:
        """Return calls of all workers that live."""
        with self.alone():
            return self._living(many)

    def _total(self, many: bool) -> int:
        return int(sum(slot[1 + many] for slot in self.every()))

    def _living(self, many: bool) -> int:
        """The same without the dead."""
        return int(sum(slot[1 + many] for slot in self.living()))

    def _add(self, many: bool, step: int) -> None:
        one, several = self.read()
        self.write(one + step * (not many), several + step * many)
