"""Cells that a spreadsheet program would run: in a CSV file they are led by an apostrophe, which reading takes off."""

import re

SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20\ufe66\ufe62\ufe63\ufe6b\u2212"  # with these a formula begins, full width too
# What Excel takes for a formula or a command, also behind blanks and apostrophes of its own.
_RUNS = rf"(?:[\t\r\n]|[\s\x00-\x1f\u200b\ufeff]*[{re.escape(SIGNS)}])"
_UNSAFE = re.compile(f"'*{_RUNS}")
_HARMLESS = re.compile(f"'+{_RUNS}")


def harmless(text: str) -> str:
    """Text that no program runs, from which ``bare`` gives back exactly this text."""
    return f"'{text}" if _UNSAFE.match(text) else text


def bare(text: str) -> str:
    """What ``harmless`` was given. An apostrophe before other text is the user's own (``'s-Gravenhage``)."""
    return text[1:] if text[0] == "'" and _HARMLESS.match(text) else text
