"""Ours, on the case studies: the verbs with the models that are in the box."""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from parts import nodule_study, translation_study, tumour_study
from parts.kept_answers import Arrays, Kept
from parts.takes import TAKES
from vesalius.errors import ConfigError, WeightsError
from vesalius.evaluate.detect import score_patches
from vesalius.evaluate.pairs import picture_of, slice_volume
from vesalius.result import Result
from vesalius.tasks.segment import segment_by
from vesalius.tasks.translate import translate_by
from vesalius.volume import Volume
from vesalius.weights.models import Model, open_model

OURS = "ours"
MODELS = {
    tumour_study.NAME: "segment-tumour",
    translation_study.NAME: "translate-mr-ct",
    nodule_study.NAME: "detect-nodule",
}
HALF = 0.5

Told = Callable[[str], None]
Verb = Callable[[Volume, Model], Result]


def in_the_box(study: str) -> Model | None:
    """Open a case study's model; None where the box does not hold it."""
    try:
        return open_model(MODELS[study])
    except (ConfigError, WeightsError):
        return None


def tumour(
    model: Model,
    cases: Any,
    told: Told,
    *,
    name: str = OURS,
    takes: Sequence[str] = TAKES,
) -> Kept:
    """Outline the test patients with a model.

    Args:
        model: A segmenter.
        cases: Test patients.
        told: Hears which patient it is.
        name: The method's name.
        takes: The scan as it is, and with which draws of noise.
    """
    asked = Asked(segment_by, model)
    begun = time.process_time()
    kept = tumour_study.answers(
        lambda flair: asked(flair).voxels, cases, told, chances=True, takes=takes
    )
    return _kept(kept, asked.told(time.process_time() - begun), name)


def translation(model: Model, cases: Any, told: Told, *, name: str = OURS) -> Kept:
    """Translate the test slices with a model.

    Args:
        model: A translator from MR to CT.
        cases: Test slices.
        told: Hears which slice it is.
        name: The method's name.
    """
    asked = Asked(translate_by, model)

    def translate(mr: np.ndarray, mask: np.ndarray, plane: str) -> np.ndarray:
        return picture_of(asked(slice_volume(mr, plane)), plane)

    begun = time.process_time()
    kept = translation_study.answers(translate, cases, told)
    return _kept(kept, asked.told(time.process_time() - begun), name)


def nodules(model: Model, tested: Any, told: Told) -> Kept:
    """Score the test candidates with a model, its threshold the card's.

    Args:
        model: A judge of patches.
        tested: Test candidates.
        told: Hears which take it is.
    """
    level = dict(model.card.calibration).get("threshold", HALF)
    answers = 0

    def score(pictures: np.ndarray) -> np.ndarray:
        nonlocal answers
        answers += len(pictures)
        return score_patches(model.net, pictures)

    begun = time.process_time()
    kept = nodule_study.answers(score, level, tested, told)
    spent = time.process_time() - begun
    return _kept(kept, _record(model, spent, answers, 0))


OURS_BY_STUDY: dict[str, Callable[[Model, Any, Told], Kept]] = {
    tumour_study.NAME: tumour,
    translation_study.NAME: translation,
    nodule_study.NAME: nodules,
}


class Asked:
    """Ask a verb; count a scan that its checks withhold, and have it answered anyway.

    A test patient left out because the answer may be poor would flatter us.

    Args:
        verb: `segment_by` or `translate_by`.
        model: What it uses.
    """

    def __init__(self, verb: Verb, model: Model) -> None:
        self._verb, self._model = verb, model
        self._answers, self._withheld = 0, 0

    def __call__(self, scan: Volume) -> Volume:
        """Return the verb's picture."""
        self._answers += 1
        result = self._verb(scan, self._model)
        if result.picture is None:
            self._withheld += 1
            lenient = replace(self._model.card, unfamiliarity_limit=None, region=None)
            result = self._verb(scan, Model(lenient, self._model.net))
        if result.picture is None:
            reasons = "; ".join(result.verdict.reasons)
            raise SystemExit(f"the card withholds a test scan: {reasons}")
        return result.picture

    def told(self, spent: float) -> dict[str, Any]:
        """Return the record of what was asked."""
        return _record(self._model, spent, self._answers, self._withheld)


def _record(model: Model, spent: float, answers: int, withheld: int) -> dict[str, Any]:
    training = model.card.training
    return {
        "kind": "generative",
        "fit_minutes": training.minutes if training else None,
        "seconds_a_case": round(spent / max(answers, 1), 4),
        "weights_sha256": model.card.weights_sha256,
        "answers": answers,
        "withheld": withheld,
    }


def _kept(arrays: Arrays, told: dict[str, Any], name: str = OURS) -> Kept:
    return Kept(arrays, {"name": name, **told})
