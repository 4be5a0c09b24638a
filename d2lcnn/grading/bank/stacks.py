"""Questions on stacks of layers: sizes on the way, receptive fields."""

from itertools import count

from d2lcnn.shapes import Window, conv_output_size, pool_output_size, receptive_field

from ._question import Question, between, pick
from .sizes import FIRST_PLACE, NO_PADDING, ONE_SIDE, TOO_MANY, windows


def _layers(rng):
    return {"layers": tuple((pick(rng, 2, 3, 5), between(rng, 1, 2)) for _ in range(3)), "o": between(rng, 2, 6)}


def listed(layers):
    """Say the layers of a stack in a line."""
    return "; then ".join(f"kernel {k}, stride {s}" for k, s in layers)


def _rows_of(i, layers):
    for k, s in layers:
        if k > i:
            return 0
        i = conv_output_size(i, k, s)
    return i


def _smallest(layers, o):
    return next(i for i in count(1) if _rows_of(i, layers) == o)


def _backwards(layers, o, more):
    for k, s in reversed(layers):
        o = more(o, k, s)
    return o


def _turns(rng):
    return {"i": between(rng, 28, 64), "k": pick(rng, 3, 5), "p": between(rng, 0, 1), "m": between(rng, 2, 3),
            "k2": pick(rng, 2, 3), "s2": 2}


def _in_turn(i, k, p, m, k2, s2, ceil_mode=False, s=None, twice=2):
    first = windows(i + twice * p, k)
    second = pool_output_size(first, m, s, ceil_mode=ceil_mode)
    return first, second, conv_output_size(second, k2, s2)


def _stack(rng):
    depth = between(rng, 3, 4)
    strided = between(rng, 0, depth - 2)  # one at least, below the last layer
    return {"layers": (*((pick(rng, 2, 3, 5), 2 if n == strided else between(rng, 1, 2)) for n in range(depth - 1)),
                       (3, 1))}


def _size(layers):
    return receptive_field([Window(*layer) for layer in layers]).size


def _size_and_jump(layers):
    return receptive_field([Window(*layer) for layer in layers])[:2]


