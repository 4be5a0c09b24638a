"""Exercises of the chapter "Normalisation and regularisation"."""

import math

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import with_usual
from d2lcnn.ops import group_norm, instance_norm

SMALL = np.array([[[[3.0, 4]], [[5, 1]]], [[[1, 2]], [[2, -1]]]])  # two images of two channels with two places
G_SMALL = np.array([[[[1.0, 0]], [[0, 0]]], [[[0, 1]], [[2, 0]]]])
MAPS = np.arange(1.0, 25).reshape(2, 3, 2, 2) ** 1.5
G_MAPS = np.cos(np.arange(24.0)).reshape(2, 3, 2, 2)


def _rms_norm(x, axes=(1, 2, 3)):
    """Let NumPy's norm find the root of the sum of squares."""
    flat = tuple(range(-len(axes), 0))
    moved = np.moveaxis(x, axes, flat)
    lengths = np.linalg.norm(moved.reshape(*moved.shape[: x.ndim - len(axes)], -1), axis=-1)
    values = math.prod(x.shape[a] for a in axes)
    return np.moveaxis(moved / np.expand_dims(lengths / values**0.5, flat), flat, axes)


def _rms_norm_backward(G, x):
    """Let torch find the gradient."""
    import torch

    t, G = (torch.tensor(np.ascontiguousarray(a), dtype=torch.float64) for a in (x, G))
    t.requires_grad_()
    torch.nn.functional.rms_norm(t, t.shape[1:], eps=0).backward(G)
    return t.grad.numpy()


def _array(rng):
    n, c, h, w = (int(v) for v in rng.integers(2, 5, size=4))
    return (rng.standard_normal((n, c, h, w)) + 0.5,)


def _two_arrays(rng):
    (x,) = _array(rng)
    return rng.standard_normal(x.shape), x


def _nothing_passes(pair, least):
    """The property asked in exercise 6: different values, a gradient that is not constant, and none that passes."""
    x, G = (np.asarray(v, dtype=float) for v in pair)
    if x.shape != (least,) or G.shape != (least,) or len(np.unique(x)) < least or np.ptp(G) < 1e-9:
        return False
    hat = (x - x.mean()) / x.std()
    return bool(np.allclose(G - G.mean() - hat * (G * hat).mean(), 0, atol=1e-9 * np.abs(G).max()))


def _steps(kept, share=0.01):
    return math.ceil(math.log(share) / math.log(kept))


SEVENS = (19 / 21) ** 2

