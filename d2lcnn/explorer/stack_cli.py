"""``python -m d2lcnn explorer channels`` and ``... cone``: pictures of the two other figures for slides."""

import argparse
from collections.abc import Iterable
from pathlib import Path

from d2lcnn.explorer import channels
from d2lcnn.explorer.canvas import Picture, write
from d2lcnn.explorer.labs import ChannelLab, ConeLab
from d2lcnn.explorer.raster import draw, film
from d2lcnn.explorer.stack_stills import channel_picture, cone_picture


def _groups(text: str) -> int | str:
    return text if text in ("separable", "pointwise") else int(text)


def _layers(text: str) -> list[tuple[int, ...]]:
    return [tuple(int(v) for v in layer.split(",")) for layer in text.split(";")]


def arguments(commands) -> None:
    """Describe the two commands."""
    one = commands.add_parser("channels", help="write the channel matrix; a gif goes through all groups")
    for name, usual, text in (("c-in", 8, "input channels"), ("c-out", 8, "output channels"), ("k", 3, "kernel size"),
                              ("h", 8, "rows of the output"), ("w", 8, "columns of the output")):  # fmt: skip
        one.add_argument(f"--{name}", type=int, default=usual, help=f"{text} ({usual})")
    one.add_argument("--groups", type=_groups, default=1, help="a number of groups, separable or pointwise (1)")
    two = commands.add_parser("cone", help="write a receptive field; a gif goes through all outputs")
    two.add_argument("--layers", type=_layers, default=[(3,)] * 3, help='k,s,d of each layer: "3,1,1;3,2,1" (3;3;3)')
    two.add_argument("--outputs", type=int, default=3, help="outputs that are drawn (3)")
    two.add_argument("--pos", type=int, default=0, help="the output that is touched (0)")
    for add in (one.add_argument, two.add_argument):
        add("--format", choices=("svg", "png", "gif"), default="svg", help="svg, png or gif")
        add("--seconds", type=float, default=1.0, help="per picture of a gif (1)")
        add("--out", type=Path, help="file to write (channel-lab.FORMAT or cone-lab.FORMAT)")


def export(args: argparse.Namespace) -> Path:
    """Write the file that the arguments ask for and return its path."""
    if args.explorer == "channels":
        figure = ChannelLab(args.c_in, args.c_out, args.k, args.groups, args.h, args.w)
        all_ = (channel_picture(figure.setting._replace(groups=g)) for g in channels.ways(figure.setting))
    else:
        figure = ConeLab(args.layers, args.outputs, args.pos)
        all_ = (cone_picture(figure.setting, n) for n in range(args.outputs))
    path = args.out or Path(f"{figure.tag}.{args.format}")
    path.write_bytes(_bytes(args, figure.picture(), figure.title(), all_))
    return path


def _bytes(args: argparse.Namespace, picture: Picture, label: str, pictures: Iterable[Picture]) -> bytes:
    if args.format == "svg":
        return write(picture, label).encode()
    return draw(picture) if args.format == "png" else film(pictures, seconds=args.seconds)
