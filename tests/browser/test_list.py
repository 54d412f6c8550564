"""The list on the page: what was read is found, selected, copied, written to files, and outlives reloads and restarts."""

from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.records import Action, Attribute, Event, EventType, Flag, Snapshot, TextState
from glyphfeed.tools.bench.numbered import SIZE, numbered_frame
from tests.browser.site import Site
from tests.stream.feed.samples import box, entity, of, status, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from glyphfeed.stream.records import TextEntity

SEEN = "() => [...document.querySelectorAll('.rows .text')].map((text) => text.textContent)"
COUNT = "() => document.querySelector('.count')?.textContent"
AT = "() => document.activeElement.querySelector('.text')?.textContent"
# By how many pixels the row with the keyboard is above and below what is seen of the list.
BEYOND = """
() => {
  const [row, rows] = [document.activeElement, document.querySelector(".rows")].map((part) => part.getBoundingClientRect());
  return Math.max(rows.top - row.top, row.bottom - rows.bottom);
}
"""
# By how many pixels the row with the keyboard is too small for what stands in it.
CUT = """
() => {
  const parts = [document.activeElement, document.activeElement.querySelector(".text")];
  return Math.max(...parts.map(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight));
}
"""


def text(number: int, words: str, at: float) -> TextEntity:
    """A settled text that was seen from `at` on for a second."""
    read = replace(entity(number, words), polygon=box(80.0, 60.0, 480.0, 40.0), velocity=(0.0, 0.0))
    return replace(read, first_seen=at, last_seen=at + 1)


def told(read: TextEntity, kind: EventType = EventType.READ, source: str = "cam1", previous: str | None = None) -> Event:
    return Event(source, kind, 1, read.last_seen, read, previous)


def view(frame: int, *texts: TextEntity) -> Snapshot:
    """What is in view now."""
    now = time.time()
    seen = tuple(replace(each, last_seen=now) for each in texts)
    return Snapshot("cam1", frame, frame / 30, now, SIZE, seen, tuple((each.id,) for each in texts))


def put_many(site: Site, count: int) -> None:
    """Texts of the past, the last one the newest."""
    for number in range(1, count + 1):
        site.put(told(text(number, f"text {number}", 1_700_000_000.0 + number)))
    # So that a page which came later knows whom to ask.
    site.put(status())


def test_what_is_in_view_and_what_was_is_found_as_one_types_and_a_click_shows_where(site: Site) -> None:
    page = site.open()
    now = time.time()
    here, gone = text(1, "Große Straße", now - 60), text(2, "Bäckerei", now - 90)
    site.put(status(), told(gone), told(gone, EventType.LEFT), view(1, here), told(here))
    site.put(of("yard", view(1, text(1, "EXIT 12", now - 30))), told(text(1, "EXIT 12", now - 30), source="yard"))
    site.until(page, f"() => String(({SEEN})()) === 'EXIT 12,Große Straße,Bäckerei'")
    facts = page.locator(".rows .facts").nth(1).inner_text().split("\n")
    assert [facts[0], *facts[2:]] == ["cam1", "99 % sure", "read 2 times"]
    assert facts[1].startswith("since ")
    for words, found in (("BACK", ["Bäckerei"]), ("strasse cam1", ["Große Straße"]), ("exit cam1", [])):
        page.get_by_role("searchbox").fill(words)
        assert page.evaluate(SEEN) == found
    page.get_by_role("searchbox").fill("")
    page.get_by_role("combobox", name="Show").select_option("was")
    assert page.evaluate(SEEN) == ["Bäckerei"]
    page.get_by_role("combobox", name="Show").select_option("in")
    assert page.evaluate(SEEN) == ["EXIT 12", "Große Straße"]
    # What it says changes in its place.
    changed = replace(here, text="Kleine Straße", rev=9)
    site.put(view(2, changed), told(changed, EventType.CHANGED, previous="Große Straße"))
    site.until(page, f"() => String(({SEEN})()) === 'EXIT 12,Kleine Straße'")
    assert page.locator(".rows .facts").nth(1).inner_text().endswith("was Große Straße")
    assert page.locator(".camera:visible").count() == 2
    page.locator(".rows .text", has_text="Kleine").click()
    assert page.locator(".camera:visible h2").all_inner_texts() == ["cam1"]