EXERCISES = [
    Exercise(
        "normalisation-1", "normalisation", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("rooms, and values in each"),),
        oracle=lambda: (16 * 6, 4 * 49),
        mistakes=(
            Mistake("batch norm", (24, 16 * 49), "Those are batch norm's rooms. With group norm, do images share a room?"),
            Mistake("layer norm", (16, 24 * 49), "Those are layer norm's rooms: one an image. Each image has several here."),
            Mistake("instance norm", (16 * 24, 49), "Those are instance norm's rooms: one channel in each. How many channels "
                    "are in a group?"),
            Mistake("one room a group for all images", (6, 16 * 4 * 49), "You let all images share the room of a group. "
                    "Only batch norm lets images share."),
            Mistake("channels for groups", (16 * 4, 6 * 49), "You took the 6 for the channels of a group. It is the number "
                    "of groups."),
            Mistake("places forgotten", (16 * 6, 4), "Your rooms are right. Each channel brings all its places with it."),
            Mistake("one image", (6, 4 * 49), "That is right for one image. There are 16."),
        ),
        hints=(
            "Look at the picture of the rooms: in one row, how far does a room of group norm reach?",
            "Rooms times values in a room is the number of all values in the layer.",
            "24 channels in 6 groups: how many channels share a room?",
        ),
    ),
    Exercise(
        "normalisation-2", "normalisation", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("the factor"),),
        oracle=lambda: SEVENS,
        mistakes=(
            Mistake("no border", (21 / 21) ** 2, "That holds without a border. What does a window at the border read beside pixels?"),
            Mistake("places away from the border", (5 / 7) ** 2, "You counted the places whose windows lie inside. The others "
                    "read something too."),
            Mistake("one axis", 19 / 21, "That is the share along one axis (and the factor of the root mean square). A window can "
                    "hang over on two."),
            Mistake("frame counted as pixels", (7 / 9) ** 2, "That is the share of pixels in the padded image. Its pixels are "
                    "not read equally often."),
            Mistake("what is lost", 1 - SEVENS, "That is the share that is lost. Which share is left?"),
        ),
        hints=(
            "The mean square of a sum grows with the number of its terms that are not zero.",
            "Average, over all 49 places, the share of the nine numbers under the window that are pixels.",
            "Do one axis first: of 7 places, which ones lose one of their 3 numbers?",
        ),
    ),
    Exercise(
        "normalisation-3", "normalisation", kind="function", cls="P", minutes=10, difficulty=1, points=3,
        cases=(Case("two small images", (SMALL,)), Case("powers", (MAPS,))),
        generate=_array,
        oracle=_rms_norm,
        mistakes=(
            Mistake("layer norm", lambda x: group_norm(x, 1, eps=0),
                    "You took the mean away first: that is layer norm. Here nothing is subtracted."),
            Mistake("over the batch", lambda x: _rms_norm(x, (0, 2, 3)),
                    "Your rooms hold all images of one channel, as batch norm's do. Each image is to have its own."),
            Mistake("each channel", lambda x: _rms_norm(x, (2, 3)),
                    "Your rooms hold one channel, as instance norm's do. All channels of an image share one."),
            Mistake("each place", lambda x: _rms_norm(x, (1,)),
                    "You divided each place by the rms of its own channels. The places of an image share a room."),
            Mistake("all together", lambda x: _rms_norm(x, (0, 1, 2, 3)),
                    "You used one number for the whole batch. Each image has its own."),
            Mistake("sum for mean", lambda x: _rms_norm(x) / math.prod(x.shape[1:]) ** 0.5,
                    "You divided by the length of the image's values, the root of the sum of squares. The mean is asked for."),
            Mistake("root forgotten", lambda x: x / np.mean(x * x, axis=(1, 2, 3), keepdims=True),
                    "You divided by the mean square. Its root is missing."),
            Mistake("the deviation", lambda x: x / x.std(axis=(1, 2, 3), keepdims=True),
                    "You divided by the deviation, for which the mean is subtracted before squaring. Here nothing is."),
            Mistake("keepdims forgotten", lambda x: x / np.sqrt(np.mean(x * x, axis=(1, 2, 3))),
                    "The root mean squares met the last axis, not the images. What shape must they have for the division?"),
            Mistake("multiplied", lambda x: x * np.sqrt(np.mean(x * x, axis=(1, 2, 3), keepdims=True)),
                    "You multiplied by the root mean square. A loud image must become quieter."),
            Mistake("instance norm", lambda x: instance_norm(x, eps=0),
                    "That is instance norm. Here nothing is subtracted, and the channels of an image share a room."),
        ),
        hints=(
            "It is layer norm without the subtraction.",
            "The mean of the squares over three axes gives one number for each image.",
            "Which axes are averaged over, and what does keepdims=True do for the division?",
        ),
    ),
    Exercise(
        "normalisation-4", "normalisation", kind="function", cls="A", minutes=25, difficulty=3, points=5,
        cases=(Case("two small images", (G_SMALL, SMALL)), Case("powers", (G_MAPS, MAPS))),
        generate=_two_arrays,
        oracle=_rms_norm_backward,
        mistakes=(
            Mistake("scale only", lambda G, x: G / np.sqrt(np.mean(x * x, axis=(1, 2, 3), keepdims=True)),
                    "You treated the rms as a constant. Every value of the image moves it."),
            Mistake("mean removed", lambda G, x: _rms_norm_backward(G - G.mean(axis=(1, 2, 3), keepdims=True), x),
                    "You removed the mean of G, as layer norm does. Adding a constant to an image does change this norm."),
            Mistake("scale forgotten", lambda G, x: _rms_norm_backward(G, x) * np.sqrt(np.mean(x * x, axis=(1, 2, 3), keepdims=True)),
                    "The direction is right. The division by the rms is missing."),
            Mistake("over the batch", lambda G, x: _rms_norm_backward(G.reshape(1, -1, *G.shape[2:]),
                                                                      x.reshape(1, -1, *x.shape[2:])).reshape(x.shape),
                    "Your room holds the whole batch. Each image has its own rms."),
            Mistake("rms once more", lambda G, x: _rms_norm_backward(G, x) / np.sqrt(np.mean(x * x, axis=(1, 2, 3), keepdims=True)),
                    "You divided by the rms once more than needed."),
            Mistake("exchanged", lambda G, x: _rms_norm_backward(x, G), "G and x have changed roles."),
            Mistake("x from the end", lambda G, x: _rms_norm_backward(G, x[..., ::-1, ::-1]),
                    "Each gradient met the value of another place: yours go through x from its end."),
            Mistake("G from the end", lambda G, x: _rms_norm_backward(G[..., ::-1, ::-1], x),
                    "Each value met the gradient of another place: yours go through G from its end."),
        ),
        hints=(
            "Follow the derivation of the chapter, and leave out what came from subtracting the mean.",
            "Stretching an image leaves the result as it was, so no gradient may point along the image.",
            "Write r for the rms and find dr: what is it in terms of x and dx?",
        ),
    ),
    Exercise(
        "normalisation-5", "normalisation", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the factor"),),
        oracle=lambda: 6.0**-6,
        mistakes=(
            Mistake("mean square", 6.0**-12, "That is the factor of the mean square. The rms is its root."),
            Mistake("no ReLU", 3.0**-6, "You left ReLU out. It cancels half of the mean square in each layer."),
            Mistake("no ReLU, mean square", 3.0**-12, "You left ReLU out, and took no root."),
            Mistake("Xavier", 2.0**-6, "That is Xavier's rule. PyTorch draws with a third of that variance."),
            Mistake("eleven layers", 6.0**-5.5, "You counted the steps between twelve layers. Twelve are passed."),
            Mistake("one layer", 6.0**-0.5, "That is one layer. There are twelve."),
            Mistake("He", (2 / 2) ** 6.0, "That is He's rule. Which variance does PyTorch draw with?"),
        ),
        hints=(
            "Every layer multiplies the mean square by the same number.",
            "That number is half of the fan-in times the variance of the weights.",
            "Which variance does PyTorch's rule have, as a part of 1/n? Then raise to the twelfth power, and think of the root.",
        ),
    ),
    Exercise(
        "normalisation-6", "normalisation", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("five values, no gradient", (5,)),),
        oracle=lambda least: least,
        compare=_nothing_passes,
        mistakes=(
            Mistake("constant", ([1.0, 2, 3, 4, 5], [1.0, 1, 1, 1, 1]), "Your G is the same for all. That works, and is "
                    "excluded: find another."),
            Mistake("equal values", ([2.0, 2, 2, 2, 2], [1.0, 2, 3, 4, 5]), "All your values are equal, so there is nothing "
                    "to divide by. Five different ones are asked for."),
            Mistake("one mark", ([1.0, 2, 3, 4, 5], [1.0, 0, 0, 0, 0]), "Some of this gradient passes. Which two parts of G "
                    "does the formula take out?"),
            Mistake("squares", ([1.0, 2, 3, 4, 5], [1.0, 4, 9, 16, 25]), "Nearly: most of this G is taken out, because the "
                    "squares rise with x. What is left does not lie along x."),
            Mistake("two values", ([1.0, 2], [1.0, 0]), "Two values let nothing pass. Five are asked for."),
            Mistake("mean zero", ([1.0, 2, 3, 4, 5], [-1.0, 1, 0, 1, -1]), "Nothing of this G is taken out: it has mean zero "
                    "and no part along x. You want the opposite."),
        ),
        hints=(
            "The formula takes two parts out of G. What if G consists of those alone?",
            "One part is constant, the other lies along the normalised values.",
            "Choose five values for x first, and ask which G would only stretch or move them.",
        ),
    ),
    Exercise(
        "normalisation-7", "normalisation", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("steps with PyTorch's default and with Keras's"),),
        oracle=lambda: (_steps(0.9), _steps(0.99)),
        mistakes=(
            Mistake("rounded down", (_steps(0.9) - 1, _steps(0.99) - 1), "One step too few in both: after that many it is just "
                    "not within one per cent."),
            Mistake("ten per cent", (_steps(0.9, 0.1), _steps(0.99, 0.1)), "You stopped at ten per cent. One per cent is asked for."),
            Mistake("the same", (_steps(0.9), _steps(0.9)), "Keras calls momentum what is kept, PyTorch what is taken in; and their "
                    "defaults differ."),
            Mistake("Keras read as PyTorch", (_steps(0.9), 1), "Keras calls momentum what is kept of the old value: 0.99 is much."),
            Mistake("PyTorch read as Keras", (_steps(0.1), _steps(0.99)), "PyTorch calls momentum what is taken in of the new "
                    "value: with 0.1, nine tenths are kept."),
            Mistake("a tenth each", (round(1 / 0.1), round(1 / 0.01)), "You moved a tenth of the whole way at each step. It is a tenth of what is left."),
            Mistake("one thousandth", (_steps(0.9, 0.001), _steps(0.99, 0.001)), "You went on to one in a thousand."),
        ),
        hints=(
            "After each step, which part of the distance to the batch's mean is left?",
            "The distance shrinks by the same factor each time, so look at a power of it.",
            "Write the distance after t steps, and ask for the smallest t at which it is at most one hundredth.",
        ),
    ),
    Exercise(
        "normalisation-8", "normalisation", kind="open", cls="A", minutes=90, difficulty=3, points=8,
        hints=(
            "Separate the two suspects: noisy statistics while training, and statistics in evaluation that differ from them.",
            "The second suspect can be tried on a network that is trained already, without training it again.",
            "Begin with one network trained with two images a step, and evaluate it in both modes with larger batches.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("reversed", "one too many", "one too few", "doubled", "halved"),
    2: ("doubled", "halved", "upside down", "percent"),
    3: ("opposite sign", "doubled", "halved", "flat", "transposed", "rounded", "half a turn", "upside down"),
    4: ("opposite sign", "doubled", "halved", "flat", "transposed", "rounded", "half a turn"),
    5: ("doubled", "halved", "upside down"),
    7: ("reversed", "one too many", "doubled", "halved"),
})  # fmt: skip
