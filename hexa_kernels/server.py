"""The Jupyter server that a JupyterHub started for this workspace: restart it."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from . import environment
from .contract import phrase
from .errors import (
    HubAbsentError,
    HubFailedError,
    HubForbiddenError,
    HubUnreachableError,
)

CONNECT_TIMEOUT_S = 5
ANSWER_TIMEOUT_S = 30  # of the hub, which waits 10 s for a stop before it answers
SESSIONS_TIMEOUT_S = 10
STOP_TIMEOUT_S = 180
POLL_S = 0.5


@dataclass(frozen=True)
class HubServer:
    """A user's server on a JupyterHub, as the processes that run in it know it.

    Attributes
    ----------
    user, name : str
        On OpenHEXA an e-mail address and the workspace's slug.
    api_url : str
        The hub's API, as this process reaches it.
    pages : str
        The hub's pages, as a browser reaches them: a URL, or a path that begins with
        ``/`` where the hub does not know its public address.
    address : str or None
        Where the server itself listens.
    token : str
        What the hub gave this server to ask with.

    References
    ----------
    JupyterHub's REST API and scopes,
    https://jupyterhub.readthedocs.io/en/stable/reference/rest-api.html
    """

    user: str
    name: str
    api_url: str
    pages: str
    address: str | None
    token: str = field(repr=False)

    @property
    def home_page(self) -> str:
        """Where a person stops and starts servers by hand."""
        return f"{self.pages}home"

    @property
    def start_page(self) -> str:
        """Start the server when a person opens it, or show it when it runs."""
        return f"{self.pages}spawn/" + "/".join(map(quote, self._names))

    def check(self) -> None:
        """Make sure that the hub answers and lets this server be stopped.

        Raises
        ------
        HubUnreachableError, HubFailedError
            If the hub does not answer, or not as a hub does.
        HubForbiddenError
            If the token has no scope ``delete:servers`` for this server.
        """
        answer = self._ask("GET", "user")
        if answer.status_code in (401, 403):
            raise self._forbidden()
        known = _json(answer) or {}
        if answer.status_code != 200 or "scopes" not in known:
            raise self._failed("stop_server", answer)
        if not any(one.startswith("delete:servers") for one in known["scopes"]):
            raise self._forbidden()

    def losses(self) -> str:
        """Tell what a stop ends: the kernels by notebook, and what is not saved."""
        language = environment.language()
        sessions = self._sessions()
        if sessions is None:
            kernels = [phrase("kernels_unknown", language)]
        else:
            kernels = [_described(one, language) for one in sessions]
        return "\n".join(
            [
                phrase("stop_ends", language).format(name=self._full_name),
                *(f"  {line}" for line in kernels or [phrase("no_kernels", language)]),
                phrase("stop_loses", language).format(
                    files=environment.lookup("files_path")
                ),
            ]
        )

    def stop(self) -> None:
        """Stop the server, and wait until the hub says so.

        A process that runs in the server ends with it, and does not come back from
        here.

        Raises
        ------
        HubForbiddenError, HubUnreachableError, HubFailedError
        """
        deadline = time.monotonic() + STOP_TIMEOUT_S
        answer = self._ask("DELETE", self._path)
        if answer.status_code in (401, 403):
            raise self._forbidden()
        while answer.status_code == 202 and time.monotonic() < deadline:
            time.sleep(POLL_S)
            answer = self._ask("DELETE", self._path)
        # A refusal at this point says that the server's own token ended with it.
        if answer.status_code not in (204, 401, 403):
            raise self._failed("stop_server", answer)

    def start(self) -> bool:
        """Start the stopped server; False where the token may not.

        The token of a server ends with it, so only another one of the user's may.

        Raises
        ------
        HubUnreachableError, HubFailedError
        """
        answer = self._ask("POST", self._path)
        if answer.status_code in (401, 403):
            return False
        if answer.status_code not in (201, 202):
            raise self._failed("start_server", answer)
        return True

    @property
    def _full_name(self) -> str:
        return "/".join(self._names)

    @property
    def _names(self) -> list[str]:
        return [self.user, self.name] if self.name else [self.user]  # a default server

    @property
    def _path(self) -> str:
        return f"users/{quote(self.user)}/" + (
            f"servers/{quote(self.name)}" if self.name else "server"
        )

    def _sessions(self) -> list[dict] | None:
        """List what runs in the server; None where it does not answer: it is stuck."""
        if self.address is None:
            return None
        try:
            answer = self._ask(
                "GET", "api/sessions", self.address, timeout_s=SESSIONS_TIMEOUT_S
            )
        except HubUnreachableError:
            return None
        return _json(answer) if answer.status_code == 200 else None

    def _ask(self, method, path, base=None, *, timeout_s=ANSWER_TIMEOUT_S):
        """Ask the hub, or the server whose address ``base`` is."""
        import requests

        url = f"{(base or self.api_url).rstrip('/')}/{path}"
        try:
            return requests.request(
                method,
                url,
                # Not as a header: a .netrc of the user's would replace it.
                auth=self._sign,
                timeout=(CONNECT_TIMEOUT_S, timeout_s),
                allow_redirects=False,
            )
        except requests.RequestException as error:
            # Its request holds the token.
            reason = type(error).__name__
            raise HubUnreachableError(url=self.api_url, reason=reason) from None

    def _sign(self, request):
        request.headers["Authorization"] = f"token {self.token}"
        return request

    def _forbidden(self) -> HubForbiddenError:
        return HubForbiddenError(
            server=self._full_name, home=self.home_page, link=self.start_page
        )

    def _failed(self, action: str, answer) -> HubFailedError:
        reason = (_json(answer) or {}).get("message", answer.reason)
        return HubFailedError(
            action=phrase(action, environment.language()),
            server=self._full_name,
            reason=f"{answer.status_code} {reason}".rstrip("."),
            home=self.home_page,
        )


def current() -> HubServer:
    """Find the server that this process runs in.

    Raises
    ------
    HubAbsentError
        If no JupyterHub started it, as on a laptop and in a pipeline.

    Examples
    --------
    >>> try:
    ...     current().check()
    ... except HubAbsentError as error:
    ...     print(error.code)
    hub_absent
    """
    facts = ("hub_api_url", "hub_user", "hub_token")
    api_url, user, token = map(environment.lookup, facts)
    if None in (api_url, user, token):
        raise HubAbsentError()
    pages = environment.lookup("hub_public_url")
    address = environment.lookup("server_address")
    return HubServer(
        user=user,
        name=environment.lookup("hub_server"),
        api_url=api_url,
        pages=pages or f"{environment.lookup('hub_base_url').rstrip('/')}/hub/",
        address=address and _reachable(address),
        token=token,
    )


def restart(server: HubServer, say: Callable[[str], None]) -> None:
    """Stop a server and start it again, as far as this process and its token go.

    Parameters
    ----------
    server : HubServer
        Usually ``current()``.
    say : callable
        Shows a line. The link that starts the server is shown before the stop: a
        process of the server says nothing after.

    Raises
    ------
    HubForbiddenError, HubUnreachableError, HubFailedError
    """
    language = environment.language()
    link = server.start_page
    if link.startswith("/"):
        link = phrase("behind_address", language).format(path=link)
    say(phrase("start_link", language).format(link=link))
    server.stop()
    say(phrase("server_stopped", language).format(server=server._full_name))
    if server.start():
        say(phrase("server_starts", language))


def _reachable(address: str) -> str:
    """Give the address by which a server that listens everywhere is reached."""
    parts = urlsplit(address)
    if parts.hostname in (None, "", "0.0.0.0", "::"):
        parts = parts._replace(netloc=f"127.0.0.1:{parts.port}")
    return parts.geturl()


def _json(answer) -> dict | list | None:
    """Read an answer; None where it is a page, as of a proxy or another server."""
    try:
        return answer.json()
    except ValueError:
        return None


def _described(session: dict, language: str) -> str:
    kernel = session.get("kernel") or {}  # none yet, while it starts
    busy = kernel.get("execution_state") == "busy"
    state = phrase("at_work" if busy else "at_rest", language)
    return f"{kernel.get('name', '?')} ({state}): {session.get('path', '?')}"
