"""Reviews: an opinion, a look, a decision, a signature."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from vesalius.governance.review import (
    Act,
    Opinion,
    Review,
    State,
    allowed,
    has_seen,
    is_final,
    knows,
)
from vesalius.server.accounts import Account
from vesalius.server.course import refuse_unlearned
from vesalius.server.desk import Desk
from vesalius.server.doors import Own, TheDesk
from vesalius.server.model_versions import is_suspended
from vesalius.server.passwords import MOST
from vesalius.server.performing import OPTIONS
from vesalius.server.projects import AbsentError
from vesalius.server.results import find_result
from vesalius.server.reviews import (
    Deed,
    Policy,
    decide,
    find_review,
    set_policy,
    think,
)
from vesalius.server.routes.results import label_of
from vesalius.server.sessions import SignedIn, confirm

ROUTER = APIRouter(prefix="/api", tags=["reviews"])

Digest = Annotated[str, Field(pattern="[0-9a-f]{64}")]
Place = tuple[float, float, float]


class Thought(BaseModel):
    """What a reader thinks before the answer is shown."""

    finds: Annotated[str, Field(max_length=10)]
    confidence: int
    marks_mm: Annotated[list[Place], Field(max_length=50)] = []


class Decision(BaseModel):
    """A decision, bound to the output that was seen."""

    digest: Digest


class Rejection(Decision):
    """A rejection and its reason, a code."""

    reason: Annotated[str, Field(max_length=40)]


class Signature(Decision):
    """A signature: the password once more."""

    password: Annotated[str, Field(max_length=MOST)]


class Reading(BaseModel):
    """How a verb's answers are to be read."""

    first_read: bool
    signers: Annotated[int, Field(ge=1, le=2)]


class Told(BaseModel):
    """Where a review stands, for whoever asks.

    Attributes:
        state: Of the table.
        digest: Of the output that is decided on; empty for whom it was not shown to.
        allowed: What may be done next, by somebody.
        first_read: Whether an opinion comes before the answer.
        seen: Whether the answer, as it is now, was shown to whoever asks.
        look_again: Whether they were shown an earlier version of it alone.
        opinions: Of readers; before the answer is shown, one's own alone.
        signed_by: Accounts' ids.
        signers: How many must sign.
        label: What stands on the picture until it is signed.
        suspended: Whether the model's version has been suspended since.
    """

    state: State
    digest: str
    allowed: list[Act]
    first_read: bool
    seen: bool
    look_again: bool
    opinions: list[dict[str, object]]
    signed_by: list[str]
    signers: int
    label: str
    suspended: bool


@ROUTER.get("/reviews/{result}")
def look(result: str, desk: TheDesk, session: Own) -> Told:
    """Say where a review stands."""
    with desk.look() as connection:
        find_result(connection, result, session.account)
        review = find_review(connection, result)
        return told_of(connection, result, review, session.account)


@ROUTER.post("/reviews/{result}/opinion")
def opine(result: str, thought: Thought, desk: TheDesk, session: Own) -> Told:
    """Record what one thinks before the answer is shown."""
    account = session.account
    marks = tuple(thought.marks_mm)
    opinion = Opinion(account.id, thought.finds, thought.confidence, marks)
    with desk.change() as (connection, record):
        found = find_result(connection, result, account)
        after = think(connection, record, found, opinion, account, desk.now())
        return told_of(connection, result, after, account)


@ROUTER.post("/reviews/{result}/show")
def show(result: str, desk: TheDesk, session: Own) -> Told:
    """Have the answer shown; where a first read is asked for, after one's opinion."""
    account = session.account
    with desk.change() as (connection, record):
        found = find_result(connection, result, account)
        review = find_review(connection, result)
        if knows(review, account.id):
            return told_of(connection, result, review, account)
        deed = Deed(Act.SHOW, account, desk.now(), review.digest)
        after = decide(connection, record, found, deed)
        return told_of(connection, result, after, account)


@ROUTER.post("/reviews/{result}/accept")
def accept(result: str, decision: Decision, desk: TheDesk, session: Own) -> Told:
    """Accept the answer as it is."""
    return _done(desk, session, result, Act.ACCEPT, decision.digest)


@ROUTER.post("/reviews/{result}/reject")
def reject(result: str, rejection: Rejection, desk: TheDesk, session: Own) -> Told:
    """Reject the answer, with a reason."""
    return _done(desk, session, result, Act.REJECT, rejection.digest, rejection.reason)


@ROUTER.post("/reviews/{result}/sign")
def sign(result: str, signature: Signature, desk: TheDesk, session: Own) -> Told:
    """Sign the answer; the password is asked for again."""
    with desk.look() as connection:
        find_result(connection, result, session.account)
        account, word = session.account, signature.password
        refuse_unlearned(connection, account)
        confirm(connection, desk.throttle, account, word, desk.now())
    return _done(desk, session, result, Act.SIGN, signature.digest)


@ROUTER.put("/policies/{verb}", status_code=204)
def settle(verb: str, reading: Reading, desk: TheDesk, session: Own) -> None:
    """Settle how answers of a verb are read from now on."""
    if verb not in OPTIONS:
        raise AbsentError
    policy = Policy(reading.first_read, reading.signers)
    with desk.change() as (connection, record):
        set_policy(connection, record, verb, policy, session.account)


def _done(
    desk: Desk,
    session: SignedIn,
    result: str,
    what: Act,
    digest: str,
    reason: str = "",
) -> Told:
    account = session.account
    with desk.change() as (connection, record):
        found = find_result(connection, result, account)
        deed = Deed(what, account, desk.now(), digest, reason)
        after = decide(connection, record, found, deed)
        return told_of(connection, result, after, account)


def told_of(
    connection: Connection, result: str, review: Review, account: Account
) -> Told:
    """Return where a result's review stands, as whoever asks may know it."""
    seen, again = knows(review, account.id), has_seen(review, account.id)
    opinions = [
        {"reader": one.reader, "finds": one.finds, "confidence": one.confidence}
        for one in review.opinions
        if again or one.reader == account.id
    ]
    return Told(
        state=review.state,
        digest=review.digest if seen else "",
        allowed=list(allowed(review)),
        first_read=review.first_read,
        seen=seen,
        look_again=again and not seen,
        opinions=opinions,
        signed_by=list(review.signed_by),
        signers=review.signers,
        label=label_of(is_final(review)),
        suspended=is_suspended(connection, result),
    )
