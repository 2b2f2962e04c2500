"""The command line: `mra`. Tables on a terminal, plain text elsewhere, `--json` everywhere.

Errors go to standard error with exit code 2. Heavy modules are imported only by the commands that
need them, so that `mra compare` never loads the web framework, the database or the job engine.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer

from api import cli_compare, cli_data, cli_service
from criteria.problems import DataError, MraError

app = typer.Typer(
    name="mra",
    help="Compare a foreign trusted-trader program with C-TPAT, for mutual recognition.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for commands in (cli_compare, cli_data, cli_service):
    commands.mount(app)

STOPPED = 130  # the exit code of a command ended by Ctrl-C


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"mra {version('mutual-recognition')}")
        raise typer.Exit


@app.callback()
def _root(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Compare a foreign trusted-trader program with C-TPAT, for mutual recognition."""


def _fail(error: Exception) -> int:
    lines = [str(problem) for problem in error.problems] if isinstance(error, DataError) else [str(error)]
    for line in lines:
        sys.stderr.write(f"mra: {line}\n")
    return 2


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its exit code."""
    run: Callable[..., Any] = typer.main.get_command(app)
    try:
        code = run(args=arguments, standalone_mode=True)
    except MraError as error:
        code = _fail(error)
    except SystemExit as left:
        if left.code == STOPPED:
            sys.stderr.write("mra: stopped. A change is made as a whole or not at all.\n")
        raise
    except (BrokenPipeError, KeyboardInterrupt):
        code = STOPPED
    sys.exit(code)


if __name__ == "__main__":
    main()
