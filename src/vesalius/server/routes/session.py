"""Sessions: signing in and out, and the very first account."""

from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, Field

from vesalius.errors import ConfigError
from vesalius.server import demo
from vesalius.server.accounts import add_account, is_own, set_password
from vesalius.server.desk import Desk
from vesalius.server.doors import COOKIE, Own, TheDesk, Whose
from vesalius.server.passwords import MOST
from vesalius.server.roles import Role
from vesalius.server.routes.users import Told, told_of
from vesalius.server.sessions import SignedIn, SignInError, sign_in, sign_out

ROUTER = APIRouter(prefix="/api/session", tags=["session"])

Word = Annotated[str, Field(max_length=MOST)]


class Names(BaseModel):
    """Who signs in."""

    name: Annotated[str, Field(max_length=80)]
    password: Word


class First(Names):
    """Who is the first administrator, with the token of the link."""

    token: Annotated[str, Field(max_length=80)]


class Change(BaseModel):
    """A password and the next one."""

    old: Word
    new: Word


class Now(BaseModel):
    """Who is signed in.

    Attributes:
        account: None where nobody is.
        csrf: To be sent with every change.
        begins: Whether the first administrator is still to be made.
    """

    account: Told | None
    csrf: str = ""
    begins: bool = False


@ROUTER.get("")
def who_is_there(desk: TheDesk, session: Whose) -> Now:
    """Say who is signed in."""
    if session is None:
        return Now(account=None, begins=bool(desk.first))
    return _now(session)


@ROUTER.post("")
def begin(names: Names, desk: TheDesk, response: Response) -> Now:
    """Sign in."""
    refused: SignInError | None = None
    with desk.change() as (connection, record):
        try:
            session = sign_in(
                connection,
                record,
                desk.throttle,
                names.name,
                names.password,
                desk.now(),
            )
        except SignInError as error:  # the refusal is on the record: let it be kept
            refused = error
    if refused is not None:
        raise refused
    _set_cookie(desk, response, session)
    return _now(session)


@ROUTER.post("/first", status_code=201)
def begin_desk(first: First, desk: TheDesk, response: Response) -> Now:
    """Make the first administrator, with the link that the first start printed.

    A demo's is everything else as well, and sees its cases.
    """
    if not desk.may_begin(first.token):
        raise ConfigError(
            "this link has been used, or is not this desk's: sign in, or ask your "
            "administrator"
        )
    is_demo = desk.settings.demo
    roles = demo.ROLES if is_demo else frozenset({Role.ADMINISTRATOR})
    with desk.change() as (connection, record):
        now = desk.now()
        name, word = first.name, first.password
        account = add_account(connection, record, name, word, roles, now)
        if is_demo:
            demo.welcome(connection, record, account)
        session = sign_in(connection, record, desk.throttle, name, word, now)
    desk.first = ""
    _set_cookie(desk, response, session)
    return _now(session)


@ROUTER.delete("", status_code=204)
def end(desk: TheDesk, session: Own, response: Response) -> None:
    """Sign out."""
    with desk.change() as (connection, record):
        sign_out(connection, record, session)
    response.delete_cookie(COOKIE, path=desk.settings.path or "/")


@ROUTER.put("/password", status_code=204)
def change_password(change: Change, desk: TheDesk, session: Own) -> None:
    """Change one's own password; all sessions of the account end."""
    with desk.change() as (connection, record):
        if not is_own(connection, session.account, change.old):
            raise ConfigError("the old password is not right: type it again")
        set_password(
            connection, record, session.account.id, change.new, by=session.account
        )


def _now(session: SignedIn) -> Now:
    return Now(account=told_of(session.account), csrf=session.csrf)


def _set_cookie(desk: Desk, response: Response, session: SignedIn) -> None:
    response.set_cookie(
        COOKIE,
        session.token,
        path=desk.settings.path or "/",
        secure=desk.settings.is_secure,
        httponly=True,
        samesite="strict",
    )
