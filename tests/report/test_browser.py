"""The page in a real browser, where there is one: it works, and asks for nothing."""

import shutil

import numpy as np
import pytest

from vesalius.report import compose

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
PHONE_PIXELS = 390

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine")


@pytest.fixture
def tab():
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        flags = ["--no-sandbox", "--disable-gpu"]
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


def test_the_page_works_from_a_file_and_asks_for_nothing(tab, body, denoised, tmp_path):
    scan = body(np.eye(3))
    path = tmp_path / "report ä.html"
    path.write_text(compose(denoised(scan), scan), "utf-8")
    complaints, asked = [], []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("request", lambda request: asked.append(request.url))
    tab.goto(path.as_uri())
    place = tab.locator("#plane-axial [data-place]")
    here = place.inner_text()
    tab.locator("#plane-axial [data-pair]").focus()
    tab.keyboard.press("ArrowUp")
    assert place.inner_text() != here
    tab.keyboard.press("End")
    assert tab.locator("#plane-axial [data-cut]").input_value() == "100"
    tab.locator("input[value=coronal]").check(force=True)
    assert tab.locator("#plane-coronal").is_visible()
    assert not tab.locator("#plane-axial").is_visible()
    tab.set_viewport_size({"width": PHONE_PIXELS, "height": 844})
    width = tab.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE_PIXELS, "the page scrolls sideways on a phone"
    tab.emulate_media(media="print")
    assert tab.locator("#plane-axial").is_visible()
    assert not complaints
    assert all(url.startswith(("file:", "data:")) for url in asked)


def test_a_finding_leads_to_its_slice_in_every_plane(tab, body, nodules, tmp_path):
    scan = body(np.eye(3), units="HU")
    path = tmp_path / "report.html"
    path.write_text(compose(nodules(scan), scan), "utf-8")
    complaints = []
    tab.on("console", lambda message: complaints.append(message.text))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.set_viewport_size({"width": PHONE_PIXELS, "height": 844})
    tab.goto(path.as_uri())
    places = [tab.locator(f"#plane-{key} [data-place]") for key in ("axial", "coronal")]
    rows = tab.locator("#plane-axial [data-jump]")
    pictures = tab.locator("#plane-axial img")
    before = [place.text_content() for place in places]
    drawn = [picture.get_attribute("src") for picture in pictures.all()]
    rows.nth(1).focus()
    tab.keyboard.press("Enter")
    assert rows.nth(1).get_attribute("aria-current") == "true"
    assert rows.nth(0).get_attribute("aria-current") == "false"
    for place, was in zip(places, before, strict=True):
        assert place.text_content() != was
    assert places[0].inner_text().split(" ·")[0] in rows.nth(1).inner_text()
    for picture, was in zip(pictures.all(), drawn, strict=True):
        assert picture.get_attribute("src") != was
    top = tab.evaluate(
        "document.querySelector('[data-pair]').getBoundingClientRect().y"
    )
    assert -1 <= top < 844, "the picture lies outside the window"
    rows.nth(0).click()
    assert [p.get_attribute("src") for p in pictures.all()] == drawn
    assert not complaints


def test_what_is_drawn_on_the_scan_can_be_taken_away(tab, body, outlined, tmp_path):
    scan = body(np.eye(3))
    path = tmp_path / "report.html"
    path.write_text(compose(outlined(scan), scan), "utf-8")
    tab.goto(path.as_uri())
    outline = tab.locator("#plane-axial img.over[data-layer=outline]")
    doubt = tab.locator("#plane-axial img.over[data-layer=doubt]")
    assert outline.is_visible()
    tab.locator("input[value=outline]").uncheck(force=True)
    assert not outline.is_visible()
    assert doubt.is_visible()
    tab.locator("#plane-axial [data-pair]").focus()
    tab.keyboard.press("ArrowLeft")
    assert not doubt.is_visible()
    tab.keyboard.press("ArrowRight")
    assert outline.is_visible()
    assert doubt.is_visible()


def test_a_translation_changes_the_window_of_its_ct_only(
    tab, body, translated, tmp_path
):
    scan = body(np.eye(3))
    path = tmp_path / "report.html"
    path.write_text(compose(translated(scan), scan), "utf-8")
    tab.goto(path.as_uri())
    mr, ct = (
        tab.locator(f"#plane-axial img[data-layer={key}-0]")
        for key in ("before", "after")
    )
    was = mr.get_attribute("src"), ct.get_attribute("src")
    tab.locator("input[name=window][value='1']").check(force=True)
    assert mr.get_attribute("src") == was[0]
    assert ct.get_attribute("src") != was[1]
    tab.set_viewport_size({"width": PHONE_PIXELS, "height": 844})
    assert tab.evaluate("document.documentElement.scrollWidth") <= PHONE_PIXELS
