"""Pictures of one position: the same cells, links and colours as the interactive figure.

`picture` lists boxes, marks and texts, `svg` writes them. A still is a light card, so it can be read on a dark page.
"""

import textwrap
from dataclasses import dataclass, field
from itertools import product
from xml.sax.saxutils import escape

from d2lcnn.explorer.boards import board
from d2lcnn.explorer.cases import INPUT, KERNEL, tiled
from d2lcnn.explorer.core import Setting, counts, lit, output_size, triples, values
from d2lcnn.explorer.words import at, formula, name, number, problem, total

CELL, GAP, MARGIN, LINE = 36, 30, 12, 19
# Okabe-Ito, as in the whole book; style -> (stroke, stroke width, dash, fill)
STYLES = {
    "in": ("#0072B2", 1.2, "", "#d6e7f2"),
    "w": ("#E69F00", 1.2, "", "#fbefd6"),
    "out": ("#009E73", 1.2, "", "#d6f0e8"),
    "pad": ("#999999", 1.2, "3 3", "#f5f5f5"),
    "lit": ("#D55E00", 3.2, "", "#f9e1d3"),
    "lit-pad": ("#D55E00", 3.2, "5 3", "#f9e1d3"),
    "main": ("#D55E00", 4.5, "", "#edbb96"),
}
INK, GREY = "#222222", "#666666"


@dataclass
class Picture:
    """What is drawn, in pixels from the upper left corner."""

    width: float = 0
    height: float = 0
    boxes: list = field(default_factory=list)  # (style, x, y, side)
    lines: list = field(default_factory=list)  # (x1, y1, x2, y2)
    dots: list = field(default_factory=list)  # (x, y)
    texts: list = field(default_factory=list)  # (x, y, text, size, anchor "start" | "middle", colour, bold)


def _axes(setting: Setting, which: str, axis: int) -> list[tuple[int, str]]:
    if which != "w":
        return board(setting, which, axis)
    found = [(u, "real") for u in range(setting.k[axis])]
    # over inserted zeros the kernel is read from its end
    return found[::-1] if setting.mode == "transposed" and setting.view == "zeros" else found


def _identity(setting: Setting, which: str, position) -> tuple[int, int]:
    if which == "in" and setting.mode == "transposed" and setting.view == "zeros":
        return position[0] // setting.s[0], position[1] // setting.s[1]
    return position


def _board(found: Picture, left: float, which: str, setting: Setting, style, text) -> float:
    """Draw one grid at `left`; `style` and `text` answer for a position and its kind. Return its right end."""
    rows, cols = _axes(setting, which, 0), _axes(setting, which, 1)
    top = MARGIN + 24
    for (r, (a, ka)), (c, (b, kb)) in product(enumerate(rows), enumerate(cols)):
        kind = next((k for k in ("cut", "pad", "zero") if k in (ka, kb)), "real")
        x, y, half = left + c * CELL, top + r * CELL, CELL / 2
        found.boxes.append((style((a, b), kind), x + 2, y + 2, CELL - 4))
        words, hatched = text((a, b), kind)
        if kind == "cut":
            found.lines += [(x + 6, y + 6, x + CELL - 6, y + CELL - 6), (x + CELL - 6, y + 6, x + 6, y + CELL - 6)]
        elif kind == "zero":
            found.dots.append((x + half, y + half))
        elif hatched:
            found.lines += [
                (x + 5, y + half, x + half, y + 5),
                (x + 5, y + CELL - 5, x + CELL - 5, y + 5),
                (x + half, y + CELL - 5, x + CELL - 5, y + half),
            ]
        if words:
            size = 14 if len(words) < 4 else 12 if len(words) == 4 else 10
            found.texts.append((x + half, y + half, words, size, "middle", INK if kind == "real" else GREY, False))
    found.height = max(found.height, top + len(rows) * CELL)
    return left + len(cols) * CELL


def captions(found: Picture, lines: list[str]) -> None:
    y = found.height + 20
    for line in lines:
        for part in textwrap.wrap(line, width=max(20, int((found.width - 2 * MARGIN) / 7.6)), break_long_words=False):
            found.texts.append((MARGIN, y, part, 13, "start", INK, False))
            y += LINE
    found.height = y - LINE // 2 + MARGIN


