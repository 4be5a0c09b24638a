"""Exercises of the chapter "VGG"."""

from functools import reduce

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, max_pool2d
from d2lcnn.shapes import conv_output_size, pool_output_size

# Exercise 2: what a fellow student wrote down for VGG-13 on images of 150 x 150.
BLOCKS = (64, 128, 256, 512, 512)
LISTING = ((64, 75, 75), (128, 37, 37), (256, 18, 18), (512, 9, 9), (512, 5, 5))
A, B = ((1, 64), (1, 128), (2, 256), (2, 512), (2, 512)), ((2, 64), (2, 128), (2, 256), (2, 512), (2, 512))
SMALL = ((1, 8), (2, 16), (1, 16))
# Exercise 4, recorded from d2lcnn.networks and, for SMALL, from a network built for it with torch
RECORDED = {(A, 224, 1000): 132_863_336, (B, 224, 1000): 133_047_848, (A, 64, 10): 34_435_466,
            (SMALL, 40, 5): 18_450_325}


def _of_the_block(layers=4, maps=320, before=192, bias=1, later=320):
    return maps * (9 * before + bias) + (layers - 1) * maps * (9 * later + bias)


def _vgg16(places):
    """Parameters of VGG-16 with so many pixels in its last maps."""
    return 138_357_544 - 4096 * 512 * (49 - places)


def _wrong_shape(listing, size):
    """Walk through the listing with `shapes`; return the first line that does not fit, and the shape it should be."""
    for line, (channels, shape) in enumerate(zip(BLOCKS, listing, strict=True), 1):
        size = pool_output_size(conv_output_size(size, 3, p=1), 2)
        if tuple(shape) != (channels, size, size):
            return line, channels, size, size
    return None


def _block(x, layers):
    for w, b in layers:
        x = np.maximum(conv2d(x, w, b, padding="same"), 0)
    return max_pool2d(x, 2)


def _block_by_torch(x, layers):
    """The block by torch's own functions."""
    import torch  # only this exercise needs it
    from torch.nn import functional

    h = torch.tensor(x)
    for w, b in layers:
        h = functional.relu(functional.conv2d(h, torch.tensor(w), torch.tensor(b), padding="same"))
    return functional.max_pool2d(h, 2).numpy()


def _no_relu(x, layers):
    return max_pool2d(reduce(lambda h, layer: conv2d(h, *layer, padding="same"), layers, x), 2)


def _pool_each(x, layers):
    return reduce(lambda h, layer: _block(h, [layer]), layers, x)


def _one_relu(x, layers):
    return np.maximum(_no_relu(x, layers), 0)


def _padding_one(x, layers):
    h = reduce(lambda h, layer: np.maximum(conv2d(h, *layer, padding=1), 0), layers, x)
    return max_pool2d(h, 2)


def _column_c(rng, channels=(2, 3, 3, 3), size=8):
    """Draw an input and the layers of a block of configuration C: two kernels of 3x3, one of 1x1."""
    layers = [(rng.normal(size=(out, c, k, k)), rng.normal(size=out))
              for c, out, k in zip(channels, channels[1:], (3, 3, 1), strict=False)]
    return rng.normal(size=(2, channels[0], size, size)), layers


def _full(X, K):
    """Place a copy of K at every number of X, times that number, and add: the larger kernel of two in a row."""
    out = np.zeros((X.shape[0] + K.shape[0] - 1, X.shape[1] + K.shape[1] - 1))
    for (i, j), value in np.ndenumerate(X):
        out[i : i + K.shape[0], j : j + K.shape[1]] += value * K
    return out


def _composed(kernels):
    """Ask SciPy for the convolution of all kernels."""
    from scipy.signal import convolve2d

    return reduce(convolve2d, kernels)


def _kernels(rng):
    return ([rng.normal(size=(3, 3)) for _ in range(int(rng.integers(2, 4)))],)


ASYMMETRIC = [np.array([[1.0, 2, 0], [0, 1, 0], [0, 0, -1]]), np.array([[0.0, 1, 0], [1, -1, 0], [2, 0, 0]]),
              np.array([[1.0, 0, 0], [1, 1, 0], [0, 0, 3]])]

