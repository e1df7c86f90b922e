"""Case figure: traditional against generative, in bars that survive a grey printer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from parts import nodule_study, translation_study, tumour_study
from parts.case_summary import PUBLISHED
from parts.ours_cases import OURS

Results = dict[str, Any]

SIZE_IN, DPI = (13.0, 6.4), 120
PIX2PIX = "pix2pix"
TRADITIONAL = "best traditional"
# Lightness falls from one to the next, and each has its own hatching.
LOOKS = {
    TRADITIONAL: {"color": "#e3e3e3", "hatch": ""},
    PIX2PIX: {"color": "#b8cfdd", "hatch": "///"},
    OURS: {"color": "#5b92b8", "hatch": ""},
}
MARKS = {"traditional": "o", "generative": "D"}
T, S, N = tumour_study.NAME, translation_study.NAME, nodule_study.NAME
LEFT_OUT = "left out:\nno model in the box"


class Group(NamedTuple):
    """Bars side by side: one measure of one case study."""

    label: str
    study: str
    key: str


class Panel(NamedTuple):
    """Groups on one axis."""

    title: str
    groups: tuple[Group, ...]
    share: bool = True  # from 0 to 1
    log: bool = False


PANELS = (
    Panel(
        "Tumour: voxels",
        (
            Group("sensitivity", T, "sensitivity"),
            Group("specificity", T, "specificity"),
        ),
    ),
    Panel(
        "Synthetic CT: bone above 250 HU",
        (
            Group("sensitivity", S, "bone_sensitivity"),
            Group("specificity", S, "bone_specificity"),
        ),
    ),
    Panel(
        "Nodules: candidates",
        (
            Group("sensitivity", N, "sensitivity"),
            Group("specificity", N, "specificity"),
        ),
    ),
    Panel(
        "Same scan, noise twice: Dice",
        (
            Group("tumour", T, "repeated"),
            Group("bone", S, "repeated"),
            Group("nodules", N, "repeated"),
        ),
    ),
    Panel("Dice", (Group("tumour", T, "dice"), Group("bone", S, "bone_dice"))),
    Panel(
        "Synthetic CT: SSIM",
        (Group("both outsides air", S, "ssim_air"), Group("in the mask", S, "ssim")),
    ),
    Panel(
        "Synthetic CT: MAE, HU (less is better)",
        (Group("head", S, "mae_hu"), Group("soft tissue", S, "mae_soft_hu")),
        share=False,
    ),
    Panel(
        "Minutes to fit or train",
        (
            Group("tumour", T, "fit_minutes"),
            Group("CT", S, "fit_minutes"),
            Group("nodules", N, "fit_minutes"),
        ),
        share=False,
        log=True,
    ),
)


def draw(results: Results, file: Path) -> None:
    """Draw the case studies' bars, with intervals and the published figures.

    Args:
        results: Of a run.
        file: A PNG.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(2, 4, figsize=SIZE_IN)
    for place, panel in zip(axes.flat, PANELS, strict=True):
        _draw_panel(place, panel, results["studies"])
    shown, words = _legend()
    figure.legend(shown, words, loc="lower center", ncol=len(words), frameon=False)
    figure.tight_layout(rect=(0, 0.06, 1, 1))
    figure.savefig(file, dpi=DPI, metadata={"Software": None})
    pyplot.close(figure)


def bars_of(study: Results) -> list[tuple[str, str]]:
    """Choose which methods stand in the figure, and under which look.

    Args:
        study: One case study's results.

    Returns:
        Pairs of look and method, from left to right.
    """
    named = [(TRADITIONAL, study["best_traditional"]), (PIX2PIX, PIX2PIX), (OURS, OURS)]
    return [(look, name) for look, name in named if name in study["methods"]]


def _draw_panel(place: Any, panel: Panel, studies: Results) -> None:
    place.set_title(panel.title, fontsize=10)
    here = [group for group in panel.groups if group.study in studies]
    if panel.log and here:
        place.set_yscale("log")
        place.set_ylim(0.01, 1000)
    for middle, group in enumerate(here):
        _draw_group(place, middle, group, studies[group.study])
    place.set_xticks(range(len(here)), [group.label for group in here], fontsize=9)
    place.tick_params(axis="y", labelsize=8)
    place.spines[["top", "right"]].set_visible(False)
    place.set_axisbelow(True)
    place.grid(axis="y", color="#e6e6e6", linewidth=0.8)
    if not here:
        place.text(0.5, 0.5, LEFT_OUT, ha="center", va="center", fontsize=9)
        place.set_xlim(0, 1)
    if panel.share:
        place.set_ylim(0, 1.04)


def _draw_group(place: Any, middle: float, group: Group, study: Results) -> None:
    bars = bars_of(study)
    width = 0.8 / max(len(bars), 1)
    for number, (look, name) in enumerate(bars):
        found = study["methods"][name].get(group.key)
        if not found:
            continue
        at = middle + (number - (len(bars) - 1) / 2) * width
        interval = found if isinstance(found, dict) else None
        value = interval["value"] if interval else float(found)
        edge = {"edgecolor": "black", "linewidth": 0.6}
        place.bar(at, value, 0.92 * width, **edge, **LOOKS[look])
        if interval:
            ends = [[value - interval["low"]], [interval["high"] - value]]
            place.errorbar(at, value, ends, fmt="none", ecolor="black", capsize=3)
        low = place.get_ylim()[0] if place.get_yscale() == "log" else 0
        _number(place, at, low, value)
        _mark(place, at, group, look)


def _number(place: Any, at: float, low: float, value: float) -> None:
    """Write a bar's value at its foot, where no whisker ends."""
    words = f"{value:.2f}" if value < 2 else f"{value:.0f}"
    plain = {"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 0.4}
    place.annotate(
        words, (at, low), (0, 4), textcoords="offset points",
        ha="center", va="bottom", fontsize=6.5, bbox=plain,
    )  # fmt: skip


def _mark(place: Any, at: float, group: Group, look: str) -> None:
    kind = {TRADITIONAL: "traditional", OURS: "generative"}.get(look, "")
    value = PUBLISHED[group.study].get(kind, {}).get(group.key)
    if value is not None:
        place.plot(
            at, value, MARKS[kind], color="white", markeredgecolor="black",
            markersize=8, markeredgewidth=1.4, zorder=5,
        )  # fmt: skip


def _legend() -> tuple[Sequence[Any], Sequence[str]]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words = {
        TRADITIONAL: "best traditional peer on these test cases",
        PIX2PIX: "pix2pix",
        OURS: "ours",
    }
    shown: list[Any] = [
        Patch(facecolor=look["color"], hatch=look["hatch"], edgecolor="black")
        for look in LOOKS.values()
    ]
    for mark in MARKS.values():
        shown.append(
            Line2D([], [], marker=mark, linestyle="", color="white",
                   markeredgecolor="black", markersize=8)
        )  # fmt: skip
    said = [words[name] for name in LOOKS]
    return shown, [*said, "published, traditional", "published, generative"]
