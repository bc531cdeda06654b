"""IASO connections open as the toolbox's client."""

from typing import TYPE_CHECKING, Any

from .. import environment
from ..checks import Steps
from ..connection_record import ConnectionRecord
from ..contract import phrase
from . import ConnectionType, need_package, network

if TYPE_CHECKING:
    from openhexa.toolbox.iaso import IASO


def _open(record: ConnectionRecord) -> "IASO":
    url = network.base_url(record)
    need_package("openhexa.toolbox.iaso", "openhexa.toolbox", record)
    _token(record)  # the toolbox logs in as well, but its errors are not coded
    from openhexa.toolbox.iaso import IASO

    fields = record.fields
    return IASO(url, fields["username"], fields["password"])


def _test(record: ConnectionRecord) -> Steps:
    language = environment.language()

    def log_in():
        _token(record)
        account = record.fields["username"]
        return phrase("account_accepted", language, account=account)

    def look():
        token = _token(record)
        projects = _get(record, "projects/", token)["projects"]
        units = _get(record, "orgunits/?limit=1&page=1", token)
        names = ", ".join(project["name"] for project in projects) or "-"
        count = units["count"]
        return phrase("iaso_content", language, projects=names, count=count)

    return {
        phrase("check_server", language): lambda: network.reach(
            record, network.base_url(record)
        ),
        phrase("check_credentials", language): log_in,
        phrase("check_content", language): look,
    }


def _token(record: ConnectionRecord) -> str:
    names = ("username", "password")
    login = {name: record.fields[name] for name in names}
    return _get(record, "token/", method="POST", json=login)["access"]


def _get(
    record: ConnectionRecord, resource: str, token: str | None = None, **options
) -> Any:
    url = f"{network.base_url(record)}/api/{resource}"
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return network.get_json(record, url, "IASO", headers=headers, **options)


TYPE = ConnectionType(_open, _test)
