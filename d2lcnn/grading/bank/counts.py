"""Questions on parameters and multiply-adds."""

from math import prod

from d2lcnn.shapes import conv_output_size

from ._question import Question, between, pick

PER_FILTER = "There is one bias for each filter."
ALL_CHANNELS = "A filter has weights for every channel of its input."


def weights(c, filters, k, groups=1):
    """Count the weights of a convolution: the entries of its kernel's array."""
    return prod((filters, c // groups, k, k))


def _channels(rng):
    return {"c": pick(rng, 3, 4, 8, 10, 16, 20), "filters": pick(rng, 6, 12, 24, 30, 32), "k": pick(rng, 3, 5, 7)}


def _groups(rng):
    groups = pick(rng, 2, 4, 8)
    return {"c": groups * between(rng, 2, 6), "filters": groups * between(rng, 3, 8), "k": pick(rng, 3, 5),
            "groups": groups}


def _macs(rng):
    s = pick(rng, 1, 2)
    k = pick(rng, 3, 5)
    return {"i": 4 * between(rng, 3, 8), "c": pick(rng, 3, 8, 10, 16), "filters": pick(rng, 12, 20, 32), "k": k, "s": s,
            "p": k // 2}


def _multiply_adds(i, c, filters, k, s, p):
    return conv_output_size(i, k, s, p) ** 2 * weights(c, filters, k)


def _bottleneck(rng):
    c = pick(rng, 64, 96, 128, 192, 256)
    return {"i": pick(rng, 7, 10, 14, 20), "c": c, "reduced": c // pick(rng, 4, 8), "filters": pick(rng, 32, 64, 128),
            "k": pick(rng, 3, 5)}


def _reduced(i, c, reduced, filters, k):
    return i * i * weights(c, filters, k), i * i * (weights(c, reduced, 1) + weights(reduced, filters, k))


def _head(rng):
    return {"c": pick(rng, 32, 64, 100, 128, 256), "i": between(rng, 4, 8), "classes": pick(rng, 10, 20, 50, 100)}


def _dense(rng):
    i = between(rng, 4, 7)
    return {"u": pick(rng, 10, 20, 50, 100), "c": pick(rng, 8, 16, 32), "i": i, "larger": i + between(rng, 2, 8)}


QUESTIONS = (
    Question(
        "conv-parameters", "Parameters of a convolution", ("parameters", "channels", "bias"), 2, 1, 1, _channels,
        lambda c, filters, k: f"A convolution reads {c} channels and has {filters} filters of {k} by {k}, with biases. "
        "How many parameters does it have? Hand in the number.",
        lambda c, filters, k: weights(c, filters, k) + filters,
        lambda c, filters, k: (
            ("no bias", weights(c, filters, k), "You left the biases out."),
            ("a bias for each pair of channels", weights(c, filters, k) + filters * c, PER_FILTER),
            ("one bias", weights(c, filters, k) + 1, PER_FILTER),
            ("bias of the input", weights(c, filters, k) + c, PER_FILTER),
            ("one channel", filters * (k * k + 1), ALL_CHANNELS),
            ("kernel not squared", filters * (c * k + 1), "A kernel has k rows and k columns."),
        )),
    Question(
        "grouped-parameters", "Parameters with groups", ("parameters", "groups"), 3, 2, 2, _groups,
        lambda c, filters, k, groups: f"A convolution with {groups} groups reads {c} channels and has {filters} "
        f"filters of {k} by {k}, with biases. How many parameters does it have? Hand in the number.",
        lambda c, filters, k, groups: weights(c, filters, k, groups) + filters,
        lambda c, filters, k, groups: (
            ("groups ignored", weights(c, filters, k) + filters, "A filter reads the channels of its own group only."),
            ("divided twice", weights(c, filters, k) // groups**2 + filters, "That is one of the groups, or nearly. "
             "How many weights have all of them together?"),
            ("no bias", weights(c, filters, k, groups), "You left the biases out."),
            ("bias divided, too", (weights(c, filters, k) + filters) // groups, PER_FILTER),
            ("a bias for each group", weights(c, filters, k, groups) + groups, PER_FILTER),
            ("multiplied", weights(c, filters, k) * groups + filters, "Groups make a layer smaller: each filter reads "
             "fewer channels."),
        )),
    Question(
        "separable-parameters", "In two steps", ("parameters", "depthwise separable", "groups"), 4, 2, 2, _channels,
        lambda c, filters, k: f"A layer of {k} by {k} turns {c} channels into {filters}, without biases. How many "
        "weights does it have as an ordinary convolution, and how many as a depthwise convolution followed by a "
        "pointwise one? Hand in a tuple of the two numbers.",
        lambda c, filters, k: (weights(c, filters, k), weights(c, c, k, c) + weights(c, filters, 1)),
        lambda c, filters, k: (
            ("exchanged", (c * k * k + c * filters, c * filters * k * k), "Your two numbers have changed places."),
            ("depthwise only", (c * filters * k * k, c * k * k), "The pointwise convolution has weights, too."),
            ("pointwise only", (c * filters * k * k, c * filters), "The depthwise convolution has weights, too."),
            ("depthwise at the output", (c * filters * k * k, filters * k * k + c * filters), "The depthwise "
             "convolution comes first: it has a kernel for each channel of the input."),
            ("multiplied", (c * filters * k * k, c * k * k * filters * c), "The two steps follow each other: their "
             "weights are added."),
            ("with biases", (c * filters * k * k + filters, c * k * k + c * filters + filters + c), "There are no "
             "biases here."),
        )),
    Question(
        "batch-norm-numbers", "Numbers of batch norm", ("parameters", "batch norm"), 4, 2, 2, _channels,
        lambda c, filters, k: f"A convolution without biases turns {c} channels into {filters} with kernels of {k} by "
        f"{k}; batch norm follows. How many numbers does training change by gradients, in both together, and how many "
        "running means and variances does batch norm keep besides? Hand in a tuple of the two numbers.",
        lambda c, filters, k: (weights(c, filters, k) + 2 * filters, 2 * filters),
        lambda c, filters, k: (
            ("scale only", (weights(c, filters, k) + filters, 2 * filters), "Batch norm learns a scale and a shift for "
             "each channel."),
            ("all learned", (weights(c, filters, k) + 4 * filters, 2 * filters), "Running means and variances get no "
             "gradients."),
            ("means only", (weights(c, filters, k) + 2 * filters, filters), "Besides the means, variances are kept."),
            ("channels of the input", (weights(c, filters, k) + 2 * c, 2 * c), "Batch norm comes behind the "
             "convolution. How many channels are there?"),
            ("with biases", (weights(c, filters, k) + 3 * filters, 2 * filters), "The convolution has no biases here: "
             "batch norm's shift does their work."),
            ("batch norm ignored", (weights(c, filters, k), 2 * filters), "You left out what batch norm learns."),
        )),
    Question(
        "conv-multiply-adds", "Multiply-adds of a convolution", ("multiply-adds", "stride", "output size"),
        4, 2, 2, _macs,
        lambda i, c, filters, k, s, p: f"A convolution reads {c} channels of {i} by {i} and has {filters} filters of "
        f"{k} by {k}, stride {s} and a padding of {p} on each side. How many multiply-adds does it take for one image, "
        "biases aside and windows in the padding counted in full? Hand in the number.",
        _multiply_adds,
        lambda i, c, filters, k, s, p: (
            ("parameters", weights(c, filters, k), "Those are its weights. Each of them works at every place of the "
             "output."),
            ("places of the input", i * i * weights(c, filters, k), "The filters work at the places of the output. How "
             "many does it have with this stride?"),
            ("one channel", conv_output_size(i, k, s, p) ** 2 * filters * k * k, ALL_CHANNELS),
            ("a row of places", conv_output_size(i, k, s, p) * weights(c, filters, k), "Those are the places of one "
             "row."),
            ("counted twice", 2 * _multiply_adds(i, c, filters, k, s, p), "A multiplication and the addition that "
             "belongs to it count as one."),
            ("not padded", conv_output_size(i, k, s) ** 2 * weights(c, filters, k), "You left the padding out."),
        )),
    Question(
        "bottleneck-multiply-adds", "Through the bottleneck", ("multiply-adds", "1x1 convolution", "bottleneck"),
        5, 2, 2, _bottleneck,
        lambda i, c, reduced, filters, k: f"Maps with {c} channels of {i} by {i} shall become {filters} maps of the "
        f"same size by a convolution with a kernel of {k} by {k}. How many multiply-adds does that take directly, and "
        f"how many if a 1x1 convolution makes {reduced} channels of them first? Biases aside; windows in the padding "
        "count in full. Hand in a tuple of the two numbers.",
        _reduced,
        lambda i, c, reduced, filters, k: (
            ("parameters", tuple(n // (i * i) for n in _reduced(i, c, reduced, filters, k)), "Those are the weights. "
             "Each of them works at every place of the output."),
            ("the 1x1 convolution free", (_reduced(i, c, reduced, filters, k)[0], i * i * weights(reduced, filters, k)),
             "The 1x1 convolution has its price, too."),
            ("exchanged", _reduced(i, c, reduced, filters, k)[::-1], "Your two numbers have changed places."),
            ("the 1x1 convolution with a kernel of k", (_reduced(i, c, reduced, filters, k)[0],
             i * i * (weights(c, reduced, k) + weights(reduced, filters, k))), "A 1x1 convolution reads one pixel."),
            ("counted twice", tuple(2 * n for n in _reduced(i, c, reduced, filters, k)), "A multiplication and the "
             "addition that belongs to it count as one."),
        )),
    Question(
        "head-parameters", "Flatten or average", ("parameters", "global average pooling", "dense layer"),
        4, 1, 2, _head,
        lambda c, i, classes: f"The last maps of a network are {c} channels of {i} by {i}; {classes} classes are told "
        "apart by one dense layer with biases. How many parameters does it have if the maps are flattened, and how "
        "many behind global average pooling? Hand in a tuple of the two numbers.",
        lambda c, i, classes: ((c * i * i + 1) * classes, (c + 1) * classes),
        lambda c, i, classes: (
            ("exchanged", ((c + 1) * classes, (c * i * i + 1) * classes), "Your two numbers have changed places."),
            ("no bias", (c * i * i * classes, c * classes), "You left the biases out."),
            ("one bias", (c * i * i * classes + 1, c * classes + 1), "There is one bias for each class."),
            ("channels averaged", ((c * i * i + 1) * classes, (i * i + 1) * classes), "Global average pooling keeps "
             "the channels and averages the places."),
            ("nothing to learn", ((c * i * i + 1) * classes, 0), "Pooling learns nothing, but the dense layer behind "
             "it does."),
            ("one row flattened", ((c * i + 1) * classes, (c + 1) * classes), "A map has rows and columns."),
        )),
    Question(
        "stacked-kernels", "One large kernel or several small ones", ("parameters", "receptive field", "vgg"), 4, 2, 2,
        lambda rng: {"c": pick(rng, 8, 10, 16, 20, 32, 64), "depth": between(rng, 2, 5)},
        lambda c, depth: f"{depth} convolutions of 3 by 3 with stride 1 follow each other; there are {c} channels "
        "before and after each of them, and no biases. How many weights are there in all of them, and how many in the "
        "one convolution, channels as before, whose output sees as many pixels? Hand in a tuple of the two numbers.",
        lambda c, depth: (depth * weights(c, c, 3), weights(c, c, 2 * depth + 1)),
        lambda c, depth: (
            ("exchanged", (weights(c, c, 2 * depth + 1), depth * weights(c, c, 3)), "Your two numbers have changed "
             "places."),
            ("kernels added", (depth * weights(c, c, 3), weights(c, c, 3 * depth)), "Fields overlap: each layer adds "
             "two pixels."),
            ("one layer", (weights(c, c, 3), weights(c, c, 2 * depth + 1)), "That is one of the small ones. There are "
             "several."),
            ("channels once", (depth * c * 9, c * (2 * depth + 1) ** 2), ALL_CHANNELS),
            ("first layer not counted", (depth * weights(c, c, 3), weights(c, c, 2 * depth - 1)), "The first layer "
             "sees three pixels, and each further one adds two."),
        )),
    Question(
        "dense-as-convolution", "A dense layer that slides", ("dense layer", "output size", "parameters"),
        5, 2, 2, _dense,
        lambda u, c, i, larger: f"A dense layer with {u} outputs and without biases takes {c} maps of {i} by {i}, "
        f"flattened. The same weights, written as a convolution without padding, run over maps of {larger} by "
        f"{larger}. How many weights are they, and how many numbers come out? Hand in a tuple of the two numbers.",
        lambda u, c, i, larger: (weights(c, u, i), u * conv_output_size(larger, i) ** 2),
        lambda u, c, i, larger: (
            ("weights grow", (u * c * larger**2, u * conv_output_size(larger, i) ** 2), "The weights are those of the "
             "dense layer. Larger maps do not change them."),
            ("as before", (weights(c, u, i), u), "On larger maps the window has several places."),
            ("one map", (weights(c, u, i), conv_output_size(larger, i) ** 2), "Each place gives as many numbers as the "
             "dense layer had outputs."),
            ("first place forgotten", (weights(c, u, i), u * (larger - i) ** 2), "One row and one column of places are "
             "missing: the first place counts, too."),
            ("one channel", (u * i * i, u * conv_output_size(larger, i) ** 2), ALL_CHANNELS),
            ("a row of places", (weights(c, u, i), u * conv_output_size(larger, i)), "Those are the places of one "
             "row."),
        )),
)
