"""Networks drawn as rows of blocks, each as large as the shape that leaves its layer."""

from math import sqrt

from matplotlib.patches import Polygon, Rectangle

from d2lcnn.shapes import integer

from ._panels import bare, colour_of, panel, tint
from ._style import PALETTE

SIDE, THICK, BAR = 1.2, 0.7, 0.14  # inches: the largest map's side, the most channels, the width of a vector's bar
LEAST = 0.05  # inches: no side is thinner, or 1 channel beside 2,048 would be invisible
SLANT = 0.3  # depth is drawn up and to the right, shortened to this part
LETTER, LINE = 0.062, 0.15  # inches: a letter's width and a line's height in the labels
GAP = 0.3  # inches between one block or label and the next


def architecture(stages, *, ax=None, per_row=None):
    """Draw a network: one block a stage, from left to right, with arrows between them.

    Height and depth of a block stand for the rows and columns of the maps, its width for their number; a vector is an
    upright bar. Lengths grow with the square root of the numbers, so that 224 and 7 fit on one page; bars have a scale
    of their own. The block's shape is written below it.

    Parameters
    ----------
    stages : sequence of (shape, label) or (shape, label, colour)
        `shape` is (C, H, W), (C, L) or (units,), without the batch axis; `label` says what made it, and may hold line
        breaks; `colour` is a name of `PALETTE`, "output" if not given.
    ax : matplotlib Axes, optional
        Where to draw; a new figure of the right size if not given.
    per_row : int, optional
        Blocks in a row; all in one row if not given.

    Returns
    -------
    matplotlib Axes
        In inches, if the figure is a new one.

    Raises
    ------
    ValueError
        If there are no stages, a shape is not one to three positive integers, a colour is no name of the palette, or
        `per_row` is not positive.

    Examples
    --------
    >>> ax = architecture([((1, 28, 28), "input", "input"), ((10,), "dense")])
    >>> [text.get_text() for text in ax.texts if text.get_text()]  # an arrow is a text without letters
    ['1 × 28 × 28', 'input', '10', 'dense']
    """
    stages = [_checked(*stage) for stage in stages]
    if not stages:
        raise ValueError("stages is empty")
    per_row = len(stages) if per_row is None else integer("per_row", per_row, 1)
    scale = _Scale([shape for shape, _, _ in stages])
    rows = [stages[i : i + per_row] for i in range(0, len(stages), per_row)]
    text_lines = 1 + max(label.count("\n") + 1 for _, label, _ in stages)
    pitch = SIDE * (1 + SLANT) + LINE * (text_lines + 2)
    width = max(sum(_slot(stage, scale) for stage in row) for row in rows)
    ax = panel(ax, (width, pitch * len(rows)))
    for number, row in enumerate(rows):
        _draw_row(ax, row, scale, -number * pitch, last=number == len(rows) - 1)
    bottom = -(len(rows) - 1) * pitch - SIDE / 2 - LINE * (text_lines + 1)
    return bare(ax, (0, width), (bottom, bottom + pitch * len(rows)), aspect="equal")


class _Scale:
    """Lengths in inches for the shapes of one drawing."""

    def __init__(self, shapes):
        self.size = max((n for shape in shapes for n in shape[1:]), default=1)
        self.channels = max((shape[0] for shape in shapes if len(shape) > 1), default=1)
        self.units = max((shape[0] for shape in shapes if len(shape) == 1), default=1)

    def box(self, shape):
        """Return width, height and depth (as drawn) of a shape's block."""
        if len(shape) == 1:
            return BAR, max(LEAST, SIDE * sqrt(shape[0] / self.units)), BAR * SLANT
        sides = [max(LEAST, SIDE * sqrt(n / self.size)) for n in shape[1:]]
        height, depth = sides if len(sides) == 2 else (LEAST, sides[0])  # a sequence is a map of one row
        return max(LEAST, THICK * sqrt(shape[0] / self.channels)), height, depth * SLANT


def _checked(shape, label, colour="output"):
    shape = tuple(integer("shape", n, 1) for n in shape)
    if not 1 <= len(shape) <= 3:
        raise ValueError(f"shape must be (C, H, W), (C, L) or (units,), not {shape}")
    colour_of(colour)
    return shape, label, colour


def _slot(stage, scale):
    """Return the width a stage takes in its row: its block or its text, whichever is wider, and the gap."""
    shape, label, _ = stage
    width, _, depth = scale.box(shape)
    letters = max(len(line) for line in (_times(shape), *label.split("\n")))
    return max(width + depth, letters * LETTER) + GAP


def _draw_row(ax, row, scale, centre, last):
    """Draw one row of stages about the height `centre`; the last block of the last row has no arrow."""
    left, tail = 0.0, None
    for stage in row:
        shape, label, colour = stage
        width, height, depth = scale.box(shape)
        slot = _slot(stage, scale)
        x = left + (slot - width - depth) / 2
        if tail is not None:
            _arrow(ax, tail, x, centre)
        _block(ax, x, centre - height / 2, width, height, depth, colour)
        top = centre - SIDE / 2 - LINE
        middle = left + slot / 2
        ax.text(middle, top, _times(shape), ha="center", va="top", fontsize=8, weight="bold", color=PALETTE["ink"])
        ax.text(middle, top - LINE, label, ha="center", va="top", fontsize=8, color=PALETTE["ink"])
        left, tail = left + slot, x + width + depth
    if not last:
        _arrow(ax, tail, left, centre)


def _block(ax, x, y, width, height, depth, colour):
    """Draw a box whose front face has its lower left corner at (x, y)."""
    right, top = x + width, y + height
    faces = {
        0.35: Rectangle((x, y), width, height),
        0.2: Polygon([(x, top), (x + depth, top + depth), (right + depth, top + depth), (right, top)]),
        0.55: Polygon([(right, y), (right + depth, y + depth), (right + depth, top + depth), (right, top)]),
    }
    for strength, face in faces.items():
        face.set(facecolor=tint(colour, strength), edgecolor=PALETTE[colour], linewidth=0.8)
        ax.add_patch(face)


def _arrow(ax, start, end, y):
    ax.annotate("", (end, y), (start, y), arrowprops={"arrowstyle": "->", "color": PALETTE["ink"], "linewidth": 0.8,
                                                      "shrinkA": 1, "shrinkB": 1})


def _times(shape):
    return " × ".join(map(str, shape))
