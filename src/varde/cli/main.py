"""The ``varde`` command: finds the right file for each noun when it is needed, and turns errors into exit codes.

Exit codes: 0 done, 1 done with issues, 2 wrong use or failure, 3 integrity failure, 70 a fault of Varde itself, 130
interrupted.
"""

from __future__ import annotations

import importlib
import signal
import sys
import traceback
from contextlib import ExitStack
from pathlib import Path
from types import FrameType, TracebackType

import click

from varde.cli import output
from varde.core.errors import IntegrityFailure, VardeError

_UNFORESEEN = 70

COMMANDS = {
    "account": "Give people accounts for the pages, and change what they may do.",
    "audit": "Verify the audit log, list it, export signed checkpoints.",
    "camera": "Compare files with cameras by the noise of their sensors.",
    "case": "Open cases and look at them.",
    "decision": "Take over decisions made elsewhere.",
    "demo": "Make a benign example exhibit in FOLDER and run the main job on it.",
    "doctor": "Check this machine and the chosen site.",
    "exchange": "Exchange known material with other organisations and sites.",
    "exhibit": "Add exhibits to a case and list them.",
    "faces": "Find faces, compare them, and measure how well that works here.",
    "find": "Find items by digest or by a part of their place.",
    "grade": "Record your grade of one or more items.",
    "hunt": "Compare the items of all cases with known material that came since.",
    "init": "Make a site in FOLDER, or bring an older one up to this version.",
    "issue": "See what was not, or not fully, examined.",
    "item": "List, show and export items.",
    "known": "Import, list, export, withdraw and dispute known material.",
    "match": "Compare each FILE with all known sets, by every method, and keep nothing of it.",
    "models": "Look after the models that find and compare faces.",
    "process": "List, examine and compare everything in CASE that is not done.",
    "report": "Write the reports of CASE into a new folder.",
    "scheme": "List grade schemes and add the agency's own.",
    "serve": "Serve the site's pages for people, and its interface for programs, until told to stop.",
    "token": "Give programs access to the site's interface, and take it back.",
    "victim": "Enrol the victims of cases, who are looked for from then on.",
}
"""Name to one line of help; the command is the object of that name in the file of that name."""


class _LazyGroup(click.Group):
    """Imports a command's file only when it is called, so that help comes at once."""

    def list_commands(self, context: click.Context) -> list[str]:
        """Returns the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Returns the command of that name."""
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(importlib.import_module(f"varde.cli.{name}"), name)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="varde", message="%(prog)s %(version)s")
@click.option("--site", type=click.Path(path_type=Path), envvar="VARDE_SITE", help="Folder of the site.")
@click.option("--person", envvar="VARDE_PERSON", help="Who is doing this; default: the login name.")
@click.pass_context
def varde(context: click.Context, site: Path | None, person: str | None) -> None:
    """Varde: from a seized folder to a reviewed report.

    It proposes; a person decides. Data goes to standard output, everything for people to standard error; every
    command takes --json.

    \b
    Examples:
      varde init /srv/varde
      export VARDE_SITE=/srv/varde
      varde case new 2026-0042 --authorisation "warrant 17/26"
      varde known import hashes.json
      varde exhibit add 2026-0042 /evidence/laptop --process
      varde report 2026-0042 --output ./report
    """
    context.obj = {"site": site, "person": person}


def run() -> None:
    """Runs the command line and ends the process with the right exit code."""
    for ended in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ended, _interrupt)
    with ExitStack() as stack:
        stack.push(_end_unforeseen)
        code = main()
    sys.exit(code)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Makes a wish to end count like Ctrl-C: processes are ended, what was recorded stays."""
    raise KeyboardInterrupt


def _end_unforeseen(kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
    """Python ends with 1 after an error nobody foresaw, which here means: done with issues."""
    if error is not None:
        traceback.print_exception(error)
        output.say("varde: this is a fault of Varde itself; what was recorded stays")
        sys.exit(_UNFORESEEN)


def main(arguments: list[str] | None = None) -> int:
    """Runs the command line and returns its exit code."""
    try:
        result = varde.main(arguments, prog_name="varde", standalone_mode=False)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.UsageError as error:
        error.show(sys.stderr)
        return 2
    except (click.Abort, KeyboardInterrupt):
        output.say("Interrupted. What was recorded stays; the same command goes on from there.")
        return 130
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except SystemExit:
        return 0  # how click ends when nobody reads its output any more
    except VardeError as error:
        output.say_error(error)
        return 3 if isinstance(error, IntegrityFailure) else 2
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        output.say(f"varde: {place}{error.strerror or error}")
        return 2
    except UnicodeEncodeError:
        output.say("varde: something in this command is no text in UTF-8")
        return 2
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    run()
