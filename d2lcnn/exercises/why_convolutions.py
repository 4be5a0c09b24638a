"""Exercises of the chapter "Why convolutions"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual

CALM = np.array([1.0, 2.0, 4.0, 3.0, 0.0, -1.0])
SMALL = np.arange(36.0).reshape(6, 6) ** 2 % 7
NOISE = np.random.default_rng(3).standard_normal((15, 15))
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


def _bill(channels=3, k=7):
    """Weights of the dense and of the convolutional layer of exercise 1, with kernels of k by k."""
    return DENSE, k * k * channels * 64


def _kind(f, shifts=((1, 0), (0, 1), (2, 3))):
    """Tell by trial whether a function is invariant (I), equivariant (E) or neither (N) on wrapped images."""
    X = np.random.default_rng(2).uniform(size=(6, 7))
    if all(np.allclose(f(np.roll(X, n, (0, 1))), f(X)) for n in shifts):
        return "I"
    same = [np.allclose(f(np.roll(X, n, (0, 1))), np.roll(f(X), n, (0, 1))) for n in shifts if f(X).ndim == 2]
    return "E" if same and all(same) else "N"


def _wrapped(X, K):
    """Cross-correlate a wrapped image with a kernel of odd size, centred."""
    reach = K.shape[0] // 2
    return sum(K[a, b] * np.roll(X, (reach - a, reach - b), (0, 1)) for a, b in np.ndindex(K.shape))


def _survives(P, same=False, size=3):
    """Tell by trial whether kernels of 3 x 3 have partners, of 3 x 3 unless told, under a rearrangement of 8 x 8 images."""
    rng = np.random.default_rng(4)
    X, K = rng.standard_normal((8, 8)), rng.standard_normal((3, 3))
    copies = np.stack([_wrapped(P(X), unit.reshape(size, size)).ravel() for unit in np.eye(size**2)], axis=1)
    wanted = P(_wrapped(X, K)).ravel()
    partner = K.ravel() if same else np.linalg.lstsq(copies, wanted, rcond=None)[0]
    return "y" if np.allclose(copies @ partner, wanted) else "n"


def _commutes(M, W):
    """Tell whether a matrix, as an array of four axes, commutes with shifts."""
    return all(np.allclose(np.roll(M, n, (0, 1, 2, 3)), M) for n in [(1, 0, 1, 0), (0, 1, 0, 1)])


def _rest_is_orthogonal(M, W):
    """Tell whether what M leaves of W is orthogonal to all that commutes; if M commutes, none is nearer then."""
    h, w = M.shape[:2]
    places = [(i, j, (i + a) % h, (j + b) % w) for a, b in np.ndindex(h, w) for i, j in np.ndindex(h, w)]
    rest = (M - W)[tuple(np.transpose(places))].reshape(h * w, h * w)  # a row for each offset
    return np.allclose(rest.sum(axis=1), 0)


# a public case looks at one property, so that its line says which one fails; drawn cases, of other sizes, at both
ALONE = {(3, 5): _commutes, (5, 2): _rest_is_orthogonal}


def _nearest(M, given):
    """The property asked in exercise 4: M commutes with shifts, and the rest of W is orthogonal to all that do."""
    W, h, w = given
    M, W = (np.asarray(m, dtype=float).reshape(h, w, h, w) for m in (M, W))
    asked = [ALONE[h, w]] if (h, w) in ALONE else ALONE.values()
    return all(holds(M, W) for holds in asked)


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
            Mistake("one kernel a map", _bill(channels=1), "Your kernels look at one channel. Which channels does an output read?"),
            Mistake("delta as the size", _bill(k=3), "You took delta for the size of the kernel; it is the reach to each side."),
            Mistake("no middle", _bill(k=6), "Offsets run from -delta to delta. You left one of them out: zero."),
            Mistake("one channel", ((480 * 640) ** 2, _bill()[1]), "Your dense layer goes from one channel to one feature map."),
            Mistake("one map", (DENSE // 64, _bill()[1]), "Your dense layer makes one feature map. How many are asked for?"),
            Mistake("not shared", (DENSE, 480 * 640 * _bill()[1]), "You gave every place a kernel of its own. A convolution uses one set of weights everywhere."),
            Mistake("no channels", ((480 * 640) ** 2, 49), "Your layers go from one channel to one feature map. How many of each are there?"),
            Mistake("biases", (DENSE + 64 * 480 * 640, _bill()[1] + 64), "You counted the numbers that are added as well. Weights alone are asked for."),
            *usual(_bill(), "reversed"),
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
                "same shape", "".join("EI"[np.ndim(f(SMALL)) < 2] for f in functions()),
                "An output of the same shape is not enough. Does it move by the same amount, along both axes, in the "
                "same direction?",
            ),
            Mistake(
                "one axis", "".join(_kind(f, [(0, 1)]) for f in functions()),
                "You tried shifts to the side alone. The statement asks for shifts along both axes.",
            ),
            Mistake(
                "the other axis", "".join(_kind(f, [(1, 0)]) for f in functions()),
                "You tried shifts downwards alone. The statement asks for shifts along both axes.",
            ),
            Mistake(
                "letters exchanged", "".join(map(_kind, functions())).translate(str.maketrans("EI", "IE")),
                "E and I have changed places: equivariant means that the output moves along, invariant that it stays.",
            ),
            Mistake("sorting moves along", "".join(map(_kind, functions())).replace("N", "E", 1), "Move an image to the side, then sort each row: does the sorted row move as well?"),
            Mistake("only for all pixels alike", "".join(map(_kind, functions())).replace("I", "N"), "An invariant function may return more than one number."),
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
                "too long", lambda x, v: np.correlate(x, v, mode="full"),
                "Your output is longer than the sound. There is one output for each moment of the recording.",
            ),
            Mistake(
                "not centred", lambda x, v: np.correlate(x, v, mode="full")[: len(x)],
                "Your window ends at the moment itself. Offsets run from -delta to delta.",
            ),
            Mistake(
                "begins at the moment", lambda x, v: np.correlate(x, v, mode="full")[len(v) - 1 :],
                "Your window begins at the moment itself. Offsets run from -delta to delta.",
            ),
            Mistake(
                "too short", lambda x, v: np.correlate(x, v, mode="valid"),
                "Your output is shorter than the sound. Moments outside count as zero, so every place has an output.",
            ),
            Mistake(
                "frame too wide", lambda x, v: np.correlate(np.pad(x, 2 * len(v)), v, mode="valid")[: len(x)],
                "Your first output begins too far to the left: most of what its window reads are zeros.",
            ),
            Mistake(
                "frame of a whole kernel", lambda x, v: np.correlate(np.pad(x, len(v)), v, mode="valid")[: len(x)],
                "You put as many zeros on each side as the kernel has weights. Half of the kernel sticks out, no more.",
            ),
            Mistake(
                "does not move", lambda x, v: sum(v) * np.pad(x, len(v) // 2),
                "Every weight multiplies the same moments. Each one should read the sound a moment later than the last.",
            ),
            Mistake(
                "added", lambda x, v: sum(u + np.pad(x, len(v) // 2)[a : a + len(x)] for a, u in enumerate(v)),
                "You added the weights to the sound. A weight multiplies its moment.",
            ),
            Mistake("all zero", lambda x, v: np.zeros(len(x)), "All your outputs are zero. Does the sum ever meet a weight?"),
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
            Case("images of 3 x 5: yours commutes with shifts that wrap around", (NOISE, 3, 5)),
            Case("images of 5 x 2: no equivariant one is nearer", (NOISE[:10, :10], 5, 2)),
        ),
        generate=_layer,
        oracle=lambda W, h, w: (W, h, w),
        compare=_nearest,
        mistakes=(
            Mistake(
                "one place for all", lambda W, h, w: np.fft.ifft2(
                    np.conj(np.fft.fft2(W[0].reshape(h, w))) * np.fft.fft2(np.eye(h * w).reshape(-1, h, w))
                ).real.reshape(h * w, h * w).T,
                "Yours is equivariant, and takes its weights from a single place. All places have a say.",
            ),
            Mistake(
                "one number for all", lambda W, h, w: np.full_like(W, W.mean()),
                "All your entries are the same. That is equivariant, and each offset may have a weight of its own.",
            ),
            Mistake(
                "symmetric", lambda W, h, w: (W + W.T) / 2,
                "Yours is symmetric. Equivariant is something else: each row is the one before it, moved.",
            ),
            Mistake("nothing tied", lambda W, h, w: W, "Your matrix does not commute with a shift by one column."),
        ),
        hints=(
            "Two things are asked: your matrix commutes with shifts, and none that does is nearer. Begin with the first: which entries must be equal?",
            "Entries of one offset must become one number. Which single number lies nearest to several given ones, in squared differences?",
            "Reshape W to (h, w, h, w), so that an entry is named by the place of the output and the place of the input, and write down the wrapped offset of one entry. The last column and the first are neighbours: offsets that differ by w columns or h rows are one.",
        ),
    ),
    Exercise(
        "why-convolutions-5", "why_convolutions", kind="value", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("the number of pixels"),),
        oracle=lambda: 128,
        mistakes=(
            Mistake("one edge", 2 * 32, "You counted one of two edges. What happens at the other end of the moved image?"),
            Mistake("rows that came in", 5 * 32, "Of the rows that came in, most are zero in both. How far does the kernel reach?"),
            Mistake("the ring", 2 * 2 * 32 + 2 * 2 * (32 - 5), "You counted the sides as well. Does anything enter or leave there?"),
            Mistake("the whole ring", 32**2 - 28**2, "You counted the sides as well. Does anything enter or leave there?"),
            Mistake("the window", 2 * 4 * 32, "You counted as many rows as a window has neighbours. It reaches delta rows to each side."),
            Mistake("two columns more", 4 * (32 + 2), "Your rows are right, and longer than the image. Only its pixels count."),
            Mistake("all that moved", (5 + 2) * 32, "Rows that came in are zero in both, but for those that a window with pixels reaches."),
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
            Mistake("the same kernel", "".join(_survives(P, same=True) for P in rearrangements()), "The partner may be another kernel than the one you started with."),
            Mistake("all", "y" * 6, "All eight neighbours of each pixel must remain neighbours, and what happens to a direction must be the same everywhere."),
            Mistake("a larger partner", "".join(_survives(P, size=7) for P in rearrangements()), "In one of yours every kernel has a partner, but not one of 3 by 3. How far apart are neighbours afterwards?"),
            Mistake("none", "n" * 6, "None of them? Try the one that moves all rows alike."),
            Mistake(
                "letters exchanged", "".join(map(_survives, rearrangements())).translate(str.maketrans("yn", "ny")),
                "Your letters are exchanged: y stands for a rearrangement that has a partner for every kernel.",
            ),
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

EXERCISES = with_usual(EXERCISES, {
    1: ("opposite sign", "doubled", "halved"),
    3: ("reversed", "rotated", "exchanged", "opposite sign", "doubled", "halved", "rounded"),
    5: ("one too many", "one too few", "upside down"),
})  # fmt: skip
