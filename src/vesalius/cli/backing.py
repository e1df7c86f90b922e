"""Commands that keep a desk from being lost: backup, restore."""

from pathlib import Path
from typing import Annotated

import typer

from vesalius.cli.ending import DONE
from vesalius.cli.needed import needs
from vesalius.cli.progress import progress
from vesalius.cli.terminal import say

MEGABYTE = 2**20


def backup(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="The desk's data folder.")
    ],
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; must not exist."),
    ],
    with_keys: Annotated[
        Path | None,
        typer.Option(
            metavar="KEYFILE",
            help="Write the keys, too, into a file of their own. Keep it elsewhere: "
            "with both, patients can be read.",
        ),
    ] = None,
) -> int:
    """Write a desk into one file, also while it is open."""
    _need_libraries()
    from vesalius.server.archive import VAULT, read_keys  # late: --help is instant
    from vesalius.server.backup import back_up

    with progress("backup") as advance:
        made = back_up(folder, out, advance, keys=with_keys)
    say(
        f"{out}: {len(made.members)} files, {made.size / MEGABYTE:.1f} MB; "
        f"{made.count} entries of the record, root {made.root}"
    )
    if with_keys is None:
        say("the keys are not in it: keep record.key and vault.key elsewhere")
    elif VAULT not in read_keys(with_keys.read_text(encoding="ascii")):
        say(f"{with_keys}: the record's key; the vault's comes from the environment")
    else:
        say(f"{with_keys}: the keys; keep them away from the backup")
    return DONE


def restore(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="As `vesalius backup` wrote it.")
    ],
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Data folder; empty, or not there.")
    ],
    keys: Annotated[
        Path | None,
        typer.Option(metavar="KEYFILE", help="As `backup --with-keys` wrote it."),
    ] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Of the record, exported before the backup: shows too if the end was "
            "cut off, or all signed anew.",
        ),
    ] = None,
) -> int:
    """Make a desk's data folder from a backup, checked as a whole."""
    _need_libraries()
    from vesalius.governance.audit_check import read_checkpoint
    from vesalius.server.restoring import restore as run

    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    with progress("restore") as advance:
        found = run(file, folder, advance, keys=keys, kept=kept)
    made = found.manifest
    say(
        f"{folder}: the desk of {made.made}; its record is sound: {made.count} "
        f"entries, root {made.root}"
    )
    for name in found.missing:
        say(f"still missing: put {name} into it before it is served")
    return DONE


def _need_libraries() -> None:
    for library in ("cryptography", "sqlalchemy", "alembic", "argon2"):
        needs(library, "server")
