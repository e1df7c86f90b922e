"""Commands on the desk's accounts: user add, list, disable, reset.

For whoever may read the data folder: the way back in where nobody can sign in.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE
from vesalius.cli.needed import needs
from vesalius.cli.table import table
from vesalius.cli.terminal import say
from vesalius.errors import ConfigError

if TYPE_CHECKING:
    from vesalius.server.desk import Desk

user = typer.Typer(help="Keep the desk's accounts.")

Name = Annotated[str, typer.Argument(metavar="NAME", help="What is typed to sign in.")]
Data = Annotated[
    Path, typer.Option("--data", metavar="DIR", help="The desk's data folder.")
]


@user.command()
def add(
    name: Name,
    role: Annotated[
        list[str],
        typer.Option(
            metavar="ROLE",
            help="reader, reviewer, steward, administrator or auditor; may be given "
            "several times.",
        ),
    ],
    data: Data,
) -> int:
    """Add an account; its password is asked for, or read from standard input."""
    desk = _opened(data)
    from vesalius.server.accounts import add_account
    from vesalius.server.roles import roles_of

    roles, password = roles_of(role), _password()
    with desk.change() as (connection, record):
        add_account(connection, record, name, password, roles, desk.now())
    say(f"added: {name}, {', '.join(role)}")
    return DONE


@user.command("list")
def list_all(data: Data, as_json: given.AsJson = False) -> int:
    """List the accounts and their roles."""
    desk = _opened(data)
    from vesalius.server.accounts import list_accounts
    from vesalius.server.database import reading

    with reading(desk.engine) as connection:
        found = list_accounts(connection)
    if as_json:
        shown = [
            {"name": a.name, "roles": sorted(a.roles), "disabled": a.is_disabled}
            for a in found
        ]
        say(json.dumps(shown, indent=2))
        return DONE
    state = {True: "shut out", False: ""}
    rows = [(a.name, ", ".join(sorted(a.roles)), state[a.is_disabled]) for a in found]
    say(table(("name", "roles", ""), rows))
    return DONE


@user.command()
def disable(
    name: Name,
    data: Data,
    undo: Annotated[
        bool, typer.Option("--undo", help="Let the account in again.")
    ] = False,
) -> int:
    """Shut an account out at once; nothing of it is deleted."""
    desk = _opened(data)
    from vesalius.server.accounts import named, set_disabled

    with desk.change() as (connection, record):
        account = named(connection, name)
        set_disabled(connection, record, account.id, not undo)
    say(f"{'let in again' if undo else 'shut out'}: {name}")
    return DONE


@user.command()
def reset(name: Name, data: Data) -> int:
    """Give an account another password, asked for or read from standard input."""
    desk = _opened(data)
    from vesalius.server.accounts import named, set_password

    password = _password()
    with desk.change() as (connection, record):
        account = named(connection, name)
        set_password(connection, record, account.id, password)
    say(f"another password for {name}; its sessions have ended")
    return DONE


def _opened(data: Path) -> "Desk":
    """Open a desk that is there; a mistyped folder must not make a new one."""
    for module in ("argon2", "cryptography", "sqlalchemy", "alembic"):
        needs(module, "server")
    from vesalius.governance.audit_check import DATABASE
    from vesalius.server.desk import open_desk
    from vesalius.server.settings import Settings

    if not (data / DATABASE).is_file():
        raise ConfigError(f"{data.name} is no desk's data folder: no {DATABASE} in it")
    desk, _ = open_desk(Settings(data=data))
    return desk


def _password() -> str:
    """Ask twice at a terminal; else take the first line that comes in."""
    if sys.stdin.isatty():
        return str(
            typer.prompt(
                "password", hide_input=True, confirmation_prompt=True, err=True
            )
        )
    return sys.stdin.readline().rstrip("\n")
