"""Ctrl-C while R works: it is counted, and never raised in the midst of a message.

An exception amid jupyter_client or rpy2 would lose a message or leave a process behind.
"""

import signal
import threading
from collections.abc import Callable


class Interrupts:
    """Count interrupts while the block runs; in the main thread, the only one with any.

    Attributes
    ----------
    count : int
        How many there were. Who runs the block raises ``KeyboardInterrupt`` after it.
    """

    def __init__(self, then: Callable[[], None] = lambda: None):
        self.count = 0
        self._then = then
        self._before = None

    def __enter__(self) -> "Interrupts":
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *_) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _note(self, *_) -> None:
        self.count += 1
        self._then()

    def let_through(self, ask: Callable[[], str]) -> str | None:
        """Ask the user, and let an interrupt end that: None. It is counted too."""
        if self._before is None:
            return ask()
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            return None if self.count else ask()
        except KeyboardInterrupt:
            self._note()
            return None
        finally:
            signal.signal(signal.SIGINT, self._note)
