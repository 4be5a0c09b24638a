"""Which cells are drawn, and what one step of the animation visits."""

from d2lcnn import shapes
from d2lcnn.explorer.model.links import Cell, Operation, output_size


def steps(op: Operation, ask: str | None = None) -> tuple[str, Cell]:
    """Tell what one step visits: ("in", input size) when stamping, else ("out", output size).

    A question (of `model.questions`) visits inputs where it asks what an input feeds, or for a value of dX.
    """
    if ask == "feeds" or (ask == "value" and op.view == "backward") or (not ask and op.stamping):
        return "in", op.i
    return "out", output_size(op)


def board(op: Operation, which: str, axis: int) -> list[tuple[int, str]]:
    """List the (position, kind) of the cells drawn along one axis of the "in" or "out" grid.

    Kinds: "real", "pad" (padding), "zero" (inserted zero), "cut" (cut away, or never reached by the kernel).
    """
    i, k, s, p, d, a = op.axis(axis)
    o = output_size(op)[axis]
    if which == "out":
        if op.mode != "transposed" or op.view == "zeros":
            return [(y, "real") for y in range(o)]
        last = max(o, shapes.conv_transpose_output_size(i, k, s, 0, d) - p) - 1
        return [(y, "real" if 0 <= y < o else "cut") for y in range(-p, last + 1)]
    if op.mode != "transposed":
        return [(x, "real" if 0 <= x < i else "pad") for x in range(-p, i + p)]
    if op.view != "zeros":
        return [(x, "real") for x in range(i)]
    direct = shapes.transposed_as_direct(i, k, s, p, d, a)
    first, end = -direct.p, direct.i - 1 + direct.p + direct.a  # a negative padding crops
    found = []
    for z in range(min(first, 0), max(end + 1, direct.i)):
        kind = "pad" if not 0 <= z < direct.i else "real" if z % s == 0 else "zero"
        found.append((z, kind if first <= z <= end else "cut"))
    return found
