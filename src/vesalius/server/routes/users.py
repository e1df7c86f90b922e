"""Users: the accounts that administrators keep."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from vesalius.server.accounts import (
    Account,
    add_account,
    list_accounts,
    set_disabled,
    set_password,
)
from vesalius.server.database import reading
from vesalius.server.doors import Own, TheDesk
from vesalius.server.passwords import MOST
from vesalius.server.roles import Role

ROUTER = APIRouter(prefix="/api/users", tags=["users"])

Word = Annotated[str, Field(max_length=MOST)]


class Told(BaseModel):
    """An account, as pages show it."""

    id: str
    name: str
    roles: list[Role]
    disabled: bool


class New(BaseModel):
    """An account to be added."""

    name: Annotated[str, Field(max_length=80)]
    password: Word
    roles: list[Role]


class Shut(BaseModel):
    """Whether an account is shut out."""

    disabled: bool


class Reset(BaseModel):
    """An account's next password."""

    password: Word


def told_of(account: Account) -> Told:
    """Return an account as pages show it."""
    return Told(
        id=account.id,
        name=account.name,
        roles=sorted(account.roles),
        disabled=account.is_disabled,
    )


@ROUTER.get("")
def list_all(desk: TheDesk) -> list[Told]:
    """List all accounts."""
    with reading(desk.engine) as connection:
        return [told_of(account) for account in list_accounts(connection)]


@ROUTER.post("", status_code=201)
def add(new: New, desk: TheDesk, session: Own) -> Told:
    """Add an account."""
    with desk.change() as (connection, record):
        made = add_account(
            connection,
            record,
            new.name,
            new.password,
            new.roles,
            desk.now(),
            by=session.account,
        )
    return told_of(made)


@ROUTER.patch("/{user}", status_code=204)
def shut(user: str, change: Shut, desk: TheDesk, session: Own) -> None:
    """Shut an account out, or let it in again."""
    with desk.change() as (connection, record):
        set_disabled(connection, record, user, change.disabled, by=session.account)


@ROUTER.post("/{user}/reset", status_code=204)
def reset(user: str, change: Reset, desk: TheDesk, session: Own) -> None:
    """Give an account another password."""
    with desk.change() as (connection, record):
        set_password(connection, record, user, change.password, by=session.account)
