"""The record of a connection: its type and fields, never shown with their values."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

from . import environment
from .contract import contract, phrase
from .errors import (
    ConnectionIncompleteError,
    ConnectionNotFoundError,
    ConnectionReadError,
    InvalidArgumentError,
)

QUERY = """
query ConnectionIdentifiers($slug: String!) {
  workspace(slug: $slug) { connections { slug } }
}
"""


class Fields(Mapping):
    """The fields of a connection, to be read by name; shows names only."""

    def __init__(self, values: Mapping[str, str | None]):
        self._values = dict(values)

    def __getitem__(self, name: str) -> str | None:
        return self._values[name]

    def __iter__(self):
        return iter(self._values)

    def __len__(self):
        return len(self._values)

    def __repr__(self):
        return f"<fields {', '.join(self)}>"


@dataclass(frozen=True, repr=False)
class ConnectionRecord:
    """What OpenHEXA keeps of a connection; what ``connect`` gives for a custom one.

    A field is an attribute where its name can be one, and always ``fields["api-key"]``.

    Attributes
    ----------
    identifier : str
        As it was asked for.
    type : str
        POSTGRESQL, S3, GCS, DHIS2, IASO or CUSTOM.
    fields : Mapping of str to str or None
        None where the server keeps a secret from a viewer. Names are those of the
        SDK's records; a custom connection's are as typed, from variables in lower case.
    """

    identifier: str
    type: str
    fields: Fields

    def __getattr__(self, name):
        fields = vars(self).get("fields", {})
        if name not in fields:
            raise AttributeError(f"{type(self).__name__} has no field {name!r}")
        return fields[name]

    def __dir__(self):
        return sorted({*super().__dir__(), *filter(str.isidentifier, self.fields)})

    def __repr__(self):
        names = ", ".join(self.fields)
        return f'<Connection "{self.identifier}" of type {self.type}: {names}>'

    @property
    def prefix(self) -> str:
        """What the names of its environment variables begin with."""
        return environment.connection_prefix(self.identifier)

    def need_complete(self) -> None:
        """Raise ``ConnectionIncompleteError`` where a field has no value."""
        known = contract()["connections"].get(self.type, {}).get("fields", [])
        names = [field["name"] for field in known]
        if lacking := [name for name in names if self.fields.get(name) in (None, "")]:
            raise ConnectionIncompleteError(
                identifier=self.identifier, type=self.type, fields=", ".join(lacking)
            )

    def hide(self, text: str) -> str:
        """Take its secrets out of a text of others."""
        known = contract()["connections"].get(self.type, {}).get("fields", [])
        shown = {field["name"] for field in known if not field.get("secret")}
        for name, value in self.fields.items():
            if name not in shown and value:
                text = text.replace(str(value), "…")
        return text


def read_record(identifier: str) -> ConnectionRecord:
    """Read a connection from environment variables, else from the OpenHEXA server.

    Raises
    ------
    ConnectionNotFoundError
        With the nearest identifiers there are.
    ConnectionReadError
        If the server does not answer, or not as it should.
    """
    if not isinstance(identifier, str):
        raise InvalidArgumentError(
            argument="identifier",
            expected=phrase("an_identifier", environment.language()),
            actual=type(identifier).__name__,
        )
    from openhexa.sdk import workspace

    asks_server = environment.lookup("server_url") is not None
    found = workspace.get_connection_from_env(identifier) if identifier else None
    if found is None and identifier and asks_server:
        found = _from_server(identifier)
    if found is None:
        raise _not_found(identifier, asks_server)
    fields, kind = found
    known = contract()["connections"].get(kind, {}).get("fields", [])
    names = {field["suffix"].lower(): field["name"] for field in known}
    fields = Fields({names.get(code, code): text for code, text in fields.items()})
    return ConnectionRecord(identifier, kind, fields)


def _from_server(identifier: str) -> tuple[dict, str] | None:
    import httpx
    from openhexa.graphql.graphql_client.exceptions import GraphQLClientError
    from openhexa.sdk import workspace

    try:
        return workspace.get_connection_from_api(identifier)
    # ValueError: a type that this version of the SDK does not know.
    except (httpx.HTTPError, httpx.InvalidURL, GraphQLClientError, ValueError) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0].rstrip(".")
        raise ConnectionReadError(identifier=identifier, reason=reason) from None


def _not_found(identifier: str, asks_server: bool) -> ConnectionNotFoundError:
    types = contract()["connections"]
    known = environment.named_connections(set(types))
    known += _server_identifiers() if asks_server else []
    similar = difflib.get_close_matches(identifier.lower(), known)
    asked = "server_asked" if asks_server else "server_not_asked"
    return ConnectionNotFoundError(
        identifier=identifier,
        variable=environment.connection_prefix(identifier),
        types=", ".join(map(str.lower, types)),
        asked=phrase(asked, environment.language()),
        similar=", ".join(dict.fromkeys(similar)) or "-",
    )


def _server_identifiers() -> list[str]:
    """List the server's connections; none where it does not tell."""
    import httpx
    from openhexa.graphql.graphql_client.exceptions import GraphQLClientError
    from openhexa.sdk.utils import OpenHexaClient

    client = OpenHexaClient()
    try:
        answer = client.execute(QUERY, variables={"slug": environment.lookup("slug")})
        workspace = client.get_data(answer)["workspace"]
    except (httpx.HTTPError, httpx.InvalidURL, GraphQLClientError):
        # That the connection was not found is what the user is told about.
        return []
    return [one["slug"] for one in workspace["connections"]] if workspace else []
