"""The page in a second browser, Firefox: the pictures, what is read, the list, the keyboard."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools.bench.numbered import numbered_frame
from tests.browser.firefox import Firefox
from tests.browser.site import Site
from tests.browser.test_list import AT, COUNT, SEEN, put_many, text, told, view
from tests.stream.feed.samples import status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOK = """
() => {
  const canvas = document.querySelector(".camera canvas");
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  // As many pixels are as bright as the white squares of a numbered picture.
  return data.filter((value, at) => at % 4 === 1 && value > 240).length;
}
"""


@pytest.fixture
def firefox() -> Iterator[Firefox]:
    program = shutil.which("firefox-esr")
    if program is None:
        pytest.skip("Firefox is not installed: apt install firefox-esr")
    with Firefox(program) as firefox:
        yield firefox


def test_the_page_works_in_firefox_too(firefox: Firefox) -> None:
    with Site() as site:
        firefox.open(site.url)
        put_many(site, 200)
        read = text(201, "Große Straße", time.time())
        site.put(status(), told(read))
        site.until_asked()
        frame = 0

        def show() -> bool:
            nonlocal frame
            frame += 1
            snapshot = view(frame, read)
            site.show(numbered_frame(0b111111, snapshot.captured_at), snapshot)
            site.publisher.serve(0.1)
            return bool(firefox.evaluate("() => document.querySelector('.rows .in img')?.naturalWidth > 0"))

        wait_until(show)
        assert firefox.evaluate(LOOK) > 1000
        assert firefox.evaluate(COUNT) == "201 texts"
        assert firefox.evaluate(SEEN)[:2] == ["Große Straße", "text 200"]
        firefox.click("[type=search]")
        for letter in "strasse":
            firefox.press(letter)
        assert firefox.evaluate(SEEN) == ["Große Straße"]
        firefox.evaluate("() => document.querySelector('[type=search]').select()")
        firefox.press("q")
        assert firefox.evaluate("() => document.querySelector('.list .none').checkVisibility()")
        firefox.press("Backspace")
        for _ in range(6):
            firefox.press("Tab")
            if firefox.evaluate("() => document.activeElement.role") == "row":
                break
        firefox.press("End")
        assert firefox.evaluate(AT) == "text 1"
        firefox.press("Shift", "ArrowUp")
        assert firefox.evaluate(COUNT) == "201 texts, 2 selected"
        firefox.open(site.url)
        # The picture of a text was kept.
        site.until(firefox, "() => document.querySelector('.rows img')?.naturalWidth > 0")
        assert firefox.evaluate(SEEN)[0] == "Große Straße"
    assert firefox.complaints == []
