"""The OpenHEXA workspace in every notebook: ``workspace``, ``engine`` and friends.

Importing the package imports nothing else; each name is fetched at its first use.
"""

# The first line of a kernel's start runs this file: it must stay free of imports.
_HOMES = {
    "workspace": "_workspace",
    "current_run": "_workspace",
    "workspace_path": "_workspace",
    "tmp_path": "_workspace",
    "notebook_dir": "_workspace",
    "file_read": "files",
    "file_write": "files",
    "connect": "connections",
    "test_connection": "connections",
    "export_connection": "connection_export",
    "ConnectionType": "connection_types",
    "run_log": "_run",
    "notebook_parameter": "_parameter",
    "engine": "database",
    "database_engine": "database",
    "db_read": "tables",
    "db_write": "tables",
    "db_tables": "tables",
    "to_wire": "frames",
    "from_wire": "frames",
    "crossing_report": "frames",
    "share_frame": "sharing",
    "receive_frame": "sharing",
    "shared_frames": "sharing",
    "hexa_snippet": "snippets",
    "hexa_status": "kernel.status",
}

__version__ = "0.1.0"
__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return sorted({*globals(), *_HOMES})


def load_ipython_extension(shell):
    """Prime a plain ``python3`` kernel: ``%load_ext hexa_kernels``."""
    from .kernel.shell import prime

    prime(shell)
