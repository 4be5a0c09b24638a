"""Exercises of the chapter "Channels and 1x1 convolutions"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d

PIXELS = {
    "greys": np.array([[0.0, 0.3, 1.0], [0.0, 0.3, 1.0], [0.0, 0.3, 1.0]]),
    "pure red, green and blue": np.eye(3),
}


def _image_channel_last(rng):
    n, h, w, c_in, c_out = (int(v) for v in rng.integers(2, 6, size=5))
    return (rng.standard_normal((n, h, w, c_in)), rng.standard_normal((c_out, c_in, 1, 1)))


def _mix(x, w):
    return conv2d(x.transpose(0, 3, 1, 2), w).transpose(0, 2, 3, 1)


def _layer_arguments(rng):
    c_in, c_out = (int(v) for v in rng.integers(2, 5, size=2))
    return (rng.standard_normal((c_in, 6, 5)), rng.standard_normal((c_out, c_in, 3, 2)), rng.standard_normal(c_out))


def _layer(x, w, b):
    return conv2d(x[None], w, b)[0]


def _two_questions(weights, pixels):
    """The property of exercise 4, on pixels that are the columns of a matrix."""
    weights = np.asarray(weights, dtype=float)
    if weights.shape != (2, 3):
        return False
    first, second = weights @ pixels
    grey = np.ptp(pixels, axis=0) == 0
    red_or_green = pixels.max(axis=0) * (pixels[2] == 0) * (np.sum(pixels > 0, axis=0) == 1) == 1
    return (np.allclose(first[grey], 0) and np.allclose(first[red_or_green], 1)
            and np.allclose(second, pixels.mean(axis=0)))


EXERCISES = [
    Exercise(
        "channels-1", "channels", kind="value", cls="P", minutes=4, difficulty=1, points=1,
        cases=(Case("the number of parameters"),),
        oracle=lambda: 73_856,
        mistakes=(
            Mistake("no biases", 128 * 576, "You left out the biases."),
            Mistake("a bias for each slice", 128 * 64 * 10, "You gave each slice a bias. A kernel has one, whatever its number of slices."),
            Mistake("one slice a kernel", 128 * 10, "You counted one slice for each kernel; it has one for every input channel."),
            Mistake("biases of the input", 128 * 576 + 64, "You gave each input channel a bias. Biases belong to outputs."),
            Mistake("one bias", 128 * 576 + 1, "You gave the whole layer a single bias. Every kernel has one of its own."),
            Mistake("one row of the window", 128 * (64 * 3 + 1), "A window of 3 by 3 has more than three places."),
        ),
        hints=(
            "How large is one kernel, and how many are there?",
            "A kernel has a slice for each input channel; and each kernel, not each slice, has one bias.",
            "Write the number of weights of one kernel as a product of three numbers.",
        ),
    ),
    Exercise(
        "channels-2", "channels", kind="function", cls="A", minutes=15, difficulty=2, points=4,
        cases=(
            Case("two pixels, three channels to two",
                 (np.array([[[[1.0, 2, 3], [0, 1, 0]]]]), np.array([[1.0, 0, 1], [0, 2, 0]])[:, :, None, None])),
            Case("square weights", (np.arange(8.0).reshape(1, 2, 2, 2), np.array([[1.0, 2], [3, 4]])[:, :, None, None])),
        ),
        generate=_image_channel_last,
        oracle=_mix,
        mistakes=(
            Mistake(
                "weights not transposed", lambda x, w: _mix(x, w.swapaxes(0, 1)),
                "Input and output of your weights have changed roles. The rows of w belong to outputs; which of its axes has to meet the channels of x?",
            ),
            Mistake(
                "channel first", lambda x, w: _mix(x, w).transpose(0, 3, 1, 2),
                "Your output has the channel first. The statement asks for it last.",
            ),
            Mistake(
                "reshaped", lambda x, w: _mix(x, w.reshape(w.shape[1], w.shape[0], 1, 1).swapaxes(0, 1)),
                "You reshaped the weights where they have to be transposed: the numbers stay in their old order.",
            ),
            Mistake(
                "images reshaped", lambda x, w: _mix(x.reshape(x.shape[0], x.shape[3], *x.shape[1:3]).transpose(0, 2, 3, 1), w),
                "The images were reshaped where their axes have to move. The numbers stay in their old order: SOAP.",
            ),
            Mistake(
                "one image", lambda x, w: _mix(x, w)[0],
                "Your output has lost the axis of the images.",
            ),
            Mistake(
                "height and width", lambda x, w: _mix(x, w).swapaxes(1, 2),
                "Height and width of your output have changed places.",
            ),
            Mistake(
                "pixels in a row", lambda x, w: _mix(x, w).reshape(-1, len(w)),
                "Your pixels have become one long list. The output keeps images, rows and columns; only the number of channels changes.",
            ),
        ),
        hints=(
            "A 1x1 convolution is a dense layer on each pixel: the channels of a pixel are a vector.",
            "A matrix product with `@` works on the last axis and leaves all axes before it alone.",
            "Take the two axes of length one off w, and write down which axis of what is left has to meet the channels of x.",
        ),
    ),
    Exercise(
        "channels-3", "channels", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("two channels in, one out",
                 (np.arange(18.0).reshape(2, 3, 3), np.array([[[[1.0, 0], [0, 0]], [[0, 0], [0, 1.0]]]]), np.array([0.5]))),
        ),
        generate=_layer_arguments,
        oracle=_layer,
        mistakes=(
            Mistake("no bias", lambda x, w, b: _layer(x, w, 0 * b), "The biases are missing."),
            Mistake(
                "slices stacked", lambda x, w, b: np.stack([_layer(x[[c]], w[:, [c]], b) for c in range(len(x))]),
                "You kept the results of the slices apart. The slices of one kernel are added; only kernels are stacked.",
            ),
            Mistake(
                "a bias for each slice", lambda x, w, b: _layer(x, w, len(x) * b),
                "You added the bias once for each input channel. It belongs to the kernel, not to its slices.",
            ),
            Mistake(
                "first channel only", lambda x, w, b: _layer(x[:1], w[:, :1], b),
                "Only the first input channel reaches your output.",
            ),
            Mistake(
                "flipped", lambda x, w, b: _layer(x, w[:, :, ::-1, ::-1], b),
                "Your kernels are flipped. A layer computes cross-correlations.",
            ),
            Mistake(
                "mean over channels", lambda x, w, b: _layer(x, w / len(x), b),
                "You averaged over the input channels. A kernel sums what its slices give.",
            ),
            Mistake(
                "bias taken away", lambda x, w, b: _layer(x, w, -b),
                "Your biases have the wrong sign.",
            ),
            Mistake(
                "output channel last", lambda x, w, b: _layer(x, w, b).transpose(1, 2, 0),
                "Your output has the channel last. The statement asks for it first.",
            ),
            Mistake(
                "with the batch", lambda x, w, b: _layer(x, w, b)[None],
                "Your output has an axis too many: one image went in.",
            ),
        ),
        hints=(
            "One output channel at a time: what does one kernel do to the whole image?",
            "A kernel's slices each see their own channel. Their results are added, not stacked; the outputs of the kernels are stacked, not added.",
            "Write the one line that computes the first output channel for two input channels.",
        ),
    ),
    Exercise(
        "channels-4", "channels", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=tuple(Case(name, (pixels,)) for name, pixels in PIXELS.items()),
        oracle=lambda pixels: pixels,
        compare=_two_questions,
        mistakes=(
            Mistake("red against green", [[1, -1, 0], [1 / 3] * 3], "Your first row tells red from green, with opposite signs. The statement asks for the same answer to both."),
            Mistake("not silent on grey", [[1, 1, 0], [1 / 3] * 3], "Your first row answers grey pixels too. On grey all channels are equal: what must the three weights sum to?"),
            Mistake("one row of sums", [[1, 1, 0], [1, 1, 1]], "The second row gives the sum of the channels, not their mean; and the first row answers grey."),
            Mistake("third weight", [[1, 1, -1], [1 / 3] * 3], "Your first row answers grey pixels too. On grey all channels are equal: what must the three weights sum to?"),
            Mistake("halves", [[0.5, 0.5, -1], [1 / 3] * 3], "Your first row is silent on grey, but pure red gives it one half where 1 is asked for."),
            Mistake("rows and columns", [[1, 1 / 3], [1, 1 / 3], [0, 1 / 3]], "Your array has three rows and two columns. In weights the first axis is for outputs, and there are two of them."),
        ),
        hints=(
            "A row of weights is one question. Write each demand on it as an equation.",
            "Zero on every grey pixel says something about the sum of the three weights. What do pure red and pure green say?",
            "Begin with pure red: which weights does it leave in the answer?",
        ),
    ),
    Exercise(
        "channels-5", "channels", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the ratio"),),
        oracle=lambda: 144 / 17,
        compare=lambda got, expected: abs(got - expected) < 0.01,
        mistakes=(
            Mistake("the middle only", 16.0, "You compared with the 3 by 3 layer in the middle only; the 1x1 layers have weights too."),
            Mistake("one 1x1 layer", 144 / 13, "You counted one of the two 1x1 layers."),
            Mistake("no layer in the middle", 144 / 8, "You counted the 1x1 layers alone. What does the middle of the bottleneck cost?"),
            *usual(144 / 17, "upside down", "halved", "doubled"),
        ),
        hints=(
            "Count the weights of the plain layer and of the three small ones, without biases.",
            "A layer has input channels times output channels times window places. The three small layers add up.",
            "Write the weights of the first 1x1 layer, and ask whether the last one has more or fewer.",
        ),
    ),
    Exercise(
        "channels-6", "channels", kind="value", cls="A", minutes=6, difficulty=1, points=2,
        cases=(Case("the largest number"),),
        oracle=lambda: 17,
        mistakes=(
            Mistake("weights only", 2_000_000 // 144, "You counted weights. Each weight works at every place of the output."),
            Mistake("input channels forgotten", 2_000_000 // (9 * 784), "A kernel has a slice for each of the 16 input channels."),
            Mistake("window forgotten", 2_000_000 // (16 * 784), "Each output reads nine places of every channel."),
            Mistake("one row", 2_000_000 // (9 * 16 * 28), "You counted the 28 places of one row. The image has two axes."),
            Mistake("three places", 2_000_000 // (3 * 16 * 784), "A window of 3 by 3 has more than three places."),
            Mistake("not an integer", 2_000_000 / (9 * 16 * 784), "Channels are counted: which whole number is within the budget?"),
            Mistake("without padding", 2_000_000 // (9 * 16 * 26**2), "You let the window take the border away. The statement says that the output is 28 by 28."),
            Mistake("rounded up", -(-2_000_000 // (9 * 16 * 784)), "You rounded up, and that many channels cost more than the budget allows."),
        ),
        hints=(
            "How many multiply-adds does one output channel cost?",
            "Each weight of a kernel works once at every place of the output, and a kernel has a slice for each input channel.",
            "Multiply the weights of one kernel by the number of places; then see how often that fits into the budget.",
        ),
    ),
    Exercise(
        "channels-7", "channels", kind="open", cls="P", minutes=20, difficulty=2, points=4,
        hints=(
            "Write the second layer as a sum over its input channels and see what an exchange does to the sum.",
            "Each array has an axis for outputs and one for inputs; what leaves the first layer enters the second.",
            "Permute one axis of the first layer's weights, and find the axis of the second's that repairs it. Do not forget biases.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    2: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    3: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    6: ("one too few", "doubled", "halved", "upside down"),
})  # fmt: skip
