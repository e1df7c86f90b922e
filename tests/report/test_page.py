"""The page stands alone, opens with the verdict, and never mixes up sides."""

import json
import re
from base64 import b64decode, b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from vesalius.report import compose
from vesalius.report.planes import pixel_of, place_of, planes_of
from vesalius.result import Verdict
from vesalius.volume import Volume

VOID = {"meta", "img", "input", "br", "link", "hr"}


class Page(HTMLParser):
    """What a browser makes of a page: tags, attributes, text, and whether it nests."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.open, self.texts, self.raw = [], [], [], {}
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] in ("style", "script"):
            self.raw.setdefault(self.open[-1], []).append(data)
        else:
            self.texts.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def answers(body, outlined, nodules, translated):
    """One scan and one result of each verb that has a page of its own."""
    mr, ct = body(np.eye(3)), body(np.eye(3), units="HU")
    return {
        "segment": (outlined(mr), mr),
        "detect": (nodules(ct), ct),
        "translate": (translated(mr), mr),
    }


@pytest.fixture
def page(body, denoised):
    scan = body(np.eye(3))
    return Page(compose(denoised(scan), scan, source_name="head.nii.gz"))


VERBS = ("segment", "detect", "translate")


def test_the_page_asks_for_nothing_outside_itself(page):
    asks_for_nothing(page)


@pytest.mark.parametrize("verb", VERBS)
def test_neither_does_the_page_of_another_verb(answers, verb):
    page = Page(compose(*answers[verb]))
    asks_for_nothing(page)
    runs_only_its_own_code(page)


def asks_for_nothing(page):
    for tag, attrs in page.tags:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            assert attrs.get(name, "data:").startswith("data:"), tag
        assert tag not in ("link", "iframe", "object", "embed", "base")
    style = "".join(page.raw["style"])
    assert "url(" not in style
    assert "@import" not in style
    script = "".join(page.raw["script"])
    assert not re.search(r"fetch|XMLHttpRequest|WebSocket|sendBeacon|import\(", script)


def test_its_policy_forbids_connections_and_allows_only_its_own_code(page):
    runs_only_its_own_code(page)


def runs_only_its_own_code(page):
    (policy,) = [
        m["content"]
        for m in page.all("meta")
        if m.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy.startswith("default-src 'none'; img-src data:;")
    assert "unsafe" not in policy
    assert "http" not in policy
    (style,), (_, script) = page.raw["style"], page.raw["script"]
    for text in (style, script):
        named = b64encode(sha256(text.encode()).digest()).decode()
        assert f"'sha256-{named}'" in policy
    for _, attrs in page.tags:
        assert "style" not in attrs
        assert not [name for name in attrs if name.startswith("on")]


@pytest.mark.parametrize(
    ("outcome", "headline"),
    [("show", "May be shown"), ("warn", "Show with caution"), ("withhold", "Withheld")],
)
def test_the_verdict_is_the_first_heading(body, denoised, outcome, headline):
    scan = body(np.eye(3))
    reasons = () if outcome == "show" else ("The <reason> & more.",)
    html = compose(denoised(scan, outcome, reasons), scan)
    assert re.search(r"<h\d[^>]*>([^<]*)<", html)[1] == headline
    assert html.index("<h1") < html.index("</header>") < html.index("<dl")
    text = Page(html).text
    assert all(reason in text for reason in reasons)
    assert html.index("Not yet reviewed") < html.index("<h1")


def test_a_withheld_result_has_reasons_and_checks_and_no_picture(body, denoised):
    scan = body(np.eye(3))
    html = compose(denoised(scan, "withhold", ("It is an X-ray.",)), scan)
    page = Page(html)
    assert not page.all("img")
    assert "data:image" not in html
    assert "script" not in page.raw
    assert "They look unusual." in page.text
    assert "It is an X-ray." in page.text


def test_everything_a_reader_needs_is_told(page):
    for words in (
        "What was removed",
        "Spread",
        "90 % interval",
        "Noise before and after",
        "75 % less",
        "0.3 to 6 mm",
        "They look unusual.",
        "Lesions under 3 mm may fade.",
        "CC BY-NC-SA 4.0",
        "Buda et al. 2019",
        "0.41 to 0.83 dB",
        "Recovered contrast",
        "percentile of the scan",
        "head.nii.gz",
        "faithful",
        "ab" * 32,
    ):
        assert words in page.text, words


@pytest.mark.parametrize(
    "turn",
    [
        np.eye(3),
        np.diag([-1, -1, 1]),
        np.diag([-1, 1, -1]),
        np.eye(3)[[2, 0, 1]],
        np.eye(3)[[1, 2, 0]] * [1, -1, -1],
        Rotation.from_euler("yz", (20, -15), degrees=True).as_matrix(),
    ],
    ids=["RAS", "LPS", "LAI", "ASR", "PIL", "oblique"],
)
def test_what_lies_right_is_seen_beside_the_letter_r(body, denoised, turn):
    scan = body(turn)
    html = compose(denoised(scan), scan)
    for key, sides in (("axial", "RLAP"), ("coronal", "RLSI"), ("sagittal", "APSI")):
        section = html[html.index(f'id="plane-{key}"') :]
        found = re.findall(r'class="side at-(\w+)">([A-Z]+)<', section)[:4]
        assert found == list(
            zip(("left", "right", "top", "bottom"), sides, strict=True)
        )
        cuts = pictures(html, key, "before-0")
        ball = max(cuts, key=lambda cut: int((cut > 250).sum()))
        rows, columns = np.nonzero(ball > 250)
        assert columns.mean() < ball.shape[1] / 2
        assert rows.mean() < ball.shape[0] / 2


def pictures(html, key, layer):
    """Decode one layer of one plane, the picture in the page's own image too."""

    album = json.loads(re.search(r'id="album">(.*?)</script>', html, re.DOTALL)[1])
    section = html[html.index(f'id="plane-{key}"') :]
    first = re.search(rf'<img src="([^"]+)"[^>]*data-layer="{layer}"', section)[1]
    uris = [uri or first for uri in album[key]["pictures"][layer]]
    return [
        np.asarray(Image.open(BytesIO(b64decode(uri.split(",")[1]))).convert("L"))
        for uri in uris
    ]


