"""Exercises of the chapter "Convolution arithmetic"."""

from math import ceil, gcd

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import first, usual, with_usual
from d2lcnn.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    effective_kernel_size,
    pool_output_size,
    same_padding,
)

# rows and columns of the picture of exercise 4, and after each of its convolutions (kernel 5, stride 3, padding 2)
ENCODER = ((275, 481), (92, 161), (31, 54), (11, 18))

# share of rows read, by (k, s, d); recorded
SHARES = {
    (3, 1, 1): 1, (3, 2, 1): 1, (3, 2, 2): 1 / 2, (2, 3, 1): 2 / 3, (3, 4, 2): 1 / 2,
    (3, 6, 4): 1 / 2, (2, 5, 3): 2 / 5, (4, 6, 3): 1 / 3, (3, 4, 3): 3 / 4,
}  # fmt: skip


def _four_layers(d=2, ceil_mode=False, back=-1, p=2):
    """Follow 32 rows through the layers of exercise 1, padding cut off (-1), added (1) or left out on the way back."""
    a = conv_output_size(32, 5, 1, p)
    b = pool_output_size(a, 3, 2, ceil_mode=ceil_mode)
    c = conv_output_size(b, 3, 2, 1, d)
    return [a, b, c, conv_transpose_output_size(c, 4, 2) + 2 * back]


def _layer(rng):
    return tuple(int(n) for n in rng.integers((5, 1, 1, 1), (30, 6, 5, 4)))


def _kernel_and_stride(rng):
    k = int(rng.integers(4, 12))
    return k, int(rng.integers(2, k + 1))


def _smallest_same(got, sizes):
    """The property asked in exercise 2: the wanted size, no padding to spare, an odd row at the end."""
    (before, after), (i, k, s, d) = got, sizes
    if not all(isinstance(rows, int | np.integer) for rows in (before, after)):
        return False
    span, wanted = effective_kernel_size(k, d), ceil(i / s)

    def places(total):
        return (i + total - span) // s + 1

    total = before + after
    spare = total > 0 and places(total - 1) >= wanted
    return places(total) == wanted and not spare and 0 <= before <= after <= before + 1


def _multiplies(got, sizes):
    """The property asked in exercise 3: sizes are multiplied by the stride."""
    (p, a), (k, s) = got, sizes
    return a in (0, 1) and all(conv_transpose_output_size(i, k, s, p, 1, a) == s * i for i in range(2, 7))


def _meets_the_encoder(got, sizes):
    """The property asked in exercise 4: going up, each size of the encoder comes back."""
    if len(got) != len(sizes) - 1:
        return False
    steps = zip(reversed(sizes[1:]), reversed(sizes[:-1]), got, strict=True)
    return all(
        conv_transpose_output_size(small[axis], 5, 3, 2, 1, paddings[axis]) == large[axis]
        for small, large, paddings in steps
        for axis in (0, 1)
    )


# exercise 4: what fits, found by trying
UPWARDS = np.reshape(first(lambda got, sizes: _meets_the_encoder(np.reshape(got, (3, 2)), sizes), ENCODER, 3, 6), (3, 2))

