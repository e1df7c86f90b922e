"""Commands that find something in a scan, or say how another scanner would show it."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vesalius.cli import parameters as given
from vesalius.cli.carrying import Wish, carry_all
from vesalius.cli.threads import use_threads

if TYPE_CHECKING:
    from collections.abc import Callable

    from vesalius.result import Result
    from vesalius.volume import Volume

    Progress = Callable[[int, int], None]

T1 = Annotated[
    Path | None,
    typer.Option(
        "--t1",
        metavar="SCAN",
        help="T1w of the same patient on the same grid; experimental.",
    ),
]
T1c = Annotated[
    Path | None,
    typer.Option(
        "--t1c",
        metavar="SCAN",
        help="T1w with contrast agent, on the same grid; experimental.",
    ),
]
To = Annotated[
    Literal["ct", "mr"],
    typer.Option("--to", help="ct: from MR; mr: from CT."),
]
Fuse = Annotated[
    bool,
    typer.Option(
        "--fuse",
        help="Cut the volume along all three axes and average: three times the time.",
    ),
]


def segment(
    inputs: given.Inputs,
    out: given.Out,
    form: given.Format = "auto",
    modality: given.Modality = None,
    contrast: given.Contrast = None,
    spacing_mm: given.SpacingMm = None,
    series: given.Series = None,
    t1: T1 = None,
    t1c: T1c = None,
    seed: given.Seed = 0,
    threads: given.Threads = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    fill_nan: given.FillNan = False,
) -> int:
    """Outline brain tumour on FLAIR, with its volume and a band of doubt."""
    if len(inputs) > 1 and (t1 or t1c):
        raise typer.BadParameter(
            "--t1 and --t1c belong to one patient; give one scan at a time with them"
        )
    use_threads(threads)
    from vesalius import tasks  # late, so that --help is instant
    from vesalius.io import read
    from vesalius.volume import Study

    opened = partial(read, modality=modality, spacing_mm=spacing_mm, fill_nan=fill_nan)
    beside = [
        opened(path, contrast=name)
        for path, name in ((t1, "T1w"), (t1c, "T1ce"))
        if path is not None
    ]

    def verb(scan: "Volume", progress: "Progress") -> "Result":
        together = Study((scan, *beside)) if beside else scan
        return tasks.segment(together, seed=seed, progress=progress)

    open_scan = partial(opened, contrast=contrast, series=series)
    wish = Wish(form, overwrite, as_json)
    return carry_all("segment", inputs, out, verb, open_scan, wish)


def translate(
    inputs: given.Inputs,
    out: given.Out,
    to: To,
    form: given.Format = "auto",
    modality: given.Modality = None,
    contrast: given.Contrast = None,
    spacing_mm: given.SpacingMm = None,
    series: given.Series = None,
    look: given.Look = "faithful",
    fuse: Fuse = False,
    seed: given.Seed = 0,
    threads: given.Threads = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    fill_nan: given.FillNan = False,
) -> int:
    """Say what a head's CT would look like from its MR, or its MR from its CT."""
    use_threads(threads)
    from vesalius import tasks  # late, so that --help is instant
    from vesalius.io import read

    said = {"modality": modality, "contrast": contrast, "spacing_mm": spacing_mm}
    verb = partial(tasks.translate, to=to, look=look, fuse=fuse, seed=seed)
    open_scan = partial(read, **said, series=series, fill_nan=fill_nan)
    wish = Wish(form, overwrite, as_json)
    return carry_all("translate", inputs, out, verb, open_scan, wish)


def detect(
    inputs: given.Inputs,
    out: given.Out,
    form: given.Format = "auto",
    modality: given.Modality = None,
    spacing_mm: given.SpacingMm = None,
    series: given.Series = None,
    seed: given.Seed = 0,
    threads: given.Threads = None,
    overwrite: given.Overwrite = False,
    as_json: given.AsJson = False,
    fill_nan: given.FillNan = False,
) -> int:
    """List the nodules of a chest CT: where, how large, how probable."""
    use_threads(threads)
    from vesalius import tasks  # late, so that --help is instant
    from vesalius.io import read

    said = {"modality": modality, "spacing_mm": spacing_mm}
    verb = partial(tasks.detect, seed=seed)
    open_scan = partial(read, **said, series=series, fill_nan=fill_nan)
    wish = Wish(form, overwrite, as_json)
    return carry_all("detect", inputs, out, verb, open_scan, wish)
