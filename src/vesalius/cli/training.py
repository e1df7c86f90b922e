"""Commands that train and measure: train, evaluate, manifest."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE
from vesalius.cli.progress import progress
from vesalius.cli.terminal import say
from vesalius.cli.threads import use_threads

Verb = Literal["denoise", "translate", "segment", "detect"]
Asked = Literal["train", "calibrate", "test", "all"]
To = Literal["ct", "mr"]
Data = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="A folder with a manifest.csv (`vesalius manifest` makes a template), or "
        "with data sets under their own names.",
    ),
]


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE", help="One of the box, denoise-mr, or a TOML file."
        ),
    ],
    data: Data,
    minutes: Annotated[
        float | None,
        typer.Option(min=0.01, metavar="M", help="Stop after as long, rates in step."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on from the last checkpoint.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="OUT", help="For weights, card and checkpoints."
        ),
    ] = None,
    threads: given.Threads = None,
) -> int:
    """Train a model by its recipe and write its weights and its card."""
    use_threads(threads)
    from vesalius.train import train as follow  # late, so that --help is instant

    with progress(f"train {Path(recipe).stem}") as advance:

        def told(step: int, steps: int, loss: float) -> None:
            advance(step, steps)

        folder = follow(
            recipe, data, minutes=minutes, resume=resume, out=out, progress=told
        )
    say(f"weights, card and loss curve: {folder}")
    return DONE


def evaluate(
    verb: Annotated[
        Verb,
        typer.Argument(metavar="VERB", help="denoise, translate, segment or detect."),
    ],
    data: Data,
    predictions: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write a table, a row a case."),
    ] = None,
    part: Annotated[
        Asked,
        typer.Option(
            metavar="PART",
            help="Patients to measure on: train, calibrate or test of the one split, "
            "or all of a set that nothing was trained on.",
        ),
    ] = "test",
    to: Annotated[
        To,
        typer.Option(metavar="MODALITY", help="Of translate: what is made, ct or mr."),
    ] = "ct",
    threads: given.Threads = None,
) -> int:
    """Measure a verb over the test patients of a data set; prints JSON."""
    use_threads(threads)
    measure = _measure_of(verb, to)
    with progress(f"evaluate {verb}") as advance:
        measured = measure(data, predictions=predictions, part=part, progress=advance)
    say(json.dumps(measured, indent=2, ensure_ascii=False))
    return DONE


def _measure_of(verb: Verb, to: To) -> Callable[..., dict[str, object]]:
    import vesalius.evaluate as holds  # late, so that --help is instant
    from vesalius.errors import ConfigError

    if to != "ct" and verb != "translate":
        raise ConfigError(f"--to says what translate makes; {verb} makes no other")
    measures: dict[Verb, Callable[..., dict[str, object]]] = {
        "denoise": holds.evaluate_denoise,
        "translate": partial(holds.evaluate_translate, to=to),
        "segment": holds.evaluate_segment,
        "detect": holds.evaluate_detect,
    }
    return measures[verb]


def manifest(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="Where to; it must not exist.")
    ] = Path("manifest.csv"),
) -> int:
    """Write a template of the table that train and evaluate read."""
    from vesalius.evaluate.manifest import write_template

    write_template(file)
    say(f"{file}: fill in one line a scan, then give its folder as --data")
    return DONE
