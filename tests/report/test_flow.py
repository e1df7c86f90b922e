"""The README's picture of the flow."""

from xml.etree import ElementTree

from vesalius.report.flow import VERBS, WIDTH, flow_svg

SVG = "{http://www.w3.org/2000/svg}"


def test_the_flow_names_every_verb_and_asks_for_nothing():
    drawn = flow_svg()
    root = ElementTree.fromstring(drawn)
    words = [text.text for text in root.iter(f"{SVG}text")]
    assert [name for name, _ in VERBS if name in words] == [name for name, _ in VERBS]
    assert drawn.count("http") == 1  # the name of SVG itself
    assert not [tag for tag in root.iter() if "href" in "".join(tag.attrib)]


def test_only_what_is_to_come_is_dashed():
    assert "dashed: to come" in flow_svg(("denoise",))
    everything = flow_svg([name for name, _ in VERBS])
    assert "to come" not in everything
    assert 'stroke-dasharray="' not in everything


def test_nothing_is_drawn_outside_the_picture():
    root = ElementTree.fromstring(flow_svg())
    for box in root.iter(f"{SVG}rect"):
        assert 0 <= float(box.get("x", 0)) + float(box.get("width")) <= WIDTH
