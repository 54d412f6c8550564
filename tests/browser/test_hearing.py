"""What is read is heard: by a voice, which headless browsers have none of, and by screen readers."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from glyphfeed.stream.records import Event, EventType, Snapshot
from tests.stream.feed.samples import box, entity, of, status

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from glyphfeed.stream.records import TextEntity
    from tests.browser.site import Site

# A voice as that of a browser: it says one thing after the other, ends, or falls silent without a word where `mute` is set.
VOICE = """
window.spoken = [];
const queue = [];
const voice = {
  speak(utterance) {
    queue.push(utterance);
    if (queue.length === 1) voice.begin();
  },
  begin() {
    const utterance = queue[0];
    if (!utterance) return;
    window.spoken.push([utterance.text, utterance.rate, navigator.userActivation.isActive]);
    utterance.onstart?.();
    if (!window.mute) setTimeout(() => queue[0] === utterance && voice.end(), 20);
  },
  end() {
    const utterance = queue.shift();
    voice.begin();
    utterance.onend?.();
  },
  cancel() {
    const [utterance] = queue.splice(0);
    utterance?.onerror?.({ error: "canceled" });
  },
};
Object.defineProperty(window, "speechSynthesis", { value: voice });
window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""
# What the region says, and when.
LISTEN = """
window.heard = [];
const region = document.querySelector("#heard");
new MutationObserver(() => window.heard.push([region.textContent, performance.now()])).observe(region, { childList: true });
"""
SPOKEN = "() => window.spoken.map(([words]) => words)"


def text(number: int, words: str, *, height: float = 20.0, at: tuple[float, float] = (620.0, 350.0)) -> TextEntity:
    """A settled text of a picture of 1280 x 720."""
    return replace(entity(number, words), polygon=box(*at, 40.0, height))


def view(frame: int, *texts: TextEntity) -> Snapshot:
    return Snapshot("cam1", frame, frame / 30, time.time(), (1280, 720), texts, tuple((each.id,) for each in texts))


def put_read(site: Site, frame: int, *texts: TextEntity) -> None:
    """Texts in view that are read just now."""
    site.put(status(), view(frame, *texts), *(Event("cam1", EventType.READ, frame, time.time(), each) for each in texts))


def with_voice(site: Site) -> Page:
    page = site.open()
    page.add_init_script(VOICE)
    page.reload()
    return page


def test_what_is_read_is_read_aloud_once_from_a_tap_on_the_largest_first(site: Site) -> None:
    page = with_voice(site)
    small, large = text(1, "small", at=(10.0, 10.0)), text(2, "large", height=90.0)
    put_read(site, 1, small, large)
    site.until(page, "() => document.querySelectorAll('.rows [role=row]').length === 2")
    button = page.get_by_role("button", name="Read aloud")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    # What was in view before is what one wants to hear first.
    site.until(page, f"() => ({SPOKEN})().length === 3")
    assert page.evaluate("window.spoken[0]") == ["Reading aloud.", 1, True]
    assert page.evaluate(SPOKEN)[1:] == ["large, middle", "small, upper left"]
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Voice").select_option("fast")
    put_read(site, 2, small, large, text(3, "new " * 60))
    site.until(page, f"() => ({SPOKEN})().length > 4")
    new = page.evaluate("window.spoken.slice(3)")
    assert {rate for _, rate, _ in new} == {1.5}
    assert all(len(words) <= 150 for words, _, _ in new)
    assert " ".join(words for words, _, _ in new) == f"{'new ' * 60}, middle"
    assert page.evaluate("document.querySelector('#heard').textContent") in {"", "large, middle", "small, upper left"}
    button.click()
    put_read(site, 3, text(4, "not heard"))
    site.until(page, "() => document.querySelector('#heard').textContent === 'not heard, middle'")
    assert "not heard, middle" not in page.evaluate(SPOKEN)


def test_a_voice_can_be_interrupted_and_one_that_falls_silent_is_not_waited_for(site: Site) -> None:
    page = with_voice(site)
    page.evaluate("window.mute = true")
    put_read(site, 1, text(1, "one"), text(2, "two"))
    site.until(page, "() => document.querySelectorAll('.rows [role=row]').length === 2")
    page.get_by_role("button", name="Read aloud").click()
    page.keyboard.press("Escape")
    put_read(site, 2, text(3, "three"))
    site.until(page, f"() => ({SPOKEN})().includes('three, middle')")
    page.get_by_role("button", name="Skip").click()
    put_read(site, 3, text(4, "four"))
    site.until(page, f"() => ({SPOKEN})().includes('four, middle')")
    # It never ends by itself.
    put_read(site, 4, text(5, "five"))
    frame = 5
    while "five, middle" not in page.evaluate(SPOKEN):
        frame += 1
        site.put(view(frame, text(5, "five"), text(6, "six")))
        site.publisher.serve(0.1)
        assert frame < 300
    assert page.evaluate(SPOKEN) == ["Reading aloud.", "three, middle", "four, middle", "five, middle"]


def test_a_browser_without_a_voice_says_so(site: Site) -> None:
    page = site.open()
    page.get_by_role("button", name="Read aloud").click()
    site.until(page, "() => document.querySelector('#hearing').textContent.startsWith('Nothing is heard')")


def test_screen_readers_are_told_of_each_text_once_and_not_too_fast_and_of_nothing_old(site: Site) -> None:
    page = site.open()
    page.evaluate(LISTEN)
    texts = [text(number, f"text {number}", height=80.0 - 10 * number) for number in range(4)]
    put_read(site, 1, *texts)
    site.until(page, "() => window.heard.length === 4")
    put_read(site, 2, *texts)
    changed = replace(texts[0], text="changed", rev=9)
    site.put(view(3, changed), Event("cam1", EventType.CHANGED, 3, time.time(), changed, "text 0"))
    # Of two cameras the one that was chosen.
    read = text(1, "elsewhere")
    site.put(of("yard", view(1, read)))
    site.until(page, "() => document.querySelector('[name=heard]').options.length === 3")
    page.get_by_role("button", name="Settings").click()
    page.locator("[name=heard]").select_option("cam1")
    site.put(Event("yard", EventType.READ, 1, time.time(), read))
    put_read(site, 4, text(9, "last"))
    site.until(page, "() => window.heard.at(-1)[0] === 'last, middle'")
    heard = page.evaluate("window.heard")
    assert [words for words, _ in heard] == [*(f"text {number}, middle" for number in range(4)), "last, middle"]
    times = [at for _, at in heard]
    assert all(after - before >= 1490 for before, after in pairwise(times))
    assert page.locator("[aria-live]").count() == 1
    page.reload()
    # Its script puts the choice in, a moment after the page is there.
    site.until(page, "() => document.querySelector('[name=heard]').value === 'cam1'")
