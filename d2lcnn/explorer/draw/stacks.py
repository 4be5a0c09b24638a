"""Pictures of channels and of the cone, laid out as `stack-lab.js` shows them."""

from itertools import product

from d2lcnn import shapes
from d2lcnn.explorer.draw.canvas import GREY, INK, MARGIN, Picture, captions
from d2lcnn.explorer.model import channels, cone

STEP, ROW, SIDE = 32, 50, 28


def _cell(found: Picture, style: str, x: float, y: float, text: str) -> None:
    found.boxes.append((style, x, y, SIDE))
    if text:
        ink = GREY if style in ("pad", "lit-pad") else INK
        found.texts.append((x + SIDE / 2, y + SIDE / 2, text, 11, "middle", ink, False))


def _stage(found: Picture, left: float, top: float, stage: channels.Stage, lit: bool) -> None:
    """Draw one matrix; where `lit`, its first output channel is the touched one."""
    on = channels.joined(stage)
    for c in range(stage.c_in):
        _cell(found, "lit" if lit and on[0, c] else "in", left + (c + 1) * STEP, top, str(c))
    for r in range(stage.c_out):
        _cell(found, "main" if lit and r == 0 else "out", left, top + (r + 1) * STEP, str(r))
    for r, c in product(range(stage.c_out), range(stage.c_in)):
        style = "pad" if not on[r, c] else "lit" if lit and r == 0 else "w"
        text = f"{stage.k}×{stage.k}" if on[r, c] else ""
        _cell(found, style, left + (c + 1) * STEP, top + (r + 1) * STEP, text)
    found.height = max(found.height, top + (stage.c_out + 1) * STEP)


def channel_picture(q: channels.Channels) -> Picture:
    """Lay out the channel matrix; ValueError for a layer that cannot be shown."""
    if bad := channels.problem(q):
        raise ValueError(bad)
    found, left = Picture(), MARGIN
    for n, stage in enumerate(channels.stages(q)):
        _stage(found, left, MARGIN, stage, lit=n == 0)
        left += (stage.c_in + 2) * STEP
    found.width = max(left, 460)
    captions(found, [channels.way(q), channels.sentence(channels.stages(q)[0], output=0), *channels.cost(q)])
    return found


def cone_picture(q: cone.Cone, output: int = 0) -> Picture:
    """Lay out the cone of one output; ValueError for a stack that cannot be shown, or where there is no such output."""
    if bad := cone.problem(q):
        raise ValueError(bad)
    shapes.integer("pos", output, 0, q.outputs - 1)
    found, fields, top = Picture(), cone.fields(q), len(q.layers)
    below, seen = cone.paths(q, top, output), cone.coverage(q, top, output)

    def place(level, unit):
        return MARGIN + STEP * (unit * fields[level].jump + (fields[level].size - 1) / 2), MARGIN + ROW * (top - level)

    for level, counts in enumerate(below):
        for unit, count in enumerate(counts.tolist()):
            promised = level == 0 and seen.first <= unit <= seen.last
            style = "main" if level == top and count else "lit" if count else "lit-pad" if promised else "pad"
            _cell(found, style, *place(level, unit), str(count) if count or promised else "")
    (x, y), (a, bottom), (b, _) = place(top, output), place(0, seen.first), place(0, seen.last)
    found.lines += [(x, y + SIDE, a, bottom), (x + SIDE, y + SIDE, b + SIDE, bottom)]
    found.width = max(MARGIN * 2 + STEP * len(below[0]), 460)
    found.height = bottom + STEP
    letters, numbers, result = cone.formula(q).rsplit(" = ", 2)
    captions(found, [cone.sentence(q, top, output), letters, f"= {numbers} = {result}"])
    return found
