"""Claim: each verb withholds 95 of 100 foreign inputs and at most 2 of 100 valid ones.

Test patients' scans, and what is none, are shown to the input check of every model in
the box, with the card's own limits. `--help` lists the options.
"""

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from parts.machine import described
from parts.shown import progress
from parts.written import write_results
from rich.console import Console

from vesalius import weights
from vesalius.anatomy.lungs import lung_mask
from vesalius.card import Card
from vesalius.errors import ScanError
from vesalius.evaluate.intervals import Interval
from vesalius.evaluate.refusals import (
    Trial,
    count_refusals,
    refusal_trials,
    verb_trials,
)
from vesalius.quality import check_input, verdict_of
from vesalius.volume import Volume

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MOST_VALID, LEAST_FOREIGN = 0.02, 0.95  # withheld
VALID, FOREIGN, ALL = "valid", "foreign", "all"

Found = dict[str, dict[str, Interval]]
Told = Callable[[str], None]


def main(arguments: list[str] | None = None) -> int:
    """Count for every model; 1 where a bar is missed."""
    asked = _options().parse_args(arguments)
    console = Console(stderr=True)
    machine, models = described(), {}
    with progress(console) as told:
        for name in weights.names():
            if asked.only in name:
                models[name] = _counted(weights.card(name), asked.data, told)
    results = {
        "claim": __doc__.splitlines()[0],
        "machine": machine,
        "most_valid_withheld": MOST_VALID,
        "least_foreign_withheld": LEAST_FOREIGN,
        "models": models,
    }
    write_results(asked.out, "refusals", results, page(results))
    console.print(page(results), soft_wrap=True, markup=False, highlight=False)
    return int(not all(model["within"] for model in models.values()))


def page(results: dict[str, Any]) -> str:
    """Return the Markdown page of a run."""
    lines = ["# What each model's input check withholds", ""]
    lines += [
        "Written by `benchmarks/refusals.py`; see `docs/reference/benchmarks.md`."
    ]
    for name, model in results["models"].items():
        lines += ["", f"## {name}: {'holds' if model['within'] else 'misses'}", ""]
        lines += [
            "| input | given | withheld, % | 95 % interval |",
            "|---|---|---|---|",
        ]
        for group in (VALID, FOREIGN):
            kinds = model[group]
            for kind in (ALL, *(kind for kind in kinds if kind != ALL)):
                if kind in kinds:
                    lines.append(_line(group, kind, kinds[kind]))
    return "\n".join(lines) + "\n"


def _line(group: str, kind: str, found: dict[str, float]) -> str:
    value, low, high = (100 * found[end] for end in ("value", "low", "high"))
    name = f"**{group}, all**" if kind == ALL else f"{group}: {kind}"
    return f"| {name} | {found['count']} | {value:.1f} | {low:.1f} to {high:.1f} |"


def _options() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(description=__doc__)
    say = options.add_argument
    say("--data", type=Path, default=ROOT.parent / "shared" / "data")
    say("--out", type=Path, default=RESULTS)
    say("--only", default="", help="models whose name has this in it")
    return options


def _counted(card: Card, data: Path, told: Told) -> dict[str, Any]:
    told(f"{card.name}: reading")

    def trials() -> Iterator[Trial]:
        found = (
            verb_trials(data, card)
            if card.region
            else refusal_trials(data, card.modalities[0])
        )
        for number, trial in enumerate(found, 1):
            told(f"{card.name}: {number} inputs, {trial.kind}")
            yield trial

    return judged(count_refusals(trials(), lambda scan: is_withheld(scan, card)))


def judged(found: Found) -> dict[str, Any]:
    """Return the shares as JSON keeps them, and whether both bars are held."""
    valid, foreign = found[VALID][ALL], found[FOREIGN][ALL]
    shares = {
        group: {kind: _kept(interval) for kind, interval in kinds.items()}
        for group, kinds in found.items()
    }
    within = valid.value <= MOST_VALID and foreign.value >= LEAST_FOREIGN
    return {"within": within, **shares}


def is_withheld(scan: Volume, card: Card) -> bool:
    """Whether a verb with this card would give no answer."""
    if verdict_of(check_input(scan, card)).outcome == "withhold":
        return True
    if card.task != "detect":
        return False
    try:
        lung_mask(scan)
    except ScanError:
        return True
    return False


def _kept(found: Interval) -> dict[str, float]:
    ends = {end: round(getattr(found, end), 4) for end in ("value", "low", "high")}
    return {**ends, "count": found.count}


if __name__ == "__main__":
    raise SystemExit(main())