EXERCISES = [
    Exercise(
        "convolution-arithmetic-1", "convolution_arithmetic", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the four sizes"),),
        oracle=lambda: _four_layers(),
        mistakes=(
            Mistake(
                "dilation ignored", _four_layers(d=1),
                "Your third layer has a kernel of three rows without holes. How many rows does it span with dilation 2?",
            ),
            Mistake(
                "rounded up", _four_layers(ceil_mode=True),
                "Your pooling has a window that hangs over the end. Only whole windows count, unless ceil_mode is set.",
            ),
            Mistake(
                "padding added on the way back", _four_layers(back=1),
                "In a transposed convolution padding is cut off, not added.",
            ),
            Mistake(
                "nothing cut on the way back", _four_layers(back=0),
                "In a transposed convolution padding is cut off, and you left it on.",
            ),
            Mistake(
                "first layer not padded", _four_layers(p=0),
                "Your first layer takes a border away. It is padded by two rows on each side.",
            ),
            Mistake(
                "a convolution at the end", [*_four_layers()[:3], conv_output_size(_four_layers()[2], 4, 2, 1)],
                "Your last layer makes the map smaller. A transposed convolution goes the other way.",
            ),
            *usual(_four_layers(), "reversed", "one too many", "one too few"),
        ),
    ),
    Exercise(
        "convolution-arithmetic-2", "convolution_arithmetic", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("seven rows, kernel 3, stride 2", (7, 3, 2, 1)),
            Case("six rows, kernel 3, stride 2", (6, 3, 2, 1)),
            Case("a kernel smaller than the stride", (5, 1, 2, 1)),
            Case("rows that no window needs", (8, 1, 4, 1)),
            Case("dilation 2", (8, 3, 2, 2)),
        ),
        generate=_layer,
        oracle=lambda *sizes: sizes,
        compare=_smallest_same,
        mistakes=(
            Mistake(
                "stride ignored", lambda i, k, s, d: same_padding(k, d),
                "This is the padding for stride 1. With a larger stride the last window may need less.",
            ),
            Mistake(
                "half the kernel on each side", lambda i, k, s, d: (k // 2, k // 2),
                "Half the kernel on each side is PyTorch's habit. Here the total depends on i and s, and may be odd.",
            ),
            Mistake(
                "odd row before", lambda *sizes: first(_smallest_same, sizes, 20, 2)[::-1],
                "The total is right. If it is odd, the additional row belongs at the end.",
            ),
            Mistake(
                "dilation forgotten", lambda i, k, s, d: first(_smallest_same, (i, k, s, 1), 20, 2),
                "Your padding is that of a kernel without holes. How many rows does it span with dilation?",
            ),
            Mistake(
                "all at the end", lambda *sizes: (0, sum(first(_smallest_same, sizes, 20, 2))),
                "All your rows stand at the end. Half of them belongs before.",
            ),
            Mistake(
                "the total twice", lambda *sizes: (sum(first(_smallest_same, sizes, 20, 2)),) * 2,
                "You gave the total to both sides.",
            ),
            Mistake(
                "half lost", lambda *sizes: (first(_smallest_same, sizes, 20, 2)[0],) * 2,
                "Both of your sides are equal, so an odd total loses a row.",
            ),
            Mistake(
                "even totals", lambda *sizes: (first(_smallest_same, sizes, 20, 2)[1],) * 2,
                "Both of your sides are equal, so an odd total becomes one row too many.",
            ),
            Mistake(
                "negative", lambda i, k, s, d: first(_smallest_same, (i, k, s, d), 20, 2) if d * (k - 1) + 1 >= s
                else (-((i - d * (k - 1) - 1) % s + 1) // 2, -((i - d * (k - 1) - 1) % s // 2)),
                "For a window smaller than its stride your total is negative; nothing is cropped.",
            ),
            Mistake(
                "none", lambda i, k, s, d: (0, 0),
                "Without padding the output is smaller than asked, unless the kernel is small.",
            ),
        ),
    ),
    Exercise(
        "convolution-arithmetic-3", "convolution_arithmetic", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(
            Case("kernel 3, stride 2", (3, 2)), Case("kernel 4, stride 2", (4, 2)),
            Case("kernel 4, stride 3", (4, 3)), Case("kernel 7, stride 3", (7, 3)),
        ),
        generate=_kernel_and_stride,
        oracle=lambda *sizes: sizes,
        compare=_multiplies,
        mistakes=(
            Mistake(
                "half padding", lambda k, s: ((k - 1) // 2, 1),
                "Half padding and one row more is right for odd kernels and stride 2. Solve for p with any k and s.",
            ),
            Mistake(
                "no output padding", lambda k, s: ((k - s) // 2, 0),
                "When k - s is odd, half of it is no integer, and one row is missing or too many.",
            ),
            Mistake("nothing cut", lambda k, s: (0, 0), "Nothing is cut, so the last stamp hangs over by k - s rows."),
            Mistake(
                "rounded down", lambda k, s: ((k - s) // 2, (k - s) % 2),
                "Your padding is rounded down, so a row is too many already, and output padding adds another one.",
            ),
            Mistake("all cut", lambda k, s: (k - s, 0), "You cut k - s rows at both ends. Padding is counted per side."),
            Mistake("exchanged", lambda k, s: ((k - s) % 2, (k - s + 1) // 2), "Padding comes first, then output padding."),
            Mistake(
                "never an odd one", lambda k, s: ((k - s + 1) // 2, 0),
                "When k - s is odd, your padding cuts a row too many, and nothing gives it back.",
            ),
            Mistake(
                "always one", lambda k, s: ((k - s + 1) // 2, 1),
                "You add a row of output padding always. When is one needed?",
            ),
        ),
    ),
    Exercise(
        "convolution-arithmetic-4", "convolution_arithmetic", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("every size of the encoder comes back", (ENCODER,)),),
        oracle=lambda sizes: sizes,
        compare=_meets_the_encoder,
        mistakes=(
            Mistake(
                "always the largest", [[2, 2]] * 3,
                "You restored two rows everywhere. Which remainder did each convolution of the encoder leave?",
            ),
            Mistake(
                "never", [[0, 0]] * 3,
                "Without output padding the sizes come back too small wherever the encoder left a remainder.",
            ),
            Mistake(
                "one number for all", [[1, 1]] * 3,
                "The remainder depends on the size, so it differs from level to level and from rows to columns.",
            ),
            Mistake(
                "order of the encoder", UPWARDS[::-1].tolist(),
                "Your pairs are right and stand in the order of the encoder. The decoder meets the smallest map first.",
            ),
            Mistake(
                "axes exchanged", UPWARDS[:, ::-1].tolist(),
                "Rows and columns of your pairs have changed places.",
            ),
            Mistake(
                "a list an axis", UPWARDS.T.tolist(),
                "You gave a list for each axis. A pair for each layer is asked for.",
            ),
            Mistake(
                "what is left of the stride", (2 - UPWARDS).tolist(),
                "You gave what the remainder lacks of two. The remainder itself is what the floor has dropped.",
            ),
        ),
    ),
    Exercise(
        "convolution-arithmetic-5", "convolution_arithmetic", kind="value", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("the four truth values"),),
        oracle=lambda: [True, False, True, False],
        mistakes=(
            Mistake("all", [True] * 4, "The floor of a sum is not the sum of the floors: try sizes that leave remainders."),
            Mistake(
                "a ceiling cannot be a floor", [False, False, True, False],
                "A ceiling can equal a floor plus one. Write the numerator as q s + r and compute both.",
            ),
            Mistake(
                "none", [False] * 4,
                "At least one of them is the formula of the chapter in other letters. Bring the '+ 1' into the fraction.",
            ),
            Mistake(
                "the other way round", [False, True, False, True],
                "Yours are the formulas that fail. Hand in true for those that agree.",
            ),
            Mistake(
                "the first alone", [True, False, False, False],
                "One more agrees always: what does adding s under the floor do?",
            ),
            Mistake(
                "floors apart", [True, True, True, False],
                "One of your formulas takes two floors apart. Try sizes of which both leave remainders.",
            ),
            Mistake(
                "the other floors apart", [True, False, True, True],
                "One of your formulas takes two floors apart. Try sizes of which both leave remainders.",
            ),
        ),
    ),
    Exercise(
        "convolution-arithmetic-6", "convolution_arithmetic", kind="function", cls="A", minutes=30, difficulty=3, points=5,
        cases=tuple(Case(f"k={k}, s={s}, d={d}", (k, s, d)) for k, s, d in SHARES),
        oracle=lambda k, s, d: SHARES[k, s, d],
        mistakes=(
            Mistake(
                "dilation ignored", lambda k, s, d: min(1, k / s),
                "Your share counts gaps between windows only. What if stride and dilation have a common factor?",
            ),
            Mistake(
                "common factor only", lambda k, s, d: 1 / gcd(s, d),
                "Your share knows the common factor. What if the kernel has too few weights for all the remaining rows?",
            ),
            Mistake(
                "span for size", lambda k, s, d: min(1, (d * (k - 1) + 1) / s),
                "You counted the rows that a window spans. Those in its holes are not read.",
            ),
            Mistake(
                "what is not read", lambda k, s, d: 1 - SHARES[k, s, d],
                "That is the share of the rows that are not read.",
            ),
            Mistake(
                "all", lambda k, s, d: 1,
                "You take all rows for read. Try a stride of 3 and a kernel of 2.",
            ),
            Mistake(
                "more than all", lambda k, s, d: k / s,
                "Your share exceeds one where windows overlap. A row that is read twice is still one row.",
            ),
            *usual(lambda *sizes: SHARES[sizes], "percent", "upside down"),
        ),
    ),
    Exercise(
        "convolution-arithmetic-7", "convolution_arithmetic", kind="open", cls="A", minutes=45, difficulty=3, points=6,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged"),
    6: ("doubled", "halved"),
})  # fmt: skip
