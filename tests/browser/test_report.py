"""The page of a report in a browser: all that it holds, its filters, and that it asks nobody for anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.feed.recordings.recording import read_messages
from glyphfeed.stream.records import Action, Attribute, Flag
from glyphfeed.tools.report.gathering import gather
from glyphfeed.tools.report.page import html_of
from tests.tools.messages.stories import messages, shown, write

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser


def test_a_report_is_shown_and_filtered_without_a_network(browser: Browser, tmp_path: Path) -> None:
    cheap = shown(60, 2, "Café 2.80 €")
    text = replace(
        cheap.texts[0],
        attributes=(Attribute("price", 2.8, (5, 11), "EUR"),),
        flags=(Flag("cheap", (5, 11), Action.FLAG),),
        first_seen=cheap.captured_at,
    )
    records = [shown(0), shown(30), replace(cheap, texts=(text,), source="door")]
    entries = gather(read_messages(write(tmp_path / "feed.jsonl", messages(records))))
    crop = cv2.imencode(".jpg", np.full((20, 60, 3), 200, np.uint8))[1].tobytes()
    (tmp_path / "report.html").write_text(html_of(entries, {0: crop}, "feed.jsonl"), "utf-8")
    page, troubles, asked = browser.new_page(viewport={"width": 390, "height": 844}), [], []
    try:
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((tmp_path / "report.html").as_uri())
        texts = page.locator("#texts .text")
        assert texts.all_text_contents() == ["EXIT 12", "Café 2.80 €"]
        assert page.locator("#texts img").evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 60
        assert page.locator(".chips span").all_text_contents() == ["price 2.8 EUR", "cheap"]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        page.fill("#words", "cafe")
        assert (texts.all_text_contents(), page.inner_text("#count")) == (["Café 2.80 €"], "1 of 2 texts")
        page.fill("#words", "")
        page.select_option("#source", "cam1")
        assert texts.all_text_contents() == ["EXIT 12"]
        page.select_option("#source", "")
        for filtered, value in (("#kind", "price"), ("#rule", "cheap")):
            page.select_option(filtered, value)
            assert texts.all_text_contents() == ["Café 2.80 €"]
            page.select_option(filtered, "")
        page.select_option("#order", "long")
        assert texts.all_text_contents() == ["EXIT 12", "Café 2.80 €"]
        page.select_option("#order", "text")
        assert texts.all_text_contents() == ["Café 2.80 €", "EXIT 12"]
        assert troubles == []
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    finally:
        page.close()
