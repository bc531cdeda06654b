"""Parameters of a notebook, as papermill injects them."""

import sys
from datetime import date, datetime
from types import ModuleType

from . import environment
from .contract import phrase
from .errors import ParameterTypeError

# Given before, by namespace: a module has its own. Kept, so that its id stays its own.
_defaults: dict[tuple[int, str], tuple[dict, object]] = {}


def notebook_parameter(name: str, default: object = None) -> object:
    """Give the value that papermill injected for a parameter, else the default.

    Parameters
    ----------
    name : str
        Name of the parameter: of a variable of the notebook that calls this.
    default : object
        The value without papermill, and the type that an injected one must have. None
        takes anything.

    Returns
    -------
    object
        The injected value, of the type of ``default``: an int becomes a float, a whole
        float an int, a list a tuple, and ISO 8601 text a date or datetime where the
        default is one, in the default's zone if that has one. None, functions and
        modules are no values: the default takes their place.

    Raises
    ------
    ParameterTypeError
        If the injected value is of another type; a bool is no int. The items of lists
        and dicts are not looked at.

    Notes
    -----
    ``year = notebook_parameter("year", 2024)`` may be run again with another default:
    a variable that still holds the default given before was not injected.

    References
    ----------
    papermill, https://papermill.readthedocs.io/en/latest/usage-parameterize.html

    Examples
    --------
    >>> notebook_parameter("year", 2024)
    2024
    >>> month = 3  # papermill -p month 3
    >>> notebook_parameter("month", 1.0)
    3.0
    """
    namespace = sys._getframe(1).f_globals
    value, place = namespace.get(name), (id(namespace), name)
    absent = value is None or callable(value) or isinstance(value, ModuleType)
    if absent or (place in _defaults and _is_same(value, _defaults[place][1])):
        _defaults[place] = namespace, default
        return default
    try:
        return _convert(value, default)
    except (TypeError, ValueError, OverflowError):
        raise ParameterTypeError(
            parameter=name, expected=_expected(default), actual=type(value).__name__
        ) from None


def _is_same(value: object, default: object) -> bool:
    # Not `==` alone: 1, 1.0 and True are equal, and arrays give no single answer.
    if value is default:
        return True
    try:
        return type(value) is type(default) and bool(value == default)
    except ValueError:
        return False


def _convert(value: object, default: object) -> object:
    kind = type(default)
    if default is None or type(value) is kind:
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        if isinstance(default, float):
            return float(value)
        if kind is int and value == int(value):
            return int(value)
    if kind is tuple and isinstance(value, list):
        return tuple(value)
    if isinstance(default, date) and isinstance(value, str):
        return _parse(value, default)
    narrower = (kind is int and isinstance(value, bool)) or (
        kind is date and isinstance(value, datetime)
    )
    if narrower or not isinstance(value, kind):
        raise TypeError
    return value


def _parse(text: str, default: date) -> date:
    value = type(default).fromisoformat(text)
    zone = getattr(default, "tzinfo", None)
    if zone is None:
        return value
    return value.astimezone(zone) if value.tzinfo else value.replace(tzinfo=zone)


def _expected(default: object) -> str:
    language = environment.language()
    if isinstance(default, datetime):
        return phrase("an_iso_datetime", language)
    if isinstance(default, date):
        return phrase("an_iso_date", language)
    return type(default).__name__
