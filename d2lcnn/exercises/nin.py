"""Exercises of the chapter "NiN: networks in the network"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, global_avg_pool2d

X = np.array([[[[1, -1, 0], [2, 0, 1]], [[0, 1, -2], [1, 1, 0]]]], dtype=float)
W1, B1 = np.array([[1.0, 1.0], [1.0, -1.0], [0.5, 0.0]]), np.array([0.0, -1.0, 0.5])
W2, B2 = np.array([[1.0, -2.0, -1.0]]), np.array([0.25])
W3, B3 = np.array([[2.0], [-1.0]]), np.array([0.0, 1.0])
DENSE, BIAS = np.array([[1.0, -1.0], [0.5, 2.0], [0.0, 1.0]]), np.array([0.5, -1.0, 2.0])
LARGE = [(96, 11), (256, 5), (384, 3), (10, 3)]
# parameters by number of blocks: sums done by hand, and Dive into Deep Learning's count of its network
RECORDED = {1: 6, 2: 101, 4: 1_992_166}


NEEDED = 131  # exercise 4: pixels a side, found by trying


def _of_a_block(bias=1, layers=2, reads=128):
    return 128 * (9 * 64 + bias) + layers * 128 * (reads + bias)


def _layers(rng):
    depth = int(rng.integers(2, 5))
    return rng.normal(size=(2, 3, 4, 5)), list(rng.normal(size=(depth, 3, 3))), list(rng.normal(size=(depth, 3)))


def _convolutions(x, weights, biases, relus=-1, bias=True):
    """Dense layers at every pixel as 1x1 convolutions, a ReLU after those that the slice ``[:relus]`` takes."""
    bent = range(len(weights))[:relus]
    for n, (w, b) in enumerate(zip(weights, biases, strict=True)):
        x = conv2d(x, w[:, :, None, None], b if bias else None)
        x = np.maximum(0, x) if n in bent else x
    return x


def _features(rng):
    return rng.normal(size=(2, 4, 3, 5)), rng.normal(size=(3, 4)), rng.normal(size=3)


def _maps(features, W, b):
    return conv2d(features, W[:, :, None, None], b)


def _means_of_units(channels, height, width):
    """The mean of every unit image: column n of the matrix is what global average pooling makes of pixel n."""
    n = channels * height * width
    return global_avg_pool2d(np.eye(n).reshape(n, channels, height, width))[:, :, 0, 0].T


def _interleaved(channels, height, width):
    return np.tile(np.eye(channels), height * width) / (height * width)


def _wrong_parameters(blocks, in_channels, bias=1, layers=2, carry=True):
    total, channels = 0, in_channels
    for out, k in blocks:
        total += out * (k * k * channels + bias) + layers * out * (out + bias)
        channels = out if carry else in_channels
    return total


EXERCISES = [
    Exercise(
        "nin-1", "nin", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: _of_a_block(),
        mistakes=(
            Mistake("no biases", _of_a_block(bias=0), "Only the biases are missing: one for each map that a layer makes."),
            Mistake("one 1x1", _of_a_block(layers=1), "A NiN block has a second 1x1 convolution."),
            Mistake("64 channels again", _of_a_block(reads=64),
                    "Your 1x1 convolutions read 64 channels. How many does the convolution before them make?"),
            Mistake("three by three everywhere", _of_a_block(reads=9 * 128), "Only the first convolution has windows of 3 by 3."),
            Mistake("no 1x1", _of_a_block(layers=0), "That is the first convolution. Two 1x1 convolutions follow it."),
            Mistake("biases of the first alone", _of_a_block(bias=0) + 128, "The 1x1 convolutions have biases, too."),
            Mistake("three 1x1", _of_a_block(layers=3), "You counted three 1x1 convolutions. How many has a block?"),
        ),
    ),
    Exercise(
        "nin-2", "nin", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("one layer", (X, [W1], [B1])),
            Case("two layers", (X, [W1, W2], [B1, B2])),
            Case("three layers", (X, [W1, W2, W3], [B1, B2, B3])),
        ),
        generate=_layers,
        oracle=_convolutions,
        mistakes=(
            Mistake("ReLU at the end", lambda x, w, b: _convolutions(x, w, b, relus=None),
                    "You applied the ReLU after the last layer as well: logits may be negative."),
            Mistake("no biases", lambda x, w, b: _convolutions(x, w, b, bias=False),
                    "The biases are missing; each belongs to one channel of its layer's result."),
            Mistake("no ReLU", lambda x, w, b: _convolutions(x, w, b, relus=0),
                    "Without a ReLU between them the layers are one linear map."),
            Mistake("biases taken away", lambda x, w, b: _convolutions(x, w, list(map(np.negative, b))),
                    "Your biases have the wrong sign."),
            Mistake("first layer alone", lambda x, w, b: _convolutions(x, w[:1], b[:1], relus=-1 if len(w) == 1 else None),
                    "Your result is that of the first layer. The others read what it made."),
            Mistake("channels last", lambda x, w, b: _convolutions(x, w, b).transpose(0, 2, 3, 1),
                    "Your result has the channels last. They belong in second place."),
            *usual(_convolutions, "transposed", "opposite sign"),
        ),
    ),
    Exercise(
        "nin-3", "nin", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("two channels, three classes", (X, DENSE, BIAS)), Case("no biases", (X, DENSE, 0 * BIAS))),
        generate=_features,
        oracle=_maps,
        mistakes=(
            Mistake("bias shared out", lambda f, W, b: _maps(f, W, b / (f.shape[2] * f.shape[3])),
                    "You shared the bias out among the pixels. What is the mean of a constant map?"),
            Mistake("bias forgotten", lambda f, W, b: _maps(f, W, None),
                    "The means of your maps lack the biases."),
            Mistake("means", lambda f, W, b: (f.mean((2, 3)) @ W.T + b)[:, :, None, None] + 0 * _maps(f, W, b),
                    "Your maps are constant: you took the mean before you were asked to."),
            Mistake("logits", lambda f, W, b: f.mean((2, 3)) @ W.T + b, "Those are the logits. Maps are asked for, whose means they are."),
            Mistake("bias of each pixel", lambda f, W, b: _maps(f, W, b * f.shape[2] * f.shape[3]),
                    "You multiplied the bias by the number of pixels. What is the mean of a constant map?"),
            Mistake("bias taken away", lambda f, W, b: _maps(f, W, -b), "Your biases have the wrong sign."),
            Mistake("classes last", lambda f, W, b: _maps(f, W, b).transpose(0, 2, 3, 1), "Your maps have the classes last. They belong in second place."),
            Mistake("a ReLU", lambda f, W, b: np.maximum(_maps(f, W, b), 0), "You cut the maps off at zero. Logits may be negative."),
            *usual(_maps, "transposed"),
        ),
    ),
    Exercise(
        "nin-4", "nin", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("pixels a side"),),
        oracle=lambda: NEEDED,
        mistakes=(
            Mistake("a map of one pixel", NEEDED - 2 * 32, "That image leaves maps of 1 by 1 pixel."),
            Mistake("a map of two pixels", NEEDED - 32, "That image leaves maps of 2 by 2 pixels."),
            Mistake("no floor", NEEDED + 4 - 1, "That size does it too, but the floor in the first convolution allows a smaller one."),
            Mistake("stride times size", 3 * 32, "Strides alone do not decide it: each window needs room beyond its stride."),
            Mistake("a map of four pixels", NEEDED + 32, "That image leaves maps of 4 by 4 pixels."),
            *usual(NEEDED, "one too many", "one too few"),
        ),
    ),
    Exercise(
        "nin-5", "nin", kind="function", cls="P", minutes=10, difficulty=2, points=3,
        cases=(Case("two channels of 2 x 2", (2, 2, 2)), Case("three channels of 1 x 2", (3, 1, 2)),
               Case("one channel of 3 x 2", (1, 3, 2))),
        generate=lambda rng: tuple(int(n) for n in rng.integers(1, 5, size=3)),
        oracle=_means_of_units,
        mistakes=(
            Mistake("sums", lambda c, h, w: _means_of_units(c, h, w) * h * w, "Your matrix adds; a mean also divides."),
            Mistake("all channels", lambda c, h, w: np.full((c, c * h * w), 1 / (h * w)),
                    "Every row of yours reads all channels. A mean reads its own."),
            Mistake("channels last", _interleaved,
                    "Your columns go pixel by pixel with the channels inside; reshape puts a whole channel first."),
            Mistake("transposed", lambda c, h, w: _means_of_units(c, h, w).T,
                    "A row of the matrix belongs to a channel, a column to a pixel. Yours is the other way round."),
            Mistake("divided by all", lambda c, h, w: _means_of_units(c, h, w) / c,
                    "You divided by the pixels of all channels."),
            Mistake("divided by the height", lambda c, h, w: _means_of_units(c, h, w) * w,
                    "You divided by the height alone. A channel has height times width pixels."),
            Mistake("divided by the width", lambda c, h, w: _means_of_units(c, h, w) * h,
                    "You divided by the width alone. A channel has height times width pixels."),
        ),
    ),
    Exercise(
        "nin-6", "nin", kind="open", cls="A", minutes=90, difficulty=3, points=8,
    ),
    Exercise(
        "nin-7", "nin", kind="function", cls="P", minutes=20, difficulty=2, points=3,
        cases=(
            Case("the large network", (LARGE, 1)),
            Case("one block of one channel", ([(1, 1)], 1)),
            Case("two blocks on a colour image", ([(2, 3), (3, 1)], 3)),
        ),
        oracle=lambda blocks, in_channels: RECORDED[len(blocks)],
        mistakes=(
            Mistake("no biases", lambda blocks, c: _wrong_parameters(blocks, c, bias=0),
                    "The biases are missing, one for each map that each of the three layers makes."),
            Mistake("one 1x1", lambda blocks, c: _wrong_parameters(blocks, c, layers=1),
                    "Two 1x1 convolutions follow each convolution."),
            Mistake("input channels everywhere", lambda blocks, c: _wrong_parameters(blocks, c, carry=False),
                    "Only the first block reads the image. What do the others read?"),
            Mistake("three 1x1", lambda blocks, c: _wrong_parameters(blocks, c, layers=3),
                    "You counted three 1x1 convolutions. How many has a block?"),
            Mistake("no 1x1", lambda blocks, c: _wrong_parameters(blocks, c, layers=0), "Two 1x1 convolutions follow each convolution."),
            Mistake("last block forgotten", lambda blocks, c: _wrong_parameters(blocks[:-1], c), "The last block is missing."),
            Mistake("first block alone", lambda blocks, c: _wrong_parameters(blocks[:1], c) if len(blocks) > 1 else 0, "Only the first block is counted."),
            *usual(lambda blocks, c: RECORDED[len(blocks)], "one too many"),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    2: ("half a turn", "flat", "doubled", "halved", "rounded"),
    3: ("half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("doubled", "halved", "upside down"),
    5: ("flat", "opposite sign", "doubled", "halved", "rounded"),
    7: ("one too few", "doubled", "halved", "upside down"),
})  # fmt: skip
