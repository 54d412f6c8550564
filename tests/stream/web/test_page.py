"""The page in a browser: it shows what is read, and nothing on it is refused or fails."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType, TextState
from glyphfeed.stream.web.relay import TOPICS
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

ANY_PORT = "tcp://127.0.0.1:*"


@pytest.fixture
def page() -> Iterator[Page]:
    """A page of Chromium, of which no complaint is overlooked."""
    playwright = pytest.importorskip("playwright.sync_api")
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: apt install chromium")
    with playwright.sync_playwright() as driver:
        # The sandbox of Chromium does not work for root, as whom tests run in containers.
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(1000 * DEADLINE_S)
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        yield page
        browser.close()
    # That a server is gone the browser says by itself, each time that the page tries again.
    assert [complaint for complaint in complaints if "ERR_CONNECTION_REFUSED" not in complaint] == []


def test_it_shows_texts_in_reading_order_what_happened_and_whether_cameras_live(page: Page) -> None:
    texts = [entity(1, "EXIT 12"), entity(2, "<b>Größe</b>"), replace(entity(3, "no text"), state=TextState.TENTATIVE)]
    with Publisher(ANY_PORT) as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        page.goto(f"http://127.0.0.1:{served.port}/")
        page.wait_for_selector("text=Connected.")
        assert page.locator(".none:visible").all_inner_texts() == ["No camera is read yet.", "Nothing yet."]
        publisher.put(replace(snapshot(1, *texts), blocks=((2,), (1,))))
        publisher.put(of("cam2", snapshot(1)))
        publisher.put(event("EXIT 12"))
        publisher.put(event("EXIT 13", EventType.CHANGED, "EXIT 12"))
        publisher.put(status())
        page.wait_for_selector("text=live, 29.5 pictures a second")
        assert page.locator("h2").all_inner_texts() == ["cam1", "cam2", "What happened"]
        assert page.locator(".texts li").all_inner_texts() == ["<b>Größe</b>", "EXIT 12"]
        happened = [line.partition("cam1 ")[2] for line in page.locator("#events li").all_inner_texts()]
        assert happened == ["readEXIT 12", "changedEXIT 13 (was: EXIT 12)"]
        tops = [line.bounding_box()["y"] for line in page.locator("#events li").all()]
        assert tops == sorted(tops, reverse=True)  # the newest on top
        assert page.locator(".none:visible").count() == 0
        assert page.get_by_role("log").count() == 1
        publisher.close()
        with Publisher(publisher.endpoint) as second:
            serve_until_subscribed(second, len(TOPICS))
            second.put(of("cam3", snapshot(1)))
            page.wait_for_selector("text=cam3")
            assert page.locator("h2").all_inner_texts() == ["cam3", "What happened"]
    page.wait_for_selector("text=The connection is lost; trying again.")
