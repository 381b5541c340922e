"""How long a client may take over a body: the longest silence, the least rate, and the total (F31).

Only time spent waiting for him counts: a slow store is not his fault.
"""

import asyncio

from starlette.types import Message, Receive

from app.errors import TimedOut
from app.settings import Settings


class BodyDeadlines:
    """Of one request. One lazy timer for all its reads: setting one for each took a tenth of an upload's CPU."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[object] | None = None
        self._since: float | None = None  # when the wait began that is going on
        self._silent = False
        self.waited = 0.0
        self.received = 0

    async def receive(self, receive: Receive) -> Message:
        """The next message; TimedOut (408) when it does not come in time, or the whole comes too slowly."""
        before = self._since = self._loop.time()
        self._task = task = asyncio.current_task()
        cancelling = task.cancelling() if task else 0
        if self._timer is None:
            self._look_after(self._settings.body_stall_seconds)
        try:
            message = await receive()
        except asyncio.CancelledError:
            silent, self._silent = self._silent, False
            if silent and task and task.uncancel() <= cancelling:
                raise TimedOut("The body stopped coming; send it again.") from None
            raise
        finally:
            self._since = None
        self.waited += self._loop.time() - before
        self.received += len(message.get("body", b""))
        if message.get("more_body"):
            self._check()
        return message

    def _check(self) -> None:
        least, total = self._settings.body_min_bytes_per_second, self._settings.body_total_seconds
        over = self.waited - self._settings.body_stall_seconds
        if over > 0 and self.received < over * least:
            raise TimedOut(f"The body comes slower than {least} bytes a second.")
        if self.waited > total:
            raise TimedOut(f"We waited {total:g} seconds for this body; send less in one request.")

    def _look_after(self, seconds: float) -> None:
        self._timer = self._loop.call_later(seconds, self._look)

    def _look(self) -> None:
        stall = self._settings.body_stall_seconds
        silence = 0.0 if self._since is None else self._loop.time() - self._since
        if silence < stall:
            self._look_after(stall - silence)
        elif self._task:
            self._silent, self._timer = True, None
            self._task.cancel()

    def end(self) -> None:
        if self._timer:
            self._timer.cancel()