def _field(rng):
    k, k2 = pick(rng, 3, 5), pick(rng, 3, 5)
    return {"k": k, "s": between(rng, 2, 3), "p": k // 2, "k2": k2, "s2": between(rng, 1, 2),
            "p2": between(rng, 0, k2 // 2), "j": between(rng, 3, 9)}


def _seen(k, s, p, k2, s2, p2, j):
    """First and last pixel that output j sees."""
    size, jump, start = receptive_field([Window(k, s, p), Window(k2, s2, p2)])
    return start + j * jump, start + j * jump + size - 1


def _dilations(k, dilations):
    return receptive_field([Window(k, 1, 0, d) for d in dilations]).size


def _doubling(k, depth):
    return _dilations(k, [2**level for level in range(depth)])


def _least_depth(k, n, size=lambda k, depth: depth * (k - 1) + 1):
    return next(depth for depth in count(1) if size(k, depth) >= n)


def _halvings(rng):
    halvings = between(rng, 3, 5)
    return {"halvings": halvings, "i": 2**halvings * between(rng, 3, 14)}


QUESTIONS = (
    Question(
        "sizes-in-turn", "Three layers, one after the other", ("output size", "pooling", "padding", "stride"), 5, 1, 2,
        _turns,
        lambda i, k, p, m, k2, s2: f"An image of {i} by {i} goes through a convolution with a kernel of {k} by {k}, "
        f"stride 1 and padding {p}; then through `nn.MaxPool2d({m})`; then through a convolution with a kernel of {k2} "
        f"by {k2} and stride {s2}, without padding. How many rows are there after each of the three? Hand in a tuple "
        "of three numbers.",
        _in_turn,
        lambda i, k, p, m, k2, s2: (
            ("pooling with stride 1", _in_turn(i, k, p, m, k2, s2, s=1), "The stride of pooling is that of its window "
             "where none is given."),
            ("pooling rounded up", _in_turn(i, k, p, m, k2, s2, ceil_mode=True), TOO_MANY),
            ("padded on one side", _in_turn(i, k, p, m, k2, s2, twice=1), ONE_SIDE),
            ("not padded", _in_turn(i, k, p, m, k2, s2, twice=0), NO_PADDING),
            ("first place forgotten", (*_in_turn(i, k, p, m, k2, s2)[:2], _in_turn(i, k, p, m, k2, s2)[2] - 1),
             FIRST_PLACE),
            ("reversed", _in_turn(i, k, p, m, k2, s2)[::-1], "Your numbers are right and stand in reverse order."),
        )),
    Question(
        "smallest-image", "The smallest image that will do", ("output size", "stride", "receptive field"), 6, 3, 3,
        _layers,
        lambda layers, o: f"Three convolutions without padding follow each other: {listed(layers)}. How many rows must "
        f"an image have at least, so that the last output has {o} rows? Hand in the number.",
        _smallest,
        lambda layers, o: (
            ("strides times rows", _backwards(layers, o, lambda o, k, s: o * s + k), "Going back a layer, o windows "
             "have o - 1 strides between them, and one kernel."),
            ("field of one output", _smallest(layers, 1), "That is what a single row of the last output sees."),
            ("strides ignored", _backwards(layers, o, lambda o, k, s: o + k - 1), "You let all windows move by one."),
            ("order upside down", _smallest(layers[::-1], o), "Go back from the last layer to the first."),
            ("kernels ignored", _backwards(layers, o, lambda o, k, s: o * s), "The strides are right; each layer takes "
             "a border away, too."),
            ("largest image", _backwards(layers, o, lambda o, k, s: (o - 1) * s + k + s - 1), "An image with fewer "
             "rows gives as many: leave no rows over."),
        )),
    Question(
        "receptive-field", "What one output sees", ("receptive field", "jump", "stride"), 5, 2, 2, _stack,
        lambda layers: f"Convolutions follow each other, from the image upwards: {listed(layers)}. How many pixels "
        "along an axis does one output of the last layer see, and by how many pixels is the field of its neighbour "
        "shifted? Hand in a tuple of the two numbers.",
        _size_and_jump,
        lambda layers: (
            ("strides ignored", (_size([(k, 1) for k, _ in layers]), _size_and_jump(layers)[1]), "Your field grows by "
             "k - 1 at every layer. Behind a stride each step upstairs is several pixels downstairs."),
            ("a layer's own stride", (1 + sum((k - 1) * s for k, s in layers), _size_and_jump(layers)[1]), "You "
             "multiplied by each layer's own stride. What counts is the product of the strides below it."),
            ("its own stride too", (1 + sum((layers[n][0] - 1) * _size_and_jump(layers[:n + 1])[1]
                                            for n in range(len(layers))), _size_and_jump(layers)[1]),
             "You let a layer's own stride widen its own field. It widens those of the layers above."),
            ("order upside down", _size_and_jump(layers[::-1]), "You went through the layers from the top."),
            ("sum of kernels", (sum(k for k, _ in layers), _size_and_jump(layers)[1]), "The fields of neighbours "
             "overlap: a layer adds k - 1, not k."),
            ("strides added", (_size(layers), sum(s for _, s in layers)), "The distance multiplies from layer to "
             "layer."),
        )),
    Question(
        "field-of-output", "Which pixels are they", ("receptive field", "padding", "jump"), 8, 3, 3, _field,
        lambda k, s, p, k2, s2, p2, j: "Two convolutions follow each other along an axis: the first with kernel "
        f"{k}, stride {s} and padding {p} on each side; the second with kernel {k2}, stride {s2} and padding {p2} on "
        f"each side. Pixels and outputs are counted from 0. Which are the first and the last pixel that output {j} of "
        "the second one sees? Hand in a tuple of the two numbers.",
        _seen,
        lambda k, s, p, k2, s2, p2, j: (
            ("padding ignored", _seen(k, s, 0, k2, s2, 0, j), "Padding shifts the field towards the beginning."),
            ("padding of the first only", _seen(k, s, p, k2, s2, 0, j), "You left the second layer's padding out."),
            ("padding not scaled", tuple(end + p2 * (s - 1) for end in _seen(k, s, p, k2, s2, p2, j)), "A row of "
             "padding of the second layer is as wide as the first layer's stride, in pixels."),
            ("counted from 1", _seen(k, s, p, k2, s2, p2, j - 1), "You counted outputs from 1."),
            ("last too far", (_seen(k, s, p, k2, s2, p2, j)[0], _seen(k, s, p, k2, s2, p2, j)[1] + 1), "The first "
             "pixel is one of the field's, so the last one is size - 1 further."),
            ("strides ignored", _seen(k, 1, p, k2, 1, p2, j), "Your fields are neighbours one pixel apart."),
        )),
    Question(
        "doubled-dilations", "Dilations that double", ("receptive field", "dilation"), 4, 2, 2,
        lambda rng: {"k": between(rng, 2, 7), "depth": between(rng, 3, 7)},
        lambda k, depth: f"{depth} convolutions of stride 1 follow each other, each with a kernel of {k} along an "
        f"axis. Their dilations are 1, 2, 4 and so on, up to {2 ** (depth - 1)}. How many pixels along an axis does "
        "one output of the last one see? Hand in the number.",
        _doubling,
        lambda k, depth: (
            ("dilation ignored", depth * (k - 1) + 1, "Your kernels have no holes."),
            ("centre forgotten", _doubling(k, depth) - 1, "Each layer adds to a field that begins with one pixel."),
            ("last layer only", _dilations(k, [2 ** (depth - 1)]), "That is the span of the last kernel. The layers "
             "below widen each of its taps."),
            ("dilations of 2", _dilations(k, [2] * depth), "You let every layer have dilation 2."),
            ("one level more", _doubling(k, depth + 1), "The first dilation is 1, so the last one is smaller than you "
             "took it for."),
            ("spans added", sum(2**level * (k - 1) + 1 for level in range(depth)), "Fields overlap: a layer adds its "
             "span less one."),
        )),
    Question(
        "layers-needed", "Deep enough", ("receptive field", "depth", "dilation"), 4, 2, 2,
        lambda rng: {"k": pick(rng, 3, 5, 7), "n": between(rng, 30, 120)},
        lambda k, n: f"Convolutions with kernels of {k} by {k} and stride 1 follow each other. How many are needed at "
        f"least, so that one output sees {n} pixels or more along an axis: without dilation, and with the dilations 1, "
        "2, 4 and so on, doubled from layer to layer? Hand in a tuple of the two numbers.",
        lambda k, n: (_least_depth(k, n), _least_depth(k, n, _doubling)),
        lambda k, n: (
            ("k each", (-(-n // k), _least_depth(k, n, _doubling)), "Neighbouring fields overlap: a layer adds k - 1 "
             "pixels, not k."),
            ("rounded down", ((n - 1) // (k - 1), _least_depth(k, n, _doubling)), "With so many layers a few pixels "
             "are missing still."),
            ("exchanged", (_least_depth(k, n, _doubling), _least_depth(k, n)), "Your two numbers have changed places."),
            ("the same", (_least_depth(k, n),) * 2, "With doubled dilations each layer adds twice of what the one "
             "below has added."),
            ("one level too few", (_least_depth(k, n), _least_depth(k, n, _doubling) - 1), "With one layer more, the "
             "dilations would reach far enough."),
        )),
    Question(
        "total-stride", "Down by halves", ("stride", "jump", "output size"), 2, 1, 1, _halvings,
        lambda halvings, i: f"A network for images of {i} by {i} has {halvings} layers of stride 2, each with padding "
        "so that it halves the size exactly; its other layers keep it. By how many pixels of the image are the fields "
        "of two neighbours on the last feature map shifted, and how many places are on the map, rows times columns? "
        "Hand in a tuple of the two numbers.",
        lambda halvings, i: (
            receptive_field([Window(3, 2, 1)] * halvings).jump,
            (i // receptive_field([Window(3, 2, 1)] * halvings).jump) ** 2,
        ),
        lambda halvings, i: (
            ("strides added", (2 * halvings, (i // (2 * halvings)) ** 2), "Strides multiply from layer to layer."),
            ("a row of places", (2**halvings, i // 2**halvings), "That is one row of places. The map has as many "
             "rows."),
            ("places halved", (2**halvings, i * i // 2**halvings), "Rows and columns are halved, both of them."),
            ("one halving less", (2 ** (halvings - 1), (i // 2 ** (halvings - 1)) ** 2), "Count the layers of stride 2 "
             "again: the first one halves, too."),
        )),
)