def test_where_sides_are_unknown_a_sentence_stands_for_the_letters(body, denoised):
    scan = body(np.eye(3), sides_known=False)
    html = compose(denoised(scan), scan)
    assert 'class="side at' not in html
    assert "does not say which side of the body is which" in Page(html).text


def test_words_from_outside_stay_words(body, denoised):
    evil = "<script>alert(1)</script>\"'&"
    scan = replace(body(np.eye(3)), notes=(evil,))
    result = denoised(scan, "warn", (evil,), summary=evil)
    page = Page(compose(result, scan, source_name=f"folder/{evil.replace('/', '')}"))
    assert len(page.all("script")) == 2
    assert page.text.count("alert(1)") == 4


def test_no_folder_of_the_source_is_told(body, denoised):
    scan = body(np.eye(3))
    html = compose(denoised(scan), scan, source_name="/home/Smith^John/series7")
    assert "Smith" not in html
    assert "series7" in html


def test_the_same_result_makes_the_same_page(body, denoised):
    scan = body(np.eye(3))
    assert compose(denoised(scan), scan) == compose(denoised(scan), scan)


def test_a_large_scan_makes_a_page_of_bounded_size(denoised):
    noise = np.random.default_rng(0).normal(0, 90, (256, 256, 30)).astype(np.float32)
    scan = Volume(noise, np.diag([0.7, 0.7, 1.5, 1]), "HU", "CT")
    assert len(compose(denoised(scan), scan)) < 8_000_000


def test_sliders_and_choices_can_be_reached_by_keyboard(page):
    kinds = [attrs["type"] for attrs in page.all("input")]
    assert kinds.count("radio") == 3
    assert kinds.count("range") == 6  # slice and compare, in three planes
    assert all("alt" in attrs for attrs in page.all("img"))


