"""Each view is documented; each journey has its test, and each test its journey."""

import re

from web.browsing import ROOT, WEB

PAGE = ROOT / "docs/reference/views.md"


def test_each_view_of_the_navigation_is_documented():
    source = (WEB / "src/frame/views.ts").read_text()
    pages = dict(re.findall(r"page: '(\w+)',\s+key: '(\w)'", source))
    told = PAGE.read_text()
    headings = set(re.findall(r"^## (\w+)", told, re.MULTILINE))
    assert len(pages) == 6
    for page, key in pages.items():
        assert page.capitalize() in headings
        assert re.search(rf"`#/{page}` \|.*\| `g {key}` \|", told), page


def test_each_view_of_a_case_is_documented():
    source = (WEB / "src/lib/route.svelte.ts").read_text()
    (listed,) = re.findall(r"CASE_VIEWS = \[(.*?)\]", source, re.DOTALL)
    views = re.findall(r"'(\w+)'", listed)
    assert len(views) == 5
    for number, view in enumerate(views, start=1):
        row = rf"^\| {view.capitalize()} \| `{number}` \|"
        assert re.search(row, PAGE.read_text(), re.MULTILINE), view


def test_each_journey_is_taken():
    files = {file.stem for file in (WEB / "e2e").glob("*.ts")} - {"browser", "case"}
    taken = set()
    for test in (ROOT / "tests/web").glob("test_*.py"):
        taken |= set(re.findall(r'travel\(\s*"(\w+)"', test.read_text()))
    timed = (ROOT / "benchmarks/slow_line.py").read_text()  # by the clock: no test
    taken |= set(re.findall(r"e2e/(\w+)\.ts", timed))
    assert files == taken


def test_the_lock_names_no_registry():
    assert "resolved" not in (WEB / "package-lock.json").read_text()


def test_every_package_of_the_pages_has_one_exact_version():
    declared = re.findall(r'": "([^"]+)"', (WEB / "package.json").read_text())
    loose = [one for one in declared if re.match(r"[\^~>*<]|latest|.*\|\|", one)]
    assert not loose
