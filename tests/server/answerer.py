"""An HTTP server on the loopback that others derive: it answers, or something fails.

A derived class says in ``answer`` what a server in order sends. ``fail`` puts faults of
``faults.py`` in the place of the next answers.
"""

import itertools
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit

Answer = tuple[int, dict[str, str], bytes]


def as_json(status: int, content, **headers: str) -> Answer:
    """Give an answer whose body is this content as JSON."""
    headers = {name.replace("_", "-"): text for name, text in headers.items()}
    body = json.dumps(content, ensure_ascii=False).encode()
    return status, {"content-type": "application/json;charset=UTF-8", **headers}, body


class Answerer(ThreadingHTTPServer):
    """A context manager; ``url`` is the server's address.

    Attributes
    ----------
    requests : list of str
        Method and path, with its query, of every request: ``"GET /api/me"``.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.requests = []
        self.lock = threading.Lock()
        self.mend()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def handle_error(self, request, client_address):
        """Say nothing when a client hangs up; a test sees what it got itself."""

    def fail(self, *faults, where: str = "", for_ever: bool = False) -> None:
        """Let the next requests meet these faults, one each.

        Parameters
        ----------
        *faults : callable or None
            Functions of ``faults.py``; None leaves the answer as it is.
        where : str
            Only requests count whose method and path (``"GET /data/a.csv"``, unquoted)
            contain this.
        for_ever : bool
            After the last one begin again, until ``mend``.
        """
        turns = itertools.cycle(faults) if for_ever else iter(faults)
        with self.lock:
            self._faults, self._where = turns, where

    def mend(self) -> None:
        """Let nothing fail any more."""
        self.fail()

    def next_fault(self, request: str):
        with self.lock:
            return next(self._faults, None) if self._where in request else None

    def answer(self, handler: "Handler") -> Answer:
        """Give status, headers and body of the answer to this request."""
        raise NotImplementedError


class Handler(BaseHTTPRequestHandler):
    """A request; its body is read when the answer needs it."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def handle_any(self):
        self.server.requests.append(f"{self.command} {self.path}")
        fault = self.server.next_fault(unquote(self.server.requests[-1]))
        if fault is None:
            self.send(*self.answer())
        else:
            fault(self, self.answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any

    def answer(self) -> Answer:
        self.body = self.rfile.read(int(self.headers.get("content-length", 0)))
        return self.server.answer(self)

    @property
    def route(self) -> str:
        return unquote(urlsplit(self.path).path)

    @property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.path).query)

    def send(self, status: int, headers: dict[str, str], body: bytes):
        names = {name.lower(): text for name, text in headers.items()}
        self.send_response_only(status)
        for name, text in {
            "date": self.date_time_string(),
            "content-length": str(len(body)),
            **names,
        }.items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
