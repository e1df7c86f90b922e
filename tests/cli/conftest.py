"""Fakes that stand in for the work, so that words can be tested on their own."""

import json

import numpy as np
import pytest


@pytest.fixture
def answer():
    """Make what a task returns: `answer("warn")`."""
    from vesalius.result import Provenance, Result, Verdict  # after the type hook
    from vesalius.volume import Volume

    picture = Volume(np.ones((4, 4, 2), np.float32), np.eye(4), "a.u.", "MR")
    origin = Provenance(
        task="denoise",
        weights_sha256=None,
        input_sha256="0" * 64,
        seed=0,
        options=(),
        version="0",
    )

    def make(outcome):
        shown = {} if outcome == "withhold" else {"picture": picture, "spread": picture}
        reasons = () if outcome == "show" else ("the scan is inverted",)
        return Result(verdict=Verdict(outcome, reasons), provenance=origin, **shown)

    return make


@pytest.fixture
def pipeline(monkeypatch, answer):
    """Stand in for the pipeline: `pipeline("show")`, `pipeline(ScanError("..."))`.

    Several endings follow one another. Returns what it was given, a call at a time.
    """
    calls = []

    def behave(*endings):
        coming = list(endings)

        def run(source, task, out, **options):
            calls.append({"source": source, "task": task, "out": out, **options})
            ending = coming.pop(0)
            if isinstance(ending, BaseException):
                raise ending
            out.mkdir(parents=True)
            record = {"verdict": {"outcome": ending}}
            (out / "result.json").write_text(json.dumps(record))
            return answer(ending)

        monkeypatch.setattr("vesalius.pipeline.run", run)
        return calls

    return behave
