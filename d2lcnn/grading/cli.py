"""``python -m d2lcnn grading``: from an assignment's file to marks that are returned."""

from __future__ import annotations

from importlib import import_module

# by name: the module that adds its arguments and runs it, and what it does
COMMANDS = {
    "handout": ("handout", "write the notebooks that students fill in"),
    "grade": ("grade", "mark what came back, in a sandbox; results that are still true are kept"),
    "collect": ("collect", "say whose result is missing or must be made again"),
    "export": ("export", "write the marks as a learning platform reads them"),
    "feedback": ("feedback", "write a page for each student"),
    "similar": ("similar", "list suspiciously alike answers"),
    "check-solutions": ("solutions", "run solutions of your own through the grader"),
}


def _module(command):
    return import_module(f"{__package__}.{COMMANDS[command][0]}")


def arguments(parser):
    """Describe the arguments of ``python -m d2lcnn grading``."""
    commands = parser.add_subparsers(dest="grading", required=True, metavar=" | ".join(COMMANDS))
    for name, (_, text) in COMMANDS.items():
        _module(name).arguments(commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}."))


def run(args):
    """Run one of the commands."""
    _module(args.grading).run(args)
