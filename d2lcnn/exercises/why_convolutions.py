"""Exercises of the chapter "Why convolutions"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake

CALM = np.array([1.0, 2.0, 4.0, 3.0, 0.0, -1.0])
SMALL = np.arange(36.0).reshape(6, 6) ** 2 % 7
NOISE = np.random.default_rng(3).standard_normal((12, 12))
DENSE = 3 * 480 * 640 * 64 * 480 * 640


def functions():
    """Return the six functions of exercise 2."""
    return [
        lambda X: X - X.mean(),
        lambda X: np.sort(X, axis=1),
        lambda X: X * np.arange(X.shape[1]),
        lambda X: np.sort(X, axis=None),
        lambda X: X[::-1],
        lambda X: np.abs(np.fft.fft2(X)),
    ]


def rearrangements():
    """Return the six rearrangements of exercise 6."""
    return [
        lambda X: np.roll(X, 2, axis=0),
        lambda X: X[:, ::-1],
        lambda X: X.T,
        lambda X: np.concatenate([X[4:], X[:4]]),
        lambda X: X[[1, 0, 3, 2, 5, 4, 7, 6]],
        lambda X: X[3 * np.arange(8) % 8],
    ]


def _kind(f):
    """Tell by trial whether a function is invariant (I), equivariant (E) or neither (N) on wrapped images."""
    X = np.random.default_rng(2).uniform(size=(6, 7))
    shifts = [(1, 0), (0, 1), (2, 3)]
    if all(np.allclose(f(np.roll(X, n, (0, 1))), f(X)) for n in shifts):
        return "I"
    same = [np.allclose(f(np.roll(X, n, (0, 1))), np.roll(f(X), n, (0, 1))) for n in shifts if f(X).ndim == 2]
    return "E" if same and all(same) else "N"


def _wrapped(X, K):
    """Cross-correlate a wrapped image with a kernel of odd size, centred."""
    reach = K.shape[0] // 2
    return sum(K[a, b] * np.roll(X, (reach - a, reach - b), (0, 1)) for a, b in np.ndindex(K.shape))


def _survives(P):
    """Tell by trial whether kernels of 3 x 3 have partners of 3 x 3 under a rearrangement of 8 x 8 images."""
    rng = np.random.default_rng(4)
    X, K = rng.standard_normal((8, 8)), rng.standard_normal((3, 3))
    copies = np.stack([_wrapped(P(X), unit.reshape(3, 3)).ravel() for unit in np.eye(9)], axis=1)
    wanted = P(_wrapped(X, K)).ravel()
    partner = np.linalg.lstsq(copies, wanted, rcond=None)[0]
    return "y" if np.allclose(copies @ partner, wanted) else "n"


def _nearest(M, given):
    """The property asked in exercise 4: M commutes with shifts, and the rest of W is orthogonal to all that do."""
    W, h, w = given
    M, W = (np.asarray(m, dtype=float).reshape(h, w, h, w) for m in (M, W))
    commutes = all(np.allclose(np.roll(M, n, (0, 1, 2, 3)), M) for n in [(1, 0, 1, 0), (0, 1, 0, 1)])
    places = [(i, j, (i + a) % h, (j + b) % w) for a, b in np.ndindex(h, w) for i, j in np.ndindex(h, w)]
    rest = (M - W)[tuple(np.transpose(places))].reshape(h * w, h * w)  # a row for each offset
    return commutes and np.allclose(rest.sum(axis=1), 0)


def _of_the_first_place(W, h, w):
    kernel = W.reshape(h, w, h, w)[0, 0]
    return np.stack([np.roll(kernel, n, (0, 1)).ravel() for n in np.ndindex(h, w)])


def _layer(rng):
    h, w = rng.integers(2, 5, size=2)
    return (rng.standard_normal((h * w, h * w)), int(h), int(w))


def _sound(rng):
    return (rng.standard_normal(rng.integers(8, 15)), rng.standard_normal(rng.choice([3, 5, 7])))


EXERCISES = [
    Exercise(
        "why-convolutions-1", "why_convolutions", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the two numbers of weights"),),
        oracle=lambda: (DENSE, 9408),
        mistakes=(
            Mistake("one kernel a map", (DENSE, 3136), "Your kernels look at one channel. Which channels does an output read?"),
            Mistake("delta as the size", (DENSE, 1728), "You took delta for the size of the kernel; it is the reach to each side."),
            Mistake("no middle", (DENSE, 6912), "Offsets run from -delta to delta. You left one of them out: zero."),
            Mistake("one channel", ((480 * 640) ** 2, 9408), "Your dense layer goes from one channel to one feature map."),
        ),
        hints=(
            "Count pairs: how many numbers does one output read, and how many outputs have weights of their own?",
            "A dense layer has a weight for each pair of an input number and an output number. A convolution has one for each offset, input channel and feature map.",
            "Write down how many offsets one axis has when delta is 3. Two axes give that many squared.",
        ),
    ),
    Exercise(
        "why-convolutions-2", "why_convolutions", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("six letters"),),
        oracle=lambda: "".join(map(_kind, functions())),
        mistakes=(
            Mistake(
                "same shape", "EEEIEE",
                "An output of the same shape is not enough. Does it move by the same amount, along both axes, in the "
                "same direction?",
            ),
            Mistake("only for all pixels alike", "ENNNNN", "An invariant function may return more than one number."),
        ),
        hints=(
            "Test each function on two orders of steps: shift, then apply; apply, then shift.",
            "Equal results: equivariant. The function of the shifted image equals that of the image itself: invariant. Both must hold for shifts along both axes.",
            "Take a small random matrix X and compare f(np.roll(X, 1, axis)) with np.roll(f(X), 1, axis) and with f(X), for axis 0 and axis 1.",
        ),
    ),
    Exercise(
        "why-convolutions-3", "why_convolutions", kind="function", cls="P", minutes=15, difficulty=1, points=3,
        cases=(
            Case("three weights", (CALM, np.array([1.0, 2.0, -1.0]))),
            Case("five weights", (CALM, np.array([0.0, 1.0, 0.0, 0.0, 3.0]))),
        ),
        generate=_sound,
        oracle=lambda x, v: np.correlate(x, v, mode="same"),
        mistakes=(
            Mistake(
                "flipped", lambda x, v: np.convolve(x, v, mode="same"),
                "You flipped the kernel: in the derivation, the weight of offset +1 multiplies the next moment.",
            ),
            Mistake(
                "too short", lambda x, v: np.correlate(x, v, mode="valid"),
                "Your output is shorter than the sound. Moments outside count as zero, so every place has an output.",
            ),
            Mistake(
                "wraps around", lambda x, v: sum(u * np.roll(x, len(v) // 2 - a) for a, u in enumerate(v)),
                "Your sound wraps around: its beginning reads its end. (A negative index in Python does so.)",
            ),
        ),
        hints=(
            "An output is a weighted sum of the moments around its own, and the middle weight belongs to the moment itself.",
            "Surround the sound with zeros on both sides, so that every moment has all of its neighbours.",
            "How many zeros does the first moment need to its left for a kernel of len(v) weights? Put as many on each side.",
        ),
    ),
    Exercise(
        "why-convolutions-4", "why_convolutions", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=(
            Case("images of 3 x 4", (NOISE, 3, 4)),
            Case("images of 2 x 3", (SMALL, 2, 3)),
        ),
        generate=_layer,
        oracle=lambda W, h, w: (W, h, w),
        compare=_nearest,
        mistakes=(
            Mistake(
                "one place for all", _of_the_first_place,
                "Yours is equivariant, and takes its weights from a single place. All places have a say.",
            ),
            Mistake("nothing tied", lambda W, h, w: W, "Your matrix does not commute with a shift by one column."),
        ),
        hints=(
            "An equivariant matrix has the same weight wherever input and output lie the same wrapped offset apart. Sort the entries of W by that offset.",
            "Entries of one offset must become one number. Which single number lies nearest to several given ones, in squared differences?",
            "Reshape W to (h, w, h, w), so that an entry is named by the place of the output and the place of the input, and write down the wrapped offset of one entry.",
        ),
    ),
    Exercise(
        "why-convolutions-5", "why_convolutions", kind="value", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("the number of pixels"),),
        oracle=lambda: 128,
        mistakes=(
            Mistake("one edge", 64, "You counted one of two edges. What happens at the other end of the moved image?"),
            Mistake("rows that came in", 160, "Of the rows that came in, most are zero in both. How far does the kernel reach?"),
            Mistake("the ring", 236, "You counted the sides as well. Does anything enter or leave there?"),
        ),
        hints=(
            "The two orders agree wherever the layer sees the same numbers. Look for the rows where it does not.",
            "There are two edges: where zeros came in above the image, and where rows were pushed out below.",
            "Take one column of 8 pixels instead of 32, shift it down, write out both orders by hand, and mark where they differ.",
        ),
    ),
    Exercise(
        "why-convolutions-6", "why_convolutions", kind="value", cls="A", minutes=25, difficulty=3, points=4,
        cases=(Case("six letters"),),
        oracle=lambda: "".join(map(_survives, rearrangements())),
        mistakes=(
            Mistake("shifts alone", "ynnnnn", "The partner may be another kernel than the one you started with."),
            Mistake("all", "yyyyyy", "One neighbour of each pixel must remain a neighbour, in the same direction everywhere."),
        ),
        hints=(
            "A convolution reads neighbours at fixed offsets. What does P do to the offset between two pixels?",
            "The kernel survives if P takes each of the nine offsets to one of the nine, the same everywhere. It may be another one than before.",
            "Take a pixel and its right neighbour, apply P, and note where the two are now; do the same elsewhere in the image.",
        ),
    ),
    Exercise(
        "why-convolutions-7", "why_convolutions", kind="open", cls="A", minutes=60, difficulty=3, points=6,
        hints=(
            "Ask of each layer whether it forgets the place: convolution, pooling, flattening, the dense layer at the end.",
            "Equivariance lets the maps move with the item; it says nothing of a layer that has a weight for each place.",
            "Before any training, compare the features of one item and of the same item moved, layer by layer.",
        ),
    ),
]  # fmt: skip
