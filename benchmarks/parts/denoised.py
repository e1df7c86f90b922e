"""Denoised: one peer's answer for one slice, from the cache or computed now."""

from pathlib import Path

from parts.cache import Answer, fingerprint, remembered
from parts.cells import Pair
from parts.peers import Peer, versions
from vesalius.physics.noise import unbias_mean


def answer_of(peer: Peer, dial: float, pair: Pair, k: int, folder: Path) -> Answer:
    """Return a peer's answer for one slice, as the peer sees it.

    Args:
        peer: Who is asked.
        dial: Its dial.
        pair: The scan.
        k: The slice.
        folder: Of the cache.
    """
    noisy, noise = pair.seen(k), pair.noise
    question = {
        "peer": peer.clean.__name__,
        "versions": versions(),
        "dial": dial,
        "sigma": noise.sigma,
        "spectrum": None if noise.spectrum is None else fingerprint(noise.spectrum),
        "noisy": fingerprint(noisy),
    }
    words = (peer.name, pair.case.patient, pair.case.name, str(k))
    label = "-".join(word.replace(" ", "_").replace(",", "") for word in words)
    return remembered(folder, label, question, lambda: peer.clean(noisy, noise, dial))


def uncovered(answer: Answer, pair: Pair) -> Answer:
    """Take the Rician floor off an answer; CT has none."""
    if pair.truth.modality == "CT":
        return answer
    return Answer(unbias_mean(answer.picture, pair.noise.sigma), answer.seconds)
