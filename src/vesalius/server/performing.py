"""Performing: one verb on one scan that the desk keeps, into a folder."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

from vesalius.errors import ConfigError, VesaliusError, WeightsError

# What may be asked of a verb, and which answers there are; the first is the usual one.
OPTIONS: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "denoise": {"look": ("faithful", "sharp")},
        "translate": {"to": ("ct", "mr"), "look": ("faithful", "sharp")},
        "segment": {},
        "detect": {},
    }
)
SUFFIX = {"dicom": ".zip", "nifti": ".nii.gz"}

SHARP = "-sharp"  # a model of the other look, by this ending

Told = Callable[[str, int, int], bool]  # stage, done, of how many; False: stop


class GivenUp(Exception):  # noqa: N818  (no error: somebody wants no more of it)
    """The work is not wanted any more."""


@dataclass(frozen=True)
class Kept:
    """A version of a model that the desk keeps.

    Attributes:
        card: Its card.
        weights: Its weights; they are the ones the card describes, or nothing is done.
    """

    card: Path
    weights: Path


@dataclass(frozen=True)
class Task:
    """What is to be done.

    Attributes:
        verb: A row of `OPTIONS`.
        source: The scan, as the desk keeps it.
        out: Where the answer goes; made there, whole or not at all.
        said: Modality and contrast, of a file that does not say them.
        options: Of the verb.
        model: Which version does it; None takes the box's.
    """

    verb: str
    source: Path
    out: Path
    said: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    model: Kept | None = None


def checked(verb: str, options: Mapping[str, Any]) -> dict[str, str]:
    """Return a verb's options, those that were not given at their usual value.

    Args:
        verb: Its name.
        options: As asked for.

    Raises:
        ConfigError: There is no such verb, option or answer.
    """
    if verb not in OPTIONS:
        raise ConfigError(f"there is no verb {verb!r}; known: {', '.join(OPTIONS)}")
    known = OPTIONS[verb]
    unknown = sorted(options.keys() - known.keys())
    if unknown:
        raise ConfigError(f"{verb} has no option {unknown[0]!r}")
    found = {name: str(options.get(name, may[0])) for name, may in known.items()}
    for name, value in found.items():
        if value not in known[name]:
            raise ConfigError(f"{name} is one of {', '.join(known[name])}")
    return found


def code_of(error: VesaliusError) -> str:
    """Return why work could not be done, as a code for the record.

    Args:
        error: What it ended with.
    """
    return "no-model" if isinstance(error, WeightsError) else "refused"


def model_of(verb: str, modality: str, options: Mapping[str, str]) -> str:
    """Return the name of the model that would do a verb, whether there is one or not.

    Args:
        verb: A row of `OPTIONS`.
        modality: The scan's: DICOM's term.
        options: As `checked` returns them.
    """
    stems = {
        "denoise": "denoise-ct" if modality == "CT" else "denoise-mr",
        "translate": "translate-ct-mr"
        if options.get("to") == "mr"
        else "translate-mr-ct",
        "segment": "segment-tumour",
        "detect": "detect-nodule",
    }
    return stems[verb] + (SHARP if options.get("look") == "sharp" else "")


def perform(task: Task, told: Told) -> None:
    """Carry the scan through the verb, to a report.

    Args:
        task: What is to be done.
        told: Hears how far it is; stops the work where it answers False.

    Raises:
        GivenUp: `told` answered False.
        VesaliusError: It cannot be done; nothing is in `out`.
    """
    from vesalius import pipeline  # late: torch takes seconds
    from vesalius.io import read

    def advance(done: int, total: int) -> None:
        if not told(task.verb, done, total):
            raise GivenUp

    told("reading", 0, 0)
    options = checked(task.verb, task.options)
    verb = partial(_bound(task, options), progress=advance)
    said = {key: value for key, value in task.said.items() if value}
    pipeline.run(task.source, verb, task.out, open_scan=partial(read, **said))
    told("kept", 1, 1)


def _bound(task: Task, options: Mapping[str, str]) -> Callable[..., Any]:
    """Return the verb with its options; with a model of its own, that one says them."""
    from vesalius import tasks
    from vesalius.tasks.denoise import denoise_by
    from vesalius.tasks.detect import detect_by
    from vesalius.tasks.segment import segment_by
    from vesalius.tasks.translate import translate_by
    from vesalius.weights.models import open_kept

    if task.model is None:
        return partial(getattr(tasks, task.verb), **options)
    by = {
        "denoise": denoise_by,
        "detect": detect_by,
        "segment": segment_by,
        "translate": translate_by,
    }
    model = open_kept(task.model.card, task.model.weights)
    return partial(by[task.verb], model=model)
