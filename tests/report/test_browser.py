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
