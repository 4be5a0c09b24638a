"""Exercises of the chapter "Designing and sizing a network"."""

from bisect import bisect_right

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake, unordered
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.shapes import Window, conv_output_size, receptive_field

LIMITS = {"parameters": 100_000, "multiply-adds": 10_000_000, "least": 9_000_000, "field": 28}  # of exercise 4
OURS = (((1, 52), (1, 68), (1, 108)), ((3, 12), (3, 32), (3, 56)))  # plans of the chapter that the limits allow
LARGEST = 260  # inputs tried by the oracle of exercise 2


def cost(blocks, *, side=28, channels=1, classes=10, biases=True, flat=True, pooled=True, norm=False):
    """Count parameters and multiply-adds of a plan of 3x3 convolutions.

    Parameters
    ----------
    blocks : sequence of (int, int)
        Convolutions and channels of each block.
    side, channels, classes : int
    biases, norm : bool
        Whether a convolution has a bias a map, or a scale and a shift of batch norm.
    flat : bool
        The dense layer reads all places of the last, pooled maps, else one mean of each map, which is not pooled.
    pooled : bool
        Whether blocks are closed by a pooling at all.

    Returns
    -------
    (int, int)

    Examples
    --------
    >>> cost(((1, 8), (1, 16)))
    (9098, 290080)
    """
    parameters = macs = 0
    for place, (count, width) in enumerate(blocks):
        if place and pooled:
            side //= 2
        for _ in range(count):
            parameters += (9 * channels + biases + 2 * norm) * width
            macs += side**2 * 9 * channels * width
            channels = width
    units = channels * (side // 2 if pooled else side) ** 2 if flat else channels
    return parameters + (units + biases) * classes, macs + units * classes


COLOUR = ((2, 8), (1, 16))  # exercise 1, on images of 3 x 32 x 32


def _colour(blocks=COLOUR, **change):
    return cost(blocks, **{"side": 32, "channels": 3} | change)


def _without_dense():
    parameters, macs = _colour()
    return parameters - 10 * (16 * 64 + 1), macs - 10 * 16 * 64


def _extent(windows, outputs):
    """Find the inputs that make so many outputs by trying all of them."""
    def made(i):
        for k, s in windows:
            if i < k:
                return 0
            i = conv_output_size(i, int(k), int(s))
        return i

    fitting = [i for i in range(1, LARGEST) if made(i) == outputs]
    return fitting[0], fitting[-1]


def _stack(rng):
    return (tuple((int(rng.integers(1, 6)), int(rng.integers(1, 4))) for _ in range(rng.integers(1, 4))),
            int(rng.integers(1, 8)))


def _largest(memory, parameters, each, m):
    """Find the last batch whose bill fits by bisection."""
    return max(0, bisect_right(range(10**9), memory, key=lambda b: (8 + 4 * m) * parameters + b * each) - 1)


def _budget(rng):
    return (int(rng.integers(10**8, 10**9)), int(rng.integers(10**5, 10**7)), int(rng.integers(10**4, 10**6)),
            int(rng.integers(0, 3)))


def _in_budget(blocks, _):
    """The property asked in exercise 4."""
    try:
        rows = [(int(n), int(c)) for n, c in np.asarray(blocks).tolist()]
    except (TypeError, ValueError):
        return False
    if not rows or min(min(row) for row in rows) < 1 or len(rows) > 5 or tuple(rows) in OURS:
        return False
    parameters, macs = cost(rows, biases=False, norm=True, flat=False)
    windows = [w for n, _ in rows for w in (*[Window(3, p=1)] * n, Window(2, 2))][:-1]
    return (parameters + 10 <= LIMITS["parameters"] and LIMITS["least"] <= macs <= LIMITS["multiply-adds"]
            and receptive_field(windows).size >= LIMITS["field"])


def _inner(side, read, made):
    """Count weights, multiply-adds and activations of a 3x3 convolution inside a network."""
    return np.array([9 * read * made, 9 * read * made * side**2, made * side**2])


def _six(**change):
    """Name the six factors of exercise 5, for twice the side (i) and twice the channels (c), some of them changed."""
    once, side, wide = _inner(8, 4, 4), _inner(16, 4, 4), _inner(8, 8, 8)
    names = ("weights_i", "macs_i", "maps_i", "weights_c", "macs_c", "maps_c")
    right = dict(zip(names, map(int, [*side // once, *wide // once]), strict=True))
    return tuple((right | change).values())


LOWER = ["b", "c", "d", "f"]  # exercise 6

EXERCISES = [
    Exercise(
        "designing-a-network-1", "designing_a_network", kind="value", cls="P", minutes=12, difficulty=1, points=3,
        cases=(Case("parameters and multiply-adds"),),
        oracle=lambda: _colour(),
        mistakes=(
            Mistake("no biases", _colour(biases=False), "You left out the biases: one for each map, one for each class."),
            Mistake("grey images", _colour(channels=1), "Your first convolution reads one channel. How many has a colour image?"),
            Mistake("one convolution each", _colour(((1, 8), (1, 16))), "The first block has two convolutions. What does its second one read?"),
            Mistake("three convolutions", _colour(((2, 8), (2, 16))), "The second block has one convolution; you counted two."),
            Mistake("never halved", _colour(pooled=False), "Your maps keep 32 rows. Each block ends with a pooling by 2."),
            Mistake("a mean", _colour(flat=False), "Your dense layer reads one number of each map. In `plan` it reads all places of the last maps."),
            Mistake("no dense layer", _without_dense(), "The dense layer is missing, in both counts."),
            Mistake("small images", _colour(side=28), "You counted for images of 28 by 28. These have 32."),
            Mistake("work in one place", (_colour()[0], _colour()[0]), "Multiply-adds of a convolution are its products in one place, times the number of places."),
            Mistake("parameters only", (_colour()[0], _without_dense()[1]), "Your parameters are right. The dense layer multiplies as well."),
        ),
        hints=(
            "Write a row for each layer with weights: what it reads, what it makes, how large its maps are.",
            "A kernel of 3 by 3 has 9 weights for each channel that it reads, and each of the maps it makes has one bias.",
            "Begin with the first convolution: 3 channels in, 8 out, 32 by 32 places.",
        ),
    ),
    Exercise(
        "designing-a-network-2", "designing_a_network", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(
            Case("one layer", (((5, 2),), 3)),
            Case("the three layers of the chapter", (((5, 2), (3, 2), (3, 2)), 4)),
            Case("the first two of AlexNet", (((11, 4), (3, 2)), 27)),
            Case("a small kernel with a large stride", (((1, 3), (2, 1)), 2)),
        ),
        generate=_stack,
        oracle=_extent,
        mistakes=(
            Mistake("the smallest twice", lambda windows, o: (_extent(windows, o)[0],) * 2, "Your second number is the first again. How many rows may the last step leave unread?"),
            Mistake("the largest twice", lambda windows, o: (_extent(windows, o)[1],) * 2, "Your first number is the second again. Which input leaves no row unread?"),
            Mistake("forwards", lambda windows, o: _extent(windows[::-1], o), "You went through the layers in the order of the forward pass. Start from what is known, the output."),
            Mistake("one window more", lambda windows, o: _extent(windows, o + 1), "You counted one window too many: between o windows there are fewer steps than o."),
            Mistake("one window less", lambda windows, o: _extent(windows, max(1, o - 1)), "You counted one window too few: o windows have o - 1 steps between them, and the first window before them."),
            Mistake("first layer alone", lambda windows, o: _extent(windows[:1], o), "You undid one layer. Each of them has to be undone."),
            Mistake("last layer alone", lambda windows, o: _extent(windows[-1:], o), "You undid one layer. Each of them has to be undone."),
            Mistake("largest too large", lambda windows, o: (_extent(windows, o)[0], _extent(windows, o)[1] + 1), "Your second number is one too large: with that input there is room for another window."),
            Mistake("a single output", lambda windows, o: _extent(windows, 1), "Your answer does not depend on o: it is that for a single output."),
            Mistake("nothing comes out", lambda windows, o: _extent(windows, 0), "From your sizes nothing comes out at all. How many pixels does the first window need?"),
            Mistake("strides of one", lambda windows, o: _extent([*zip(next(zip(*windows, strict=True)), (1,) * len(windows), strict=True)], o), "Your windows move by one pixel. Each layer has a stride of its own."),
        ),
        hints=(
            "Go backwards: if a layer makes o outputs, how few and how many inputs can it have had?",
            "With o windows there are o - 1 steps between them. The rest that is not read is smaller than the stride.",
            "Write down the smallest and the largest input of the last layer, then take each as the output of the layer before.",
        ),
    ),
    Exercise(
        "designing-a-network-3", "designing_a_network", kind="function", cls="P", minutes=10, difficulty=1, points=2,
        cases=(
            Case("a small network with momentum", (10_000_000, 100_000, 50_000, 1)),
            Case("Adam", (100_000_000, 5_000_000, 300_000, 2)),
            Case("plain gradient descent", (1_000_000, 50_000, 30_000, 0)),
            Case("to the last byte", (1_000_000, 50_000, 60_000, 0)),
            Case("no room for a single picture", (1_000_000, 100_000, 50_000, 1)),
        ),
        generate=_budget,
        oracle=_largest,
        mistakes=(
            Mistake("no gradients", lambda memory, p, a, m: max(0, (memory - 4 * p * (1 + m)) // a), "You counted the parameters once, and what the optimizer remembers. Weights *and* gradients stand there."),
            Mistake("one byte a number", lambda memory, p, a, m: _largest(memory, p // 4, a, m), "A parameter takes four bytes."),
            Mistake("no optimizer", lambda memory, p, a, m: _largest(memory, p, a, 0), "You forgot what the optimizer remembers."),
            Mistake("optimizer alone", lambda memory, p, a, m: _largest(memory + 8 * p, p, a, m), "You counted what the optimizer remembers. The weights and their gradients stand there as well."),
            Mistake("activations only", lambda memory, p, a, m: memory // a, "You gave all the room to activations. What stands there whatever the batch?"),
            Mistake("below zero", lambda memory, p, a, m: (memory - (8 + 4 * m) * p) // a, "If not even the parameters fit, your batch is negative."),
            Mistake("rounded up", lambda memory, p, a, m: _largest(memory, p, a, m) + 1, "Your batch is one picture too large: it does not fit."),
            Mistake("strictly below", lambda memory, p, a, m: _largest(memory - 1, p, a, m), "A batch that fills the memory to the last byte fits."),
            Mistake("all activations doubled", lambda memory, p, a, m: _largest(memory, p, 2 * a, m), "You doubled the activations. Gradients of maps come and go; they are not kept."),
            Mistake("Adam always", lambda memory, p, a, m: _largest(memory, p, a, 2), "Your optimizer always remembers two values. Here it remembers m."),
            Mistake("one value always", lambda memory, p, a, m: _largest(memory, p, a, 1), "Your optimizer always remembers one value. Here it remembers m."),
            Mistake("at least one", lambda memory, p, a, m: max(1, _largest(memory, p, a, m)), "If no picture fits, the answer is 0, and yours is 1."),
            Mistake("five bytes", lambda memory, p, a, m: max(0, (memory - 5 * p * (2 + m)) // a), "A parameter takes four bytes, and yours takes five."),
            Mistake("one copy too many", lambda memory, p, a, m: _largest(memory, p, a, m + 1), "You counted one copy of the parameters too many: weights, gradients, and m values."),
            Mistake("bracket lost", lambda memory, p, a, m: max(0, (memory - 4 * p * 2 - m) // a), "What the optimizer remembers is m values *for each parameter*, of four bytes."),
            Mistake("copies added", lambda memory, p, a, m: max(0, (memory - (4 * p + 2 + m)) // a), "You added the number of copies to the parameters. Each parameter stands there 2 + m times."),
            Mistake("bytes added", lambda memory, p, a, m: max(0, (memory - (4 + p) * (2 + m)) // a), "You added 4 to the parameters. Each of them takes four bytes."),
            Mistake("copies multiplied", lambda memory, p, a, m: max(0, (memory - 4 * p * (2 * m)) // a), "You multiplied 2 by m. There are two copies, and m more."),
            Mistake("optimizer given back", lambda memory, p, a, m: max(0, (memory - 4 * p * (2 - m)) // a), "Your optimizer gives memory back. It takes some."),
            Mistake("parameters given back", lambda memory, p, a, m: max(0, (memory + 4 * p * (2 + m)) // a), "You added the parameters' memory to the card's. It is taken away."),
            Mistake("parameters and activations added", lambda memory, p, a, m: max(0, memory - 4 * p * (2 + m) + a), "You have the room for pictures; how many of A bytes go into it?"),
            Mistake("multiplied by the activations", lambda memory, p, a, m: max(0, (memory - 4 * p * (2 + m)) * a), "You multiplied the room by the bytes of a picture. How many pictures go into it?"),
            Mistake("activations of one byte", lambda memory, p, a, m: max(0, memory - 4 * p * (2 + m)), "You found the room for pictures, in bytes. How many pictures of A bytes go into it?"),
            Mistake("letters exchanged", lambda memory, p, a, m: max(0, (memory - 4 * a * (2 + m)) // p), "You took P for the activations and A for the parameters."),
            Mistake("parameters and values exchanged", lambda memory, p, a, m: max(0, (memory - 4 * m * (2 + p)) // a), "You took P for m: 2 + m copies of P parameters, not the other way round."),
            Mistake("one parameter", lambda memory, p, a, m: _largest(memory, 1, a, m), "Your answer does not depend on the number of parameters."),
            Mistake("never fits", lambda memory, p, a, m: 0, "You always say that nothing fits. In the first case ten million bytes meet parameters of little more than one."),
            Mistake("batch not rounded", lambda memory, p, a, m: max(0.0, (memory - (8 + 4 * m) * p) / a), "A batch is a whole number of pictures."),
        ),
        hints=(
            "First take away what stands there whatever the batch; the rest is for pictures.",
            "Each parameter stands there as a weight, as a gradient and m times in the optimizer, 4 bytes each time.",
            "Write the bill as fixed + B * A and ask for the largest whole B that keeps it within the memory.",
        ),
    ),
    Exercise(
        "designing-a-network-4", "designing_a_network", kind="value", cls="A", minutes=25, difficulty=2, points=4,
        cases=(Case("a plan of your own within the limits", (tuple(LIMITS.values()),)),),
        oracle=lambda limits: limits,
        compare=_in_budget,
        mistakes=(
            Mistake("our hall", OURS[0], "That is our hall. Its field is smaller than the image, too. Draw a plan of your own."),
            Mistake("our tower", OURS[1], "That is our tower. Draw a plan of your own."),
            Mistake("a wider tower", ((3, 16), (3, 32), (3, 64)), "That is above the limits: change the widths a little, or move them to where they are cheaper."),
            Mistake("VGG in small", ((2, 16), (2, 32), (2, 64)), "That leaves a good part of the work unspent. Which layers would give you most for it?"),
            Mistake("no pooling", ((5, 14),), "Without pooling the field grows slowly: five convolutions see eleven pixels."),
            Mistake("a bungalow", ((1, 16), (1, 32), (1, 64)), "Most of the budget is left, and an output sees 18 of 28 pixels."),
            Mistake("all at the top", ((1, 8), (1, 16), (4, 52)), "Late layers cost parameters and little work. Yours leaves most of the multiply-adds unspent."),
        ),
        hints=(
            "Let the computer count: a function that prints parameters, multiply-adds and field of a plan turns this into play.",
            "A layer on large maps is paid for in work, a layer on small maps in parameters. You have to spend both.",
            "Fix how many convolutions each block has, so that the field is right; then turn at one width at a time.",
        ),
    ),
    Exercise(
        "designing-a-network-5", "designing_a_network", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("six factors"),),
        oracle=lambda: _six(),
        mistakes=(
            Mistake("parameters follow the image", _six(weights_i=4), "A kernel is used at every place. Does it become another one when there are more places?"),
            Mistake("linear in the side", _six(macs_i=2, maps_i=2), "Twice the side: how many times the places?"),
            Mistake("linear in the channels", _six(weights_c=2, macs_c=2), "The layer reads twice the channels *and* makes twice the channels."),
            Mistake("activations squared", _six(maps_c=4), "Activations are counted in what a layer makes; what it reads does not multiply them."),
            Mistake("the halves exchanged", (*_six()[3:], *_six()[:3]), "Your numbers are right, but the doubled image comes first, then the doubled channels."),
            Mistake("no growth of work", _six(macs_i=1), "The products at one place stay the same when the image grows. How many places are there?"),
            Mistake("channels leave the work", _six(macs_c=2), "A place costs one product for each pair of a channel read and a channel made."),
            *usual(_six(), "reversed", "rotated", "exchanged", "one too many", "one too few"),
        ),
        hints=(
            "Look at the three formulas of the bill, and replace one letter at a time by its double.",
            "Twice the side is twice o. Twice the channels is twice both of the letters for channels.",
            "In the formula for parameters there is no o: that is the first factor.",
        ),
    ),
    Exercise(
        "designing-a-network-6", "designing_a_network", kind="value", cls="A", minutes=12, difficulty=2, points=3,
        cases=(Case("the list of letters"),),
        oracle=lambda: LOWER,
        compare=unordered,
        mistakes=(
            Mistake("a smaller rate", ["a", *LOWER], "The learning rate is one number that scales the step. What would it shrink?"),
            Mistake("validation too", [*LOWER, "e"], "Validation does not stand there at the same time as the training step."),
            Mistake("optimizer forgotten", [c for c in LOWER if c != "b"], "Look at the third item of the bill again."),
            Mistake("accumulation forgotten", [c for c in LOWER if c != "c"], "How many pictures are in the forward pass at the same time?"),
            Mistake("frozen forgotten", [c for c in LOWER if c != "d"], "Which of the four items does a frozen layer still need?"),
            Mistake("checkpoints forgotten", [c for c in LOWER if c != "f"], "What is computed twice need not be kept."),
            Mistake("all", ["a", "b", "c", "d", "e", "f"], "Two of the six change nothing at the summit."),
            Mistake("activations alone", ["c", "f"], "These two shrink the activations. The bill has more items, and one more of the six shrinks several."),
        ),
        hints=(
            "Go through the four items of the bill for each of the six, and ask at which moment the summit is.",
            "Memory is a matter of what stands there at the same time, not of how often something is done.",
            "Begin with the one that changes the number of pictures in a forward pass.",
        ),
    ),
    Exercise(
        "designing-a-network-7", "designing_a_network", kind="open", cls="A", minutes=90, difficulty=3, points=8,
        hints=(
            "Tune first, on validation images: a good plan with a bad rate loses to a poor plan with a good one.",
            "Use the same images, epochs and seeds as the table, or the comparison is between recipes.",
            "Run one seed at three rates, and look where the best lies, before you plan the rest.",
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("reversed", "one too many", "one too few", "doubled", "halved", "opposite sign"),
    2: ("reversed", "one too many", "one too few", "doubled"),
    3: ("doubled", "one too few", "opposite sign"),
})  # fmt: skip
