"""The page of findings in docs/."""

from .. import doctor_page


def test_the_pages_list_every_finding_as_it_is():
    for path, text in doctor_page.pages().items():
        assert path.read_text("utf-8") == text, f"{path}: make sync"
