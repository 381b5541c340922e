"""The clients, in a process of their own: threads with blocking sockets, bodies made beforehand.

A large file lies in memory as a file and goes out with sendfile, so that the clients cost the little that a
machine of their own would take from the server's two processors.
"""

import http.client
import json
import os
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from bench.remote import serve

BOUNDARY = "----bench7MA4YWxkTrZu0gW"
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
TYPE = f"multipart/form-data; boundary={BOUNDARY}"
HOST = "127.0.0.1"
WAIT = 60


def part_head(name: str) -> bytes:
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{disposition}\r\nContent-Type: application/pdf\r\n\r\n".encode()


def content(size: int) -> bytes:
    return b"%PDF-1.7\n" + os.urandom(size - 9)


@cache
def large(size: int) -> str:
    """The path of a file in memory."""
    descriptor = os.memfd_create("bench")
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content(size))
    return f"/proc/self/fd/{descriptor}"


@cache
def small(size: int, files: int) -> bytes:
    parts = [part_head(f"klein {number}.pdf") + content(size) for number in range(files)]
    return b"\r\n".join(parts) + TAIL


def head(path: str, token: str, length: int) -> bytes:
    lines = [f"POST {path} HTTP/1.1", f"Host: {HOST}", f"Content-Type: {TYPE}", f"Content-Length: {length}"]
    if token:
        lines.append(f"Authorization: Bearer {token}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


class Connection:
    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection((HOST, port), timeout=WAIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self) -> tuple[int, bytes]:
        response = http.client.HTTPResponse(self.sock)
        response.begin()
        return response.status, response.read()

    def post_large(self, path: str, token: str, name: str, size: int) -> tuple[int, bytes]:
        first = part_head(name)
        self.sock.sendall(head(path, token, len(first) + size + len(TAIL)) + first)
        with open(large(size), "rb") as file:  # noqa: PTH123 - a descriptor of its own, with its own place
            self.sock.sendfile(file)
        self.sock.sendall(TAIL)
        return self.answer()

    def post_small(self, path: str, token: str, size: int, files: int = 1) -> tuple[int, bytes]:
        body = small(size, files)
        self.sock.sendall(head(path, token, len(body)) + body)
        return self.answer()


def together(clients: int, work: Callable[[int], Any]) -> tuple[list[Any], float]:
    """Every client at the same moment; the seconds until the last is done."""
    gate = threading.Barrier(clients + 1)

    def one(number: int) -> Any:
        gate.wait()
        return work(number)

    with ThreadPoolExecutor(clients) as threads:
        running = [threads.submit(one, number) for number in range(clients)]
        gate.wait()
        started = time.monotonic()
        results = [each.result() for each in running]
        return results, time.monotonic() - started


def checked(status: int, body: bytes, wanted: int = 201) -> bytes:
    if status != wanted:
        raise RuntimeError(f"answered {status}: {body[:300]!r}")
    return body


def upload(port: int, path: str, token: str, clients: int, size: int) -> dict[str, Any]:
    """One large file from each client."""
    large(size)

    def one(number: int) -> Any:
        connection = Connection(port)
        with connection.sock:
            return json.loads(checked(*connection.post_large(path, token, f"groot {number}.pdf", size)))

    answers, seconds = together(clients, one)
    return {"seconds": seconds, "answers": answers}


def upload_small(
    port: int, path: str, token: str, clients: int, each: int, size: int, files: int = 1
) -> dict[str, Any]:
    """``each`` requests, one after the other on a kept connection, from every client."""
    small(size, files)

    def one(_: int) -> None:
        connection = Connection(port)
        with connection.sock:
            for _ in range(each):
                checked(*connection.post_small(path, token, size, files))

    _, seconds = together(clients, one)
    return {"seconds": seconds}


def download(port: int, paths: list[str], token: str) -> dict[str, Any]:
    def one(number: int) -> int:
        connection = http.client.HTTPConnection(HOST, port, timeout=WAIT)
        connection.request("GET", paths[number], headers={"Authorization": f"Bearer {token}"})
        response, room, size = connection.getresponse(), bytearray(1024 * 1024), 0
        while got := response.readinto(room):
            size += got
        connection.close()
        return size

    sizes, seconds = together(len(paths), one)
    return {"seconds": seconds, "bytes": sum(sizes)}


def ask(port: int, paths: list[str], token: str, clients: int, seconds: float) -> dict[str, Any]:
    """GETs without a pause, from every client on its kept connection, each at another place of ``paths``."""
    until = time.monotonic() + seconds

    def one(number: int) -> int:
        connection, count = Connection(port), 0
        with connection.sock:
            while time.monotonic() < until:
                path = paths[(number * len(paths) // clients + count) % len(paths)]
                lines = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\n\r\n"
                connection.sock.sendall(lines.encode())
                checked(*connection.answer(), wanted=200)
                count += 1
        return count

    counts, seconds = together(clients, one)
    return {"seconds": seconds, "requests": sum(counts)}


def probe(port: int, path: str, token: str, clients: int, size: int, every: float) -> dict[str, Any]:
    """As ``upload``, while one more client asks ``/livez`` every ``every`` seconds and takes the time."""
    over = threading.Event()
    times: list[float] = []

    def ask() -> None:
        connection = http.client.HTTPConnection(HOST, port, timeout=WAIT)
        while not over.wait(every):
            before = time.monotonic()
            connection.request("GET", "/livez")
            connection.getresponse().read()
            times.append(round((time.monotonic() - before) * 1000, 2))
        connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        answer = upload(port, path, token, clients, size)
    finally:
        over.set()
        asking.join()
    return {"seconds": answer["seconds"], "livez_ms": times}


def vanish(port: int, path: str, token: str, clients: int, cuts: list[int], size: int, seed: int) -> dict[str, Any]:
    """Clients that are gone after so many bytes of their body: the even ones with FIN, the odd with RST."""
    path_of_file = large(size)
    first = part_head("weg.pdf")
    start = head(path, token, len(first) + size + len(TAIL))
    pause = random.Random(seed)

    def one(number: int) -> None:
        for index in range(number, len(cuts), clients):
            sock = socket.create_connection((HOST, port), timeout=WAIT)
            sent = (start + first)[: len(start) + cuts[index]]
            sock.sendall(sent)
            with open(path_of_file, "rb") as file:  # noqa: PTH123
                if cuts[index] > len(first):
                    sock.sendfile(file, count=cuts[index] - len(first))
            time.sleep(pause.random() * 0.05)
            if index % 2:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.close()

    _, seconds = together(clients, one)
    return {"seconds": seconds}


if __name__ == "__main__":
    serve(
        {
            "upload": upload,
            "upload_small": upload_small,
            "download": download,
            "ask": ask,
            "probe": probe,
            "vanish": vanish,
        }
    )
