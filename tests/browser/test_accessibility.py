"""What axe-core has to say of the page in each of its states, in both colour schemes: nothing."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

from tests.browser.test_list import COUNT, put_many, text, told, view
from tests.stream.feed.samples import of, status

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.site import Site


def complaints(page: Page) -> list[str]:
    """What is wrong, by rule and element, in both colour schemes; all but the colours is the same in both."""
    found = []
    for scheme, options in (("dark", {"resultTypes": ["violations"]}), ("light", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        for violation in Axe().run(page, options=options).response["violations"]:
            found += [f"{scheme}: {violation['id']}: {node['html']}" for node in violation["nodes"]]
    return found


def test_nothing_is_wrong_in_any_state_of_the_page(site: Site) -> None:
    page = site.open()
    assert complaints(page) == []
    put_many(site, 30)
    for source in ("cam1", "cam2"):
        site.put(of(source, status()), of(source, view(1, text(31, "EXIT 12", time.time()))))
    changed = text(30, "Bäckerei", 1_700_000_030.0)
    site.put(told(changed, previous="Metzgerei"))
    site.until(page, f"() => ({COUNT})() === '32 texts'")
    page.get_by_role("checkbox", name="Select").nth(1).check()
    assert complaints(page) == []
    page.get_by_role("searchbox").fill("nothing is like this")
    assert complaints(page) == []
    page.get_by_role("searchbox").fill("")
    page.get_by_role("row").first.click(position={"x": 150, "y": 20})
    assert page.locator(".camera:visible").count() == 1
    assert complaints(page) == []
    page.get_by_role("button", name="Settings").click()
    assert complaints(page) == []
