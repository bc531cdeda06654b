"""A server on the loopback that answers from recordings of a real OpenHEXA server.

It is given the recordings of one call. A request must match one that is not answered
yet: the same path, or, on the GraphQL endpoint, the same kind of operation, root field
and variables, a token of the same caller, and no field that was not recorded. Queries
are validated against the schema first. Anything else is a problem, and fails the test.
A fault may take the place of an answer (``faults.py``).
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import graphql

from .recorded import content_of, recordings, token

FOLDER = Path(__file__).parent
SCHEMA = graphql.build_schema((FOLDER / "schema.graphql").read_text("utf-8"))
RECORDED_HOST = "http://127.0.0.1:"


def selected_fields(selection, fields=()) -> set[str]:
    """List the leaves of a selection as dotted paths."""
    found = set()
    for node in selection.selections:
        path = (*fields, node.name.value)
        inner = node.selection_set
        found |= selected_fields(inner, path) if inner else {".".join(path)}
    return found


def prune(value, fields: set[str]):
    """Take from recorded data what was asked for."""
    if isinstance(value, list):
        return [prune(item, fields) for item in value]
    if not isinstance(value, dict):
        return value
    pruned = {}
    for name, item in value.items():
        inner = {f.partition(".")[2] for f in fields if f.partition(".")[0] == name}
        if inner:
            pruned[name] = item if inner == {""} else prune(item, inner)
    return pruned


class Replay(ThreadingHTTPServer):
    """A context manager; ``url`` is the server's address.

    Parameters
    ----------
    numbers : list of str
        Recordings to answer from, in their order.
    derived : list of dict
        More of them, which a test made out of recordings.
    faults : list of callable or None
        What happens to the first request, the second, … in place of its answer: a
        function of the handler and of a function that gives the answer (see ``send``).
        None, and the end of the list, leave the answer as it is.
    once : bool
        Answer from each recording once, else as often as asked.

    Attributes
    ----------
    problems : list of str
        Requests that no recording answers.
    requests : list of dict
        Method, path, headers and body of every request.
    """

    daemon_threads = True

    def __init__(
        self,
        numbers: list[str],
        derived: list[dict] = (),
        *,
        faults: list = (),
        once: bool = True,
    ):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.faults, self.once = list(faults), once
        self.waiting = [(number, recordings()[number]) for number in numbers]
        self.waiting += [("derived", recording) for recording in derived]
        self.problems, self.requests = [], []
        self.url = f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    def take(self, matches) -> dict | None:
        """Give the first recording that matches, and take it away."""
        for index, (_, recording) in enumerate(self.waiting):
            if matches(recording):
                if self.once:
                    self.waiting.pop(index)
                return recording
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self.server.requests.append(
            {
                "method": self.command,
                "path": self.path,
                "headers": {k.lower(): v for k, v in self.headers.items()},
                "body": body,
            }
        )
        is_graphql = self.command == "POST" and self.path == "/graphql/"
        answer = self.answer_graphql if is_graphql else self.answer_file
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault is None:
            self.send(*answer(body))
        else:
            fault(self, lambda: answer(body))

    do_GET = do_POST = do_PUT = handle_any

    def answer_graphql(self, body: bytes):
        asked = json.loads(body)
        document = graphql.parse(asked["query"])
        for error in graphql.validate(SCHEMA, document):
            return self.refuse(f"not in the schema: {error.message}")
        (operation,) = document.definitions
        fields = selected_fields(operation.selection_set)
        sender = self.headers.get("authorization", "")

        def matches(recording):
            recorded = recording["request"].get("graphql")
            return (
                recorded is not None
                and recorded["kind"] == operation.operation.value
                and recorded["variables"] == asked.get("variables")
                and fields <= set(recorded["selected"])
                and sender == f"Bearer {token(recording['caller'])}"
            )

        recording = self.server.take(matches)
        if recording is None:
            return self.refuse(f"{asked['query']} {asked.get('variables')} {sender}")
        answer = json.loads(json.dumps(recording["response"]["body"]["json"]))
        if isinstance(answer.get("data"), dict):
            answer["data"] = prune(answer["data"], fields)
        return self.recorded(recording, self.ours(json.dumps(answer)).encode())

    def answer_file(self, body: bytes):
        recording = self.server.take(
            lambda recording: (
                (recording["request"]["method"], recording["request"]["path"])
                == (self.command, self.path)
                and recording["request"]["body"]["size"] == len(body)
            )
        )
        if recording is None:
            return self.refuse(f"{self.command} {self.path} of {len(body)} bytes")
        return self.recorded(recording, content_of(recording))

    def ours(self, text: str) -> str:
        """Let links of the recorded server point here."""
        before, *links = text.split(RECORDED_HOST)
        return before + "".join(
            f"{self.server.url}{link.lstrip('0123456789')}" for link in links
        )

    def recorded(self, recording: dict, body: bytes):
        response = recording["response"]
        names = {"content-type", "content-disposition", "location"}
        headers = {n: v for n, v in response["headers"].items() if n in names}
        return response["status"], headers, body

    def refuse(self, problem: str):
        self.server.problems.append(problem)
        return 418, {}, b"no recording answers this"

    def send(self, status: int, headers: dict[str, str], body: bytes):
        self.send_response(status)
        for name, value in {"content-length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
