"""Carrying: one verb over one scan or several, from the words given to the ending."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from vesalius.cli.ending import finish
from vesalius.cli.progress import progress
from vesalius.cli.several import carry_each

if TYPE_CHECKING:
    from vesalius.result import Result
    from vesalius.volume import Volume


@dataclass(frozen=True)
class Wish:
    """How the answer is wanted.

    Attributes:
        form: How to write.
        overwrite: Replace what an earlier run wrote.
        as_json: Print the record, not words.
    """

    form: Literal["auto", "nifti", "dicom"]
    overwrite: bool
    as_json: bool


def carry_all(
    title: str,
    inputs: Sequence[Path],
    out: Path,
    verb: "Callable[..., Result]",
    open_scan: "Callable[[Path], Volume]",
    wish: Wish,
) -> int:
    """Carry each scan through a verb, to its own folder where there are several.

    Args:
        title: The verb's name, shown while it works.
        inputs: What was given.
        out: Folder to write.
        verb: From a scan to a result, its options bound; takes `progress`.
        open_scan: How to read, what the file does not say bound.
        wish: How the answer is wanted.

    Returns:
        The exit code.
    """
    from vesalius import pipeline  # late, so that --help is instant

    run = partial(
        pipeline.run,
        open_scan=open_scan,
        format=wish.form,
        overwrite=wish.overwrite,
    )

    def carry(source: Path, folder: Path) -> "Result":
        with progress(title) as advance:
            return run(source, partial(verb, progress=advance), folder)

    if len(inputs) > 1:
        return carry_each(
            inputs, out, carry, overwrite=wish.overwrite, as_json=wish.as_json
        )
    return finish(carry(inputs[0], out), out, as_json=wish.as_json)
