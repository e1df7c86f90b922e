"""What the page tells of scan, model and origin, as rows of words."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from vesalius.card import ENDLESS, Card, Figure, Table
from vesalius.report.words import FIXED_SPACE, amount, by_edges, number
from vesalius.result import Finding, Provenance
from vesalius.volume import Volume

LONGEST_NAME = 120  # characters of a source's name

Rows = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CardWords:
    """A card, told.

    Attributes:
        name: The model's.
        summary: What it does.
        limits: When not to trust it.
        figures: Name, value, interval, patients; one row a figure.
        tables: As they stand on the card.
        made_for: What scans it accepts.
        data: Set, patients, licence, source; one row a data set.
        training: How it came to be; empty without training.
    """

    name: str
    summary: str
    limits: tuple[str, ...]
    figures: tuple[tuple[str, str, str, str], ...]
    tables: tuple[Table, ...]
    made_for: Rows
    data: tuple[tuple[str, str, str, str], ...]
    training: Rows


def facts(scan: Volume, source_name: str) -> tuple[str, ...]:
    """Say what kind of scan it is.

    Args:
        scan: What the task was given.
        source_name: What it is called; folders before the name are left out.
    """
    name = "".join(c for c in source_name if c.isprintable()).replace("\\", "/")
    name = PurePosixPath(name).name[:LONGEST_NAME]
    kind = f"{scan.modality} {scan.contrast}" if scan.contrast else scan.modality
    spacing = f"{by_edges(scan.spacing_mm)}{FIXED_SPACE}mm"
    grid = f"{by_edges(scan.voxels.shape)} voxels of {spacing}"
    return tuple(fact for fact in (kind, grid, name) if fact)


def finding(one: Finding) -> tuple[str, str, str, str]:
    """Write one finding as a row: where, how large, how probable."""
    where = ", ".join(
        f"{letters[0 if mm >= 0 else 1]}{FIXED_SPACE}{number(abs(mm))}"
        for mm, letters in zip(one.position_mm, ("RL", "AP", "SI"), strict=True)
    )
    low, high = one.interval
    return (
        where,
        amount(one.size_mm, "mm"),
        number(one.probability),
        f"{number(low)} to {number(high)}",
    )


def provenance(origin: Provenance) -> Rows:
    """Write all that is needed to make the picture again, bit for bit."""
    options = "; ".join(f"{n} = {_option(value)}" for n, value in origin.options)
    rows = [
        ("Task", origin.task),
        ("Model", origin.model or "none: no trained weights were used"),
        ("Weights, SHA-256", origin.weights_sha256 or "none"),
        ("Scan, SHA-256", origin.input_sha256),
        ("Seed", str(origin.seed)),
        ("Options", options or "none"),
        ("Version", f"vesalius {origin.version}"),
        ("Computed on", origin.device),
    ]
    if origin.energy is None:
        return (*rows, ("Energy", "not metered"))
    used = amount(origin.energy.joules, "J")
    return (*rows, ("Energy", f"{used} ({origin.energy.basis})"))


def card(one: Card) -> CardWords:
    """Write a model's card as a reader needs it."""
    return CardWords(
        name=one.name,
        summary=one.summary,
        limits=one.limits,
        figures=tuple(_figure(figure) for figure in one.figures),
        tables=one.tables,
        made_for=_made_for(one),
        data=tuple((d.name, str(d.patients), d.licence, d.source) for d in one.data),
        training=_training(one),
    )


def _figure(figure: Figure) -> tuple[str, str, str, str]:
    interval = f"{number(figure.low)} to {amount(figure.high, figure.unit)}"
    if figure.patients == 1:
        interval = "none: one patient"
    value = amount(figure.value, figure.unit)
    return figure.name, value, interval, str(figure.patients)


def _made_for(one: Card) -> Rows:
    return (
        ("Scans", f"{' or '.join(one.modalities)} in {one.units}"),
        ("Contrasts", ", ".join(one.contrasts) or "any"),
        ("Voxel edges", _range(one.spacing_range_mm, "mm")),
        ("Field of view", _range(one.field_of_view_mm, "mm")),
        ("Intensities", _range(one.intensity_range, one.units)),
        ("Licence of the weights", one.licence),
    )


def _training(one: Card) -> Rows:
    how = one.training
    if how is None:
        return ()
    energy = amount(how.energy_kj, "kJ")
    return (
        ("Recipe", f"{how.recipe}, seed {how.seed}"),
        ("Clean pictures", how.targets),
        ("Time", f"{amount(how.minutes, 'minutes')}, {number(how.steps)} steps"),
        ("Parameters", number(how.parameters)),
        ("Energy", f"{energy} ({how.energy_basis})"),
        ("Machine", how.machine),
        ("Weights, SHA-256", one.weights_sha256 or "none"),
    )


def _range(ends: Iterable[float | int], unit: str) -> str:
    low, high = ends
    if high >= ENDLESS:
        return f"{amount(low, unit)} or more"
    return f"{number(low)} to {amount(high, unit)}"


def _option(value: float | int | str) -> str:
    return value if isinstance(value, str) else number(value, digits=6)
