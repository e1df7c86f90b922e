"""The picture of the flow, for the README: a scan, through a verb, to its reader."""

from collections.abc import Collection
from html import escape

Pixels = float | int

VERBS = (
    ("denoise", "the same anatomy, less noise"),
    ("reconstruct", "raw measurements to a picture"),
    ("upsample", "the same anatomy, finer voxels"),
    ("translate", "another contrast or scanner"),
    ("segment", "which voxel is what"),
    ("detect", "what is there, and where"),
    ("synthesize", "patients that do not exist"),
)
READY = ("denoise",)  # the verbs of this version; the others are drawn dashed

TO_COME = "dashed: to come"

WIDTH, HEIGHT = 1180, 480
VERB_X, VERB_WIDTH, VERB_HEIGHT, VERB_STEP, FIRST_Y = 416, 350, 42, 54, 58
MIDDLE_Y = FIRST_Y + 3 * VERB_STEP + VERB_HEIGHT / 2
VOLUME_RIGHT, RESULT_LEFT = 356, 824

VOLUME_WORDS = ("voxels with a place", "in the body;", "no patient in it,", "by type")
RESULT_WORDS = ("picture, spread,", "imagined part,", "provenance")
READER_WORDS = ("a page that opens", "with the verdict;", "DICOM or NIfTI;", "JSON")
VERDICTS = (  # colour, symbol, word
    ("#0a6b4b", "M-5 .5l3.4 3.4 6.6-7.4", "show"),
    ("#8a4b00", "M0-5v6M0 4.6v.4", "warn"),
    ("#9c1c1c", "M-4-4l8 8M4-4l-8 8", "withhold"),
)

STYLE = """
text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial,
  sans-serif; font-size: 14px; fill: #14191d; }
.head { font-size: 16px; font-weight: 700; }
.quiet { fill: #55616b; font-size: 13px; }
.light { fill: #ffffff; } .lightly { fill: #b8c3cc; font-size: 13px; }
.arrow { fill: none; stroke: #7b8790; stroke-width: 1.6; }
.later { stroke-dasharray: 4 4; stroke: #a9b3ba; }
"""


def flow_svg(ready: Collection[str] = READY) -> str:
    """Draw the way of a scan through the package.

    Args:
        ready: The verbs that exist; the others are drawn dashed, as to come.

    Returns:
        An SVG file as text, on a ground of its own so that it can be read on a light
        and on a dark page; it asks for nothing outside itself.
    """
    verbs = [
        _verb(n, name, does, name in ready) for n, (name, does) in enumerate(VERBS)
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="t d">',
            '<title id="t">From a scan to its reader</title>',
            f'<desc id="d">{escape(_told(ready))}</desc>',
            f"<style>{STYLE}</style>",
            '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
            'markerHeight="7" orient="auto"><path d="M0 .5L8 4L0 7.5z" fill="#7b8790"/>'
            "</marker>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" rx="14" fill="#f4f6f7"/>',
            *_before(),
            *verbs,
            *_after(),
            *(
                [
                    _text(
                        VERB_X + VERB_WIDTH / 2, HEIGHT - 24, TO_COME, "quiet", "middle"
                    )
                ]
                if set(ready) < {name for name, _ in VERBS}
                else []
            ),
            "</svg>\n",
        ]
    )


def _told(ready: Collection[str]) -> str:
    words = [name if name in ready else f"{name} (to come)" for name, _ in VERBS]
    return (
        "A file is read as a Volume. One verb turns it into a Result: "
        f"{', '.join(words)}. The Result has a verdict, show, warn or withhold, and "
        "reaches the reader as a page, as DICOM or as NIfTI."
    )


def _before() -> list[str]:
    top = MIDDLE_Y - 71
    return [
        _box(24, top, 124, 142, "#ffffff"),
        _text(86, top + 30, "A scan", "head", "middle"),
        *_lines(86, top + 56, ("DICOM", "NIfTI", "NRRD, MHA", "pictures"), "quiet"),
        _arrow(148, MIDDLE_Y, 198, MIDDLE_Y),
        _text(172, MIDDLE_Y - 10, "read", "quiet", "middle"),
        _box(200, top, 156, 142, "#14191d"),
        _text(278, top + 30, "Volume", "head light", "middle"),
        *_lines(278, top + 56, VOLUME_WORDS, "lightly"),
    ]