EXERCISES = [
    Exercise(
        "vgg-1", "vgg", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: _of_the_block(),
        mistakes=(
            Mistake("no biases", _of_the_block(bias=0), "Those are the weights. What else does a convolution learn?"),
            Mistake("all from 320", _of_the_block(before=320), "The first of the four convolutions reads the maps of the block before."),
            Mistake("all from 192", _of_the_block(later=192), "Only the first convolution reads 192 maps. What does the second one read?"),
            Mistake("one convolution", _of_the_block(layers=1), "That is the first convolution. How many has the block?"),
            Mistake("three convolutions", _of_the_block(layers=3), "You counted three convolutions. The block has four."),
            Mistake("five convolutions", _of_the_block(layers=5), "You counted five convolutions. The block has four."),
            Mistake("places forgotten", _of_the_block() // 9, "A kernel of 3 by 3 has nine places for each map that it reads."),
            Mistake("the wrong number", _of_the_block(layers=2), "You counted two convolutions. Which number of the pair says how many?"),
        ),
    ),
    Exercise(
        "vgg-2", "vgg", kind="value", cls="A", minutes=10, difficulty=1, points=2,
        cases=(Case("the line and its right shape", (LISTING, 150)),),
        oracle=_wrong_shape,
        compare=lambda got, expected: tuple(int(n) for n in got) == expected,
        mistakes=(
            Mistake("odd sizes", (2, 128, -(-75 // 2), -(-75 // 2)), "A pooling window needs two rows. What becomes of a row that is left?"),
            Mistake("line counted from 0", np.subtract(_wrong_shape(LISTING, 150), (1, 0, 0, 0)), "Lines are counted from 1."),
            Mistake("as it is written", (5, *LISTING[4]), "That is what the student wrote. Which shape belongs there?"),
            Mistake("line forgotten", _wrong_shape(LISTING, 150)[1:], "Four numbers are asked for: the line, and the shape."),
            Mistake("last but one", (4, 512, 10, 10), "A pooling window needs two rows. What becomes of a row that is left?"),
            Mistake("channels", (5, 2 * 512, 5, 5), "The table says how many channels the last block has."),
            Mistake("padding", (1, 64, (150 - 2) // 2, (150 - 2) // 2), "Count the padding: does a convolution of this network shrink the maps?"),
        ),
    ),
    Exercise(
        "vgg-3", "vgg", kind="function", cls="P", minutes=20, difficulty=2, points=3,
        cases=(
            Case("a block of configuration C", _column_c(np.random.default_rng(1))),
            Case("one image channel", _column_c(np.random.default_rng(2), channels=(1, 4, 4, 4))),
        ),
        generate=_column_c,
        oracle=_block_by_torch,
        mistakes=(
            Mistake("no ReLU", _no_relu, "Without the ReLU the three convolutions are one linear map."),
            Mistake("one ReLU", _one_relu, "You have a ReLU at the end of the block. Where else does the paper put one?"),
            Mistake("a pooling each", _pool_each, "You pool after every convolution. How often does a block halve the map?"),
            Mistake(
                "padding 1 for all", _padding_one,
                "Your map grows: which padding keeps the size depends on the kernel.",
            ),
            Mistake("no pooling", lambda x, layers: reduce(
                lambda h, layer: np.maximum(conv2d(h, *layer, padding="same"), 0), layers, x),
                "The pooling at the end is missing."),
            Mistake("no biases", lambda x, layers: _block(x, [(w, None) for w, _ in layers]), "The biases are missing."),
            Mistake("no padding", lambda x, layers: max_pool2d(reduce(
                lambda h, layer: np.maximum(conv2d(h, *layer), 0), layers, x), 2),
                "Your convolutions take a border away. All of them have padding that keeps the size."),
            Mistake("biases taken away", lambda x, layers: _block(x, [(w, -b) for w, b in layers]),
                "Your biases have the wrong sign."),
            Mistake("last layer forgotten", lambda x, layers: _block(x, layers[:-1]), "The last convolution is missing."),
            Mistake("no ReLU at the end", lambda x, layers: max_pool2d(conv2d(reduce(
                lambda h, layer: np.maximum(conv2d(h, *layer, padding="same"), 0), layers[:-1], x),
                *layers[-1], padding="same"), 2), "The last ReLU of the block is missing."),
        ),
    ),
    Exercise(
        "vgg-4", "vgg", kind="function", cls="A", minutes=25, difficulty=2, points=4,
        cases=tuple(Case(f"{len(blocks)} blocks, {size} pixels, {classes} classes", (blocks, size, classes))
                    for blocks, size, classes in RECORDED),
        oracle=lambda *asked: RECORDED[asked],
        mistakes=(
            Mistake(
                "always 49 places", lambda blocks, size, classes: RECORDED[blocks, size, classes] + 4096 * blocks[-1][1] * (
                    49 - (size // 2 ** len(blocks)) ** 2),
                "Your count does not depend on the size of the image. Which layer does?",
            ),
            Mistake(
                "no biases", lambda blocks, size, classes: RECORDED[blocks, size, classes] - (
                    np.dot(*np.transpose(blocks)) + 2 * 4096 + classes),
                "You counted weights alone. What else does each map and each unit learn?",
            ),
            Mistake(
                "always 1000 classes", lambda blocks, size, classes: RECORDED[blocks, size, classes] + 4097 * (1000 - classes),
                "Your count does not depend on the number of classes.",
            ),
            Mistake(
                "grey images", lambda blocks, size, classes: RECORDED[blocks, size, classes] - 2 * 9 * blocks[0][1],
                "The first convolution reads the three channels of a colour image.",
            ),
            Mistake(
                "one hidden layer", lambda *asked: RECORDED[asked] - 4096 * 4097,
                "You counted one hidden dense layer. There are two.",
            ),
            Mistake(
                "no last layer", lambda blocks, size, classes: RECORDED[blocks, size, classes] - 4097 * classes,
                "The layer that gives the logits is missing.",
            ),
            Mistake(
                "one place", lambda blocks, size, classes: RECORDED[blocks, size, classes] - 4096 * blocks[-1][1] * (
                    (size // 2 ** len(blocks)) ** 2 - 1),
                "Your first dense layer reads one number of each map. How many pixels has a last map?",
            ),
        ),
    ),
    Exercise(
        "vgg-5", "vgg", kind="value", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: _vgg16(36),
        mistakes=(
            Mistake("unchanged", _vgg16(49), "The convolutions do not mind the size of the image. Who does?"),
            Mistake("all scaled", _vgg16(49) * 36 // 49, "You scaled the whole network. A kernel is the same for any image."),
            Mistake("one row less", _vgg16(6 * 7), "You took one row from the map, but columns count too."),
            Mistake("one pixel", _vgg16(1), "Your last map has one pixel."),
            Mistake("a map of five", _vgg16(25), "Your last map is too small: how often is the image halved?"),
            Mistake("one pixel less", _vgg16(48), "You took one pixel from the map. A row and a column are gone."),
        ),
    ),
    Exercise(
        "vgg-6", "vgg", kind="open", cls="A", minutes=120, difficulty=3, points=8,
    ),
    Exercise(
        "vgg-7", "vgg", kind="function", cls="P", minutes=20, difficulty=2, points=3,
        cases=(
            Case("two kernels", (ASYMMETRIC[:2],)),
            Case("three kernels", (ASYMMETRIC,)),
        ),
        generate=_kernels,
        oracle=_composed,
        mistakes=(
            Mistake(
                "one of them turned", lambda kernels: reduce(lambda X, K: _full(X, K[::-1, ::-1]), kernels),
                "One kernel has been turned by half a turn. Send a single bright pixel through two kernels by hand.",
            ),
            Mistake(
                "size kept", lambda kernels: reduce(lambda X, K: _full(X, K)[1:-1, 1:-1], kernels),
                "Your kernel is as small as its parts. How many rows does one output of the stack see?",
            ),
            Mistake("the sum", sum, "Layers in a row are not added: each reads what the one before it wrote."),
            Mistake(
                "products of entries", lambda kernels: reduce(np.multiply, kernels),
                "You multiplied entry by entry. Every weight of one layer meets every weight of the next.",
            ),
            Mistake(
                "the first two", lambda kernels: _composed(kernels[:2]),
                "You composed the first two kernels. What of the others?",
            ),
            Mistake(
                "matrix products", lambda kernels: reduce(np.matmul, kernels),
                "You multiplied matrices. Kernels in a row are laid over one another, each number of the one times all of the other.",
            ),
            *usual(_composed, "half a turn", "transposed", "opposite sign"),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    3: ("transposed", "half a turn", "flat", "opposite sign", "doubled", "halved", "rounded"),
    4: ("doubled", "halved", "upside down"),
    5: ("doubled", "halved", "upside down"),
    7: ("flat", "doubled", "halved", "rounded"),
})  # fmt: skip
