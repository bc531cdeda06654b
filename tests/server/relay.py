"""A server between a client and another one: faults and a wrong clock come from it."""

import http.client
import time
from email.utils import formatdate
from urllib.parse import urlsplit

from .answerer import Answer, Answerer, Handler

# Headers that hold for one connection, not for the message.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Relay(Answerer):
    """Hand every request on as it is, its Host too, which signatures cover.

    Parameters
    ----------
    upstream : str
        Address of the server that answers.

    Attributes
    ----------
    clock_offset_s : float
        How much the server's clock seems to be ahead, by its Date header.
    """

    def __init__(self, upstream: str = ""):
        super().__init__()
        self.upstream, self.clock_offset_s = upstream, 0.0

    def now(self) -> float:
        """Give what the server's clock shows, in seconds since 1970."""
        return time.time() + self.clock_offset_s

    def answer(self, handler: Handler) -> Answer:
        headers = {
            name: text
            for name, text in handler.headers.items()
            if name.lower() not in HOP_BY_HOP | {"expect"}
        }
        if handler.headers.get("transfer-encoding"):
            return 411, {}, b"Length Required"
        if handler.body or handler.headers.get("content-length"):
            headers["content-length"] = str(len(handler.body))
        connection = http.client.HTTPConnection(urlsplit(self.upstream).netloc)
        try:
            connection.request(handler.command, handler.path, handler.body, headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        kept = {n: t for n, t in answer.getheaders() if n.lower() not in HOP_BY_HOP}
        if handler.command == "HEAD" and answer.getheader("content-length"):
            kept["content-length"] = answer.getheader("content-length")
        kept["date"] = formatdate(self.now(), usegmt=True)
        return answer.status, kept, body