def _after() -> list[str]:
    top = MIDDLE_Y - 108
    parts = [
        _box(826, top, 138, 222, "#14191d"),
        _text(895, top + 30, "Result", "head light", "middle"),
        *_lines(895, top + 55, RESULT_WORDS, "lightly"),
        f'<path d="M842 {top + 106:g}H948" stroke="#4a555d"/>',
        _text(842, top + 129, "verdict", "lightly"),
    ]
    for n, (colour, mark, word) in enumerate(VERDICTS):
        y = top + 151 + 24 * n
        parts += [
            f'<circle cx="852" cy="{y:g}" r="10" fill="{colour}"/>',
            f'<path d="{mark}" transform="translate(852 {y:g})" fill="none" '
            'stroke="#fff" stroke-width="2.4" stroke-linecap="round"/>',
            _text(870, y + 5, word, "light"),
        ]
    return [
        *parts,
        _arrow(964, MIDDLE_Y, 1014, MIDDLE_Y),
        _text(988, MIDDLE_Y - 10, "write", "quiet", "middle"),
        _box(1016, MIDDLE_Y - 71, 140, 142, "#ffffff"),
        _text(1086, MIDDLE_Y - 41, "The reader", "head", "middle"),
        *_lines(1086, MIDDLE_Y - 15, READER_WORDS, "quiet"),
    ]


def _verb(place: int, name: str, does: str, ready: bool) -> str:
    top = FIRST_Y + place * VERB_STEP
    middle, right = top + VERB_HEIGHT / 2, VERB_X + VERB_WIDTH
    later = "" if ready else " later"
    stroke = "#0b5cad" if ready else "#a9b3ba"
    dashes = "" if ready else ' stroke-dasharray="4 4"'
    return "\n".join(
        [
            _curve(VOLUME_RIGHT, MIDDLE_Y, VERB_X - 2, middle, later),
            _curve(right, middle, RESULT_LEFT, MIDDLE_Y, later),
            f'<rect x="{VERB_X}" y="{top}" width="{VERB_WIDTH}" height="{VERB_HEIGHT}" '
            f'rx="21" fill="#ffffff" stroke="{stroke}" stroke-width="1.6"{dashes}/>',
            _text(VERB_X + 18, middle + 5, name, "head"),
            _text(right - 16, middle + 5, does, "quiet", "end"),
        ]
    )


def _box(x: Pixels, y: Pixels, width: Pixels, height: Pixels, fill: str) -> str:
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="10" '
        f'fill="{fill}" stroke="#14191d" stroke-width="1.2"/>'
    )


def _text(x: Pixels, y: Pixels, words: str, kind: str, anchor: str = "start") -> str:
    place = f'x="{x:g}" y="{y:g}" class="{kind}" text-anchor="{anchor}"'
    return f"<text {place}>{escape(words)}</text>"


def _lines(x: Pixels, y: Pixels, lines: tuple[str, ...], kind: str) -> list[str]:
    return [
        _text(x, y + 19 * n, line, kind, "middle")
        for n, line in enumerate(lines)
        if line
    ]


def _arrow(x: Pixels, y: Pixels, to_x: Pixels, to_y: Pixels) -> str:
    return f'<path class="arrow" d="M{x} {y}L{to_x} {to_y}" marker-end="url(#tip)"/>'


def _curve(x: Pixels, y: Pixels, to_x: Pixels, to_y: Pixels, later: str) -> str:
    bend = (x + to_x) / 2
    path = f"M{x:g} {y:g}C{bend:g} {y:g} {bend:g} {to_y:g} {to_x:g} {to_y:g}"
    return f'<path class="arrow{later}" d="{path}" marker-end="url(#tip)"/>'
