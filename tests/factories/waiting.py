"""Waiting for what another task brings about, without guessing how long it takes."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], what: str, seconds: float = 10) -> T:
    """The first true result of ``check``; a failed test when there is none in time."""
    found, pause = await check(), 0.01
    try:
        async with asyncio.timeout(seconds):
            while not found:
                await asyncio.sleep(pause)
                found, pause = await check(), min(1.5 * pause, 0.1)  # asking takes time from what it waits for
    except TimeoutError:
        raise AssertionError(f"not in {seconds} s: {what}") from None
    return found


async def at_once(*calls: Awaitable[T]) -> list[T]:
    """All of them running together."""
    return list(await asyncio.gather(*calls))
