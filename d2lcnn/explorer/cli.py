"""``python -m d2lcnn explorer``: pictures and animations for slides."""

import argparse
from pathlib import Path

from d2lcnn import files
from d2lcnn.explorer.draw.raster import draw, film
from d2lcnn.explorer.figures import ChannelLab, ConeLab, ConvLab, Figure
from d2lcnn.explorer.model.cases import CASES
from d2lcnn.explorer.model.links import SIZES
from d2lcnn.explorer.model.words import name as name_of
from d2lcnn.explorer.parameters import Flag, Parameter, Word, attribute

COMMANDS = {
    "export": (ConvLab, "write a picture or an animation of a convolution or pooling"),
    "channels": (ChannelLab, "write the channel matrix; a gif goes through all groups"),
    "cone": (ConeLab, "write a receptive field; a gif goes through all outputs"),
}


def _reader(name: str, parameter: Parameter):
    """Return what argparse calls with the text of an option."""

    def read(text):
        try:
            return parameter.check(name, parameter.parse(text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return read


def _options(parser: argparse.ArgumentParser, kind: type[Figure]) -> None:
    """Add an option for each parameter of a figure; one that is not given stays out of the result."""
    for name, parameter in kind.parameters.items():
        if parameter.fixed:
            continue
        more, usual = {"type": _reader(name, parameter)}, parameter.default(name)
        if isinstance(parameter, Flag):
            more = {"action": "store_true"}
        if isinstance(parameter, Word):
            more["metavar"] = "{" + ",".join(parameter.words) + "}"
        written = "" if usual is None or usual is False else f" ({parameter.write(usual)})"
        if kind is ConvLab and name == "pos":
            written = " (the last)"
        parser.add_argument(f"--{attribute(name)}", default=argparse.SUPPRESS, help=parameter.help + written, **more)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of ``python -m d2lcnn explorer``."""
    commands = parser.add_subparsers(dest="explorer", required=True, metavar=" | ".join([*COMMANDS, "cases"]))
    commands.add_parser("cases", help="list the nineteen cases of the guide")
    for command, (kind, text) in COMMANDS.items():
        one = commands.add_parser(command, help=text)
        if command == "export":
            cases = range(1, len(CASES) + 1)
            one.add_argument("--case", type=int, choices=cases, metavar="N", help="a case of the guide, 1 to 19")
        _options(one, kind)
        one.add_argument("--format", choices=("svg", "png", "gif"), default="svg", help="svg, png or gif (svg)")
        one.add_argument("--seconds", type=float, default=1.0, help="per picture of a gif (1)")
        one.add_argument("--once", action="store_true", help="a gif that stops at its end")
        one.add_argument("--out", type=Path, help=f"file to write ({kind.tag}-....FORMAT)")


def chosen(args: argparse.Namespace) -> tuple[Figure, str]:
    """Return the figure that the arguments ask for, and a name for its file."""
    kind, _ = COMMANDS[args.explorer]
    given = {name: value for name, value in vars(args).items() if name in kind.parameters}
    label = kind.tag
    if kind is ConvLab:
        label += f"-{given.get('mode', 'conv')}"
        if args.case is not None:
            if given.keys() & {"mode", *SIZES}:
                raise ValueError("give either --case or --mode with sizes, not both")
            case, label = CASES[args.case - 1].operation, f"{kind.tag}-case-{args.case}"
            given = {name: getattr(case, name) for name in ("mode", "view", *SIZES)} | given
    figure = kind(**given)
    if figure.problem:
        raise ValueError(figure.problem)
    if kind is ConvLab and "pos" not in given:
        figure.pos = figure.last()  # a still of the end shows all outputs
    return figure, label


def export(args: argparse.Namespace) -> Path:
    """Write the file that the arguments ask for and return its path."""
    figure, label = chosen(args)
    path = args.out or Path(f"{label}.{args.format}")
    if args.format == "gif":
        data = film(figure.pictures(), seconds=args.seconds, loop=not args.once)
    else:
        data = figure.still() if args.format == "svg" else draw(figure.picture())
    files.write(path, data)
    return path


def run(args: argparse.Namespace) -> None:
    """Do what the arguments say; ValueError where they make no sense, OSError where the file cannot be written."""
    if args.explorer in COMMANDS:
        print(export(args))
        return
    for case in CASES:
        print(f"{case.number:2}  {case.name}: {name_of(case.operation)}")