def picture(setting: Setting, position: int = 0, *, x=None, w=None, count: bool = False) -> Picture:
    """Lay out one step of a setting.

    Parameters
    ----------
    setting : Setting
    position : int
        The step: an output cell in reading order, or an input cell when stamping.
    x, w : nested sequences of numbers, optional
        Input and kernel; the numbers of the guide stand where nothing is given.
    count : bool
        Show how many products use each cell, instead of values.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the setting is impossible (the message is the sentence of `words.problem`), or there is no such step.
    """
    if bad := problem(setting):
        raise ValueError(bad)
    pooling, stamping = setting.mode in ("max", "avg"), setting.mode == "transposed" and setting.view == "stamp"
    x = tiled(INPUT, setting.i, x)
    w = None if pooling else tiled(KERNEL, setting.k, w)
    kind, here = at(setting, position)
    links = lit(setting, kind, here)
    marked = {"in": {t.position for t in links}, "w": {t.weight for t in links}, "out": {t.output for t in links}}
    y = values(setting, x, w, until=position + 1 if stamping else None)
    numbers = dict(zip(("in", "out"), counts(setting), strict=True))
    touched = {t.position for t in triples(setting)}

    def shown(which, cell):
        if count and which != "w":
            return str(numbers[which][cell])
        if which == "out" and not stamping and cell[0] * y.shape[1] + cell[1] > position:
            return ""
        return number({"in": x, "w": w, "out": y}[which][cell])

    def style_of(which):
        def style(place, sort):
            if which == kind and sort == "real" and _identity(setting, which, place) == here:
                return "main"
            on = place in marked[which]
            return ("lit" if on else which) if sort == "real" else ("lit-pad" if on else "pad")

        return style

    def text_of(which):
        def text(place, sort):
            if sort == "real":
                cell = _identity(setting, which, place)
                return shown(which, cell), which != "w" and numbers[which][cell] == 0
            padding = "0" if sort == "pad" and setting.mode != "max" and not count else ""
            return padding, sort == "pad" and place not in touched

        return text

    found, left = Picture(), MARGIN
    sizes = {"in": setting.i, "w": setting.k, "out": output_size(setting)}
    titles = {"in": "input", "w": "kernel (turned)" if setting.view == "zeros" else "kernel", "out": "output"}
    for which in ("in", "out") if pooling else ("in", "w", "out"):
        title = f"{titles[which]} {sizes[which][0]}×{sizes[which][1]}"
        found.texts.append((left + 2, MARGIN + 8, title, 14, "start", INK, True))
        left = max(_board(found, left, which, setting, style_of(which), text_of(which)), left + 8.8 * len(title)) + GAP
    found.width = max(round(left) - GAP + MARGIN, 460)
    lines = [name(setting)]
    for line in formula(setting):  # letters on one line, numbers on the next
        letters, numbers_, result = line.rsplit(" = ", 2)
        lines += [letters, f"= {numbers_} = {result}"]
    if kind == "out":
        lines.append(f"output row {here[0]}, column {here[1]}: {total(setting, x, w, here, most=9)}")
    captions(found, lines)
    return found


def svg(setting: Setting, position: int = 0, *, x=None, w=None, count: bool = False) -> str:
    """Write one step as SVG; arguments and errors of `picture`. The same setting gives the same bytes everywhere.

    Examples
    --------
    >>> from d2lcnn.explorer.core import setting
    >>> svg(setting(i=2, k=2))[:4]
    '<svg'
    """
    return write(picture(setting, position, x=x, w=w, count=count), name(setting))


def write(p: Picture, label: str) -> str:
    """Write a picture as SVG, named for readers who cannot see it."""
    size = f'width="{p.width:g}" height="{p.height:g}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} viewBox="0 0 {p.width:g} {p.height:g}" role="img" '
        f'aria-label="{escape(label)}" font-family="DejaVu Sans,Verdana,sans-serif">',
        f'<rect {size} rx="8" fill="#fff"/>',
    ]
    for style, (stroke, width, dash, fill) in STYLES.items():  # later styles lie above earlier ones
        d = "".join(f"M{a:g} {b:g}h{side:g}v{side:g}h-{side:g}z" for kind, a, b, side in p.boxes if kind == style)
        if d:
            dashes = f' stroke-dasharray="{dash}"' if dash else ""
            parts.append(f'<path d="{d}" fill="{fill}" stroke="{stroke}" stroke-width="{width}"{dashes}/>')
    if p.lines:
        strokes = "".join(f"M{a:g} {b:g}L{c:g} {d:g}" for a, b, c, d in p.lines)
        parts.append(f'<path d="{strokes}" stroke="#999" fill="none"/>')
    parts += [f'<circle cx="{a:g}" cy="{b:g}" r="3" fill="#999"/>' for a, b in p.dots]
    for a, b, words, points, anchor, colour, bold in p.texts:
        extra = (' text-anchor="middle"' if anchor == "middle" else "") + (' font-weight="bold"' if bold else "")
        place = f'x="{a:g}" y="{b + points * 0.36:g}" font-size="{points}" fill="{colour}"{extra}'
        parts.append(f"<text {place}>{escape(words)}</text>")
    return "".join(parts) + "</svg>"