def buttons(html, key):
    section = html[html.index(f'id="plane-{key}"') :]
    section = section[: section.index("</section>")]
    found = re.findall(r"<button[^>]*data-jump=\"(\d+)\"[^>]*>(.*?)</button>", section)
    return [(int(n), re.sub(r"<[^>]+>", " ", words)) for n, words in found]


@pytest.mark.parametrize("verb", ["segment", "detect"])
def test_a_findings_button_leads_to_the_cut_through_its_centre(answers, verb):
    result, scan = answers[verb]
    html = compose(result, scan)
    album = json.loads(re.search(r'id="album">(.*?)</script>', html, re.DOTALL)[1])
    ordered = sorted(result.findings, key=lambda one: -one.probability)
    for plane in planes_of(scan):
        rows = buttons(html, plane.key)
        assert [n for n, _ in rows] == list(range(len(ordered)))
        for one, (n, words) in zip(ordered, rows, strict=True):
            depth = round(pixel_of(scan, plane, one.position_mm)[2])
            at = album[plane.key]["jumps"][n]
            assert album[plane.key]["places"][at] == place_of(scan, plane, depth)
            assert f"slice {depth + 1} of {plane.count}" in words


def test_a_tumours_volume_stands_between_verdict_and_pictures(answers):
    html = compose(*answers["segment"])
    at = html.index("Tumour volume")
    assert html.index("<h1") < at < html.index('class="pictures"')
    text = Page(html).text
    assert "In nine of ten patients the reader's volume lies between" in text
    for words in (
        "outlined: more likely tumour than not",
        "may or may not be tumour; the certain outline lies inside, the possible one "
        "around it",
        "Probability of tumour",
    ):
        assert words in text


def test_no_tumour_is_said_on_the_page(body, outlined):
    scan = body(np.eye(3))
    html = compose(outlined(scan, share=0.5), scan)
    assert "No tumour is outlined" in Page(html).text
    assert len(buttons(html, "axial")) == 1  # to the doubt


def test_no_nodule_is_said_on_the_page(body, nodules):
    scan = body(np.eye(3), units="HU")
    page = Page(compose(nodules(scan, 0), scan))
    assert "Nothing above the model's threshold was found." in page.text
    assert "This does not mean that there is none." in page.text
    assert not page.all("button")


def test_how_many_findings_have_no_place_in_the_list_is_told(body, nodules):
    scan = body(np.eye(3), spacing_mm=(6.0, 6.0, 6.0), units="HU")
    text = Page(compose(nodules(scan, 42), scan)).text
    assert "12 more are not listed here" in text


def test_a_translation_says_that_all_of_it_was_imagined(answers):
    html = compose(*answers["translate"])
    text = Page(html).text
    assert "Everything in this CT was imagined from MR" in text
    assert "No X-ray passed the patient." in text
    assert "What was removed" not in text
    assert 'data-layer="imagined"' not in html
    pictures_box = html[html.index('class="pictures"') : html.index("card-head")]
    assert "Nothing under 4 mm is looked for." in pictures_box
    assert html.count('name="window"') == 2


@pytest.mark.parametrize("verb", VERBS)
def test_what_is_withheld_has_no_picture_whatever_the_verb(answers, verb):
    result, scan = answers[verb]
    html = compose(
        replace(
            result,
            picture=None,
            spread=None,
            imagined=None,
            findings=(),
            measures=(),
            verdict=Verdict("withhold", ("It is an X-ray.",)),
        ),
        scan,
    )
    assert "data:image" not in html
    assert 'class="answer"' not in html
    assert "It is an X-ray." in Page(html).text


@pytest.mark.parametrize("verb", VERBS)
def test_every_choice_can_be_reached_by_keyboard_and_every_picture_has_words(
    answers, verb
):
    page = Page(compose(*answers[verb]))
    assert {attrs["type"] for attrs in page.all("input")} <= {
        "radio",
        "range",
        "checkbox",
    }
    assert all(attrs["type"] == "button" for attrs in page.all("button"))
    for attrs in page.all("img"):
        assert attrs["alt"] or attrs["class"] == "over"
