"""A server on the loopback that answers from recordings of a real OpenHEXA server.

It is given the recordings of one call. A request must match one that is not answered
yet: the same path, or, on the GraphQL endpoint, the same kind of operation, root field
and variables, a token of the same caller, and no field that was not recorded. Queries
are validated against the schema first. Anything else is a problem, and fails the test.
"""

import base64
import json
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import graphql

FOLDER = Path(__file__).parent
SCHEMA = graphql.build_schema((FOLDER / "schema.graphql").read_text("utf-8"))
RECORDED_HOST = "http://127.0.0.1:"


@cache
def recordings() -> dict[str, dict]:
    """Read all recordings, by the three digits of their number."""
    return {
        path.name[:3]: json.loads(path.read_text("utf-8"))
        for path in sorted((FOLDER / "recordings").glob("*.json"))
    }


def token(caller: str) -> str:
    """Give the token that stands for a caller of the recordings."""
    return "token-" + "-".join(caller.lower().replace("'", "").split())


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

    Attributes
    ----------
    problems : list of str
        Requests that no recording answers.
    requests : list of dict
        Method, path, headers and body of every request.
    """

    daemon_threads = True

    def __init__(self, numbers: list[str], derived: list[dict] = ()):
        super().__init__(("127.0.0.1", 0), _Handler)
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
        """Give the first recording that matches, and answer from it once."""
        for index, (_, recording) in enumerate(self.waiting):
            if matches(recording):
                return self.waiting.pop(index)[1]
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
        if self.command == "POST" and self.path == "/graphql/":
            self.answer_graphql(json.loads(body))
        else:
            self.answer_file(body)

    do_GET = do_POST = do_PUT = handle_any

    def answer_graphql(self, asked: dict):
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
        self.send(recording, self.ours(json.dumps(answer)).encode())

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
        content = recording["response"]["body"]
        if "base64" in content:
            return self.send(recording, base64.b64decode(content["base64"]))
        if "json" in content:
            return self.send(recording, json.dumps(content["json"]).encode())
        self.send(recording, content.get("text", "").encode())

    def ours(self, text: str) -> str:
        """Let links of the recorded server point here."""
        before, *links = text.split(RECORDED_HOST)
        return before + "".join(
            f"{self.server.url}{link.lstrip('0123456789')}" for link in links
        )

    def send(self, recording: dict, body: bytes):
        response = recording["response"]
        self.send_response(response["status"])
        for name in ("content-type", "content-disposition", "location"):
            if name in response["headers"]:
                self.send_header(name, response["headers"][name])
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, problem: str):
        self.server.problems.append(problem)
        body = b"no recording answers this"
        self.send_response(418)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
