"""Which cells are drawn, and what one step of the animation visits."""

from d2lcnn.explorer.core import Cell, Setting, output_size


def steps(setting: Setting, ask: str | None = None) -> tuple[str, Cell]:
    """Tell what one step visits: ("in", input size) when stamping, else ("out", output size).

    A question (of `d2lcnn.explorer.ask`) visits inputs where it asks what an input feeds, or for a value of dX.
    """
    if ask == "feeds" or (ask == "value" and setting.view == "backward") or (not ask and setting.stamping):
        return "in", setting.i
    return "out", output_size(setting)


def board(setting: Setting, which: str, axis: int) -> list[tuple[int, str]]:
    """List the (position, kind) of the cells drawn along one axis of the "in" or "out" grid.

    Kinds: "real", "pad" (padding), "zero" (inserted zero), "cut" (cut away, or never reached by the kernel).
    """
    i, k, s, p, d, a = setting.axis(axis)
    o, span = output_size(setting)[axis], d * (k - 1)
    if which == "out":
        if setting.mode != "transposed" or setting.view == "zeros":
            return [(y, "real") for y in range(o)]
        last = max(o - 1, (i - 1) * s + span - p)
        return [(y, "real" if 0 <= y < o else "cut") for y in range(-p, last + 1)]
    if setting.mode != "transposed":
        return [(x, "real" if 0 <= x < i else "pad") for x in range(-p, i + p)]
    if setting.view != "zeros":
        return [(x, "real") for x in range(i)]
    first, end = p - span, (i - 1) * s + span - p + a  # a negative padding crops
    found = []
    for z in range(min(first, 0), max(end, (i - 1) * s) + 1):
        kind = "pad" if z < 0 or z > (i - 1) * s else "real" if z % s == 0 else "zero"
        found.append((z, kind if first <= z <= end else "cut"))
    return found
