"""Fresh credentials of the workspace database, from the OpenHEXA server."""

from . import environment

QUERY = """
query DatabaseCredentials($slug: String!) {
  workspace(slug: $slug) { database { credentials { username password } } }
}
"""


def fresh_login() -> dict[str, str] | None:
    """Ask the OpenHEXA server for the database's user and password, once.

    A running notebook keeps the variables it was started with; the password may have
    been regenerated since.

    Returns
    -------
    dict or None
        ``user`` and ``password``; None where no server is configured, where it does not
        answer within 5 s, and where the token may not see them (viewers, pipeline
        runs, an identity token after 24 h).

    References
    ----------
    Field ``workspace.database.credentials`` of OpenHEXA's GraphQL schema:
    https://github.com/BLSQ/openhexa-app
    """
    given = map(environment.lookup, ("server_url", "token", "slug"))
    if None in given:
        return None
    import httpx
    from openhexa.graphql.graphql_client.exceptions import GraphQLClientError
    from openhexa.sdk.utils import OpenHexaClient

    client = OpenHexaClient()
    try:
        answer = client.execute(QUERY, variables={"slug": environment.lookup("slug")})
        workspace = client.get_data(answer)["workspace"]
    except (httpx.HTTPError, httpx.InvalidURL, GraphQLClientError):
        # The refused password is what the user is told about.
        return None
    found = workspace and workspace["database"]["credentials"]
    return found and {"user": found["username"], "password": found["password"]}
