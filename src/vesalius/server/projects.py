"""Projects: whose cases an account sees."""

import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from vesalius.errors import ConfigError
from vesalius.governance.audit import Event
from vesalius.server.accounts import Account, Record
from vesalius.server.schema import MEMBERS, PROJECTS, USERS

NOT_FOUND = "there is nothing here"
NAME = re.compile(r"[^\W_][\w .()-]{1,59}")


class AbsentError(ConfigError):
    """What is asked for is not there, or not for who asks: the same answer."""

    def __init__(self) -> None:
        super().__init__(NOT_FOUND)


@dataclass(frozen=True)
class Project:
    """Cases that the same people see.

    Attributes:
        id: Stands for it on the record.
        name: As people call it.
        members: Accounts' ids.
    """

    id: str
    name: str
    members: tuple[str, ...]


def add_project(
    connection: Connection, record: Record, name: str, now: datetime, by: Account
) -> Project:
    """Add a project; who adds it is its first member.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        name: 2 to 60 letters, digits, spaces and dashes; no patient's name.
        now: The time.
        by: Who adds it.

    Raises:
        ConfigError: The name is taken, or is no name.
    """
    if not NAME.fullmatch(name):
        raise ConfigError("a project's name has 2 to 60 letters, digits and spaces")
    project = f"p-{secrets.token_hex(8)}"
    try:
        row = {"id": project, "name": name, "made": now.isoformat()}
        connection.execute(insert(PROJECTS).values(row))
    except IntegrityError as error:
        raise ConfigError("this name is taken: choose another") from error
    connection.execute(insert(MEMBERS).values(project=project, user=by.id))
    record(_event(by, "project.added", project))
    return Project(project, name, (by.id,))


def set_member(
    connection: Connection,
    record: Record,
    project: str,
    user: str,
    is_member: bool,
    by: Account,
) -> None:
    """Let an account see a project's cases, or no longer.

    Args:
        connection: Within a block that writes.
        record: Writes what was done.
        project: Its id.
        user: The account's id.
        is_member: Whether it sees them.
        by: Who decides: sees them, too.

    Raises:
        AbsentError: There is no such project for who decides, or no such account.
    """
    refuse_strangers(connection, by, project)
    known = connection.execute(select(USERS.c.id).where(USERS.c.id == user)).first()
    if known is None:
        raise AbsentError
    chosen = (MEMBERS.c.project == project) & (MEMBERS.c.user == user)
    there = connection.execute(select(MEMBERS.c.user).where(chosen)).first()
    if is_member and there is None:
        connection.execute(insert(MEMBERS).values(project=project, user=user))
    if not is_member:
        connection.execute(delete(MEMBERS).where(chosen))
    what = "project.joined" if is_member else "project.left"
    event = _event(by, what, project)
    record(Event(who=event.who, role=event.role, what=what, about=user, why=project))


def projects_of(connection: Connection, account: Account) -> tuple[Project, ...]:
    """Return the projects that an account is a member of, by name.

    Args:
        connection: Within a block.
        account: Whose.
    """
    own = select(MEMBERS.c.project).where(MEMBERS.c.user == account.id)
    chosen = select(PROJECTS).where(PROJECTS.c.id.in_(own)).order_by(PROJECTS.c.name)
    found = connection.execute(chosen).mappings().all()
    return tuple(
        Project(row["id"], row["name"], _members(connection, row["id"]))
        for row in found
    )


def refuse_strangers(connection: Connection, account: Account, project: str) -> None:
    """Answer a stranger as if there was no such project.

    Args:
        connection: Within a block.
        account: Who asks.
        project: Its id.

    Raises:
        AbsentError: The account is no member of it.
    """
    chosen = (MEMBERS.c.project == project) & (MEMBERS.c.user == account.id)
    if connection.execute(select(MEMBERS.c.user).where(chosen)).first() is None:
        raise AbsentError


def _members(connection: Connection, project: str) -> tuple[str, ...]:
    chosen = select(MEMBERS.c.user).where(MEMBERS.c.project == project)
    return tuple(connection.execute(chosen.order_by(MEMBERS.c.user)).scalars())


def _event(by: Account, what: str, project: str) -> Event:
    return Event(who=by.id, role=by.role, what=what, about=project)
