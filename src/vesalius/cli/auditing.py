"""Commands on the desk's record: audit verify, export, show. None needs the server."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from vesalius.cli import parameters as given
from vesalius.cli.ending import DONE
from vesalius.cli.needed import needs
from vesalius.cli.terminal import say

BENT = 1  # exit code
audit = typer.Typer(help="Check, export and read the desk's record.")

Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="The desk's data folder, or a copy.")
]


@audit.command()
def verify(
    folder: Folder,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Exported before: shows too if the end was cut off, or all signed "
            "anew.",
        ),
    ] = None,
    as_json: given.AsJson = False,
) -> int:
    """Check that the record is whole, in order and signed; 1 where it is not."""
    needs("cryptography", "server")
    from vesalius.governance.audit_check import check_folder, read_checkpoint

    kept = None if checkpoint is None else read_checkpoint(checkpoint)
    found = check_folder(folder, kept)
    if as_json:
        say(json.dumps(asdict(found), indent=2))
    elif found.bad is None:
        against = "" if kept is None else f", the checkpoint of {kept.count} with them"
        say(f"sound: {found.count} entries{against}; root {found.root}")
    else:
        say(f"NOT SOUND at entry {found.bad}: {found.reason}")
    return DONE if found.bad is None else BENT


@audit.command()
def export(
    folder: Folder,
    out: Annotated[
        Path,
        typer.Option("--out", "-o", metavar="FILE", help="Where to; must not exist."),
    ],
) -> int:
    """Write the record and its checkpoint into one file, for somebody outside."""
    needs("cryptography", "server")
    from vesalius.governance.audit_check import exported
    from vesalius.governance.handed_out import hand_out

    text = exported(folder)
    hand_out(text, out)
    say(f"{len(json.loads(text)['entries'])} entries and their checkpoint: {out}")
    return DONE


@audit.command()
def show(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case's pseudonym.")],
    data: Annotated[
        Path, typer.Option("--data", metavar="DIR", help="The desk's data folder.")
    ],
    as_json: given.AsJson = False,
) -> int:
    """Tell a case's whole life in plain sentences, from the record."""
    needs("cryptography", "server")
    from vesalius.governance.story import told_of_case

    sentences = told_of_case(data, case)
    say(json.dumps(sentences, indent=2) if as_json else "\n".join(sentences))
    return DONE
