"""The OpenHEXA server: whether it answers, and what it makes of our token."""

from time import perf_counter
from urllib.parse import urlsplit

from .. import environment
from ..checks import Check
from .findings import finding

QUERY = "query Doctor($slug: String!) { workspace(slug: $slug) { slug name } }"


def server() -> Check:
    """Ask for the workspace's name."""
    given = {f: environment.lookup(f) for f in ("server_url", "token", "slug")}
    absent = next((fact for fact, value in given.items() if value is None), None)
    if absent:
        name = environment.variable(absent)
        return finding("server", "server_none", variable=name)
    import httpx
    from openhexa.graphql.graphql_client.exceptions import (
        GraphQLClientError,
        GraphQLClientGraphQLMultiError,
        GraphQLClientHttpError,
    )
    from openhexa.sdk.utils import OpenHexaClient

    name = _name(given["server_url"])
    if name is None:
        name = environment.variable("server_url")
        return finding("server", "server_address", variable=name)
    begin = perf_counter()
    try:
        client = OpenHexaClient()
        answer = client.execute(QUERY, variables={"slug": given["slug"]})
        workspace = client.get_data(answer)["workspace"]
    except GraphQLClientGraphQLMultiError:
        workspace = None  # it answers: whoever it does not know sees nothing
    except GraphQLClientHttpError as error:
        if error.status_code in (401, 403):
            workspace = None
        else:
            reason = f"HTTP {error.status_code}"
            return finding("server", "server_silent", server=name, reason=reason)
    except (httpx.HTTPError, httpx.InvalidURL, GraphQLClientError) as error:
        reason = environment.hide_secrets(str(error)) or type(error).__name__
        return finding("server", "server_silent", server=name, reason=reason)
    if workspace is None:
        return finding("server", "server_refuses", server=name, slug=given["slug"])
    ms = round((perf_counter() - begin) * 1000)
    return finding("server", "server_fine", server=name, ms=ms, name=workspace["name"])


def _name(address: str) -> str | None:
    """Give an address without a password and a path; None if it is none."""
    try:
        url = urlsplit(address)
        port = f":{url.port}" if url.port else ""
    except ValueError:
        return None
    is_address = url.scheme in ("http", "https") and url.hostname
    return f"{url.scheme}://{url.hostname}{port}" if is_address else None
