"""How a process runs that nobody waits for."""

import gc
import os

NICE = 5
YOUNG = 20_000  # new objects before Python looks for cycles among them; 700 are those of 30 rows of an import


def stay_behind() -> None:
    """Where processors are short, those that answer requests come first; so do this process's own children."""
    os.nice(NICE)
    collect_rarely()


def collect_rarely() -> None:
    """What is there now stays, and need not be looked through for garbage again and again."""
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 50)
