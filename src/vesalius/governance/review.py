"""Review: from a draft to a signed answer, as one table and nothing beside it.

A review is a value: every act gives a new one or is refused. It is bound to the digest
of one output. An act on another digest is refused, so a changed output voids what was
decided of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType

from vesalius.errors import ReviewError


class State(StrEnum):
    """Where a review stands."""

    DRAFT = "draft"  # made, seen by nobody
    SHOWN = "shown"  # a reader has seen the machine's answer
    ACCEPTED = "accepted"
    CORRECTED = "corrected"  # there is a version that a person made
    REJECTED = "rejected"
    SIGNED = "signed"
    SUPERSEDED = "superseded"  # another answer has taken its place


class Act(StrEnum):
    """What somebody may do."""

    SHOW = "show"
    ACCEPT = "accept"
    CORRECT = "correct"
    REJECT = "reject"
    SIGN = "sign"
    SUPERSEDE = "supersede"


_OPEN = {
    Act.ACCEPT: State.ACCEPTED,
    Act.CORRECT: State.CORRECTED,
    Act.REJECT: State.REJECTED,
    Act.SUPERSEDE: State.SUPERSEDED,
}
# What is in no row cannot be done. A decision may be changed until it is signed;
# to show an answer to one more reader changes nothing. What is signed stays signed:
# somebody may have acted on it, and a newer answer stands beside it, not in its place.
TABLE: Mapping[State, Mapping[Act, State]] = MappingProxyType(
    {
        State.DRAFT: {Act.SHOW: State.SHOWN, Act.SUPERSEDE: State.SUPERSEDED},
        State.SHOWN: {Act.SHOW: State.SHOWN, **_OPEN},
        State.ACCEPTED: {Act.SHOW: State.ACCEPTED, **_OPEN, Act.SIGN: State.SIGNED},
        State.CORRECTED: {Act.SHOW: State.CORRECTED, **_OPEN, Act.SIGN: State.SIGNED},
        State.REJECTED: {Act.SHOW: State.REJECTED, **_OPEN},
        State.SIGNED: {Act.SHOW: State.SIGNED},
        State.SUPERSEDED: {Act.SHOW: State.SUPERSEDED},
    }
)
DECIDING = frozenset({Act.ACCEPT, Act.CORRECT, Act.REJECT, Act.SIGN})
OVER = frozenset({State.SIGNED, State.SUPERSEDED})  # nothing more is decided

FINDS = ("present", "absent", "unsure")
REASONS = (
    "wrong-patient",
    "wrong-scan",
    "wrong-side",
    "poor-scan",
    "poor-answer",
    "invented",
    "missed",
    "not-needed",
)


@dataclass(frozen=True)
class Opinion:
    """What a reader thought before the machine's answer was shown.

    Attributes:
        reader: The account's id.
        finds: "present", "absent" or "unsure".
        confidence: From 0 to 100.
        marks_mm: Places the reader pointed at, RAS+.
    """

    reader: str
    finds: str
    confidence: int
    marks_mm: tuple[tuple[float, float, float], ...] = ()

    def __post_init__(self) -> None:
        if self.finds not in FINDS:
            raise ReviewError(f"an opinion is one of {', '.join(FINDS)}")
        if not 0 <= self.confidence <= 100:
            raise ReviewError("a confidence runs from 0 to 100")


@dataclass(frozen=True)
class Step:
    """One act that was done.

    Attributes:
        act: Which.
        by: The account's id.
        digest: SHA-256 of the output it was done on.
        reason: A code of `REASONS`, of a rejection.
        version: SHA-256 of the output that was made, of a correction.
        when: The time, ISO 8601; empty where nobody noted it.
    """

    act: Act
    by: str
    digest: str
    reason: str = ""
    version: str = ""
    when: str = ""


@dataclass(frozen=True)
class Review:
    """One answer's way to a signature.

    Attributes:
        digest: SHA-256 of the output that is decided on now.
        first_read: Whether a reader's opinion must come before the answer.
        signers: How many must sign, one or two.
        state: Where it stands.
        opinions: Of readers, in order.
        steps: What was done, oldest first.
        versions: Digests of all outputs, the machine's first; none is forgotten.
        signed_by: Who has signed `digest` as it is now.
    """

    digest: str
    first_read: bool = False
    signers: int = 1
    state: State = State.DRAFT
    opinions: tuple[Opinion, ...] = ()
    steps: tuple[Step, ...] = ()
    versions: tuple[str, ...] = ()
    signed_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.signers not in (1, 2):
            raise ReviewError("one person signs, or two do")
        if not self.versions:
            object.__setattr__(self, "versions", (self.digest,))


def give_opinion(review: Review, opinion: Opinion) -> Review:
    """Record what a reader thinks before seeing the answer.

    Args:
        review: In which nothing has been shown to that reader; to another, perhaps.
        opinion: The reader's.

    Raises:
        ReviewError: The reader has seen the answer, or has given an opinion.
    """
    if has_seen(review, opinion.reader):
        raise ReviewError(
            "the machine's answer was shown already: an opinion given now would not be "
            "a first read"
        )
    if any(given.reader == opinion.reader for given in review.opinions):
        raise ReviewError("this reader's opinion is recorded and stays as it is")
    return replace(review, opinions=(*review.opinions, opinion))


def seen(review: Review, reader: str) -> tuple[str, ...]:
    """Return the versions that a reader may look at, the machine's first.

    Whoever was shown a version, or made it, may look at it and at those before it.

    Args:
        review: As it stands.
        reader: The account's id.
    """
    own = {step.digest for step in _of(review, reader, Act.SHOW)}
    own |= {step.version for step in _of(review, reader, Act.CORRECT)}
    last = max((n for n, one in enumerate(review.versions, 1) if one in own), default=0)
    return review.versions[:last]


def has_seen(review: Review, reader: str) -> bool:
    """Say whether a reader was shown the answer, in any version of it.

    Args:
        review: As it stands.
        reader: The account's id.
    """
    return bool(seen(review, reader))


def knows(review: Review, reader: str) -> bool:
    """Say whether a reader was shown the answer as it is now, or made it so.

    Args:
        review: As it stands.
        reader: The account's id.
    """
    return review.digest in seen(review, reader)


def decision_of(review: Review) -> Step | None:
    """Return the decision that stands; None where nothing is decided.

    Args:
        review: As it stands.
    """
    taken = [step for step in review.steps if step.act in DECIDING - {Act.SIGN}]
    return taken[-1] if taken else None


def act(
    review: Review,
    what: Act,
    by: str,
    digest: str,
    *,
    reason: str = "",
    version: str = "",
    when: str = "",
) -> Review:
    """Do one thing, or refuse.

    Args:
        review: As it stands.
        what: Which act.
        by: The account's id.
        digest: SHA-256 of the output that the person saw.
        reason: Of a rejection: a code of `REASONS`.
        version: Of a correction: the digest of the output that the person made.
        when: The time, ISO 8601.

    Returns:
        The review after it.

    Raises:
        ReviewError: It is not in the table, is about another output, or lacks what it
            needs; the message says what to do.
    """
    _refuse_others(review, what, by, digest)
    check = _CHECKS.get(what)
    if check is not None:
        check(review, by, reason, version)
    made = version if what is Act.CORRECT else ""
    done = replace(
        review,
        steps=(*review.steps, Step(what, by, digest, reason, made, when)),
        state=TABLE[review.state][what],
    )
    if what is Act.SIGN:
        signed_by = (*review.signed_by, by)
        state = done.state if len(signed_by) >= review.signers else review.state
        return replace(done, state=state, signed_by=signed_by)
    if what is Act.CORRECT:
        versions = (*review.versions, version)
        done = replace(done, digest=version, versions=versions)
    # Whatever else was decided anew, or is another picture: nobody has signed that.
    return replace(done, signed_by=()) if what in DECIDING else done


def allowed(review: Review) -> tuple[Act, ...]:
    """Return what may be done next, by somebody."""
    return tuple(TABLE[review.state])


def is_final(review: Review) -> bool:
    """Say whether all who must have signed the output as it is."""
    return review.state is State.SIGNED


def _of(review: Review, by: str, what: Act) -> tuple[Step, ...]:
    return tuple(step for step in review.steps if step.act is what and step.by == by)


def _refuse_others(review: Review, what: Act, by: str, digest: str) -> None:
    if what not in TABLE[review.state]:
        may = ", ".join(allowed(review))
        then = (
            ": a newer answer has taken its place; open the case again, and decide on "
            "that one"
            if review.state is State.SUPERSEDED
            else f"; possible: {may}"
        )
        raise ReviewError(
            f"an answer that is {review.state} cannot be {_DONE[what]}{then}"
        )
    if digest != review.digest:
        raise ReviewError(
            "the answer has changed since it was shown: look at it again, then decide"
        )
    if what in DECIDING and not knows(review, by):
        raise ReviewError(
            "the answer was corrected since it was shown to you: look at it again first"
            if has_seen(review, by)
            else "nobody decides on an answer unseen: look at it first"
        )


_DONE = {
    Act.SHOW: "shown",
    Act.ACCEPT: "accepted",
    Act.CORRECT: "corrected",
    Act.REJECT: "rejected",
    Act.SIGN: "signed",
    Act.SUPERSEDE: "superseded",
}


def _may_show(review: Review, by: str, reason: str, version: str) -> None:
    if review.first_read and all(given.reader != by for given in review.opinions):
        raise ReviewError(
            "a first read comes before the machine's answer: record your opinion first"
        )


def _may_correct(review: Review, by: str, reason: str, version: str) -> None:
    if not version:
        raise ReviewError("a correction is a new version: say its digest")
    if version in review.versions:
        raise ReviewError("this version is there already: nothing was corrected")


def _may_reject(review: Review, by: str, reason: str, version: str) -> None:
    if reason not in REASONS:
        raise ReviewError(f"a rejection has a reason, one of {', '.join(REASONS)}")


def _may_sign(review: Review, by: str, reason: str, version: str) -> None:
    if by in review.signed_by:
        raise ReviewError("the second signature is another person's")


_CHECKS = {
    Act.SHOW: _may_show,
    Act.CORRECT: _may_correct,
    Act.REJECT: _may_reject,
    Act.SIGN: _may_sign,
}
