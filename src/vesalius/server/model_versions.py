"""Model versions: what the desk keeps of each model, so that it can go back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from vesalius.errors import ConfigError, WeightsError
from vesalius.governance.audit import Event
from vesalius.server.accounts import SYSTEM
from vesalius.server.desk import Desk
from vesalius.server.objects import Objects
from vesalius.server.performing import Kept
from vesalius.server.projects import AbsentError
from vesalius.server.schema import MODEL_VERSIONS, MODELS, RESULTS
from vesalius.weights import shelf


@dataclass(frozen=True)
class Version:
    """One version of a model, as the desk keeps it.

    Attributes:
        model: The card's name.
        weights_sha256: Of its weights, and where they are kept.
        card_sha256: Of its card, likewise.
        first_seen: When the desk found it in the box.
        suspended: Why it must not be used: a code; empty where it may.
    """

    model: str
    weights_sha256: str
    card_sha256: str
    first_seen: datetime
    suspended: str


def note_models(desk: Desk) -> dict[str, str]:
    """Keep a copy of every model in the box that the desk has not seen.

    Args:
        desk: Keeps them.

    Returns:
        Words by the names of models that could not be kept.

    Raises:
        OutputError: The disk or the database cannot be written.
    """
    failed = {}
    for name in shelf.names():
        try:
            note_model(desk, name)
        except WeightsError as error:
            failed[name] = str(error)
    return failed


def note_model(desk: Desk, name: str) -> None:
    """Keep a copy of one model in the box, card and weights.

    A version that the desk has not seen is put to use at once; but where an
    administrator has suspended the model, or gone back to an earlier version, it waits
    for an administrator's word.

    Args:
        desk: Keeps it.
        name: The model's.

    Raises:
        WeightsError: It is not in the box, or is damaged there.
        OutputError: The disk or the database cannot be written.
    """
    said = shelf.card(name)
    objects = desk.objects
    card = _put(objects, name, ".toml")
    known = _has(objects, said.weights_sha256 or "")
    weights = said.weights_sha256 if known else _put(objects, name, ".safetensors")
    if weights is None or weights != said.weights_sha256:
        raise WeightsError(
            f"the weights of {name} are not the ones its card describes: install "
            "vesalius again"
        )
    with desk.change() as (connection, record):
        what = _noted(connection, name, weights, card, desk.now())
        if what:
            event = {"what": what, "about": name, "weights_sha256": weights}
            record(Event(who=SYSTEM, role=SYSTEM, output_sha256=card, **event))


def versions_of(connection: Connection, name: str) -> tuple[Version, ...]:
    """Return what the desk keeps of a model, the latest first.

    Args:
        connection: Within a block.
        name: The model's.
    """
    chosen = select(MODEL_VERSIONS).where(MODEL_VERSIONS.c.model == name)
    latest = chosen.order_by(MODEL_VERSIONS.c.number.desc())
    return tuple(_version(row) for row in connection.execute(latest).mappings())


def version_served(connection: Connection, name: str) -> Version:
    """Return the version of a model that is used, or would be were it not suspended.

    Args:
        connection: Within a block.
        name: The model's.

    Raises:
        AbsentError: The desk keeps no such model.
    """
    chosen = select(MODEL_VERSIONS).join(
        MODELS,
        and_(
            MODELS.c.name == MODEL_VERSIONS.c.model,
            MODELS.c.weights_sha256 == MODEL_VERSIONS.c.weights_sha256,
        ),
    )
    row = connection.execute(chosen.where(MODELS.c.name == name)).mappings().first()
    if row is None:
        raise AbsentError
    return _version(row)


def models_kept(connection: Connection) -> tuple[str, ...]:
    """Return the names of the models that the desk keeps, sorted.

    Args:
        connection: Within a block.
    """
    return tuple(
        connection.execute(select(MODELS.c.name).order_by(MODELS.c.name)).scalars()
    )


def suspended_versions(connection: Connection) -> frozenset[tuple[str, str]]:
    """Return the versions that must not be used: name and digest of the weights.

    Args:
        connection: Within a block.
    """
    both = select(MODEL_VERSIONS.c.model, MODEL_VERSIONS.c.weights_sha256)
    rows = connection.execute(both.where(MODEL_VERSIONS.c.suspended != ""))
    return frozenset((model, weights) for model, weights in rows)


def is_suspended(connection: Connection, result: str) -> bool:
    """Say whether the version that gave a result must not be used any more.

    Args:
        connection: Within a block.
        result: Its id.
    """
    both = select(RESULTS.c.model, RESULTS.c.weights_sha256)
    row = connection.execute(both.where(RESULTS.c.id == result)).first()
    return row is not None and tuple(row) in suspended_versions(connection)


def files_of_version(objects: Objects, version: Version) -> Kept:
    """Return where a version's card and weights lie.

    Args:
        objects: Where they are kept.
        version: Which.

    Raises:
        WeightsError: One is lost.
    """
    both = (version.card_sha256, version.weights_sha256)
    if not all(_has(objects, digest) for digest in both):
        raise WeightsError(
            f"the desk's copy of {version.model} is lost: restore a backup"
        )
    return Kept(
        objects.path(version.card_sha256).absolute(),
        objects.path(version.weights_sha256).absolute(),
    )


def _noted(
    connection: Connection, name: str, weights: str, card: str, now: datetime
) -> str:
    """Write a version down; return what was done, a code, empty for nothing."""
    own = (MODEL_VERSIONS.c.model == name) & (
        MODEL_VERSIONS.c.weights_sha256 == weights
    )
    kept = select(MODEL_VERSIONS.c.card_sha256).where(own)
    known = connection.execute(kept).scalar()
    if known == card:
        return ""
    if known is not None:  # the same weights, described anew
        connection.execute(update(MODEL_VERSIONS).where(own).values(card_sha256=card))
        return "model.described"
    row = {"model": name, "weights_sha256": weights, "card_sha256": card}
    connection.execute(
        insert(MODEL_VERSIONS).values(**row, first_seen=now.isoformat(), suspended="")
    )
    return "model.served" if _put_to_use(connection, name, weights) else "model.kept"


def _put_to_use(connection: Connection, name: str, weights: str) -> bool:
    chosen = select(MODELS.c.is_chosen).where(MODELS.c.name == name)
    is_chosen = connection.execute(chosen).scalar()
    if is_chosen is None:
        values = {"name": name, "weights_sha256": weights, "is_chosen": 0}
        connection.execute(insert(MODELS).values(values))
        return True
    if is_chosen or version_served(connection, name).suspended:
        return False
    change = update(MODELS).where(MODELS.c.name == name)
    connection.execute(change.values(weights_sha256=weights))
    return True


def _put(objects: Objects, name: str, ending: str) -> str:
    try:
        with (shelf.SHELF / f"{name}{ending}").open("rb") as opened:
            return objects.put(opened).digest
    except FileNotFoundError as error:
        raise WeightsError(
            f"a file of {name} is missing in the box: install vesalius again"
        ) from error


def _has(objects: Objects, digest: str) -> bool:
    try:
        objects.path(digest)
    except ConfigError:
        return False
    return True


def _version(row: Mapping[Any, Any]) -> Version:
    return Version(
        model=row["model"],
        weights_sha256=row["weights_sha256"],
        card_sha256=row["card_sha256"],
        first_seen=datetime.fromisoformat(row["first_seen"]),
        suspended=row["suspended"],
    )
