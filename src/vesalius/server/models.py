"""Models: administrators serve, suspend and roll them back; each act with a reason."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, update

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server import queue
from vesalius.server.accounts import Account, Record
from vesalius.server.conflicts import ConflictError
from vesalius.server.model_versions import (
    Version,
    models_kept,
    version_served,
    versions_of,
)
from vesalius.server.performing import model_of
from vesalius.server.scans import Scan
from vesalius.server.schema import MODEL_VERSIONS, MODELS
from vesalius.weights import shelf

SUSPENDED = "suspended"  # why a job failed


class Reason(StrEnum):
    """Why an administrator does it: codes, for which pages and the story have words."""

    INVENTED = "invented"
    MISSED = "missed"
    WRONG_SIDE = "wrong-side"
    POOR_ANSWERS = "poor-answers"
    DRIFT = "drift"
    INCIDENT = "incident"
    RECALL = "recall"
    INSPECTION = "inspection"
    MENDED = "mended"
    UNFOUNDED = "unfounded"
    TRIAL = "trial"


def suspend(
    connection: Connection,
    record: Record,
    name: str,
    reason: Reason,
    by: Account,
    now: datetime,
) -> None:
    """Take a model out of use; jobs that wait for it fail, so that nobody waits.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The model's.
        reason: Why.
        by: Who does it.
        now: The time.

    Raises:
        AbsentError: The desk keeps no such model.
        ConflictError: It is suspended already.
    """
    version = version_served(connection, name)
    if version.suspended:
        raise ConflictError(f"{name} is suspended already", "look at its state again")
    _mark(connection, version, reason)
    queue.fail_waiting(connection, record, name, SUSPENDED, by, now)
    record(_event(by, "model.suspended", version, reason))


def serve(
    connection: Connection, record: Record, name: str, reason: Reason, by: Account
) -> None:
    """Put a suspended model to use again.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The model's.
        reason: Why.
        by: Who does it.

    Raises:
        AbsentError: The desk keeps no such model.
        ConflictError: It is in use.
    """
    version = version_served(connection, name)
    if not version.suspended:
        raise ConflictError(f"{name} is in use already", "look at its state again")
    _mark(connection, version, "")
    record(_event(by, "model.served", version, reason))


def roll_back(
    connection: Connection,
    record: Record,
    name: str,
    weights_sha256: str,
    reason: Reason,
    by: Account,
) -> None:
    """Put another version of a model to use than the one that is.

    What the version before it has answered stays as it is, marked where that one was
    suspended. The next version that comes with an upgrade waits for an
    administrator's word, unless the latest was chosen.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: The model's.
        weights_sha256: Of the version.
        reason: Why.
        by: Who does it.

    Raises:
        AbsentError: The desk keeps no such model.
        ConflictError: This version is in use.
        ConfigError: No such version is kept.
    """
    before, kept = version_served(connection, name), versions_of(connection, name)
    chosen = [one for one in kept if one.weights_sha256 == weights_sha256]
    if not chosen:
        raise ConfigError(
            f"the desk keeps no such version of {name}: choose one of its list"
        )
    if before == chosen[0] and not before.suspended:
        words = f"this version of {name} is in use already"
        raise ConflictError(words, "look at its state again")
    is_chosen = int(chosen[0] != kept[0])
    change = update(MODELS).where(MODELS.c.name == name)
    values = {"weights_sha256": weights_sha256, "is_chosen": is_chosen}
    connection.execute(change.values(values))
    _mark(connection, chosen[0], "")
    record(_event(by, "model.rolled-back", chosen[0], reason))


def model_for(
    connection: Connection, scan: Scan, verb: str, options: Mapping[str, str]
) -> str:
    """Return the name of the model that would do a verb on a scan.

    Args:
        connection: Within a block.
        scan: Which scan.
        verb: Its name.
        options: As `checked` returns them.

    Raises:
        ConfigError: There is none for these options.
        ConflictError: It is suspended.
    """
    name = model_of(verb, scan.modality, options)
    if name not in (*models_kept(connection), *shelf.names()):
        raise ConfigError(f"there is no model {name}: choose other options")
    refuse_suspended(connection, name)
    return name


def refuse_suspended(connection: Connection, name: str) -> None:
    """Take no work for a model that is suspended.

    Args:
        connection: Within a block.
        name: The model's; one that the desk has not seen is in nobody's way.

    Raises:
        ConflictError: It is.
    """
    if name not in models_kept(connection):
        return
    version = version_served(connection, name)
    if version.suspended:
        raise ConflictError(
            f"{name} is suspended ({version.suspended}): it takes no new work",
            "choose another model or look, or ask an administrator when it is served",
        )


def _mark(connection: Connection, version: Version, suspended: str) -> None:
    own = (MODEL_VERSIONS.c.model == version.model) & (
        MODEL_VERSIONS.c.weights_sha256 == version.weights_sha256
    )
    connection.execute(update(MODEL_VERSIONS).where(own).values(suspended=suspended))


def _event(by: Account, what: str, version: Version, why: str) -> Event:
    return Event(
        who=by.id,
        role=by.role,
        what=what,
        why=why,
        about=version.model,
        weights_sha256=version.weights_sha256,
    )
