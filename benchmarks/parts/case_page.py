"""Case page: the case studies' tables, as Markdown and as one page of HTML."""

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any

from parts.case_summary import HEADLINES, MEASURES, PUBLISHED, TITLES
from parts.ours_cases import OURS
from parts.table import spelled

Results = dict[str, Any]
Cells = list[str]

NOTES = {
    "tumour": (
        "Published: data, contrasts and kind of Dice are not told. Here: FLAIR alone, "
        "lower-grade glioma of TCGA-LGG, outlines of one reader, nominal spacing; "
        "3-D, each patient weighs the same, so the two figures are not of one test.",
        "Lesion-wise measures as in BraTS 2023; a false or missed lesion counts 0. "
        "Specificity is of the whole volume, air included: it is high for everybody. "
        "ECE is the expected calibration error; a peer's mask says no probability.",
    ),
    "translation": (
        "Published: SSIM 0.94 without mask, data range and window, so the two figures "
        "are not of one measure. What holds the head is in the CT and not in the MR, "
        "and MR and CT are registered to a pixel or so: the ceilings above say what "
        "either costs, whatever the method.",
        "Axial slices; the other planes and the centres stand in the JSON. Mask: the "
        "data set's outline of the head. Data range 4024 HU, window 7. SSIM with both "
        "outsides air is what many papers report.",
        "The traditional peers are given the data set's outline, ours and pix2pix are "
        "not. pix2pix learned from CT with air outside the outline, which favours its "
        "full-frame figures. HU are approximate: 8 grey bits a slice.",
    ),
    "nodules": (
        "Specificity is of a fixed list of LUNA16 candidates, nodules 1 in 7 of them; "
        "of a whole scan it is not defined. Which candidates the published figure is "
        "of is not told.",
        "Thresholds are fixed on calibration blocks by one rule for all. Blocks of "
        "the list are nearly disjoint by patient, not provably.",
    ),
}
FOR_ALL = (
    "Test cases only; 95 % intervals by bootstrap over patients, or blocks of the "
    "candidate list. Peers were fitted and tuned on training patients. The best "
    "traditional peer of the figure was chosen on these test cases, in its favour.",
    "Noise twice: the same known noise was put on the scan twice (MR: Rician, 3 % of "
    "the maximum; CT patches: normal, 15 HU) and the two answers were compared. It "
    "says how steady an answer is, not whether it is right.",
    "Minutes are of processor time, one thread, but for trained networks, where they "
    "are the clock's; seconds a case are of processor time. The machines stand in the "
    "JSON. Ours are the three models in the box, from their cards.",
    "A test scan that the verb's own checks would withhold is measured all the same.",
)
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff;
  max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