def test_what_a_text_means_is_told_found_and_leads_somewhere(site: Site) -> None:
    page = site.open()
    price = Attribute("price", 2.8, (5, 11), "EUR", alternatives=(280,))
    web, lie = Attribute("url", "https://example.com/", (0, 4)), Attribute("url", "javascript:alert(1)", (0, 4))
    cheap = Flag("cheap", (5, 11), Action.FLAG)
    read = replace(text(1, "Café 2.80 €", time.time() - 5), attributes=(price, web, lie), flags=(cheap,))
    site.put(status(), view(1, read, text(2, "EXIT", time.time() - 5)))
    wait_until(lambda: len(page.evaluate(SEEN)) == 2)
    told = page.locator(".meaning")
    assert told.all_text_contents() == ["price 2.8 EUR or 280", "url https://example.com/", "url javascript:alert(1)", "cheap"]
    assert page.locator("a.meaning").evaluate_all("(links) => links.map((link) => link.href)") == ["https://example.com/"]
    page.get_by_role("searchbox").fill("eur")
    wait_until(lambda: page.evaluate(SEEN) == ["Café 2.80 €"])


def test_texts_have_pictures_that_outlive_a_reload_and_plain_places_where_there_never_was_one(site: Site) -> None:
    page = site.open()
    read = text(1, "EXIT 12", time.time())
    site.put(status(), told(read), told(text(2, "before", 1_700_000_000.0)))
    site.until_asked()
    frame = 0

    def show(state: TextState, before: str = "") -> bool:
        nonlocal frame
        frame += 1
        snapshot = view(frame, replace(read, state=state))
        site.show(numbered_frame(frame, snapshot.captured_at), snapshot)
        site.publisher.serve(0.05)
        image = "document.querySelector('.rows img')"
        return bool(page.evaluate(f"(before) => {image}?.naturalWidth > 0 && {image}.src !== before", before))

    # In doubt again when its first picture comes; a better one is taken when it is not.
    wait_until(lambda: show(TextState.READING))
    first = page.evaluate("() => document.querySelector('.rows img').src")
    wait_until(lambda: show(TextState.SETTLED, first))
    site.put(told(read, EventType.LEFT))
    site.until(page, "() => !document.querySelector('.rows .in')")
    page.reload()
    shown = "() => [...document.querySelectorAll('.rows img')].map((image) => image.naturalWidth > 0 && !image.hidden)"
    site.until(page, f"() => String(({shown})()) === 'true,false'")
    assert page.locator(".rows .crop").nth(1).bounding_box()["height"] > 30  # type: ignore[index]


def test_one_is_copied_several_are_selected_and_all_or_those_are_written_to_files(site: Site, tmp_path: Path) -> None:
    page = site.open(permissions=["clipboard-read", "clipboard-write"], accept_downloads=True)
    site.put(told(text(9, "=1+1", 1_700_000_009.0)))
    put_many(site, 8)
    site.until(page, f"() => ({COUNT})() === '9 texts'")
    assert page.get_by_role("button", name="Copy", exact=True).is_disabled()
    page.get_by_role("button", name="Copy text 8").click()
    page.wait_for_function("async () => (await navigator.clipboard.readText()) === 'text 8'")

    boxes = page.get_by_role("checkbox", name="Select")
    boxes.nth(2).check()
    boxes.nth(4).click(modifiers=["Shift"])
    boxes.nth(0).check()
    assert page.evaluate(COUNT) == "9 texts, 4 selected"
    page.get_by_role("button", name="Copy", exact=True).click()
    page.wait_for_function(r"async () => (await navigator.clipboard.readText()) === '=1+1\ntext 7\ntext 6\ntext 5'")

    def saved(kind: str, name: str) -> str:
        with page.expect_download() as downloading:
            page.get_by_role("button", name=name).click()
        path = tmp_path / downloading.value.suggested_filename
        assert path.suffix == f".{kind}"
        downloading.value.save_as(path)
        return path.read_text("utf-8-sig")

    lines = list(csv.DictReader(saved("csv", "CSV file of the 4 selected").splitlines()))
    assert [line["text"] for line in lines] == ["'=1+1", "text 7", "text 6", "text 5"]
    assert (lines[1]["camera"], lines[1]["times read"], lines[1]["first seen"]) == ("cam1", "2", "2023-11-14T22:13:27.000Z")
    # What is selected stays so while something else is looked for.
    page.get_by_role("searchbox").fill("text 8")
    assert page.evaluate(COUNT) == "1 text, 4 selected"
    page.get_by_role("button", name="Select none").click()
    (record,) = json.loads(saved("json", "JSON file of all 1 found"))
    assert (record["text"], record["source"], record["reads"], record["in_view"]) == ("text 8", "cam1", 2, False)


