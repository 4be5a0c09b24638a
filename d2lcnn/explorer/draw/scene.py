"""What stands in each cell of a still: its style and its text, for one step of one setting."""

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product

import numpy as np

from d2lcnn.explorer.draw.canvas import CELL, GREY, HUES, INK, SMALL, Picture
from d2lcnn.explorer.model import backward, matrices
from d2lcnn.explorer.model.boards import board
from d2lcnn.explorer.model.links import Cell, Operation, counts, lit, triples, values
from d2lcnn.explorer.model.words import number


@dataclass(frozen=True)
class Scene:
    """One step: the cell `here` of kind "in" or "out" is touched."""

    op: Operation
    position: int
    kind: str
    here: Cell
    x: np.ndarray
    w: np.ndarray | None
    g: np.ndarray
    count: bool = False
    predict: str | None = None  # the question that must not be answered by the picture

    @property
    def back(self) -> bool:
        """Whether the backward pass is drawn."""
        return self.op.view == "backward"

    @cached_property
    def over_zeros(self) -> "Scene":
        """The same step over inserted zeros."""
        return replace(self, op=replace(self.op, view="zeros"))

    @cached_property
    def links(self) -> list:
        """The links through the touched cell; none while a question hides them."""
        return [] if self.predict in ("reads", "feeds", "size") else lit(self.op, self.kind, self.here)

    @cached_property
    def marked(self) -> dict:
        """Positions that are lit, by board; dX only where a gradient flows."""
        flow = [t for t in backward.flow(self.op, self.x) if t in self.links] if self.back else self.links
        return {
            "in": {t.position for t in self.links},
            "w": {t.weight for t in self.links},
            "out": {t.output for t in (flow if self.back and self.kind == "in" else self.links)},
            "dx": {t.input for t in flow},
            "dw": {t.weight for t in flow},
        }

    @cached_property
    def equal(self) -> list[Cell]:
        """The inputs among which a maximum is tied, with its winner."""
        if self.op.mode != "max" or not self.back or self.kind != "out" or self.predict:
            return []
        return backward.ties(self.op, self.x, self.here)

    @cached_property
    def numbers(self) -> dict:
        """Products by cell of the input and of the output."""
        return dict(zip(("in", "out"), counts(self.op), strict=True))

    @cached_property
    def touched(self) -> set:
        """Positions that any output reads."""
        return {t.position for t in triples(self.op)}

    @cached_property
    def shown(self) -> dict:
        """Values by board."""
        if self.back:
            found = backward.gradients(self.op, self.x, self.w, self.g)
            return {"in": self.x, "w": self.w, "out": self.g, "dx": found.x, "dw": found.w}
        until = self.position + 1 if self.kind == "in" and not self.predict else None
        return {"in": self.x, "w": self.w, "out": values(self.op, self.x, self.w, until=until)}

    def axes(self, which: str, axis: int) -> list[tuple[int, str]]:
        """List (position, kind) of the cells along one axis of a board."""
        if which in ("in", "out"):
            return board(self.op, which, axis)
        size = self.op.i if which == "dx" else self.op.k
        found = [(u, "real") for u in range(size[axis])]
        # over inserted zeros the kernel is read from its end
        return found[::-1] if which == "w" and self.op.view == "zeros" else found

    def identity(self, which: str, place: Cell) -> Cell:
        """Return the cell that stands at a position: inserted zeros spread the input."""
        if which == "in" and self.op.view == "zeros":
            return place[0] // self.op.s[0], place[1] // self.op.s[1]
        return place

    def style(self, which: str, place: Cell, sort: str) -> str:
        """Name the style of a cell."""
        cell = self.identity(which, place)
        kind = {"dx": "in", "dw": "w"}.get(which, which)
        if sort == "real" and which == "in" and cell in self.equal:
            return "main" if place in self.marked["dx"] else "tie"
        if kind == self.kind and sort == "real" and cell == self.here and self.predict != "size":
            return "main"
        on = place in self.marked[which]
        return ("lit" if on else kind) if sort == "real" else ("lit-pad" if on else "pad")

    def text(self, which: str, place: Cell, sort: str) -> tuple[str, bool]:
        """Return what is written in a cell, and whether it is hatched because nothing uses it."""
        if sort != "real":
            padding = "0" if sort == "pad" and self.op.mode != "max" and not self.count else ""
            return padding, sort == "pad" and place not in self.touched
        cell = self.identity(which, place)
        if self.count and which in self.numbers:
            return str(self.numbers[which][cell]), self.numbers[which][cell] == 0
        unused = which in self.numbers and self.numbers[which][cell] == 0
        return "" if which == "out" and self.hidden(cell) else number(self.shown[which][cell]), unused

    def hidden(self, cell: Cell) -> bool:
        """Whether an output is still to come, or asked for."""
        if self.back:
            return False
        if self.predict:
            reached = cell[0] * self.shown["out"].shape[1] + cell[1] < self.position
            return not (self.predict == "reads" or (self.predict == "value" and reached))
        return self.kind == "out" and cell[0] * self.shown["out"].shape[1] + cell[1] > self.position


def draw_board(found: Picture, left: float, top: float, which: str, scene: Scene) -> float:
    """Draw one grid with its upper left corner at (left, top); return its right end."""
    rows, cols = scene.axes(which, 0), scene.axes(which, 1)
    for (r, (a, ka)), (c, (b, kb)) in product(enumerate(rows), enumerate(cols)):
        kind = next((k for k in ("cut", "pad", "zero") if k in (ka, kb)), "real")
        x, y, half = left + c * CELL, top + r * CELL, CELL / 2
        found.boxes.append((scene.style(which, (a, b), kind), x + 2, y + 2, CELL - 4))
        words, hatched = scene.text(which, (a, b), kind)
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


def draw_sheet(found: Picture, left: float, top: float, which: str, scene: Scene) -> float:
    """Draw a matrix ("mat" or "col") with its vectors around it; return its right end."""
    one, col = scene.op, which == "col"
    rows, columns, cells = matrices.sheet(one, which)
    x0, y0 = left + SMALL + 6, top + SMALL
    right, bottom = x0 + columns * SMALL, y0 + rows * SMALL
    found.lines += [(x0, y0, right, y0), (right, y0, right, bottom), (right, bottom, x0, bottom), (x0, bottom, x0, y0)]
    lit_links, weights = set(scene.links), one.k[0] * one.k[1]

    def write(x, y, value, colour):
        found.texts.append((x, y, number(value), 10, "middle", colour, False))

    for r, c, link in cells:
        hue = f"weight{HUES * matrices.flat(link.weight, one.k) // weights}"
        x, y = x0 + c * SMALL, y0 + r * SMALL
        found.boxes.append(("lit-" * (link in lit_links) + hue, x + 1, y + 1, SMALL - 2))
        value = scene.w[link.weight] if not col else 0 if link.input is None else scene.x[link.input]
        write(x + SMALL / 2, y + SMALL / 2, value, INK)
    y = values(one, scene.x, scene.w)
    for n, value in enumerate((scene.w if col else scene.x).ravel()):
        along = (n + 0.5) * SMALL
        write(*((left + SMALL / 2, y0 + along) if col else (x0 + along, top + SMALL / 2)), value, GREY)
    for n, value in enumerate(y.ravel()):
        along = (n + 0.5) * SMALL
        write(*((x0 + along, bottom + SMALL / 2) if col else (right + 18, y0 + along)), value, GREY)
    found.height = max(found.height, bottom + (SMALL if col else 0))
    return right + (0 if col else SMALL + 12)
