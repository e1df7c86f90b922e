"""Draw the two images of the README from the phantom: run it in the clone's root.

.venv/bin/python docs/images/draw.py
"""

from base64 import b64encode
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from vesalius import denoise
from vesalius.physics import phantom
from vesalius.volume import Volume

HERE = Path(__file__).parent
SEED, NOISE = 7, 0.08
SLICE = 12
BRIGHTEST = 0.75  # of the maximum is white: fat and vessels may saturate
VERBS = ("denoise", "reconstruct", "upsample", "translate", "segment", "detect")
READY = ("denoise", "translate", "segment", "detect")
INK, PALE, LINE, ACCENT = "#1f2933", "#7b8794", "#cbd2d9", "#0b3d66"
FONT = "font-family='system-ui, sans-serif'"


def main() -> None:
    """Write flow.svg and denoise.png beside this file."""
    head = phantom.head(seed=SEED)
    noisy = phantom.scan(head, noise=NOISE, seed=SEED)
    result = denoise(noisy)
    if result.picture is None or result.spread is None:
        raise SystemExit(f"withheld: {' '.join(result.verdict.reasons)}")
    white = BRIGHTEST * float(head.truth.voxels.max())
    shown = {
        "scan (5 mm slices, 8 % noise)": picture(noisy, white),
        "denoised": picture(result.picture, white),
        "removed, x 3": picture_of(noisy, result.picture, white / 3),
        "spread, x 3": picture(result.spread, white / 3),
    }
    side_by_side(shown).save(HERE / "denoise.png", optimize=True)
    first, second, _, fourth = shown.values()
    drawing = flow(data_uri(first), data_uri(second), data_uri(fourth))
    (HERE / "flow.svg").write_text(drawing, encoding="utf-8")


def picture(volume: Volume, white: float) -> Image.Image:
    """Show one slice as radiologists look at it: the nose up, the left at right."""
    return grey(volume.voxels[:, :, SLICE] / white)


def picture_of(before: Volume, after: Volume, white: float) -> Image.Image:
    """Show what was removed; grey is nothing."""
    removed = before.voxels - after.voxels
    return grey(0.5 + removed[:, :, SLICE] / (2 * white))


def grey(share: np.ndarray) -> Image.Image:
    """Turn shares from 0 to 1 into pixels; axis i runs to the right, j down."""
    return Image.fromarray((np.clip(share, 0, 1) * 255).astype(np.uint8).T)


def side_by_side(pictures: dict[str, Image.Image], times: int = 2) -> Image.Image:
    """Set pictures in a row, each with its words below."""
    width, height = next(iter(pictures.values())).size
    width, height = width * times, height * times
    gap, foot = 12, 34
    row = Image.new("L", ((width + gap) * len(pictures) - gap, height + foot), 255)
    pen, font = ImageDraw.Draw(row), ImageFont.load_default(18)
    for n, (words, one) in enumerate(pictures.items()):
        left = n * (width + gap)
        row.paste(one.resize((width, height), Image.Resampling.BICUBIC), (left, 0))
        pen.text((left + width / 2, height + 8), words, 40, font, anchor="ma")
    return row


def data_uri(picture: Image.Image) -> str:
    """Put a picture into a drawing without a file beside it."""
    content = BytesIO()
    picture.save(content, "PNG", optimize=True)
    return f"data:image/png;base64,{b64encode(content.getvalue()).decode()}"


def flow(scan: str, denoised: str, spread: str) -> str:
    """Draw how a scan goes through a verb to the reader."""
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 960 330' {FONT}>",
        "<title>From scan through a verb to the reader</title>",
        "<rect width='960' height='330' rx='10' fill='white'/>",
        heading(85, "scan"),
        image(scan, 20, 50, 130, 156),
        note(85, 228, "DICOM, NIfTI, NRRD,", "MHA, pictures, .npy"),
        arrow(160, 128, 215, "read"),
        heading(280, "is it fit?"),
        *box(225, 50, 110, 156),
        note(280, 92, "modality", "spacing", "field of view", "intensity", "familiar?"),
        note(280, 228, "no: withheld,", "with the reason"),
        arrow(345, 128, 395, "yes"),
        heading(465, "verb"),
        *verbs(405, 50),
        arrow(535, 128, 580, ""),
        heading(690, "result"),
        image(denoised, 590, 50, 98, 118),
        image(spread, 694, 50, 98, 118),
        note(639, 186, "picture"),
        note(743, 186, "spread"),
        note(690, 212, "and: what was imagined,", "a verdict, how it was made"),
        arrow(802, 128, 845, "write"),
        heading(898, "reader"),
        *box(853, 50, 90, 156),
        note(898, 92, "report", "derived", "DICOM", "NIfTI", "JSON"),
        note(898, 228, "show, warn", "or withhold"),
        f"<text x='480' y='300' text-anchor='middle' font-size='15' fill='{ACCENT}'>"
        "what was measured, what was imagined, how sure it is</text>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def heading(x: float, words: str) -> str:
    """Name a station of the way."""
    return (
        f"<text x='{x}' y='34' text-anchor='middle' font-size='16' font-weight='600' "
        f"fill='{INK}'>{words}</text>"
    )


def note(x: float, y: float, *lines: str) -> str:
    """Write small lines, one below the other."""
    rows = "".join(
        f"<tspan x='{x}' y='{y + 19 * n}'>{line}</tspan>"
        for n, line in enumerate(lines)
    )
    return f"<text text-anchor='middle' font-size='13' fill='{INK}'>{rows}</text>"


def image(uri: str, x: float, y: float, width: float, height: float) -> str:
    """Place a picture."""
    place = f"x='{x}' y='{y}' width='{width}' height='{height}'"
    return f"<image {place} preserveAspectRatio='xMidYMid slice' href='{uri}'/>"


def box(x: float, y: float, width: float, height: float) -> list[str]:
    """Draw an empty station."""
    place = f"x='{x}' y='{y}' width='{width}' height='{height}'"
    return [f"<rect {place} rx='8' fill='none' stroke='{LINE}' stroke-width='1.5'/>"]


def verbs(x: float, y: float) -> list[str]:
    """List the verbs, those to come in grey."""
    lines = []
    for n, verb in enumerate((*VERBS, "synthesize")):
        ready = verb in READY
        top = y + 23 * n
        look = f"fill='{ACCENT}'" if ready else f"fill='none' stroke='{LINE}'"
        ink = "white" if ready else PALE
        lines += [
            f"<rect x='{x}' y='{top}' width='120' height='19' rx='5' {look}/>",
            f"<text x='{x + 60}' y='{top + 14}' text-anchor='middle' font-size='13' "
            f"fill='{ink}'>{verb}</text>",
        ]
    return [*lines, note(x + 60, 228, "dark: today", "pale: to come")]


def arrow(x: float, y: float, to: float, words: str) -> str:
    """Point from one station to the next."""
    head = f"M{to - 8} {y - 5} L{to} {y} L{to - 8} {y + 5}"
    return (
        f"<path d='M{x} {y} L{to} {y} {head}' fill='none' stroke='{INK}' "
        f"stroke-width='1.5'/><text x='{(x + to) / 2}' y='{y - 9}' font-size='12' "
        f"text-anchor='middle' fill='{PALE}'>{words}</text>"
    )


if __name__ == "__main__":
    main()
