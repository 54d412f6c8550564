"""Pairing on the page, over TLS: what a device sees that is not let in, and how another one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.web.access.devices import Devices
from tests.browser.site import Site
from tests.stream.feed.samples import status

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_a_device_is_paired_by_the_code_in_the_address_and_shows_one_for_another(browser: Browser, tmp_path: Path) -> None:
    folder = tmp_path / "web"
    with Site(browser, host="0.0.0.0", folder=folder) as site:
        stranger = site.open(ignore_https_errors=True)
        stranger.wait_for_selector("text=This device is not paired yet. Scan the code in the terminal")
        assert stranger.get_by_role("button", name="Add a device").count() == 0
        code = Devices(folder).new_code()
        page = site.open(f"#pair={code}", ignore_https_errors=True)
        site.put(status())
        site.until(page, "() => document.body.innerText.includes('cam1')")
        assert page.evaluate("location.hash") == ""
        page.get_by_role("button", name="Settings").click()
        page.get_by_role("button", name="Add a device").click()
        page.wait_for_selector("text=Scan this with the other device within")
        assert page.locator("#code canvas").bounding_box()["width"] > 100
        # The other device has the next one; this one was used.
        late = site.open(f"#pair={code}", ignore_https_errors=True)
        late.wait_for_selector("text=This code was used already, or is too old: scan a new one. This device is not paired yet.")
        page.reload()
        site.until(page, "() => document.body.innerText.includes('cam1')")
