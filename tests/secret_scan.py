"""A fixture that reads all that a test shows, for the secrets that tests use."""

import pytest

from hexa_kernels import errors

from .server import dhis2, iaso

# Keys and wrong passwords of tests all have "s3cret" in them.
SECRETS = ("s3cret", dhis2.PASSWORD, iaso.PASSWORD, "PRIVATE KEY", "ya29.", "token-")


@pytest.fixture
def no_secret_shown(monkeypatch, capfd, caplog):
    """Fail when a secret is in an error of ours, in a log, or was printed."""
    texts = []
    make = errors._Coded.__init__

    def remember(self, **values):
        make(self, **values)
        texts.append(f"{self} {self!r} {self.values}")

    monkeypatch.setattr(errors._Coded, "__init__", remember)
    yield
    shown = "\n".join([*texts, *capfd.readouterr(), caplog.text])
    assert [secret for secret in SECRETS if secret in shown] == []
