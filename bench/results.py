"""``RESULTS.md``: each benchmark owns the part under its ``# heading`` and leaves the others as they are."""

import platform
import re
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Any

FILE = Path(__file__).parent / "RESULTS.md"
QUIET = 10  # percent of all processors that others may use before a run counts as disturbed
Row = tuple[str, str, str, str]


def put(part: str, file: Path = FILE) -> None:
    """In the place of the part with the same heading; at the end where there is none."""
    parts = re.split(r"^(?=# )", file.read_text(), flags=re.MULTILINE) if file.exists() else []
    kept = [each.strip() for each in parts if each.strip()]
    heads = [each.partition("\n")[0] for each in kept]
    head = part.partition("\n")[0]
    place = heads.index(head) if head in heads else len(kept)
    kept[place : place + 1] = [part.strip()]
    file.write_text("\n\n".join(kept) + "\n")


def goals(rows: Sequence[Row]) -> str:
    """The verdict, and the table it is read from."""
    missed = [row[0] for row in rows if row[3] != met(True)]
    verdict = f"**Missed: {'; '.join(missed)}.**" if missed else "Every goal was met in this run."
    return f"{verdict}\n\n## Goals\n\n{table(('What', 'Goal', 'Measured', 'Met'), rows)}"


def at_least(what: str, goal: float, ratios: list[float]) -> Row:
    return what, f">= {goal}", spread(ratios), met(median(ratios) >= goal)


def at_most(what: str, goal: float, ratios: list[float]) -> Row:
    return what, f"<= {goal}", spread(ratios), met(median(ratios) <= goal)


def spread(ratios: list[float]) -> str:
    return f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def met(is_met: bool) -> str:
    return "yes" if is_met else "**no**"


def table(head: tuple[str, ...], rows: Sequence[Any]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def versions(packages: Sequence[str]) -> str:
    return f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in packages)


def stolen(taken: list[float]) -> str:
    most = f"(at most {max(taken):.0f} %)"
    text = f"While the cases ran the host took {median(taken):.0f} % of the processors for others {most}"
    return text + (": **this run was disturbed**." if median(taken) > QUIET else ".")


def others(busy: list[float]) -> str:
    text = f"Before the rounds, others kept {median(busy):.0f} % of the processors busy (at most {max(busy):.0f} %)"
    if max(busy) > QUIET:
        return text + ": **this run was disturbed**; trust the ratios more than the rates."
    return text + "."
