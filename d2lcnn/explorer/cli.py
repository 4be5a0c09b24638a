"""``python -m d2lcnn explorer``: pictures and animations for slides."""

import argparse
from pathlib import Path

from d2lcnn.explorer import stack_cli
from d2lcnn.explorer.boards import steps
from d2lcnn.explorer.cases import CASES
from d2lcnn.explorer.core import MODES, VIEWS, Setting, setting
from d2lcnn.explorer.raster import gif, png
from d2lcnn.explorer.stills import svg
from d2lcnn.explorer.words import name, problem


def _size(text: str) -> int | tuple[int, int]:
    parts = [int(part) for part in text.replace("x", ",").split(",")]
    if len(parts) > 2:
        raise argparse.ArgumentTypeError(f"one number or rows,columns: {text!r}")
    return parts[0] if len(parts) == 1 else (parts[0], parts[1])


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of ``python -m d2lcnn explorer``."""
    commands = parser.add_subparsers(dest="explorer", required=True, metavar="export | cases | channels | cone")
    commands.add_parser("cases", help="list the nineteen cases of the guide")
    stack_cli.arguments(commands)
    add = commands.add_parser("export", help="write a picture or an animation").add_argument
    add("--case", type=int, choices=range(1, len(CASES) + 1), metavar="N", help="a case of the guide, 1 to 19")
    add("--mode", choices=MODES, help="instead of a case: the operation, with the sizes below")
    for option, text in (("i", "input size, or rows,columns"), ("k", "kernel size"), ("s", "stride"), ("p", "padding"),
                         ("d", "dilation"), ("output-padding", "output padding")):  # fmt: skip
        add(f"--{option}", type=_size, help=text)
    add("--view", choices=VIEWS, help="what is drawn besides the window, or how")
    add("--format", choices=("svg", "png", "gif"), default="svg")
    add("--pos", type=int, help="the step that a still shows (the last)")
    add("--count", action="store_true", help="number of products instead of values")
    add("--seconds", type=float, default=1.0, help="per step of a gif")
    add("--once", action="store_true", help="a gif that stops at its end")
    add("--out", type=Path, help="file to write (conv-lab-....FORMAT)")


def chosen(args: argparse.Namespace) -> tuple[Setting, str]:
    """Return the setting that the arguments ask for, and a name for its file."""
    given = {key: getattr(args, key) for key in ("i", "k", "s", "p", "d", "output_padding")}
    sizes = {key: value for key, value in given.items() if value is not None}
    if args.case is None:
        return setting(args.mode or "conv", **sizes, view=args.view or "stamp"), args.mode or "conv"
    if sizes or args.mode:
        raise ValueError("give either --case or --mode with sizes, not both")
    found = CASES[args.case - 1].setting
    if args.view:
        found = setting(found.mode, found.i, found.k, found.s, found.p, found.d, found.output_padding, args.view)
    return found, f"case-{args.case}"


def export(args: argparse.Namespace) -> Path:
    """Write the file that the arguments ask for and return its path."""
    found, label = chosen(args)
    if args.format == "gif":
        data = gif(found, count=args.count, seconds=args.seconds, loop=not args.once)
    else:
        draw = svg if args.format == "svg" else png
        data = draw(found, last(found) if args.pos is None else args.pos, count=args.count)
    path = args.out or Path(f"conv-lab-{label}.{args.format}")
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def last(found: Setting) -> int:
    """Return the number of the last step; 0 for an impossible setting, which drawing then explains."""
    if problem(found):
        return 0
    rows, columns = steps(found)[1]
    return rows * columns - 1


def run(args: argparse.Namespace) -> None:
    """Do what the arguments say; ValueError or TypeError where they make no sense."""
    if args.explorer == "export":
        print(export(args))
        return
    if args.explorer in ("channels", "cone"):
        print(stack_cli.export(args))
        return
    for case in CASES:
        print(f"{case.number:2}  {case.name}: {name(case.setting)}")
