"""Verbs: what may be asked of the desk, and how its answers are read."""

from fastapi import APIRouter
from pydantic import BaseModel

from vesalius.server.doors import Own, TheDesk
from vesalius.server.performing import OPTIONS
from vesalius.server.reviews import policy_of

ROUTER = APIRouter(prefix="/api/verbs", tags=["verbs"])


class Told(BaseModel):
    """A verb, as pages show it.

    Attributes:
        verb: Its name.
        options: What may be asked of it, and which answers there are; the first is the
            usual one.
        first_read: Whether a reader's opinion comes before the answer.
        signers: How many must sign.
    """

    verb: str
    options: dict[str, list[str]]
    first_read: bool
    signers: int


@ROUTER.get("")
def list_all(desk: TheDesk, session: Own) -> list[Told]:
    """List what may be asked of a scan, and how answers are read from now on."""
    with desk.look() as connection:
        policies = {verb: policy_of(connection, verb) for verb in OPTIONS}
    return [
        Told(
            verb=verb,
            options={name: list(may) for name, may in OPTIONS[verb].items()},
            first_read=policy.first_read,
            signers=policy.signers,
        )
        for verb, policy in policies.items()
    ]
