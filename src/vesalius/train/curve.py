"""Curve: the loss of a training as a picture."""

from pathlib import Path

SMOOTH_OVER = 10  # points of the running mean drawn over the raw ones


def draw_curve(losses: tuple[tuple[int, float], ...], title: str, file: Path) -> None:
    """Write the loss curve as a PNG.

    Args:
        losses: Pairs of step and loss.
        title: Above the curve.
        file: Where to; replaced whole.
    """
    import matplotlib as mpl  # heavy, and only here

    mpl.use("Agg")
    import numpy as np
    from matplotlib import pyplot

    steps, values = np.array(losses).T
    figure, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axes.plot(steps, values, color="#b8c4d0", linewidth=0.8, label="a step")
    if len(values) > SMOOTH_OVER:
        kernel = np.ones(SMOOTH_OVER) / SMOOTH_OVER
        smooth = np.convolve(values, kernel, mode="valid")
        axes.plot(steps[SMOOTH_OVER - 1 :], smooth, color="#0b3d66", label="mean of 10")
    axes.set(xlabel="step", ylabel="loss", title=title, yscale="log")
    axes.legend(frameon=False)
    draft = file.with_suffix(".draft")
    figure.savefig(draft, dpi=120, format="png")
    pyplot.close(figure)
    draft.replace(file)
