"""Story: a case's life as the record tells it, in plain sentences."""

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from vesalius.errors import ConfigError, FormatError
from vesalius.governance.audit import Event, Execute, entries
from vesalius.governance.audit_check import opened_record

# What follows the name of whoever did it; an event that is in no row fails a test.
SENTENCES: Mapping[str, str] = MappingProxyType(
    {
        "desk.backed-up": "began a backup of the whole desk",
        "desk.restored": "went on from a backup",
        "session.begun": "signed in",
        "session.ended": "signed out",
        "session.refused": "was refused: name and password did not belong together",
        "user.added": "added an account",
        "user.disabled": "shut an account out",
        "user.enabled": "let an account in again",
        "user.password": "gave an account another password",
        "project.added": "added a project",
        "project.joined": "let an account see a project's cases",
        "project.left": "no longer let an account see a project's cases",
        "upload.begun": "began to send a scan",
        "upload.ended": "had sent all of it",
        "upload.given-up": "gave up sending it",
        "upload.kept": "had what was sent read and kept",
        "upload.refused": "had what was sent refused: it could not be read",
        "scan.kept": "brought a scan in",
        "identity.shown": "looked at who the patient is",
        "course.passed": "passed the course that a signature needs",
        "course.failed": "took the course's test and did not pass",
        "audit.verified": "had the record verified",
        "audit.exported": "had the record handed out",
        "policy.set": "settled how answers of a verb are read",
        "review.first-read": "recorded an opinion before the answer was shown",
        "review.shown": "was shown the answer",
        "review.accepted": "accepted the answer",
        "review.corrected": "corrected the answer",
        "review.rejected": "rejected the answer",
        "review.signed": "signed the answer",
        "review.superseded": "put another answer in its place",
        "job.queued": "asked for the work to be done",
        "job.begun": "began the work",
        "job.done": "finished the work",
        "job.failed": "could not do the work",
        "result.kept": "kept what came of it",
        "model.kept": "found another version of a model in the box and kept a copy",
        "model.described": "found a model's card written anew and kept a copy",
        "model.served": "put a model to use",
        "model.suspended": "suspended a model",
        "model.rolled-back": "put another version of a model to use",
        "result.exported": "exported the answer, the patient's name with it",
        "job.cancelled": "gave the work up",
        "job.retried": "asked for the work to be tried again",
        "job.interrupted": "lost the work half-way, and will begin it again",
    }
)
WHY: Mapping[str, str] = MappingProxyType(
    {
        "worker-lost": "the process that worked on it is gone",
        "desk-shut": "the desk was shut meanwhile",
        "refused": "the scan cannot be used for it",
        "too-slow": "it took too long",
        "too-large": "the scan is too large",
        "suspended": "the model was suspended",
        "no-model": "the model is missing or damaged",
        "sound": "it was found whole",
        "not-sound": "it was found bent",
        "lost": "the process that worked on it is gone",
    }
)
SHOWN = 12  # digits of a digest


def told(
    events: Iterable[tuple[int, Event]], names: Mapping[str, str]
) -> tuple[str, ...]:
    """Tell events, one sentence each, oldest first.

    Args:
        events: Number and event, as `entries` yields them.
        names: Of accounts, by id; one that is not there is called by its id.
    """
    return tuple(_sentence(number, event, names) for number, event in events)


def told_of_case(folder: Path, case: str) -> tuple[str, ...]:
    """Tell a case's life from the record in a data folder; no server is needed.

    Args:
        folder: The desk's.
        case: The pseudonym.

    Returns:
        One sentence an event, oldest first.

    Raises:
        ConfigError: There is no record, or no word of this case in it.
        FormatError: The database cannot be read.
    """
    with closing(opened_record(folder)) as database:
        try:
            events = list(entries(_asked(database), case=case))
            names = dict(database.execute("SELECT id, name FROM users"))
        except sqlite3.Error as error:
            raise FormatError(f"the desk's database cannot be read: {error}") from error
    if not events:
        raise ConfigError("the record says nothing of this case: look at its name")
    return told(events, names)


def _asked(database: sqlite3.Connection) -> Execute:
    return lambda statement, values: database.execute(statement, values).fetchall()


def _sentence(number: int, event: Event, names: Mapping[str, str]) -> str:
    who = names.get(event.who, event.who)
    when = datetime.fromisoformat(event.when).strftime("%d %b %Y, %H:%M:%S UTC")
    did = SENTENCES.get(event.what, event.what)
    about = f" ({names.get(event.about, event.about)})" if event.about else ""
    because = f", because {WHY.get(event.why, event.why)}" if event.why else ""
    parts = [
        ("from", event.input_sha256),
        ("giving", event.output_sha256),
        ("with weights", event.weights_sha256),
    ]
    digests = [f"{word} {digest[:SHOWN]}" for word, digest in parts if digest]
    ending = f" [{'; '.join(digests)}]" if digests else ""
    role = event.role.replace(".", ", ")
    acted = f"{who}, as {role}," if event.role != event.who else f"The {who}"
    return f"{number}. {when}: {acted} {did}{about}{because}{ending}."
