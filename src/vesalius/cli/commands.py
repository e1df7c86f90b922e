"""The commands: every word the command line knows, and the function behind it.

What this file imports is paid by every `--help`: no numpy, no torch.
"""

from typing import Annotated

import typer

from vesalius.cli.accounts import user
from vesalius.cli.auditing import audit
from vesalius.cli.backing import backup, restore
from vesalius.cli.demo import demo
from vesalius.cli.interpret import detect, segment, translate
from vesalius.cli.looking import doctor, series
from vesalius.cli.making import phantom, resample, sample
from vesalius.cli.models import card, models
from vesalius.cli.restore import denoise
from vesalius.cli.serving import serve
from vesalius.cli.terminal import say
from vesalius.cli.training import evaluate, manifest, train

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)

app.command(rich_help_panel="Scans")(denoise)
app.command(rich_help_panel="Scans")(translate)
app.command(rich_help_panel="Scans")(segment)
app.command(rich_help_panel="Scans")(detect)
app.command(rich_help_panel="Scans")(series)
app.command(rich_help_panel="Scans")(resample)
app.command(rich_help_panel="Scans")(sample)
app.command(rich_help_panel="Scans")(phantom)
app.command(rich_help_panel="Models")(models)
app.command(rich_help_panel="Models")(card)
app.command(rich_help_panel="Models")(train)
app.command(rich_help_panel="Models")(evaluate)
app.command(rich_help_panel="Models")(manifest)
app.command(rich_help_panel="Desk")(serve)
app.command(rich_help_panel="Desk")(backup)
app.command(rich_help_panel="Desk")(restore)
app.add_typer(user, name="user", rich_help_panel="Desk")
app.add_typer(audit, name="audit", rich_help_panel="Desk")
app.command(rich_help_panel="Machine")(demo)
app.command(rich_help_panel="Machine")(doctor)


def _say_version(asked: bool) -> bool:
    if asked:
        import vesalius

        say(f"vesalius {vesalius.__version__}")
        raise typer.Exit
    return asked


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Say the version.", is_eager=True, callback=_say_version
        ),
    ] = False,
) -> None:
    """Generative AI for medical images, from file to report. Research use only."""