def test_it_can_be_used_by_keyboard_alone(site: Site) -> None:
    page = site.open(permissions=["clipboard-read", "clipboard-write"])
    put_many(site, 30)
    site.until(page, f"() => ({COUNT})() === '30 texts'")
    page.get_by_role("searchbox").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.role") == "row":
            break
    assert page.evaluate(AT) == "text 30"
    for key, there in (("ArrowDown", 29), ("End", 1), ("ArrowUp", 2), ("Home", 30), ("ArrowDown", 29)):
        page.keyboard.press(key)
        assert page.evaluate(AT) == f"text {there}"
        assert page.evaluate(BEYOND) <= 1
    page.keyboard.press("Space")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Shift+ArrowUp")
    assert page.evaluate(COUNT) == "30 texts, 2 selected"
    page.keyboard.press("Control+c")
    page.wait_for_function(r"async () => (await navigator.clipboard.readText()) === 'text 29\ntext 28'")
    page.keyboard.press("Control+a")
    assert page.evaluate(COUNT) == "30 texts, 30 selected"
    assert page.locator(".rows [aria-selected=true]").count() == page.locator(".rows [role=row]").count()


def test_what_is_looked_at_stays_where_it_is_while_others_come(site: Site) -> None:
    page = site.open()
    put_many(site, 200)
    site.until(page, f"() => ({COUNT})() === '200 texts'")
    page.get_by_role("row").nth(3).focus()
    for _ in range(5):
        page.keyboard.press("PageDown")
    top = "() => Math.round(document.activeElement.getBoundingClientRect().top)"
    before = page.evaluate(AT), page.evaluate(top)
    for number in range(201, 221):
        site.put(told(text(number, f"text {number}", 1_700_000_000.0 + number)))
    site.until(page, f"() => ({COUNT})() === '220 texts'")
    assert (page.evaluate(AT), page.evaluate(top)) == before


def test_of_ten_thousand_only_those_on_screen_exist(site: Site) -> None:
    page = site.open()
    put_many(site, 10_000)
    site.until(page, f"() => ({COUNT})() === '10000 texts'", deadline_s=60)
    assert page.locator(".rows [role=row]").count() < 40
    page.get_by_role("row").first.focus()
    page.keyboard.press("End")
    assert page.evaluate(AT) == "text 1"
    assert page.evaluate("document.activeElement.ariaRowIndex") == "10000"
    page.get_by_role("searchbox").fill("text 777")
    assert page.evaluate(COUNT) == "19 texts"
    assert page.locator(".rows [role=row]").count() < 20


def test_no_more_pictures_are_kept_than_a_number_and_a_size(site: Site) -> None:
    page = site.open()
    left = page.evaluate(
        """async () => {
          const { Crops } = await import("./crops.js");
          const left = [];
          for (const bounds of [{ limit: 3 }, { limitBytes: 25 }]) {
            const crops = new Crops(bounds);
            for (let number = 0; number <= 100; number++) await crops.put(`text ${number}`, new Blob(["0123456789"]));
            const kept = await Promise.all(Array.from({ length: 101 }, (_, number) => crops.get(`text ${number}`)));
            left.push(kept.filter((picture) => picture?.size === 10).length);
          }
          return left;
        }"""
    )
    assert left == [3, 2]


@pytest.fixture
def keeping(tmp_path: Path) -> KeepIn:
    return KeepIn(tmp_path / "kept")


def test_it_outlives_a_restart_of_the_publisher_and_a_reload(browser: Browser, keeping: KeepIn) -> None:
    with Site(browser, keep=keeping) as site:
        page = site.open()
        first = text(1, "EXIT 12", time.time() - 60)
        site.put(status(), view(1, first), told(first), told(text(2, "Bakery", time.time() - 50)))
        site.until(page, f"() => String(({SEEN})()) === 'EXIT 12,Bakery'")
        site.restart_publisher()
        site.put(status())
        second = text(1, "SALE", time.time())
        site.put(view(1, second), told(second))
        after = f"() => String(({SEEN})()) === 'SALE,Bakery,EXIT 12' && document.querySelectorAll('.rows .in').length === 1"
        site.until(page, f"() => ({SEEN})()[0] === 'SALE' && document.querySelectorAll('.rows .in').length === 1")
        assert sorted(page.evaluate(SEEN)) == ["Bakery", "EXIT 12", "SALE"]
        page.reload()
        site.until(page, after)


@pytest.mark.parametrize("size", [(720, 450), (320, 480)])
def test_nothing_is_cut_off_at_twice_the_size(site: Site, size: tuple[int, int]) -> None:
    page = site.open(viewport={"width": size[0], "height": size[1]}, device_scale_factor=2)
    long = text(31, "a line of text that is a good deal longer than a row of this list has room for " * 2, 1_800_000_000.0)
    site.put(told(long))
    put_many(site, 30)
    site.until(page, f"() => ({COUNT})() === '31 texts'")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for control in page.locator("#list :is(input[type=search], select, .bar button)").all():
        control.scroll_into_view_if_needed()
        area = control.bounding_box()
        assert area is not None
        assert area["x"] >= 0
        assert area["x"] + area["width"] <= size[0]
    page.get_by_role("row").first.focus()
    # All of it is seen where the keyboard is.
    assert page.evaluate(CUT) <= 0
