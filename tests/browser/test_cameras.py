"""The cameras on the page: what is drawn is told by the pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.tools.bench.numbered import READ
from tests.browser.site import canvas
from tests.stream.feed.samples import status

if TYPE_CHECKING:
    from tests.browser.site import Site

OUTLINES = """localStorage.setItem("glyphfeed", '{"mode": "outlines"}')"""
# Each time that the screen is drawn, the two numbers that are seen then.
WATCH = f"""
(canvas) => {{
  const read = {READ};
  window.numbers = [];
  const look = () => {{
    window.numbers.push(read(canvas));
    requestAnimationFrame(look);
  }};
  look();
}}
"""


def test_the_text_of_a_frame_is_drawn_on_the_picture_of_that_frame(site: Site) -> None:
    page = site.open()
    page.evaluate(OUTLINES)
    page.reload()
    site.put(status())
    site.show_number(0)
    shown = canvas(page)
    site.until_asked()
    site.show_number(1)
    site.until(page, f"(canvas) => ({READ})(canvas)[0] === 1", shown)
    page.evaluate(WATCH, shown)
    for number in range(2, 100):
        site.show_number(number)
        site.serve_for(0.03)
    site.until(page, "() => window.numbers.at(-1)[0] === 99")
    numbers = page.evaluate("window.numbers")
    assert [picture for picture, texts in numbers if picture != texts] == []
    assert len({picture for picture, _ in numbers}) > 20
