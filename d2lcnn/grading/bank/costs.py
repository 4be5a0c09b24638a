"""Questions on memory, and on convolution as a product of matrices or of spectra."""

from math import prod

import numpy as np

from d2lcnn.ops import conv_matrix, im2col
from d2lcnn.shapes import conv_output_size

from ._question import Question, between, pick

# bytes of a number, and numbers that are kept for each parameter besides it and its gradient
SIZES = {"float32": 4, "float16": 2, "float64": 8}
KEPT = {"SGD without momentum": 0, "SGD with momentum": 1, "Adam": 2}


def _activations(rng):
    return {"n": pick(rng, 10, 16, 20, 32, 50, 64), "c": pick(rng, 8, 16, 20, 32, 64), "h": between(rng, 10, 30),
            "w": between(rng, 10, 30), "dtype": pick(rng, *SIZES)}


def _training(rng):
    return {"millions": between(rng, 2, 60), "optimizer": pick(rng, *KEPT)}


def _columns(rng):
    k = pick(rng, 2, 3, 5)
    return {"n": between(rng, 2, 8), "c": between(rng, 2, 8), "i": between(rng, 8, 20), "k": k, "s": between(rng, 1, 2),
            "p": between(rng, 0, k // 2)}


def _columns_shape(n, c, i, k, s, p):
    image = np.broadcast_to(np.float32(0), (n, c, i, i))
    return tuple(map(int, im2col(image, k, stride=s, padding=p).shape))


def _matrix(rng):
    return {"i": between(rng, 6, 14), "k": between(rng, 2, 4), "s": between(rng, 1, 2)}


def _entries(i, k, s):
    matrix = conv_matrix(np.ones((k, k)), (i, i), stride=s)
    return (*map(int, matrix.shape), int(np.count_nonzero(matrix)))


def _lengths(rng):
    k = between(rng, 5, 60)
    # now and then a power of 2 fits exactly
    return {"n": pick(rng, between(rng, 40, 500), between(rng, 40, 500), pick(rng, 128, 256, 512) - k + 1), "k": k}


def _power_of_two(n):
    return 1 << (n - 1).bit_length()


QUESTIONS = (
    Question(
        "activation-bytes", "Bytes of a batch of maps", ("memory", "bytes", "activations"), 2, 1, 1, _activations,
        lambda n, c, h, w, dtype: f"A layer's output for a batch of {n} images has {c} channels of {h} by {w}, in "
        f"{dtype}. How many bytes does it take? Hand in the number.",
        lambda n, c, h, w, dtype: prod((n, c, h, w)) * np.dtype(dtype).itemsize,
        lambda n, c, h, w, dtype: (
            ("numbers", n * c * h * w, "Those are the numbers. How many bytes has each?"),
            ("bits", n * c * h * w * SIZES[dtype] * 8, "You counted bits: a byte has eight."),
            ("one image", c * h * w * SIZES[dtype], "That is one image of the batch."),
            ("one channel", n * h * w * SIZES[dtype], "That is one channel of each image."),
            ("float32", n * c * h * w * 4, "Look at the dtype: its name says how many bits a number has."),
            ("float64", n * c * h * w * 8, "Look at the dtype: its name says how many bits a number has."),
        )),
    Question(
        "training-bytes", "What training keeps for each parameter", ("memory", "bytes", "optimizer"),
        3, 2, 2, _training,
        lambda millions, optimizer: f"A network with {millions} million parameters is trained in float32 by "
        f"{optimizer}. How many million bytes do parameters, their gradients and what the optimizer keeps from step to "
        "step take together, activations aside? Hand in the number of millions.",
        lambda millions, optimizer: 4 * millions * (2 + KEPT[optimizer]),
        lambda millions, optimizer: (
            ("parameters only", 4 * millions, "Those are the parameters alone. Each of them has a gradient, too."),
            ("no gradients", 4 * millions * (1 + KEPT[optimizer]), "You left the gradients out."),
            ("no state", 4 * millions * 2, "This optimizer keeps numbers for each parameter from step to step."),
            ("one number kept", 4 * millions * 3, "How many running means does this optimizer keep for each "
             "parameter?"),
            ("two numbers kept", 4 * millions * 4, "How many numbers does this optimizer keep for each parameter?"),
            ("numbers", millions * (2 + KEPT[optimizer]), "Those are numbers. A float32 has four bytes."),
            ("bits", 32 * millions * (2 + KEPT[optimizer]), "You counted bits: a byte has eight."),
        )),
    Question(
        "im2col-shape", "Windows as columns", ("im2col", "shapes", "output size"), 4, 2, 2, _columns,
        lambda n, c, i, k, s, p: f"`im2col` writes the windows of {n} images with {c} channels of {i} by {i} as "
        f"columns, for a kernel of {k} by {k}, stride {s} and a padding of {p} on each side. What shape does the "
        "result have, in the order images, rows, columns? Hand in a tuple of three numbers.",
        _columns_shape,
        lambda n, c, i, k, s, p: (
            ("one channel", (n, k * k, conv_output_size(i, k, s, p) ** 2), "A column holds the window of all "
             "channels."),
            ("exchanged", (n, conv_output_size(i, k, s, p) ** 2, c * k * k), "You wrote each window as a row."),
            ("a column for each pixel", (n, c * k * k, i * i), "There are as many columns as windows. How many fit?"),
            ("a row of windows", (n, c * k * k, conv_output_size(i, k, s, p)), "Those are the windows of one row."),
            ("not padded", (n, c * k * k, conv_output_size(i, k, s) ** 2), "You left the padding out."),
            ("stride ignored", (n, c * k * k, conv_output_size(i, k, 1, p) ** 2), "You moved the window by one pixel."),
        )),
    Question(
        "convolution-matrix", "The matrix of a convolution", ("convolution as a matrix", "sparse"), 5, 2, 2, _matrix,
        lambda i, k, s: f"A convolution with one kernel of {k} by {k}, none of whose weights is zero, and stride {s} "
        f"runs over an image of {i} by {i} with one channel, without padding. As a matrix that multiplies the "
        "flattened image: how many rows and columns does it have, and how many entries that are not zero? Hand in a "
        "tuple of three numbers.",
        _entries,
        lambda i, k, s: (
            ("exchanged", (_entries(i, k, s)[1], _entries(i, k, s)[0], _entries(i, k, s)[2]), "Rows and columns have "
             "changed places: the matrix takes an image and gives an output."),
            ("as many as weights", (*_entries(i, k, s)[:2], k * k), "The kernel stands in every row once."),
            ("all entries", (*_entries(i, k, s)[:2], prod(_entries(i, k, s)[:2])), "Most entries are zero: a row holds "
             "one window."),
            ("the kernel for each pixel", (*_entries(i, k, s)[:2], i * i * k * k), "The kernel stands in every row "
             "once, not in every column."),
            ("stride ignored", _entries(i, k, 1), "You moved the window by one pixel."),
            ("not flattened", (conv_output_size(i, k, s), i, conv_output_size(i, k, s) * k), "Image and output are "
             "flattened: their places count, not their rows."),
        )),
    Question(
        "fft-length", "Room for the whole convolution", ("fft", "fast convolution"), 3, 2, 2, _lengths,
        lambda n, k: f"A signal of {n} numbers and a kernel of {k} shall be convolved by FFT, without anything that "
        "wraps around. Which length do the transforms need at least, and which is the smallest power of 2 that will "
        "do? Hand in a tuple of the two numbers.",
        lambda n, k: (n + k - 1, _power_of_two(n + k - 1)),
        lambda n, k: (
            ("lengths added", (n + k, _power_of_two(n + k)), "One less will do: the last product lies where the last "
             "numbers of both meet."),
            ("the signal's length", (n, _power_of_two(n)), "With that length the end of the result wraps around to its "
             "beginning."),
            ("valid part", (n - k + 1, _power_of_two(n - k + 1)), "That is the length where kernel and signal overlap "
             "completely. The whole result is longer."),
            ("power of two too large", (n + k - 1, 2 * _power_of_two(n + k - 1)), "Half of your power of 2 will do."),
            ("power of two too small", (n + k - 1, _power_of_two(n + k - 1) // 2), "Your power of 2 is smaller than "
             "the length that is needed."),
            ("exchanged", (_power_of_two(n + k - 1), n + k - 1), "Your two numbers have changed places."),
        )),
)
