"""DHIS2 connections open as the toolbox's client, which pages and makes frames."""

from typing import TYPE_CHECKING

from .. import environment
from ..checks import Steps
from ..connection_record import ConnectionRecord
from ..contract import phrase
from . import ConnectionType, need_package, network

if TYPE_CHECKING:
    from openhexa.toolbox.dhis2 import DHIS2


def _open(record: ConnectionRecord) -> "DHIS2":
    url = network.base_url(record)
    need_package("openhexa.toolbox.dhis2", "openhexa.toolbox", record)
    from openhexa.toolbox.dhis2 import DHIS2

    login = record.fields["username"], record.fields["password"]
    client = DHIS2(url=url, username=login[0], password=login[1])
    # requests would send é as Latin 1, where DHIS2 reads UTF-8.
    client.api.session.auth = tuple(text.encode() for text in login)
    return client


def _test(record: ConnectionRecord) -> Steps:
    language = environment.language()

    def log_in():
        me = _get(record, "me?fields=username")
        return phrase("account_accepted", language, account=me["username"])

    def look():
        me = _get(record, "me?fields=name,organisationUnits[name]")
        units = [unit.get("name", unit.get("id")) for unit in me["organisationUnits"]]
        return phrase(
            "dhis2_content",
            language,
            version=_get(record, "system/info")["version"],
            user=me["name"],
            units=", ".join(units) or "-",
        )

    return {
        phrase("check_server", language): lambda: network.reach(
            record, network.base_url(record)
        ),
        phrase("check_credentials", language): log_in,
        phrase("check_content", language): look,
    }


def _get(record: ConnectionRecord, resource: str) -> dict:
    url, fields = network.base_url(record), record.fields
    if "/api" not in url:  # as the toolbox takes it
        url += "/api"
    login = fields["username"], fields["password"]
    return network.get_json(record, f"{url}/{resource}", "DHIS2", auth=login)


TYPE = ConnectionType(_open, _test)
