"""Reviews: what readers decide on results, kept; the rules are governance's."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from vesalius.errors import ReviewError
from vesalius.governance.audit import Event
from vesalius.governance.review import (
    OVER,
    Act,
    Opinion,
    Review,
    State,
    Step,
    act,
    give_opinion,
    has_seen,
    seen,
)
from vesalius.server.accounts import Account, Record
from vesalius.server.projects import AbsentError
from vesalius.server.results import Found, find_result
from vesalius.server.scans import find_scan
from vesalius.server.schema import JOBS, POLICIES, RESULTS, REVIEWS

DONE = {
    Act.SHOW: "review.shown",
    Act.ACCEPT: "review.accepted",
    Act.CORRECT: "review.corrected",
    Act.REJECT: "review.rejected",
    Act.SIGN: "review.signed",
    Act.SUPERSEDE: "review.superseded",
}


@dataclass(frozen=True)
class Policy:
    """How a verb's answers are to be read.

    Attributes:
        first_read: Whether a reader's opinion must come before the answer.
        signers: How many must sign, one or two.
    """

    first_read: bool = False
    signers: int = 1


def policy_of(connection: Connection, verb: str) -> Policy:
    """Return how a verb's answers are to be read.

    Args:
        connection: Within a block.
        verb: Its name.
    """
    chosen = select(POLICIES).where(POLICIES.c.verb == verb)
    row = connection.execute(chosen).mappings().first()
    return Policy(bool(row["first_read"]), row["signers"]) if row else Policy()


def set_policy(
    connection: Connection, record: Record, verb: str, policy: Policy, by: Account
) -> None:
    """Settle how answers of a verb are read from now on; open ones stay as they are.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        verb: Its name.
        policy: How.
        by: Who settles it.

    Raises:
        ReviewError: Neither one nor two sign.
    """
    Review("0", policy.first_read, policy.signers)  # refuses what cannot be
    connection.execute(delete(POLICIES).where(POLICIES.c.verb == verb))
    values = {"first_read": int(policy.first_read), "signers": policy.signers}
    connection.execute(insert(POLICIES).values(verb=verb, **values))
    why = f"first-read-{'on' if policy.first_read else 'off'}.{policy.signers}"
    record(Event(who=by.id, role=by.role, what="policy.set", about=verb, why=why))


def open_review(connection: Connection, found: Found, now: datetime) -> Review:
    """Begin the review of a result, as the verb's policy says.

    Args:
        connection: Within a block that writes.
        found: The result.
        now: The time.
    """
    policy = policy_of(connection, found.verb)
    review = Review(found.output_sha256, policy.first_read, policy.signers)
    row = {"result": found.id, **_row(review, now)}
    connection.execute(insert(REVIEWS).values(row))
    return review


def find_review(connection: Connection, result: str) -> Review:
    """Return the review of a result.

    Args:
        connection: Within a block.
        result: Its id, of one that is there.
    """
    chosen = select(REVIEWS.c.review).where(REVIEWS.c.result == result)
    return review_in(connection.execute(chosen).scalar_one())


@dataclass(frozen=True)
class Deed:
    """What somebody does to a review.

    Attributes:
        act: Which act.
        by: Who.
        when: And when.
        digest: Of the output that the person saw.
        reason: Of a rejection.
        version: Of a correction: the digest of what the person made.
    """

    act: Act
    by: Account
    when: datetime
    digest: str
    reason: str = ""
    version: str = ""


def think(
    connection: Connection,
    record: Record,
    found: Found,
    opinion: Opinion,
    by: Account,
    now: datetime,
) -> Review:
    """Keep what a reader thinks before seeing the answer.

    Args:
        connection: Within a block that writes.
        record: Writes that there is one; what it says is kept with the review.
        found: The result.
        opinion: The reader's.
        by: The reader.
        now: The time.

    Raises:
        ReviewError: The reader has seen the answer, or has given one.
    """
    after = give_opinion(find_review(connection, found.id), opinion)
    _keep(connection, found, after, now)
    record(_event(connection, found, after, by, "review.first-read"))
    return after


def decide(connection: Connection, record: Record, found: Found, deed: Deed) -> Review:
    """Do one thing to a result's review, or refuse.

    Args:
        connection: Within a block that writes: of two at once, one comes first.
        record: Writes what was done.
        found: The result.
        deed: What is done, and by whom.

    Raises:
        ReviewError: As `governance.review.act` says.
    """
    after = act(
        find_review(connection, found.id),
        deed.act,
        deed.by.id,
        deed.digest,
        reason=deed.reason,
        version=deed.version,
        when=deed.when.isoformat(),
    )
    _keep(connection, found, after, deed.when)
    what = DONE[deed.act]
    record(_event(connection, found, after, deed.by, what, deed.reason))
    return after


def supersede(
    connection: Connection, record: Record, found: Found, by: Account, now: datetime
) -> tuple[str, ...]:
    """Have a new answer take the place of older ones to the same question.

    The same question is the same scan, verb and options. Whatever is still open gives
    way, rejected and half-signed answers too: nobody is to sign an answer that has been
    asked for anew. What is signed stays signed: somebody may have acted on it. It
    stands beside the new answer, which has a review of its own.

    Args:
        connection: Within a block that writes.
        record: Writes which have given way.
        found: The new answer.
        by: Who has asked for it.
        now: The time.

    Returns:
        Ids of the results that have given way.
    """
    asked = select(JOBS.c.options).where(JOBS.c.id == found.job).scalar_subquery()
    chosen = (
        select(RESULTS.c.id)
        .join(JOBS, JOBS.c.id == RESULTS.c.job)
        .join(REVIEWS, REVIEWS.c.result == RESULTS.c.id)
        .where((RESULTS.c.scan == found.scan) & (RESULTS.c.verb == found.verb))
        .where((RESULTS.c.id != found.id) & (JOBS.c.options == asked))
        .where(REVIEWS.c.state.not_in(OVER))
    )
    older = tuple(connection.execute(chosen).scalars())
    for name in older:
        digest = find_review(connection, name).digest
        deed = Deed(Act.SUPERSEDE, by, now, digest)
        decide(connection, record, find_result(connection, name), deed)
    return older


def refuse_unseen(review: Review, account: Account, version: str = "") -> None:
    """Keep an answer from whoever it was not shown to: the server's word, not a page's.

    Args:
        review: Of the result.
        account: Who asks for it.
        version: SHA-256 of the version that is asked for; empty asks for the answer as
            it is now.

    Raises:
        ReviewError: It was not shown to them.
        AbsentError: There is no such version.
    """
    if version and version not in review.versions:
        raise AbsentError
    if (version or review.digest) in seen(review, account.id):
        return
    if has_seen(review, account.id):
        words = "this answer was corrected since it was shown to you: open it again"
    elif review.first_read:
        words = (
            "a first read comes before the machine's answer: record your opinion first"
        )
    else:
        words = "this answer was not shown to you yet: open the case first"
    raise ReviewError(words)


def _keep(connection: Connection, found: Found, review: Review, now: datetime) -> None:
    change = update(REVIEWS).where(REVIEWS.c.result == found.id)
    connection.execute(change.values(_row(review, now)))


def _event(
    connection: Connection,
    found: Found,
    review: Review,
    by: Account,
    what: str,
    why: str = "",
) -> Event:
    scan = find_scan(connection, found.scan)
    return Event(
        who=by.id,
        role=by.role,
        what=what,
        why=why,
        about=found.id,
        case=scan.case,
        input_sha256=scan.scan_sha256,
        output_sha256=review.digest,
        weights_sha256=found.weights_sha256,
    )


def _row(review: Review, now: datetime) -> dict[str, Any]:
    words = json.dumps(asdict(review))
    return {"state": review.state, "review": words, "changed": now.isoformat()}


def review_in(words: str) -> Review:
    """Return the review that a row of the table holds.

    Args:
        words: JSON.
    """
    told = json.loads(words)
    opinions = [
        Opinion(**{**one, "marks_mm": tuple(map(tuple, one["marks_mm"]))})
        for one in told["opinions"]
    ]
    steps = [Step(**{**one, "act": Act(one["act"])}) for one in told["steps"]]
    return Review(
        digest=told["digest"],
        first_read=told["first_read"],
        signers=told["signers"],
        state=State(told["state"]),
        opinions=tuple(opinions),
        steps=tuple(steps),
        versions=tuple(told["versions"]),
        signed_by=tuple(told["signed_by"]),
    )
