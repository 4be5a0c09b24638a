"""Pictures of one position: the same cells, links and colours as the interactive figure.

`picture` lists boxes, marks and texts, `svg` writes them. A still is a light card, so it can be read on a dark page.
"""

from collections.abc import Iterator

from d2lcnn.explorer.draw.canvas import GAP, INK, MARGIN, Picture, captions, write
from d2lcnn.explorer.draw.scene import Scene, draw_board, draw_sheet
from d2lcnn.explorer.model import matrices
from d2lcnn.explorer.model.boards import steps
from d2lcnn.explorer.model.links import Operation, one_of, output_size
from d2lcnn.explorer.model.questions import QUESTIONS, numbers, question
from d2lcnn.explorer.model.words import at, formula, name, number, problem, total

TITLE = 24  # between a title and its board


def picture(
    op: Operation,
    position: int = 0,
    *,
    x=None,
    w=None,
    g=None,
    count: bool = False,
    predict: str | None = None,
) -> Picture:
    """Lay out one step of a setting.

    Parameters
    ----------
    op : Operation
    position : int
        The step: an output cell in reading order, or an input cell when stamping.
    x, w, g : nested sequences of numbers, optional
        Input, kernel and output gradient; the usual numbers stand where nothing is given.
    count : bool
        Show how many products use each cell, instead of values.
    predict : {"size", "reads", "feeds", "value"}, optional
        A question (of `model.questions`): it is written below, and the picture does not give its answer away.

    Returns
    -------
    Picture

    Raises
    ------
    ValueError
        If the setting is impossible (the message is the sentence of `words.problem`), or there is no such step.
    """
    if bad := problem(op):
        raise ValueError(bad)
    if predict is not None:
        one_of("predict", predict, QUESTIONS)
    x, w, g = numbers(op, x, w, g)
    scene = Scene(op, position, *at(op, position, predict), x, w, g, count, predict)
    found = Picture()
    right = _row(found, scene, ["in", "out"] if w is None else ["in", "w", "out"])
    if not predict:
        right = max([right, *_below(found, scene)])
    found.width = max(round(right) - GAP + MARGIN, 460)
    captions(found, _lines(scene))
    return found


def _title(scene: Scene, which: str) -> str:
    one = scene.op
    size = {"in": one.i, "w": one.k, "out": output_size(one), "dx": one.i, "dw": one.k}[which]
    kernel = "kernel (turned)" if one.view == "zeros" else "kernel"
    words = {"in": "input", "w": kernel, "out": "dY" if scene.back else "output", "dx": "dX", "dw": "dW"}
    bias = f", db = {number(sum(scene.g.ravel().tolist()))}" if which == "dw" else ""
    return f"{words[which]} {size[0]}×{size[1]}{bias}"


def _row(found: Picture, scene: Scene, boards: list[str], before: str = "") -> float:
    """Draw boards side by side below what is there; return where the next would begin."""
    left, top = MARGIN, MARGIN if not found.boxes else found.height + GAP / 2
    for which in boards:
        if scene.predict == "size" and which == "out":
            continue
        title, before = before + _title(scene, which), ""
        found.texts.append((left + 2, top + 8, title, 14, "start", INK, True))
        left = max(draw_board(found, left, top + TITLE, which, scene), left + 8.8 * len(title)) + GAP
    return left


def _below(found: Picture, scene: Scene) -> list[float]:
    """Draw what a view has more than the plain picture; return the right end of each row."""
    ends = []
    if scene.back:
        ends.append(_row(found, scene, ["dx"] if scene.w is None else ["dx", "dw"]))
    for which in matrices.shown(scene.op):
        sheet = matrices.sheet(scene.op, which)
        if matrices.drawn(sheet):
            top, title = found.height + GAP / 2, f"{matrices.name(scene.op, which)} {sheet.rows}×{sheet.columns}"
            found.texts.append((MARGIN + 2, top + 8, title, 14, "start", INK, True))
            ends.append(draw_sheet(found, MARGIN, top + TITLE - 6, which, scene) + GAP)
    if scene.op.view == "three":
        ends.append(_row(found, scene.over_zeros, ["in", "w"], "over inserted zeros: "))
    return ends


def _lines(scene: Scene) -> list[str]:
    """Write the captions: name, formula, the sum of the step, and what the view adds."""
    one, lines = scene.op, [name(scene.op)]
    if scene.predict:
        return [*lines, question(one, scene.predict, scene.position)]
    if scene.back:
        return [*lines, matrices.describe(one, scene.x, scene.w, scene.g, scene.kind, scene.here)]
    for line in formula(one):  # letters on one line, numbers on the next
        letters, numbers_, result = line.rsplit(" = ", 2)
        lines += [letters, f"= {numbers_} = {result}"]
    if scene.kind == "out":
        r, c = scene.here
        lines.append(f"output row {r}, column {c}: {total(one, scene.x, scene.w, scene.here, most=9)}")
    lines += [matrices.caption(one, which) for which in matrices.shown(one)]
    return [*lines, matrices.ways_sentence(one)] if one.view == "three" else lines


def pictures(op: Operation, **given) -> Iterator[Picture]:
    """Lay out every step in turn; arguments and errors of `picture`."""
    if bad := problem(op):
        raise ValueError(bad)
    rows, columns = steps(op, given.get("predict"))[1]
    return (picture(op, n, **given) for n in range(rows * columns))


def svg(
    op: Operation,
    position: int = 0,
    *,
    x=None,
    w=None,
    g=None,
    count: bool = False,
    predict: str | None = None,
) -> str:
    """Write one step as SVG; arguments and errors of `picture`. The same setting gives the same bytes everywhere.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> svg(operation(i=2, k=2))[:4]
    '<svg'
    """
    return write(picture(op, position, x=x, w=w, g=g, count=count, predict=predict), name(op))
