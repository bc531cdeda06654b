"""How long each step of the kernel's start took."""

import time

from ..process_start import process_start


class Budget:
    """Steps one after the other, in milliseconds. One a process: ``budget``."""

    def __init__(self):
        self.steps_ms: dict[str, float] = {}
        try:
            self._last, _ = process_start()
        except OSError:  # not Linux: the interpreter's own start is left out
            self._last = time.time()

    def step(self, name: str) -> None:
        """Say that a step is over."""
        now = time.time()
        self.steps_ms[name] = (now - self._last) * 1000
        self._last = now


budget = Budget()
