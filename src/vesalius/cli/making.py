"""Commands that make scans: phantom, sample, resample."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE
from vesalius.cli.terminal import say

if TYPE_CHECKING:
    from vesalius.physics.phantom import Phantom
    from vesalius.volume import Volume

Body = Annotated[
    Literal["head", "thorax"],
    typer.Argument(metavar="head|thorax", help="What to draw."),
]
Sample = Annotated[
    Literal["head-mr", "chest-ct"],
    typer.Argument(metavar="head-mr|chest-ct", help="Which of the two."),
]
Noise = Annotated[
    str | None,
    typer.Option(
        metavar="none|LEVEL",
        help="head: SD as a share of the maximum, by default 0.05; thorax: the dose "
        "as a share of a usual one, by default 0.25; none: the truth.",
    ),
]
Stored = Annotated[
    Literal["dicom", "nifti"],
    typer.Option("--format", help="dicom: a series; nifti: scan.nii.gz."),
]


def phantom(
    body: Body,
    out: given.Out,
    form: Stored = "dicom",
    noise: Noise = None,
    seed: given.Seed = 0,
) -> int:
    """Draw a head (MR) or a thorax (CT) whose truth is known, as a scanner shows it."""
    from vesalius.io import deliver, write_volume  # late, so that --help is instant
    from vesalius.io.dicom_phantom import write_phantom_dicom

    with deliver(out) as draft:
        scan = _scanned(drawn(body, seed), noise, seed)
        if form == "nifti":
            write_volume(scan, draft / "scan.nii.gz")
        else:
            write_phantom_dicom(scan, draft, seed=seed)
    say(f"{body}, {scan.modality}, seed {seed}: {out}")
    return DONE


def sample(name: Sample, out: given.Out) -> int:
    """Unpack a real scan from the box: 24 slices, with licence and source beside."""
    from vesalius.io import samples

    samples.sample(name, out)
    say(
        f"{name}: {out}; its licence and source lie beside the slices. This patient "
        "was in training."
    )
    return DONE


def resample(
    scan: Annotated[
        Path, typer.Argument(metavar="SCAN", help="What is wanted on another grid.")
    ],
    onto: Annotated[
        Path, typer.Option("--onto", metavar="OTHER", help="Whose grid it shall have.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE.nii.gz", help="Where to; it must not exist."
        ),
    ],
    modality: given.Modality = None,
) -> int:
    """Lay a scan on the grid of another, linearly; nothing is registered."""
    from vesalius.errors import OutputError  # late, so that --help is instant
    from vesalius.io import read, write_volume
    from vesalius.physics.resample import resample as laid

    if out.exists():
        raise OutputError(f"{out.name} exists already; choose another name")
    moved = laid(read(scan, modality=modality), onto=read(onto, modality=modality))
    write_volume(moved, out)
    say(f"{out}: {scan.name} on the grid of {onto.name}")
    return DONE


def drawn(body: str, seed: int) -> "Phantom":
    """Draw the head or the thorax of a seed."""
    from vesalius.physics import phantom as physics  # late: it needs numpy

    return {"head": physics.head, "thorax": physics.thorax}[body](seed=seed)


def _scanned(phantom: "Phantom", noise: str | None, seed: int) -> "Volume":
    from vesalius.physics.phantom import scan

    if noise == "none":
        return phantom.truth
    try:
        level = None if noise is None else float(noise)
    except ValueError:
        raise typer.BadParameter("--noise is none or a number, 0.05") from None
    return scan(phantom, noise=level, seed=seed)
