"""A caller that costs little: plain HTTP/1.1 over kept connections, to measure the server."""

import asyncio
from dataclasses import dataclass
from time import perf_counter
from urllib.parse import urlsplit

import numpy as np


@dataclass(frozen=True)
class Round:
    """One round: answers a second, and the times in milliseconds that half and 99 % stayed below."""

    rate: float
    p50: float
    p99: float
    failed: int


def post(url: str, body: bytes) -> bytes:
    """The bytes of one request."""
    at = urlsplit(url)
    head = (
        f"POST {at.path} HTTP/1.1\r\nHost: {at.netloc}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def run(url: str, bodies: list[bytes], callers: int, seconds: float) -> Round:
    """Ask for so long with so many callers, each waiting for its answer before it asks again."""
    requests = [post(url, body) for body in bodies]
    return asyncio.run(_run(url, requests, callers, seconds))


async def _run(url: str, requests: list[bytes], callers: int, seconds: float) -> Round:
    times: list[list[float]] = [[] for _ in range(callers)]
    failed = [0] * callers
    until = perf_counter() + seconds

    async def caller(own: int) -> None:
        connection = await Connection.to(url)
        turn = own
        while perf_counter() < until:
            begun = perf_counter()
            failed[own] += not await connection.ask(requests[turn % len(requests)])
            times[own].append(perf_counter() - begun)
            turn += callers
        connection.writer.close()

    begun = perf_counter()
    await asyncio.gather(*(caller(own) for own in range(callers)))
    taken = np.concatenate([np.array(own) for own in times])
    p50, p99 = np.quantile(taken, (0.5, 0.99)) * 1000
    return Round(len(taken) / (perf_counter() - begun), float(p50), float(p99), sum(failed))


@dataclass
class Connection:
    """A kept connection, opened again where the server ends it with an answer."""

    url: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    ended: bool = False

    @classmethod
    async def to(cls, url: str) -> "Connection":
        at = urlsplit(url)
        return cls(url, *await asyncio.open_connection(at.hostname, at.port))

    async def ask(self, request: bytes) -> bool:
        """Send a request and read its answer to the end; whether it was a success."""
        if self.ended:
            self.writer.close()
            again = await Connection.to(self.url)
            self.reader, self.writer, self.ended = again.reader, again.writer, False
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        at = lower.index(b"content-length:") + 15
        await self.reader.readexactly(int(lower[at : lower.index(b"\r", at)]))
        self.ended = b"\r\nconnection: close\r\n" in lower
        return head.startswith(b"HTTP/1.1 200")
