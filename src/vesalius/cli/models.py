"""Commands about the models in the box: models, card."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE
from vesalius.cli.table import table
from vesalius.cli.terminal import say

if TYPE_CHECKING:
    from vesalius.card import Card, Figure


def models(as_json: given.AsJson = False) -> int:
    """List the models in the box, what they are for and under which licence."""
    from vesalius import weights  # late, so that --help is instant

    cards = [weights.card(name) for name in weights.names()]
    if as_json:
        say(json.dumps([_brief(card) for card in cards], indent=2, ensure_ascii=False))
        return DONE
    rows = [
        (card.name, card.task, ", ".join(card.modalities), card.licence)
        for card in cards
    ]
    say(table(("model", "task", "for", "licence of the weights"), rows))
    return DONE


def card(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `models` lists it.")],
    as_json: given.AsJson = False,
) -> int:
    """Say what one model is for, where it ends and how good it was measured to be."""
    from vesalius import weights

    shown = weights.card(name)
    if as_json:
        say(json.dumps(asdict(shown), indent=2, ensure_ascii=False))
    else:
        say("\n\n".join(part for part in _parts(shown) if part))
    return DONE


def _brief(card: "Card") -> dict[str, object]:
    whole = asdict(card)
    kept = ("name", "task", "summary", "modalities", "licence", "weights_sha256")
    return {key: whole[key] for key in kept}


def _parts(card: "Card") -> list[str]:
    head = f"{card.name}: {card.summary}\nlicence of the weights: {card.licence}"
    figures = [(f.name, _amount(f), f"{f.patients}") for f in card.figures]
    data = [(d.name, f"{d.patients}", d.licence, d.source) for d in card.data]
    return [
        head,
        f"Made for\n{_made_for(card)}",
        _listed("When not to trust it", card.limits),
        _titled(
            "Measured on held-out patients (95 % interval)",
            table(("what", "value", "patients"), figures) if figures else "",
        ),
        *(_titled(t.title, table(t.columns, t.rows)) for t in card.tables),
        _titled(
            "Trained on",
            table(("data", "patients", "licence", "source"), data) if data else "",
        ),
        _titled("How it was trained", _training(card)),
    ]


def _made_for(card: "Card") -> str:
    from vesalius.card import span

    """Spell the limits that every input is checked against."""
    rows = [
        ("modality", ", ".join(card.modalities)),
        ("contrast", ", ".join(card.contrasts) or "any"),
        ("voxel edges", span(card.spacing_range_mm, "mm")),
        ("field of view", span(card.field_of_view_mm, "mm")),
        ("intensity", span(card.intensity_range, card.units)),
    ]
    return "\n".join(f"  {name:14} {value}" for name, value in rows)


def _training(card: "Card") -> str:
    if card.training is None:
        return ""
    return "\n".join(
        f"  {key.replace('_', ' '):14} {value}"
        for key, value in asdict(card.training).items()
    )


def _amount(figure: "Figure") -> str:
    value = f"{figure.value:.4g} {figure.unit}".strip()
    if figure.low == figure.high:
        return value
    return f"{value} ({figure.low:.4g} to {figure.high:.4g})"


def _listed(title: str, lines: tuple[str, ...]) -> str:
    return _titled(title, "\n".join(f"  - {line}" for line in lines))


def _titled(title: str, body: str) -> str:
    return f"{title}\n{body}" if body else ""
