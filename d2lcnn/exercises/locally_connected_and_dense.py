"""Exercises of the chapter "Locally connected layers and dense-as-convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, close
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, conv_matrix

# exercise 4: (layers, crop, canvas) -> multiply-adds of all crops over those of one pass; recorded
NETS = (
    ("one window", (((3, 1, 1, 1),), 3, 3), 1.0),
    ("a kernel as large as the crop", (((8, 1, 2, 5),), 8, 20), 1.0),
    ("two layers without stride", (((3, 1, 1, 4), (4, 1, 4, 10)), 6, 9), 1.6207930689770076),
    ("a stride in front", (((4, 2, 1, 8), (5, 1, 8, 10)), 12, 28), 2.293717870523656),
    ("two strides", (((5, 2, 1, 8), (5, 2, 8, 16), (4, 1, 16, 64)), 25, 105), 4.221276947220616),
)


def _through_the_layer(images, weight, stride):
    """Send images (n, h, w) through the layer of exercise 2; a result in each row."""
    windows = np.lib.stride_tricks.sliding_window_view(images, weight.shape[2:], axis=(1, 2))
    windows = windows[:, ::stride, ::stride][:, : weight.shape[0], : weight.shape[1]]
    return np.einsum("nijuv,ijuv->nij", windows, weight).reshape(len(images), -1)


def _bill(places=16 * 24, taps=3 * 25):
    """Parameters and multiply-adds of the unshared layer of exercise 1, and the convolution's parameters."""
    return [places * 16 * (taps + 1), places * 16 * taps, 16 * (taps + 1)]


def _units(size):
    return np.eye(size[0] * size[1]).reshape(-1, *size)


def _is_that_layer(got, args):
    """The property asked in exercise 2: on as many drawn images as there are pixels, product and layer agree."""
    weight, size, stride = args
    images = np.random.default_rng(0).standard_normal((size[0] * size[1], *size))
    wanted = _through_the_layer(images, weight, stride)
    return np.shape(got) == (wanted.shape[1], size[0] * size[1]) and close(
        images.reshape(len(images), -1) @ np.transpose(got), wanted)


