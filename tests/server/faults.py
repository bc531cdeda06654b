"""What can go wrong on the way: functions to give to ``Replay`` as ``faults``.

Each is called with the handler of a request and with a function that gives the answer
which a server in order would send: its status, headers and body.
"""

import gzip
import socket
import struct
import time

from .recorded import content_of, recordings


def status(code: int, body: bytes = b"<html>no</html>", **headers: str):
    """Answer with this status, and with a page that is no JSON."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    names.setdefault("content-type", "text/html")
    return lambda handler, answer: handler.send(code, names, body)


def recorded(number: str):
    """Answer as the server once did."""
    recording = recordings()[number]
    return lambda handler, answer: handler.send(
        *handler.recorded(recording, content_of(recording))
    )


def silence(seconds: float):
    """Answer too late."""

    def fault(handler, answer):
        time.sleep(seconds)
        handler.close_connection = True

    return fault


def cut(handler, answer):
    """Announce the whole answer, send half of it, hang up."""
    code, headers, body = answer()
    half = body[: len(body) // 2]
    handler.send(code, {**headers, "content-length": str(len(body))}, half)
    handler.close_connection = True


def reset(handler, answer):
    """Drop the connection without a word."""
    linger = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    handler.connection.close()
    handler.close_connection = True


def stalled(seconds: float):
    """Send half of the answer, then nothing for a while, then hang up."""

    def fault(handler, answer):
        cut(handler, answer)
        time.sleep(seconds)

    return fault


def zipped(handler, answer):
    """Compress the answer, as the real server does for those who accept it."""
    assert "gzip" in handler.headers["accept-encoding"]
    code, headers, body = answer()
    handler.send(code, {**headers, "content-encoding": "gzip"}, gzip.compress(body))


def grown(size_bytes: int, piece: bytes):
    """Send the same piece again and again in place of the body."""

    def fault(handler, answer):
        code, headers, _ = answer()
        handler.send(code, {**headers, "content-length": str(size_bytes)}, b"")
        for _ in range(size_bytes // len(piece)):
            handler.wfile.write(piece)

    return fault


def delay(seconds: float):
    """Answer as it should be, but later."""

    def fault(handler, answer):
        time.sleep(seconds)
        handler.send(*answer())

    return fault


def cut_after(size_bytes: int):
    """Announce the whole answer, hang up after this many bytes of its body."""

    def fault(handler, answer):
        code, headers, body = answer()
        whole = {**headers, "content-length": str(len(body))}
        handler.send(code, whole, body[:size_bytes])
        handler.close_connection = True

    return fault


def cut_upload(size_bytes: int):
    """Take this many bytes of what is sent, then drop the connection."""

    def fault(handler, answer):
        sent = int(handler.headers.get("content-length", 0))
        handler.rfile.read(min(size_bytes, sent))
        reset(handler, answer)

    return fault
