"""Exercises of the chapter "Receptive fields"."""

from functools import reduce

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv_matrix
from d2lcnn.shapes import Window, receptive_field

THREE_LAYERS = [Window(3, p=1), Window(2, s=2), Window(3, d=3)]
GAPS = [Window(3, p=2, d=2), Window(3, p=2, d=2)]
STRIDES = [Window(3, s=2, p=1), Window(3, s=2, p=1)]


def _changed(windows, **what):
    """Size, jump and start of a stack in which every layer has been changed."""
    return tuple(receptive_field([window._replace(**what) for window in windows]))


def _stack(rng):
    return [
        Window(int(rng.integers(2, 4)), int(rng.integers(1, 3)), int(rng.integers(0, 2)), int(rng.integers(1, 4)))
        for _ in range(int(rng.integers(1, 4)))
    ]


def _stack_and_pixel(rng):
    return _stack(rng), int(rng.integers(5, 30)), 40


def _centre(windows):
    field = receptive_field(windows)
    return field.start + (field.size - 1) / 2


def _centre_early(windows):
    place, jump = 0.0, 1
    for k, s, p, d in windows:
        jump *= s
        place += (d * (k - 1) / 2 - p) * jump
    return place


def _matrix(windows, size):
    """Return the product of the layers' matrices with all weights one; column n belongs to pixel n."""
    matrices, n = [], size
    for k, s, p, d in windows:
        matrices.append(conv_matrix(np.ones((1, k)), (1, n), stride=(1, s), padding=(0, p), dilation=(1, d)))
        n = len(matrices[-1])
    return reduce(lambda below, above: above @ below, matrices)


def _reached(windows, pixel, size):
    return np.flatnonzero(_matrix(windows, size)[:, pixel])