def _on_the_canvas(crop=64, stride=4):
    """Rows and columns of the answers of exercise 5, and the first pixel of the crop of place (5, 7)."""
    return [(200 - crop) // stride + 1, (320 - crop) // stride + 1, 5 * stride, 7 * stride]


def _known(*args):
    return next(ratio for _, known, ratio in NETS if known == args)


def _layer(rng):
    stride, k = int(rng.integers(1, 3)), rng.integers(1, 4, 2)
    places = rng.integers(2, 4, 2)
    size = tuple(int(stride * (n - 1) + m + rng.integers(0, stride)) for n, m in zip(places, k, strict=True))
    return rng.standard_normal((*places, *k)), size, stride


def _are_those_kernels(got, args):
    """The property asked in exercise 3: on a map of that size the convolution gives the dense layer's numbers."""
    matrix, c, h, w = args
    if np.shape(got) != (len(matrix), c, h, w):
        return False
    units = np.eye(c * h * w).reshape(-1, h, w, c)
    maps = np.ascontiguousarray(units.transpose(0, 3, 1, 2))
    return close(conv2d(maps, np.asarray(got, dtype=float))[:, :, 0, 0], matrix.T)


def _matrix(rng):
    c, h, w = (int(n) for n in rng.integers(2, 5, 3))
    return rng.standard_normal((int(rng.integers(1, 4)), c * h * w)), c, h, w


def _rows(weight):
    return np.asarray(weight, dtype=float).reshape(weight.shape[0] * weight.shape[1], -1)


def _is_the_nearest_of_rank(got, args):
    """The property asked in exercise 6: r kernels at most, and what is lost is what must be lost."""
    weight, r = args
    if np.shape(got) != weight.shape:
        return False
    values = np.linalg.svd(_rows(weight), compute_uv=False)
    kept = np.linalg.svd(_rows(np.asarray(got, dtype=float)), compute_uv=False)
    return bool((kept[r:] < 1e-8 * values[0]).all()) and close(
        np.sum((np.asarray(got) - weight) ** 2), np.sum(values[r:] ** 2), rtol=1e-6)


def _unshared(rng):
    return rng.standard_normal((*rng.integers(3, 5, 2), 2, 1, 3, 3)), int(rng.integers(1, 4))


EXERCISES = [
    Exercise(
        "locally-connected-and-dense-1", "locally_connected_and_dense", kind="value", cls="P", minutes=8, difficulty=1,
        points=2,
        cases=(Case("the three numbers"),),
        oracle=lambda: _bill(),
        mistakes=(
            Mistake(
                "one bias a channel", [_bill()[1] + 16, *_bill()[1:]],
                "You gave the unshared layer one bias for each channel. Its biases belong to places as well.",
            ),
            Mistake(
                "places of the input", _bill(places=32 * 48),
                "You counted a place for every pixel of the input. The weights belong to places of the output.",
            ),
            Mistake(
                "channels forgotten", _bill(taps=25),
                "One thing is missing in each kernel: it reads all input channels.",
            ),
            Mistake(
                "biases multiplied", [*_bill()[:1] * 2, _bill()[2]],
                "You counted the biases as multiply-adds. They are added, not multiplied.",
            ),
            Mistake(
                "no biases", [*_bill()[1:2] * 2, _bill()[2] - 16],
                "The biases are missing from your parameters.",
            ),
            Mistake(
                "padding forgotten", _bill(places=14 * 22),
                "You left the zeros out: how many places has the window along each axis?",
            ),
            Mistake(
                "one row of the window", _bill(taps=3 * 5),
                "A window of 5 by 5 has more than five places.",
            ),
            *usual(_bill(), "reversed", "exchanged"),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-2", "locally_connected_and_dense", kind="function", cls="A", minutes=20,
        difficulty=2, points=4,
        cases=(
            Case("one row", (np.array([[[[1.0, 2.0]], [[3.0, 4.0]]]]), (1, 3), 1)),
            Case("two by two places", (np.arange(1.0, 17).reshape(2, 2, 2, 2), (3, 3), 1)),
            Case("stride 2, pixels left over", (np.arange(1.0, 25).reshape(2, 2, 2, 3), (5, 6), 2)),
        ),
        generate=_layer,
        oracle=lambda *args: args,
        compare=_is_that_layer,
        mistakes=(
            Mistake(
                "stride forgotten", lambda weight, size, s: _through_the_layer(_units(size), weight, 1).T,
                "Your windows stand next to each other. With a stride they begin further apart.",
            ),
            Mistake(
                "one kernel", lambda weight, size, s: conv_matrix(weight[0, 0], size, stride=s),
                "All your rows hold the kernel of the first place. That is a convolution.",
            ),
            Mistake(
                "pixels by columns", lambda weight, size, s: _through_the_layer(
                    _units(size[::-1]).swapaxes(1, 2), weight, s).T,
                "You number the pixels column by column. A flattened image goes along its rows.",
            ),
            Mistake(
                "places by columns", lambda weight, size, s: _through_the_layer(_units(size), weight, s).T.reshape(
                    *weight.shape[:2], -1).swapaxes(0, 1).reshape(-1, size[0] * size[1]),
                "Your rows go through the places column by column. The first index is the row.",
            ),
            Mistake(
                "transposed", lambda weight, size, s: _through_the_layer(_units(size), weight, s),
                "Rows are outputs and columns are pixels, so that the matrix can be multiplied by a flattened image.",
            ),
            Mistake(
                "flipped", lambda weight, size, s: _through_the_layer(_units(size), weight[..., ::-1, ::-1], s).T,
                "Your kernels are flipped. The layer reads its windows as they are.",
            ),
            Mistake(
                "an axis for each", lambda weight, size, s: _through_the_layer(_units(size), weight, s).T.reshape(-1, *size),
                "Your array has three axes. Flatten the pixels: a matrix is asked for.",
            ),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-3", "locally_connected_and_dense", kind="function", cls="P", minutes=15,
        difficulty=2, points=3,
        cases=(
            Case("two channels, one row", (np.arange(1.0, 7)[None], 2, 1, 3)),
            Case("three units", (np.arange(36.0).reshape(3, 12), 3, 2, 2)),
            Case("a map that is no square", (np.arange(48.0).reshape(2, 24), 2, 3, 4)),
        ),
        generate=_matrix,
        oracle=lambda *args: args,
        compare=_are_those_kernels,
        mistakes=(
            Mistake(
                "PyTorch's order", lambda M, c, h, w: np.reshape(M, (-1, c, h, w)),
                "You read the rows of the matrix as channels, rows, columns. This matrix was made for another order.",
            ),
            Mistake(
                "axes not moved", lambda M, c, h, w: np.reshape(M, (-1, h, w, c)),
                "Your kernels have the channels last. The convolution wants them in second place.",
            ),
            Mistake(
                "rows and columns exchanged", lambda M, c, h, w: np.reshape(M, (-1, h, w, c)).transpose(0, 3, 2, 1),
                "Channels are in place, but rows and columns of your kernels are exchanged.",
            ),
            Mistake(
                "reversed kernel", lambda M, c, h, w: np.reshape(M, (-1, h, w, c)).transpose(0, 3, 1, 2)[..., ::-1, ::-1],
                "You reversed the kernel. The layer is a cross-correlation: it reads the window as it is.",
            ),
            Mistake(
                "columns first", lambda M, c, h, w: np.reshape(M, (-1, w, h, c)).transpose(0, 3, 2, 1),
                "You read the rows of the matrix as columns, rows, channels. Rows come first.",
            ),
            Mistake(
                "still a matrix", lambda M, c, h, w: np.array(M),
                "That is the matrix you were given. A convolution's weight has four axes.",
            ),
            Mistake(
                "one unit", lambda M, c, h, w: np.reshape(M, (-1, h, w, c)).transpose(0, 3, 1, 2)[0],
                "The axis of the units is missing.",
            ),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-4", "locally_connected_and_dense", kind="function", cls="A", minutes=25,
        difficulty=3, points=5,
        cases=tuple(Case(name, args) for name, args, _ in NETS),
        oracle=lambda *args: _known(*args),
        mistakes=(
            Mistake(
                "ratio of areas", lambda layers, crop, canvas: (
                    ((canvas - crop) // np.prod(layers, axis=0)[1] + 1) ** 2 * crop**2 / canvas**2),
                "You compared pixels. Later layers overlap less than the first, and the last one does not overlap at all.",
            ),
            Mistake(
                "crops at every pixel", lambda layers, crop, canvas: _known(layers, crop, canvas) * (
                    (canvas - crop + 1) / ((canvas - crop) // np.prod(layers, axis=0)[1] + 1)) ** 2,
                "You counted a crop at every pixel. The pass gives an answer for every product of the strides.",
            ),
            Mistake(
                "one axis", lambda layers, crop, canvas: _known(layers, crop, canvas) ** 0.5,
                "You counted along one axis. Crops and places have two.",
            ),
            Mistake(
                "upside down", lambda layers, crop, canvas: 1 / _known(layers, crop, canvas),
                "Your number is below 1. How many times as much work are the crops?",
            ),
            Mistake(
                "one crop", lambda layers, crop, canvas: _known(layers, crop, canvas) / (
                    (canvas - crop) // np.prod(layers, axis=0)[1] + 1) ** 2,
                "You counted one crop. How many places does one pass answer for?",
            ),
            Mistake(
                "nothing saved", lambda layers, crop, canvas: 1.0,
                "Yours says that a pass saves nothing. Do the windows of neighbouring crops overlap?",
            ),
            Mistake(
                "share saved", lambda layers, crop, canvas: 1 - 1 / _known(layers, crop, canvas),
                "That is the share of the work that is saved. A ratio is asked for.",
            ),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-5", "locally_connected_and_dense", kind="value", cls="P", minutes=10, difficulty=2,
        points=2,
        cases=(Case("the four numbers"),),
        oracle=lambda: _on_the_canvas(),
        mistakes=(
            Mistake(
                "size without plus one", np.subtract(_on_the_canvas(), (1, 1, 0, 0)),
                "Off by one: the first crop counts too.",
            ),
            Mistake(
                "one stride", _on_the_canvas(stride=2),
                "You used one of the two strides. They multiply.",
            ),
            Mistake(
                "centre", np.add(_on_the_canvas(), (0, 0, 32, 32)),
                "You gave the middle of the crop. Its first pixel is asked.",
            ),
            Mistake(
                "the map's kernel", _on_the_canvas(crop=12, stride=1),
                "You slid the last kernel over the canvas. It slides over the last map, which is smaller.",
            ),
            Mistake(
                "places from 1", np.subtract(_on_the_canvas(), (0, 0, 4, 4)),
                "You counted places from 1. The first row and the first column have the number 0.",
            ),
            Mistake(
                "three strides", _on_the_canvas(stride=8),
                "Two layers have a stride of 2. You multiplied three.",
            ),
            Mistake(
                "end of the crop", np.add(_on_the_canvas(), (0, 0, 63, 63)),
                "You gave the last pixel of the crop. Its first pixel is asked.",
            ),
            *usual(_on_the_canvas(), "exchanged"),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-6", "locally_connected_and_dense", kind="function", cls="A", minutes=30,
        difficulty=3, points=5,
        cases=(
            Case("one shared kernel with a factor a place",
                 (np.outer([1.0, 2.0, -1.0, 3.0], np.arange(1.0, 10)).reshape(2, 2, 1, 1, 3, 3), 1)),
            Case("two of four", (np.random.default_rng(1).standard_normal((3, 3, 2, 1, 2, 2)) + 0.5, 2)),
            Case("one of many", (np.random.default_rng(2).standard_normal((4, 3, 1, 2, 3, 3)) + 0.5, 1)),
        ),
        generate=_unshared,
        oracle=lambda *args: args,
        compare=_is_the_nearest_of_rank,
        mistakes=(
            Mistake(
                "the mean kernel", lambda weight, r: np.broadcast_to(weight.mean((0, 1)), weight.shape),
                "You gave every place the mean kernel. Places may weight the kernels differently.",
            ),
            Mistake(
                "the first kernels", lambda weight, r: (np.linalg.lstsq(
                    _rows(weight)[:r].T, _rows(weight).T, rcond=None)[0].T @ _rows(weight)[:r]).reshape(weight.shape),
                "You combined the kernels of the first places. Nothing says that these are the best ones to combine.",
            ),
            Mistake(
                "a mean for each row", lambda weight, r: np.broadcast_to(
                    weight.mean(1, keepdims=True), weight.shape),
                "You gave every row of places its mean kernel. Which r kernels serve all places together?",
            ),
            Mistake("unchanged", lambda weight, r: weight.copy(), "These are the weights you were given: they need one kernel for each place."),
            Mistake("zeros", lambda weight, r: np.zeros_like(weight), "No kernel at all is left. r of them are allowed."),
            Mistake(
                "kernels dropped", lambda weight, r: (_rows(weight) * (np.arange(len(_rows(weight))) < r)[:, None]).reshape(weight.shape),
                "You kept the kernels of the first places and dropped the others. Every place may mix the r kernels.",
            ),
        ),
    ),
    Exercise(
        "locally-connected-and-dense-7", "locally_connected_and_dense", kind="open", cls="A", minutes=60, difficulty=3,
        points=6,
    ),
]

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "opposite sign", "doubled", "halved"),
    4: ("doubled", "halved"),
    5: ("reversed", "rotated", "one too many", "one too few"),
})  # fmt: skip
