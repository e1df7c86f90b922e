"""Table: a benchmark's JSON as a page of Markdown, and as a picture."""

from pathlib import Path
from typing import Any

from parts.ours import OURS
from vesalius.card import Table

Results = dict[str, Any]
WIDTH_IN, HEIGHT_IN, DPI = 11.0, 8.0, 110
COLOURS = {OURS: "#0b6e4f", "BM3D": "#b5541c", "noisy": "#999999"}


def page(results: Results) -> str:
    """Return the Markdown page of a run."""
    machine = results["machine"]
    lines = [
        "# Denoising, ours against the classical methods",
        "",
        "Written by `benchmarks/denoise.py`; what the columns mean stands in",
        "`docs/reference/benchmarks.md`.",
        "",
        f"Machine: {machine['processor']}, {machine['threads']} threads, "
        f"load {machine['load_average']} when it began.",
    ]
    for cell in results["cells"]:
        lines += ["", *_cell_lines(cell)]
    if results["cost"]:
        lines += ["", "## Cost of one 256 x 256 slice on two threads", ""]
        lines += ["| method | s by the clock | s of processor | peak memory, MB |"]
        lines += ["|---|---|---|---|"]
        lines += [
            f"| {name} | {cost['seconds']:.3f} | {cost['processor_seconds']:.3f} "
            f"| {cost['peak_mb']:.0f} |"
            for name, cost in results["cost"].items()
        ]
    return "\n".join(lines) + "\n"


def _cell_lines(cell: Results) -> list[str]:
    unit = "HU" if cell["modality"] == "CT" else "a.u."
    lines = [
        f"## {cell['name']}: {cell['patients']} patients, {cell['slices']} slices",
        "",
        f"| method | PSNR | SSIM | full PSNR | full SSIM | RMSE, {unit} "
        "| ours - it, PSNR | ours - it, SSIM |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, row in cell["methods"].items():
        shown = [
            spelled(row[column], digits)
            for column, digits in (
                ("psnr", 2),
                ("ssim", 3),
                ("psnr_full", 2),
                ("ssim_full", 3),
                ("rmse", 2),
            )
        ]
        gain = row.get("ours_minus")
        shown += (
            [spelled(gain[c], d) for c, d in (("psnr", 2), ("ssim", 3))]
            if gain
            else ["", ""]
        )
        lines.append(f"| {name} | " + " | ".join(shown) + " |")
    return lines


def rows_of(table: Table) -> list[str]:
    """Return a card's table as lines of Markdown, its title left out."""
    rows = (table.columns, ("---",) * len(table.columns), *table.rows)
    return ["| " + " | ".join(row) + " |" for row in rows]


def spelled(interval: Results, digits: int) -> str:
    """Write a mean with its interval; alone where it is of one patient."""
    value = f"{interval['value']:.{digits}f}"
    if interval["count"] == 1:
        return value
    return f"{value} ({interval['low']:.{digits}f} to {interval['high']:.{digits}f})"


def draw(results: Results, file: Path) -> None:
    """Draw each cell's PSNR by method, with intervals, CT's RMSE in its place.

    Args:
        results: Of a run.
        file: A PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cells = results["cells"]
    columns = min(3, len(cells))
    rows = -(-len(cells) // columns)
    size = (WIDTH_IN, HEIGHT_IN * rows / 3)
    figure, axes = pyplot.subplots(rows, columns, figsize=size, squeeze=False)
    for place, cell in zip(axes.flat, cells, strict=False):
        _draw_cell(place, cell)
    for place in axes.flat[len(cells) :]:
        place.set_axis_off()
    figure.tight_layout()
    figure.savefig(file, dpi=DPI, metadata={"Software": None})
    pyplot.close(figure)


def _draw_cell(place: Any, cell: Results) -> None:
    column = "rmse" if cell["modality"] == "CT" else "psnr"
    names = list(cell["methods"])
    for height, name in enumerate(reversed(names)):
        shown = cell["methods"][name][column]
        value, low, high = shown["value"], shown["low"], shown["high"]
        colour = COLOURS.get(name.split(",")[0], "#555555")
        ends = [[max(value - low, 0)], [max(high - value, 0)]]
        place.errorbar(value, height, xerr=ends, fmt="o", color=colour, capsize=3)
    place.set_yticks(range(len(names)), list(reversed(names)), fontsize=7)
    place.set_title(f"{cell['name']} (n = {cell['patients']})", fontsize=8)
    label = (
        "RMSE in the body, HU: less is better"
        if column == "rmse"
        else ("PSNR in the head or body, dB")
    )
    place.set_xlabel(label, fontsize=7)
    place.tick_params(axis="x", labelsize=7)
    place.grid(axis="x", alpha=0.3)
