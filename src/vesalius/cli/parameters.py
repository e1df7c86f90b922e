"""Parameters: what each argument and option is called, takes and means, once."""

from pathlib import Path
from typing import Annotated, Literal

import typer

Inputs = Annotated[
    list[Path],
    typer.Argument(
        metavar="INPUT...",
        help="A DICOM series (folder, file or zip), NIfTI, NRRD, MHA, .npy, a picture "
        "or a folder of slices. Several: each is a scan of its own, and its result "
        "lies in a folder of OUT named after it.",
    ),
]
Place = Annotated[Path, typer.Argument(metavar="PATH", help="A folder, file or zip.")]
Out = Annotated[
    Path,
    typer.Option("--out", "-o", metavar="OUT", help="Folder to write; made if absent."),
]
Format = Annotated[
    Literal["auto", "nifti", "dicom"],
    typer.Option("--format", help="How to write; auto: DICOM where DICOM was read."),
]
Modality = Annotated[
    str | None,
    typer.Option(metavar="M", help="MR or CT, where the file does not say."),
]
Contrast = Annotated[
    str | None,
    typer.Option(
        metavar="C", help="T1w, T1ce, T2w or FLAIR, where the file does not say."
    ),
]
SpacingMm = Annotated[
    tuple[float, float, float] | None,
    typer.Option(
        metavar="X Y Z", help="Voxel edges in mm, where the file does not say."
    ),
]
Series = Annotated[
    str | None,
    typer.Option(metavar="UID", help="Which of several; vesalius series lists them."),
]
Strength = Annotated[
    str,
    typer.Option(
        metavar="auto|0..1", help="Share of the noise that is removed; auto: all of it."
    ),
]
Look = Annotated[
    Literal["faithful", "sharp"],
    typer.Option(
        help="faithful: the likeliest picture; sharp: keeps texture, at the cost in "
        "accuracy that the card states."
    ),
]
Seed = Annotated[
    int,
    typer.Option(min=0, metavar="N", help="The same seed makes the same files again."),
]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    typer.Option(help="What computes; auto: the GPU where there is one."),
]
Threads = Annotated[
    int | None,
    typer.Option(
        min=1,
        metavar="N",
        help="Processor threads; by default OMP_NUM_THREADS, else one a processor.",
    ),
]
Overwrite = Annotated[
    bool,
    typer.Option("--overwrite", help="Replace what an earlier run wrote in OUT."),
]
AsJson = Annotated[
    bool, typer.Option("--json", help="Print JSON for programs, not text for people.")
]
FillNan = Annotated[
    bool,
    typer.Option(
        "--fill-nan", help="Fill isolated NaN voxels (at most 0.1 %) from around them."
    ),
]
