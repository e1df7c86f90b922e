"""Audit: the record searched, verified, handed out; a case's story from it."""

import json
from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection, select

from vesalius.errors import ConfigError, OutputError, RecordError
from vesalius.governance.audit import Checkpoint, Event, is_genuine
from vesalius.governance.audit_check import check_folder, exported
from vesalius.governance.review import has_seen
from vesalius.governance.searching import Sought, search
from vesalius.governance.story import told
from vesalius.server.accounts import Account, list_accounts
from vesalius.server.database import executed
from vesalius.server.doors import Own, TheDesk
from vesalius.server.projects import AbsentError, refuse_strangers
from vesalius.server.reviews import find_review
from vesalius.server.roles import Role
from vesalius.server.schema import CASES

ROUTER = APIRouter(prefix="/api", tags=["audit"])
MOST = 500  # entries in an answer
WHOLE = 100_000  # entries in a story
BENT = "This entry is not what was written: have the record verified."
GIVES_AWAY = frozenset(
    {"review.accepted", "review.corrected", "review.rejected", "review.signed"}
)

Code = Annotated[str, Query(max_length=80)]
Hash = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
Signature = Annotated[str, Field(pattern="^[0-9a-f]{128}$")]


class Kept(BaseModel):
    """A checkpoint that was exported before."""

    count: Annotated[int, Field(ge=0, le=2**62)]
    root: Hash
    public: Hash
    signature: Signature


class Wish(BaseModel):
    """What the record is to be checked against; nothing needs to be."""

    checkpoint: Kept | None = None


class Verdict(BaseModel):
    """What a check found.

    Attributes:
        count: Entries that were read.
        root: Of the tree over those that are sound.
        first_bad: Number of the first entry that is not as it was written; None where
            the record is sound.
        words: The same in a sentence.
    """

    sound: bool
    count: int
    root: str
    first_bad: int | None
    words: str


class Entry(BaseModel):
    """One entry.

    Attributes:
        who: The account's id.
        name: Its name.
        digests: Of input, output and weights, where there are any.
        sentence: The entry in plain words.
    """

    index: int
    when: str = ""
    who: str = ""
    name: str = ""
    role: str = ""
    what: str = ""
    why: str = ""
    about: str = ""
    case: str = ""
    digests: dict[str, str] = {}
    sentence: str = BENT


class Page(BaseModel):
    """Entries, and where the next page begins; None at the end."""

    entries: list[Entry]
    next: int | None


class Sentence(BaseModel):
    """One sentence of a case's story."""

    index: int
    when: str
    what: str
    sentence: str


@ROUTER.get("/audit")
def look(
    desk: TheDesk,
    case: Code = "",
    who: Code = "",
    what: Code = "",
    after: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
    order: Literal["oldest", "newest"] = "oldest",
) -> Page:
    """Search the record by case, account (id or name), deed ("review." takes all)."""
    with desk.look() as connection:
        names = _names(connection)
        ids = {name: user for user, name in names.items()}
        sought = Sought(case, ids.get(who, who), what, after, order == "newest")
        found = list(search(executed(connection), sought, limit + 1))
    shown = [_entry(number, event, names) for number, event in found[:limit]]
    more = len(found) > limit
    return Page(entries=shown, next=shown[-1].index if more else None)


@ROUTER.post("/audit/verify")
def verify(desk: TheDesk, session: Own, wish: Wish | None = None) -> Verdict:
    """Check that the record is whole, in order and signed, while the desk goes on."""
    kept = None
    if wish is not None and wish.checkpoint is not None:
        kept = Checkpoint(**wish.checkpoint.model_dump())
        if not is_genuine(kept):
            raise ConfigError("the checkpoint's own signature does not hold")
    found = check_folder(desk.settings.data, kept)  # only reads: writers go on
    is_sound = found.bad is None
    try:
        with desk.change() as (_, record):
            why = "sound" if is_sound else "not-sound"
            record(_event(session.account, "audit.verified", why))
    except (RecordError, OutputError):
        if is_sound:
            raise
        # What is bent may take no more entries: whoever asked has to hear it all the
        # same.
    words = f"Sound: {found.count} entries, each as it was written, in order, signed."
    if not is_sound:
        words = f"Not sound at entry {found.bad}: {found.reason}."
    return Verdict(
        sound=is_sound,
        count=found.count,
        root=found.root,
        first_bad=found.bad,
        words=words,
    )


@ROUTER.get("/audit/export", response_class=Response)
def export(desk: TheDesk, session: Own) -> Response:
    """Hand out the record with the checkpoint that proves it, as one file."""
    text = exported(desk.settings.data)
    with desk.change() as (_, record):
        record(_event(session.account, "audit.exported", ""))
    count = json.loads(text)["checkpoint"]["count"]
    headers = {"Content-Disposition": f'attachment; filename="record-{count}.json"'}
    return Response(text, media_type="application/json", headers=headers)


@ROUTER.get("/cases/{case}/story")
def tell(case: str, desk: TheDesk, session: Own) -> list[Sentence]:
    """Tell a case's life in sentences; a first reader not yet what others decided."""
    account = session.account
    with desk.look() as connection:
        _refuse(connection, case, account)
        found = list(search(executed(connection), Sought(case=case), WHOLE))
        told_of = {e.about for _, e in found if e and e.what in GIVES_AWAY}
        owed = {r for r in told_of if _owes_opinion(connection, r, account)}
        names = _names(connection)
    events = [
        (number, event)
        for number, event in found
        if event is None or not (event.what in GIVES_AWAY and event.about in owed)
    ]
    return [
        Sentence(
            index=number,
            when=event.when if event else "",
            what=event.what if event else "",
            sentence=_sentence(number, event, names),
        )
        for number, event in events
    ]


def _refuse(connection: Connection, case: str, account: Account) -> None:
    chosen = select(CASES.c.project).where(CASES.c.id == case)
    project = connection.execute(chosen).scalar()
    if project is None:
        raise AbsentError
    if not _audits(account):
        refuse_strangers(connection, account, project)


def _audits(account: Account) -> bool:
    return Role.AUDITOR in account.roles


def _owes_opinion(connection: Connection, result: str, account: Account) -> bool:
    """Say whether a reader still owes an opinion of their own on an answer."""
    review = find_review(connection, result)
    is_owed = review.first_read and not has_seen(review, account.id)
    return is_owed and not _audits(account)


def _names(connection: Connection) -> dict[str, str]:
    return {account.id: account.name for account in list_accounts(connection)}


def _sentence(number: int, event: Event | None, names: Mapping[str, str]) -> str:
    return BENT if event is None else told([(number, event)], names)[0]


def _entry(number: int, event: Event | None, names: Mapping[str, str]) -> Entry:
    if event is None:
        return Entry(index=number)
    digests = {
        "input": event.input_sha256,
        "output": event.output_sha256,
        "weights": event.weights_sha256,
    }
    return Entry(
        index=number,
        when=event.when,
        who=event.who,
        name=names.get(event.who, event.who),
        role=event.role,
        what=event.what,
        why=event.why,
        about=event.about,
        case=event.case,
        digests={key: digest for key, digest in digests.items() if digest},
        sentence=_sentence(number, event, names),
    )


def _event(by: Account, what: str, why: str) -> Event:
    return Event(who=by.id, role=by.role, what=what, why=why)
