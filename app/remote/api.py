"""Asking the API: again while the network stumbles, where a repeat does no harm; refusals as sentences."""

import json
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any
from urllib.request import getproxies, proxy_bypass
from uuid import uuid4

import httpx
from pydantic import BaseModel

from app.remote import FAILED, UNUSABLE, Failed, told
from app.remote.screen import printable

Told = dict[str, Any]
Tell = Callable[[Told], None]
Shape = type[BaseModel]

# What waits for somebody to want something, not for a worker.
AT_REST = ("planned", "committed", "undone", "failed", "cancelled")
AGAIN = {408, 429, 502, 503, 504}
PATIENCE = 60  # seconds that a server may be away once it was there
FIRST_PATIENCE = 3
POLL_SECONDS = 1.0
# Comments come every 15 seconds; what comes through later than that is held up on its way, and polling is better.
STREAM = httpx.Timeout(10, read=40)


class Api:
    """A server and whom we speak for."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")
        at = _address(self.url)
        if at is None:
            raise Failed(f"{url} is no address of a server.", UNUSABLE)
        self._way = " by the proxy that the environment names" if _has_proxy(at) else ""
        headers = {"Authorization": f"Bearer {key}", "User-Agent": f"ordner/{version('ordner')}"}
        try:
            self._http = httpx.Client(base_url=at, headers=headers, timeout=httpx.Timeout(PATIENCE, connect=5))
        except (httpx.InvalidURL, ImportError, OSError, ValueError) as error:  # a proxy or certificates that it names
            raise Failed(f"No connection can be made as the environment says: {error}", UNUSABLE) from None
        self._patience = FIRST_PATIENCE

    def close(self) -> None:
        self._http.close()

    def page(self, path: str, of: Shape, **params: Any) -> Told:
        """A page of what is there."""
        return self._ask("GET", path, of, params=params)

    def get(self, path: str, patience: float | None = None) -> Told:
        """An import."""
        return self._ask("GET", path, told.Import, patience)

    def post(self, path: str, key: str | None = None, patience: float | None = None, **options: Any) -> Told:
        """What an import is by it; once, however often it is sent: under an ``Idempotency-Key``."""
        return self._ask(
            "POST", path, told.Import, patience, headers={"Idempotency-Key": key or str(uuid4())}, **options
        )

    def save(self, path: str, file: Any, media: str) -> None:
        """What lies there, into the file, piece by piece."""

        def send() -> httpx.Response:
            file.seek(0)
            file.truncate()
            with self._http.stream("GET", path) as answer:
                is_it = answer.status_code == httpx.codes.OK
                if is_it and answer.headers.get("content-type", "").startswith(media):
                    file.writelines(answer.iter_bytes())
                elif answer.is_error:
                    answer.read()
                else:
                    raise self._not_ours(answer.status_code)
            return answer

        self._again(send)

    def wait(self, path: str, tell: Tell) -> Told:
        """The import, once no worker is at it any more; ``tell`` hears of each step there."""
        follows = True
        while True:
            found = self.get(path)
            tell(found)
            if found["state"] in AT_REST:
                return found
            follows = follows and self._follow(path, tell)
            if not follows:
                time.sleep(POLL_SECONDS)

    def _follow(self, path: str, tell: Tell) -> bool:
        """By events, until they end. False: there are none to be had."""
        heard = False
        try:
            with self._http.stream("GET", f"{path}/events", timeout=STREAM) as answer:
                if answer.status_code != httpx.codes.OK:
                    return False
                for data in self._data(answer):
                    heard = True
                    tell(data)
                    if data["state"] in AT_REST:
                        break
        except (httpx.RequestError, ValueError, Failed):
            pass
        return heard

    def _data(self, answer: httpx.Response) -> Iterator[Told]:
        """The ``data`` of each event; each of ours is one line."""
        for line in answer.iter_lines():
            if line.startswith("data:"):
                yield self._told(answer, line.removeprefix("data:"), told.Step)

    def _ask(self, method: str, path: str, shape: Shape, patience: float | None = None, **options: Any) -> Told:
        if patience:
            options["timeout"] = patience
        answer = self._again(lambda: self._http.request(method, path, **options), patience)
        if not answer.headers.get("content-type", "").startswith("application/json"):
            raise self._refusal(answer)
        found = self._told(answer, answer.content, shape)
        self._patience = PATIENCE
        return found

    def _told(self, answer: httpx.Response, text: bytes | str, shape: Shape) -> Told:
        """All that it tells, which has at least this shape."""
        try:
            shape.model_validate_json(text)
            found: Told = json.loads(text)
        except (ValueError, RecursionError):
            raise self._not_ours(answer.status_code) from None
        return found

    def _again(self, send: Callable[[], httpx.Response], patience: float | None = None) -> httpx.Response:
        """What comes of it, as soon as it is neither a stumble nor a server that has no time."""
        began, pause = time.monotonic(), 0.25
        while True:
            try:
                answer = send()
            except httpx.RequestError as error:
                wait, end = pause, self._unreachable(error)
            except ValueError:  # headers that are none
                raise self._not_ours() from None
            else:
                if not answer.is_error:
                    return answer
                wait, end = max(pause, _retry_after(answer)), self._refusal(answer)
                if answer.status_code not in AGAIN and end.problem["code"] != "idempotency_key_in_use":
                    raise end
                if end.problem["code"] != "unusable":
                    self._patience = PATIENCE  # it is Ordner that says when to come again
            if time.monotonic() + wait > began + (patience or self._patience):
                raise end from None
            time.sleep(wait)
            pause = min(2 * pause, 8)

    def _unreachable(self, error: httpx.RequestError) -> Failed:
        what, name = "can not be reached", type(error).__name__
        if isinstance(error, httpx.TimeoutException) and not isinstance(error, httpx.ConnectTimeout):
            what = "does not answer in time"
        return Failed(f"{self.url} {what}{self._way} ({name}). Is Ordner running there?", UNUSABLE)

    def _not_ours(self, status: int | None = None) -> Failed:
        with_status = f" ({status})" if status else ""
        return Failed(f"{self.url} answers{with_status}, but not as Ordner does.", UNUSABLE)

    def _refusal(self, answer: httpx.Response) -> Failed:
        if not (answer.is_error and answer.headers.get("content-type", "").startswith("application/problem+json")):
            return self._not_ours(answer.status_code)
        try:
            problem = self._told(answer, answer.content, told.Problem)
        except Failed as not_ours:
            return not_ours
        status = UNUSABLE if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN) else FAILED
        return Failed(sentences(problem), status, problem)


def sentences(problem: Told) -> str:
    """A refusal (RFC 9457), or the problem of an import, for people; each wrong place in a line of its own."""
    lines = [problem["detail"]]
    for error in problem.get("errors") or []:
        where = error["pointer"].strip("/").replace("rows/", "row ").replace("/", ".")
        if error["detail"] not in problem["detail"]:
            lines.append(f"  {where}: {error['detail']}")
    return "\n".join(map(printable, lines))


def _address(url: str) -> httpx.URL | None:
    try:
        at = httpx.URL(url)
        at.raw_host.decode("ascii").encode("idna")  # a label that is empty or too long
    except (httpx.InvalidURL, ValueError):
        return None
    return at if at.scheme in ("http", "https") and at.host else None


def _has_proxy(at: httpx.URL) -> bool:
    names = getproxies()
    return bool(names.get(at.scheme) or names.get("all")) and not proxy_bypass(at.host)


def _retry_after(answer: httpx.Response) -> int:
    wanted = answer.headers.get("retry-after", "")
    return int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 9 else 0