img { width: 100%; height: auto; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.85rem; }
th, td { text-align: left; vertical-align: top; padding: 0.35rem 0.6rem;
  border-bottom: 1px solid #ccc; font-variant-numeric: tabular-nums; }
thead th { border-bottom: 2px solid #444; }
tr.ours { background: #e8f0f5; font-weight: 600; }
tr.published { font-style: italic; }
.left { border-left: 4px solid #b5541c; padding-left: 0.8rem; }
"""


def sentences(results: Results) -> list[str]:
    """Say each case study's outcome in one sentence.

    Args:
        results: Of a run.
    """
    said = []
    for name, study in results["studies"].items():
        best = study["best_traditional"]
        words = f"{TITLES[name]} ({_size(study)}): ours {_headline(name, study, OURS)}"
        if best is not None:
            words += f"; best traditional peer, {best}, {_headline(name, study, best)}"
        said.append(f"{words}. Published: {PUBLISHED[name]['said']}.")
    return said


def markdown(results: Results) -> str:
    """Return the Markdown page of a run."""
    lines = ["# Case studies, published and recomputed", ""]
    lines += [
        "Written by `benchmarks/casestudies.py`; see `docs/reference/benchmarks.md`."
    ]
    lines += ["", _measured_on(results), "", "![Bars](casestudies.png)"]
    for sentence in (*sentences(results), *results["left_out"]):
        lines += ["", f"- {sentence}"]
    for name, study in results["studies"].items():
        head, rows = _table(name, study)
        lines += ["", f"## {TITLES[name]}, {_size(study)}", ""]
        lines += [_row(head), _row(["---"] * len(head)), *map(_row, rows)]
        for note in _notes(name, study):
            lines += ["", note]
    lines += ["", "## How to read this"]
    for note in FOR_ALL:
        lines += ["", f"- {note}"]
    return "\n".join(lines) + "\n"


def web_page(results: Results, picture: bytes) -> str:
    """Return one page of HTML that needs nothing beside it.

    Args:
        results: Of a run.
        picture: The figure, a PNG.
    """
    inside = b64encode(picture).decode("ascii")
    body = ["<h1>Case studies, published and recomputed</h1>"]
    body += [f"<p>{escape(_measured_on(results))}</p>"]
    body += [f'<p class="left">{escape(words)}</p>' for words in results["left_out"]]
    body += ["<ul>", *(f"<li>{escape(w)}</li>" for w in sentences(results)), "</ul>"]
    alt = "Bars: traditional against generative; the tables below hold the numbers."
    body += [f'<img alt="{alt}" src="data:image/png;base64,{inside}">']
    for name, study in results["studies"].items():
        body += [f"<h2>{escape(TITLES[name])}, {escape(_size(study))}</h2>"]
        body += _html_table(*_table(name, study))
        body += [f"<p>{escape(note)}</p>" for note in _notes(name, study)]
    body += ["<h2>How to read this</h2>", "<ul>"]
    body += [*(f"<li>{escape(note)}</li>" for note in FOR_ALL), "</ul>"]
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<title>Case studies, published and recomputed</title>",
            f"<style>{STYLE}</style></head><body>",
            *body,
            "</body></html>\n",
        ]
    )


def _table(name: str, study: Results) -> tuple[Cells, list[Cells]]:
    """Lay out the published rows, ours, and the peers by kind."""
    headed = MEASURES[name]
    less = [(key, said) for key, said, _ in headed if key in HEADLINES[name]]
    head = ["method", *(said for _, said, _ in headed)]
    head += [*(f"ours - it, {said}" for _, said in less), "minutes to fit", "s a case"]
    rows = [_published_row(name, kind, len(head)) for kind in PUBLISHED_KINDS]
    methods = study["methods"]
    order = sorted(methods, key=lambda n: (n != OURS, methods[n]["kind"]))
    for method in order:
        rows.append(_method_row(method, methods[method], name))
    return head, [row for row in rows if row]


PUBLISHED_KINDS = ("generative", "traditional")


def _published_row(name: str, kind: str, width: int) -> Cells:
    values = PUBLISHED[name][kind]
    if not values:
        return []
    cells = [f"published, {kind}"]
    for key, _, _ in MEASURES[name]:
        cells.append(f"{values[key]:.2f}" if key in values else "")
    return cells + [""] * (width - len(cells))


def _method_row(method: str, found: Results, name: str) -> Cells:
    cells = [method]
    for key, _, digits in MEASURES[name]:
        cells.append(spelled(found[key], digits) if key in found else "")
    gain = found.get("ours_minus", {})
    for key, _, digits in MEASURES[name]:
        if key in HEADLINES[name]:
            cells.append(spelled(gain[key], digits) if key in gain else "")
    minutes, seconds = found.get("fit_minutes"), found.get("seconds_a_case")
    cells.append("" if minutes is None else f"{minutes:.1f}")
    cells.append("" if seconds is None else f"{seconds:.2g}")
    return cells


def _headline(name: str, study: Results, method: str) -> str:
    found = study["methods"][method]
    return ", ".join(
        f"{said} {spelled(found[key], digits)}"
        for key, said, digits in MEASURES[name]
        if key in HEADLINES[name]
    )


def _size(study: Results) -> str:
    if "patients" in study:
        return f"{study['patients']} test patients"
    candidates, nodules = study["candidates"], study["nodules"]
    return f"{candidates} candidates, {nodules} nodules, {study['blocks']} test blocks"


def _notes(name: str, study: Results) -> Sequence[str]:
    ours = study["methods"][OURS]
    withheld = ours.get("withheld", 0)
    checks = (
        f"The verb's own checks would have withheld {withheld} of {ours['answers']} "
        "answers, those under noise counted.",
    )
    return (*_ceilings(study), *NOTES[name], *(checks if withheld else ()))


def _ceilings(study: Results) -> Sequence[str]:
    found = study.get("ceilings")
    if found is None:
        return ()
    air, median, shift = (
        spelled(found[key], 3)
        for key in ("outside_air", "outside_median", "shift_costs")
    )
    return (
        f"How far full-frame SSIM can come here, with the true CT inside the mask: "
        f"{air} with plain air outside, {median} with the outside at its median. A "
        f"shift of the true CT by one pixel costs {shift} of the SSIM in the mask. "
        "Published: 0.94.",
    )


def _measured_on(results: Results) -> str:
    machine = results["machine"]
    quick = "A QUICK LOOK, NO RESULT. " if results["quick"] else ""
    return (
        f"{quick}{results['minutes']} minutes on {machine['processor']}, "
        f"{machine['threads']} threads, load {machine['load_average']} at the start."
    )


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _html_table(head: Cells, rows: list[Cells]) -> list[str]:
    lines = ['<div class="wide"><table><thead><tr>']
    lines += [f"<th>{escape(said)}</th>" for said in head]
    lines += ["</tr></thead><tbody>"]
    for row in rows:
        kind = "ours" if row[0] == OURS else row[0].partition(",")[0]
        mark = f' class="{kind}"' if kind in ("ours", "published") else ""
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row)
        lines.append(f"<tr{mark}>{cells}</tr>")
    return [*lines, "</tbody></table></div>"]
