"""Questions on sizes: convolution, pooling, padding, transposed convolution."""

from operator import floordiv

from d2lcnn.shapes import (
    conv_output_size,
    conv_transpose_output_size,
    effective_kernel_size,
    pool_output_size,
    same_padding,
)

from ._question import Question, between, pick

ONE_SIDE = "You added the padding once. It is added on both sides."
NO_PADDING = "You left the padding out."
NO_STRIDE = "You moved the window by one pixel. By how many does it move here?"
FIRST_PLACE = "One window is missing: the first place counts too, so one is added after the division."
TOO_MANY = "You rounded up. A window that hangs over the end does not count."


def windows(i, span, s=1):
    """Count windows without a check of the sizes: mistakes may ask for what does not fit."""
    return floordiv(i - span, s) + 1


def _output_size(rng):
    k = pick(rng, 3, 5, 7)
    return {"i": between(rng, 20, 64), "k": k, "s": between(rng, 2, 4), "p": between(rng, 1, k // 2)}


def _dilated(rng):
    return {"i": between(rng, 30, 64), "k": pick(rng, 3, 5), "s": between(rng, 1, 3), "p": between(rng, 0, 4),
            "d": between(rng, 2, 4)}


def _shape(rng):
    kh = pick(rng, 1, 3, 5)
    return {"n": pick(rng, 4, 8, 16, 32), "c": pick(rng, 2, 3, 4), "h": between(rng, 20, 40), "w": between(rng, 41, 64),
            "filters": pick(rng, 6, 8, 12, 24), "kh": kh, "kw": kh + pick(rng, 2, 4)}


def _ceil(rng):
    k = between(rng, 3, 5)
    s = between(rng, 2, k)
    # a remainder, so that the two differ
    return {"i": k + s * between(rng, 4, 12) + between(rng, 1, s - 1), "k": k, "s": s}


def _transposed(rng):
    s, k = between(rng, 2, 3), between(rng, 3, 5)
    return {"i": between(rng, 5, 16), "k": k, "s": s, "p": between(rng, 1, 2), "a": between(rng, 0, s - 1)}


def _back(rng):
    return {"i": between(rng, 20, 60), "k": pick(rng, 3, 5), "s": between(rng, 2, 4), "p": between(rng, 0, 2)}


def _output_padding(i, k, s, p):
    o = conv_output_size(i, k, s, p)
    return o, next(a for a in range(s) if conv_transpose_output_size(o, k, s, p, 1, a) == i)


QUESTIONS = (
    Question(
        "output-size", "Output of a convolution", ("output size", "stride", "padding"), 3, 1, 1, _output_size,
        lambda i, k, s, p: f"A convolution with a kernel of {k} by {k}, stride {s} and a padding of {p} on each side "
        f"runs over an image of {i} by {i} pixels. How many rows does its output have? Hand in the number.",
        conv_output_size,
        lambda i, k, s, p: (
            ("padded on one side", windows(i + p, k, s), ONE_SIDE),
            ("not padded", windows(i, k, s), NO_PADDING),
            ("stride ignored", windows(i + 2 * p, k), NO_STRIDE),
            ("first place forgotten", windows(i + 2 * p, k, s) - 1, FIRST_PLACE),
            ("rounded up", -floordiv(k - i - 2 * p, s) + 1, TOO_MANY),
            ("kernel not taken off", floordiv(i + 2 * p, s), "You divided the padded size by the stride. The window "
             "needs room: its first place takes a whole kernel."),
        )),
    Question(
        "dilated-output-size", "Output of a dilated convolution", ("output size", "dilation", "stride", "padding"),
        4, 2, 2, _dilated,
        lambda i, k, s, p, d: f"A convolution with a kernel of {k} by {k} and dilation {d}, stride {s} and a padding "
        f"of {p} on each side runs over an image of {i} by {i} pixels. How many rows does its output have? Hand in the "
        "number.",
        conv_output_size,
        lambda i, k, s, p, d: (
            ("dilation ignored", conv_output_size(i, k, s, p), "Your kernel has no holes. How many rows does it span "
             "with this dilation?"),
            ("k times d", windows(i + 2 * p, k * d, s), "You took k times d for the span. There are only k - 1 gaps "
             "between k weights."),
            ("padded on one side", windows(i + p, effective_kernel_size(k, d), s), ONE_SIDE),
            ("not padded", windows(i, effective_kernel_size(k, d), s), NO_PADDING),
            ("stride ignored", conv_output_size(i, k, 1, p, d), NO_STRIDE),
            ("first place forgotten", conv_output_size(i, k, s, p, d) - 1, FIRST_PLACE),
        )),
    Question(
        "output-shape", "Shape of a batch behind a convolution", ("output size", "channels", "shapes"), 4, 1, 2, _shape,
        lambda n, c, h, w, filters, kh, kw: f"A batch of {n} images with {c} channels of {h} by {w} pixels (rows by "
        f"columns) goes through a convolution with {filters} filters of {kh} by {kw}, stride 1, without padding. What "
        "shape does the result have, in the order images, channels, rows, columns? Hand in a tuple of four numbers.",
        lambda n, c, h, w, filters, kh, kw: (n, filters, conv_output_size(h, kh), conv_output_size(w, kw)),
        lambda n, c, h, w, filters, kh, kw: (
            ("channels of the input", (n, c, h - kh + 1, w - kw + 1), "Each filter gives one map, whatever number of "
             "channels it reads."),
            ("axes exchanged", (n, filters, h - kw + 1, w - kh + 1), "You took the kernel's columns from the rows."),
            ("size kept", (n, filters, h, w), "Nothing is padded here, so the border is lost."),
            ("no first place", (n, filters, h - kh, w - kw), FIRST_PLACE),
            ("channels last", (n, h - kh + 1, w - kw + 1, filters), "Your numbers are right; the channels belong "
             "behind the number of images."),
            ("channels multiplied", (n, c * filters, h - kh + 1, w - kw + 1), "A filter adds up what it sees in all "
             "channels of the input: it gives one map, not one for each of them."),
        )),
    Question(
        "pooling-ceil", "Pooling, rounded down and up", ("pooling", "output size", "ceil_mode"), 4, 2, 2, _ceil,
        lambda i, k, s: f"Max pooling with a window of {k} by {k} and stride {s} runs over a map of {i} by {i}, "
        "without padding. How many rows does its output have, and how many with `ceil_mode=True`? Hand in a tuple of "
        "the two numbers.",
        lambda i, k, s: (pool_output_size(i, k, s), pool_output_size(i, k, s, ceil_mode=True)),
        lambda i, k, s: (
            ("exchanged", (windows(i, k, s) + 1, windows(i, k, s)), "Your two numbers have changed places: ceil_mode "
             "keeps a window that hangs over the end."),
            ("the same", (windows(i, k, s),) * 2, "The windows leave rows over at the end. What does ceil_mode do with "
             "them?"),
            ("first place forgotten", (windows(i, k, s) - 1, windows(i, k, s)), FIRST_PLACE),
            ("stride of the window", (i // k, -(-i // k)), "Your windows lie side by side. Their stride is given, and "
             "it is another one."),
            ("size over stride", (i // s, -(-i // s)), "You divided the size by the stride. The first window takes its "
             "own width."),
        )),
    Question(
        "same-padding", "Padding that keeps the size", ("padding", "same padding", "dilation"), 3, 1, 1,
        lambda rng: {"k": between(rng, 3, 10), "d": between(rng, 1, 4)},
        lambda k, d: f"A convolution with stride 1, a kernel of {k} rows and dilation {d} shall keep the number of "
        "rows. How many rows of zeros are needed before the image and after it? Where they cannot be equal, the odd "
        "row goes after. Hand in a tuple (before, after).",
        lambda k, d: same_padding(k, d),
        lambda k, d: (
            ("dilation ignored", same_padding(k), "Your padding fits a kernel without holes. How many rows does it "
             "span with this dilation?"),
            ("k times d", same_padding(k * d), "You took k times d for the span. There are only k - 1 gaps between k "
             "weights."),
            ("odd row before", same_padding(k, d)[::-1], "Your numbers are right, and the odd row belongs after."),
            ("the total twice", (d * (k - 1),) * 2, "You put the total on both sides."),
            ("one row less", (d * (k - 1) // 2,) * 2, "Both of your sides are equal, and a row is lost."),
            ("half the span", (effective_kernel_size(k, d) // 2,) * 2, "Half the span on both sides is one row too "
             "many where the span is even."),
        )),
    Question(
        "transposed-output-size", "Output of a transposed convolution", ("transposed convolution", "output size"),
        4, 2, 2, _transposed,
        lambda i, k, s, p, a: f"A transposed convolution has a kernel of {k} by {k}, stride {s}, padding {p} and an "
        f"output padding of {a}, as in `nn.ConvTranspose2d`. It is given a map of {i} by {i}. How many rows does its "
        "output have? Hand in the number.",
        lambda i, k, s, p, a: conv_transpose_output_size(i, k, s, p, 1, a),
        lambda i, k, s, p, a: (
            ("padding added", (i - 1) * s + 2 * p + k + a, "In a transposed convolution padding is cut off, not "
             "added."),
            ("padding cut once", (i - 1) * s - p + k + a, "Padding is cut off on both sides."),
            ("padding left on", (i - 1) * s + k + a, "You cut nothing off. What does padding do on the way back?"),
            ("output padding forgotten", (i - 1) * s - 2 * p + k, "You left the output padding out."),
            ("output padding cut", (i - 1) * s - 2 * p + k - a, "Output padding adds rows."),
            ("i strides", i * s - 2 * p + k + a, "Between i stamps there are i - 1 strides."),
            ("a convolution", windows(i + 2 * p, k, s), "Your map became smaller. A transposed convolution goes the "
             "other way."),
        )),
    Question(
        "output-padding", "The way back", ("transposed convolution", "output padding", "output size"), 5, 2, 2, _back,
        lambda i, k, s, p: f"A convolution with a kernel of {k} by {k}, stride {s} and padding {p} runs over an image "
        f"of {i} by {i}. A transposed convolution with the same numbers shall give a map of {i} by {i} again. How many "
        "rows does the output of the first have, and which output padding does the second one need? Hand in a tuple of "
        "the two numbers.",
        _output_padding,
        lambda i, k, s, p: (
            ("what the remainder lacks", (_output_padding(i, k, s, p)[0], s - _output_padding(i, k, s, p)[1]),
             "You gave what the remainder lacks of the stride. The remainder itself is what the floor has dropped."),
            ("never", (_output_padding(i, k, s, p)[0], 0), "Without output padding the way back ends too early here: "
             "which remainder did the division leave?"),
            ("always stride less one", (_output_padding(i, k, s, p)[0], s - 1), "Stride less one is the largest output "
             "padding. How many rows did the convolution leave unread?"),
            ("padded on one side", (windows(i + p, k, s), (i + p - k) % s), ONE_SIDE),
            ("remainder of the size", (_output_padding(i, k, s, p)[0], i % s), "You took the remainder of the size. "
             "The division is of what is left when the padded image has given room to one kernel."),
            ("first place forgotten", (_output_padding(i, k, s, p)[0] - 1, _output_padding(i, k, s, p)[1]),
             FIRST_PLACE),
        )),
    Question(
        "kernel-span", "What a dilated kernel spans", ("dilation", "effective kernel"), 2, 1, 1,
        lambda rng: {"k": between(rng, 3, 9), "d": between(rng, 2, 8)},
        lambda k, d: f"A kernel with {k} weights along an axis has dilation {d}. How many pixels lie between its first "
        "and its last weight, both of those included, and how many of them does it not read? Hand in a tuple of the "
        "two numbers.",
        lambda k, d: (effective_kernel_size(k, d), effective_kernel_size(k, d) - k),
        lambda k, d: (
            ("k times d", (k * d, k * d - k), "There are only k - 1 gaps between k weights."),
            ("gap of d", (k + (k - 1) * d, (k - 1) * d), "Dilation d puts d - 1 pixels between two weights: dilation 1 "
             "has no holes."),
            ("last weight left out", (d * (k - 1), d * (k - 1) - k), "The last weight has a pixel, too."),
            ("exchanged", ((d - 1) * (k - 1), d * (k - 1) + 1), "Your two numbers have changed places."),
            ("pixels read", (d * (k - 1) + 1, k), "Your second number is how many it reads."),
        )),
)