def _design(windows, asked):
    """The properties asked in exercise 2, one at a time."""
    try:
        windows = [Window(*window) for window in windows]
        field = receptive_field(windows)
    except (TypeError, ValueError):
        return False
    return {
        "layers": [w.k for w in windows] == [3, 3, 3, 3],
        "size": field.size == 31,
        "jump": field.jump == 2,
        "centre": field.start == -(field.size // 2),
    }[asked]


def faulty_field_size(windows):
    """Return what the function of exercise 6 returns: each layer's own stride counts for its own kernel.

    Parameters
    ----------
    windows : iterable of (k, s, p, d)
        The layers, from the image upwards.

    Returns
    -------
    int
    """
    size, jump = 1, 1
    for k, s, _, d in windows:
        jump *= s
        size += d * (k - 1) * jump
    return size


def _strided_at(place):
    return [(3, 1 + (n == place), 1, 1) for n in range(5)]


def _stride_at(*places):
    """Sizes of the field of five layers with the one stride at each of the places."""
    return tuple(receptive_field(_strided_at(place)).size for place in places)


def _silently_right(windows, asked):
    """The properties asked in exercise 6, one at a time."""
    try:
        windows = [Window(*window) for window in windows]
        size = receptive_field(windows).size
    except (TypeError, ValueError):
        return False
    return {
        "stride": any(w.s > 1 for w in windows[:-1]),
        "kernel": bool(windows) and windows[-1].k == 3,
        "right": faulty_field_size(windows) == size,
    }[asked]


EXERCISES = [
    Exercise(
        "receptive-fields-1", "receptive_fields", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("size, jump and start"),),
        oracle=lambda: receptive_field(THREE_LAYERS),
        mistakes=(
            Mistake("dilation ignored", _changed(THREE_LAYERS, d=1), "The last kernel spans more than three numbers: it is dilated."),
            Mistake("jump ignored", (_changed(THREE_LAYERS, s=1)[0], 2, -1), "The last layer's steps are not one pixel long. What lies below it?"),
            Mistake(
                "own stride counted", (faulty_field_size(THREE_LAYERS), 2, -1),
                "You let a layer's own stride widen its own window. The stride acts on the layers above it.",
            ),
            Mistake("start forgotten", _changed(THREE_LAYERS, p=0), "Size and jump are right. Where does the padding put the first window?"),
            Mistake("start on the wrong side", (*_changed(THREE_LAYERS)[:2], 1), "Size and jump are right. Does padding move the first window to the left or to the right?"),
            *usual(tuple(receptive_field(THREE_LAYERS)), "reversed", "exchanged"),
        ),
    ),
    Exercise(
        "receptive-fields-2", "receptive_fields", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("four layers with kernels of 3", ("layers",)),
            Case("a field of 31 pixels", ("size",)),
            Case("a jump of 2", ("jump",)),
            Case("output 0 centred on pixel 0", ("centre",)),
        ),
        oracle=lambda asked: asked,
        compare=_design,
        mistakes=(
            Mistake(
                "strides alone", [(3, 2, 1, 1)] * 4,
                "Strides alone reach the size, and the map shrinks by 16. What else widens a field?",
            ),
            Mistake(
                "dilation alone", [(3, 1, d, d) for d in (1, 2, 4, 8)],
                "Dilation alone reaches the size at full resolution. Some layer must take larger steps.",
            ),
            Mistake("depth alone", [(3, 1, 1, 1)] * 4, "Four plain layers see nine pixels. What makes a field grow faster?"),
            Mistake("one stride", [(3, 2, 1, 1), (3, 1, 1, 1), (3, 1, 1, 1), (3, 1, 1, 1)], "The jump is right, and the field has 15 pixels. What widens it without a further step?"),
            Mistake("three layers", [(3, 2, 1, 1), (3, 1, 2, 2), (3, 1, 4, 4)], "Four layers are asked for."),
            Mistake("a large kernel", [(31, 2, 15, 1)], "Four layers with kernels of 3 are asked for."),
        ),
    ),
    Exercise(
        "receptive-fields-3", "receptive_fields", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("one dilated layer without padding", ([Window(3, d=2)],)),
            Case("stride below dilation", ([Window(3, s=2, p=1), Window(3, p=1, d=3)],)),
            Case("an even kernel", ([Window(3, p=1), Window(2, s=2), Window(3, p=1)],)),
        ),
        generate=lambda rng: (_stack(rng),),
        oracle=_centre,
        mistakes=(
            Mistake(
                "dilation ignored", lambda windows: _centre([Window(k, s, p) for k, s, p, _ in windows]),
                "You left the dilation out. A dilated kernel spans d(k-1)+1 numbers, and its middle moves with them.",
            ),
            Mistake(
                "jump ignored", lambda windows: float(sum(d * (k - 1) / 2 - p for k, _, p, d in windows)),
                "Each layer shifts the centre by steps of its own input. How many pixels is such a step long?",
            ),
            Mistake(
                "padding ignored", lambda windows: (receptive_field(windows).size - 1) / 2,
                "That is half of the size: right without padding. Padding moves the first window to the left.",
            ),
            Mistake(
                "start for centre", lambda windows: receptive_field(windows).start,
                "That is the first pixel of the field, not its middle.",
            ),
            Mistake(
                "jump updated first", lambda windows: _centre_early(windows),
                "You let a layer's own stride scale its own shift. The stride counts from the next layer on.",
            ),
            Mistake(
                "end for centre", lambda windows: receptive_field(windows).start + receptive_field(windows).size - 1,
                "That is the last pixel of the field, not its middle.",
            ),
            Mistake(
                "half a pixel", lambda windows: _centre(windows) + 0.5,
                "You took half of the size. A field of three pixels that starts at 0 has its middle at 1.",
            ),
            Mistake(
                "rounded down", lambda windows: _centre(windows) // 1,
                "You rounded down. The middle of an even field lies between two pixels.",
            ),
            Mistake(
                "padding added", lambda windows: (receptive_field(windows).size - 1) / 2 - receptive_field(windows).start,
                "Padding moves the first window to the left, and you moved it to the right.",
            ),
        ),
    ),
    Exercise(
        "receptive-fields-4", "receptive_fields", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=(
            Case("two dilated layers", (GAPS, 10, 21)),
            Case("two strided layers", (STRIDES, 5, 20)),
            Case("a pixel at the border", ([Window(3, p=1), Window(3, s=2, p=1)], 0, 9)),
        ),
        generate=_stack_and_pixel,
        oracle=_reached,
        mistakes=(
            Mistake(
                "no gaps", lambda windows, pixel, size: np.flatnonzero(abs(
                    _centre(windows) + receptive_field(windows).jump * np.arange(len(_matrix(windows, size))) - pixel
                ) < receptive_field(windows).size / 2),
                "You return every output whose field reaches around the pixel. A dilated field has holes.",
            ),
            Mistake(
                "the pixel's number", lambda windows, pixel, size: [pixel],
                "You return the pixel's own number. Which windows of the first layer contain it, and then?",
            ),
            Mistake(
                "dilation ignored",
                lambda windows, pixel, size: _reached(
                    list(map(lambda w: w._replace(p=min(w.p, w.k - 1), d=1), windows)), pixel, size),
                "You left the dilation out: the taps of a kernel lie d cells apart.",
            ),
            Mistake(
                "one less", lambda windows, pixel, size: _reached(windows, pixel, size) - 1,
                "Your numbers are one too small. The first output has the number 0.",
            ),
            Mistake(
                "counted from 1", lambda windows, pixel, size: _reached(windows, pixel, size) + 1,
                "Your numbers are one too large. The first output has the number 0.",
            ),
            Mistake(
                "the first layer", lambda windows, pixel, size: _reached(windows[:1], pixel, size),
                "Those are the outputs of the first layer. Which cells of the next one do they reach?",
            ),
            Mistake(
                "how many", lambda windows, pixel, size: len(_reached(windows, pixel, size)),
                "That is how many there are. Their numbers are asked for.",
            ),
            Mistake(
                "first and last", lambda windows, pixel, size: _reached(windows, pixel, size)[[0, -1]],
                "You gave the first and the last number. All of them are asked for.",
            ),
        ),
    ),
    Exercise(
        "receptive-fields-5", "receptive_fields", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("both sizes"),),
        oracle=lambda: _stride_at(0, 4),
        mistakes=(
            Mistake("no difference", (receptive_field([(3, 1, 1, 1)] * 5).size,) * 2, "You counted kernels only. What does a step of the second layer cost in pixels?"),
            Mistake("exchanged", _stride_at(4, 0), "You have the two sizes exchanged: a stride acts on the layers above it."),
            Mistake(
                "own stride counted", tuple(faulty_field_size(_strided_at(n)) for n in (0, 4)),
                "You let the strided layer's stride widen its own window. It acts on the layers above it.",
            ),
            Mistake("all doubled", (2 * 11, 11), "You doubled the whole field. The first layer still reads three neighbouring pixels."),
            Mistake("second layer", _stride_at(1, 4), "You put the stride into the second layer."),
            Mistake("before the last", _stride_at(0, 3), "You put the stride into the last layer but one."),
            *usual(_stride_at(0, 4), "one too many", "one too few"),
        ),
    ),
    Exercise(
        "receptive-fields-6", "receptive_fields", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("a stride of 2 or more below the last layer", ("stride",)),
            Case("a last kernel of 3", ("kernel",)),
            Case("the right size", ("right",)),
        ),
        oracle=lambda asked: asked,
        compare=_silently_right,
        mistakes=(
            Mistake(
                "plainly wrong", [(3, 2, 1, 1), (3, 1, 1, 1)],
                "Here the faulty function is wrong. Which line uses the new jump too early, and when does that not matter?",
            ),
            Mistake("no stride", [(3, 1, 1, 1), (3, 1, 1, 1)], "Without a stride the two orders are the same. Use one."),
            Mistake("strided 3x3 first", [(3, 2, 1, 1), (3, 1, 1, 1), (3, 1, 1, 1)], "There the function is wrong. Whose kernel is multiplied by the new jump too early, and when does that not matter?"),
            Mistake("a pooling below", [(2, 2, 0, 1), (3, 1, 1, 1)], "There the function is wrong by the width of one step. Which kernel makes that step vanish?"),
            Mistake("stride in the last", [(3, 1, 1, 1), (3, 2, 1, 1)], "The stride is to stand before the last layer."),
            Mistake("one layer", [(3, 2, 1, 1)], "The stride is to stand in some layer before the last."),
            Mistake("a last kernel of one", [(3, 2, 1, 1), (1, 1, 0, 1)], "The last layer is to have a kernel of 3."),
        ),
    ),
    Exercise(
        "receptive-fields-7", "receptive_fields", kind="open", cls="A", minutes=60, difficulty=3, points=6,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "one too many", "one too few"),
    3: ("doubled", "halved", "upside down"),
    4: ("reversed", "rotated", "exchanged"),
})  # fmt: skip
