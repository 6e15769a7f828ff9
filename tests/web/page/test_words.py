"""Numbers in words of the page."""

import pytest

from .conftest import Opener

pytestmark = pytest.mark.process


def test_less_than_all_is_never_100_per_cent(browser_page: Opener) -> None:
    page = browser_page(models=("tiny",))
    shares = [0, 0.0734, 0.5, 0.9996, 0.99996, 1 - 1e-9, 1]
    shown = page.evaluate("(shares) => shares.map(modules['parts/dom.js'].percent)", shares)
    assert shown == ["0 %", "7.3 %", "50 %", "99.96 %", "99.99 %", "99.99 %", "100 %"]
