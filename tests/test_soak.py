"""Small versions of ``make soak``: interrupts, crashes and a frame of ``%%R``."""

import pytest

from .soak.frames import MEMORY_TARGET, crossings
from .soak.notebook import CELLS, CRASHES, Soak


@pytest.fixture
def notebook(kernel, files):
    return kernel("openhexa-python")


@pytest.mark.parametrize("engine", ["sidecar", "embedded"])
def test_interrupts_at_any_moment_keep_the_variables_and_leak_nothing(engine, notebook):
    soak = Soak(notebook, engine)
    for what in CELLS:
        soak.interrupt(what)
    before = soak.held()
    stopped = [soak.interrupt(what) for what in list(CELLS) * 3]
    assert soak.leaked(before) == {}
    assert sum(stopped) >= len(CELLS)


def test_crashes_and_interrupted_starts_leak_nothing(notebook):
    soak = Soak(notebook)
    before = soak.held()
    for what in CRASHES:
        soak.crash(what)
        soak.restart()
    soak.interrupt_start()
    assert soak.leaked(before) == {}


@pytest.mark.parametrize("engine", ["sidecar", "embedded"])
def test_a_big_frame_needs_little_more_memory_than_itself(engine):
    # R collects its garbage late while there is little of it: the target holds for GB.
    for row in crossings(engine, 0.2):
        assert row["ratio"] <= MEMORY_TARGET + 1, row
