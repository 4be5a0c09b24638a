"""Sizes against torch on every small configuration; receptive fields against what reaches an output."""

from itertools import product

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from d2lcnn import shapes
from d2lcnn.shapes import Window, path_counts, receptive_field

GRID = [
    (i, k, s, p, d)
    for i, k, s, d in product(range(1, 13), range(1, 6), range(1, 5), range(1, 4))
    for p in range(k)
]


def attempt(function, *args, **options):
    """Return the result, or None where the arguments are refused."""
    try:
        return function(*args, **options)
    except (ValueError, RuntimeError):
        return None


def torch_size(function, *args, **options):
    y = attempt(function, *args, **options)
    return None if y is None else y.shape[2]


def test_the_grid_is_whole():
    assert len(GRID) == 12 * (1 + 2 + 3 + 4 + 5) * 4 * 3


def test_conv_output_size_equals_torch_everywhere():
    w = {k: torch.zeros(1, 1, k, device="meta") for k in range(1, 6)}
    x = {i: torch.zeros(1, 1, i, device="meta") for i in range(1, 13)}
    refused = 0
    for i, k, s, p, d in GRID:
        expected = torch_size(F.conv1d, x[i], w[k], stride=s, padding=p, dilation=d)
        assert attempt(shapes.conv_output_size, i, k, s, p, d) == expected, (i, k, s, p, d)
        refused += expected is None
    assert 0 < refused < len(GRID) // 4


def test_conv_transpose_output_size_equals_torch_everywhere():
    w = {k: torch.zeros(1, 1, k) for k in range(1, 6)}
    x = {i: torch.zeros(1, 1, i) for i in range(1, 13)}
    # on real tensors: the meta ones refuse nothing
    for (i, k, s, p, d), extra in product(GRID, range(4)):
        options = {"output_padding": extra}
        expected = torch_size(F.conv_transpose1d, x[i], w[k], stride=s, padding=p, dilation=d, **options)
        assert attempt(shapes.conv_transpose_output_size, i, k, s, p, d, extra) == expected, (i, k, s, p, d, extra)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_pool_output_size_equals_torch_wherever_torch_pads_that_much(ceil_mode):
    x = {i: torch.zeros(1, 1, i, 1) for i in range(1, 13)}
    for i, k, s, p, d in GRID:
        if k / 2 < p < k:  # the windows that fit; rounded up, one that hangs over but does not start in the padding
            starts = [start for start in range(-p, i, s) if start + d * (k - 1) < i + p + (s - 1) * ceil_mode]
            assert attempt(shapes.pool_output_size, i, k, s, p, d, ceil_mode) == (len(starts) or None)
            continue
        options = {"stride": (s, 1), "padding": (p, 0), "ceil_mode": ceil_mode}
        expected = torch_size(F.max_pool2d, x[i], (k, 1), dilation=(d, 1), **options)
        assert attempt(shapes.pool_output_size, i, k, s, p, d, ceil_mode) == expected, (i, k, s, p, d)
        if d == 1:
            assert torch_size(F.avg_pool2d, x[i], (k, 1), **options) == expected
        if s == k:
            assert attempt(shapes.pool_output_size, i, k, p=p, d=d, ceil_mode=ceil_mode) == expected


def test_transposed_as_direct_gives_the_values_of_torch():
    """Random values through zeros between them, padding or cropping, and a reversed kernel; cropping included."""
    draw = torch.Generator().manual_seed(0)
    tried = {"cropped": 0, "dilated": 0, "extra": 0}
    for i, k, s, d, p, extra in product((1, 2, 5), (1, 2, 3), (1, 2, 3), (1, 2), range(6), range(3)):
        direct = attempt(shapes.transposed_as_direct, i, k, s, p, d, extra)
        x = torch.rand(1, 1, i, generator=draw, dtype=torch.float64)
        w = torch.rand(1, 1, k, generator=draw, dtype=torch.float64)
        expected = attempt(F.conv_transpose1d, x, w, stride=s, padding=p, dilation=d, output_padding=extra)
        assert (direct is None) == (expected is None), (i, k, s, p, d, extra)
        if direct is not None:
            z = torch.zeros(1, 1, direct.i, dtype=x.dtype)
            z[..., ::s] = x
            z = F.pad(z, (direct.p, direct.p + direct.a))
            got = F.conv1d(z, w.flip(2), stride=direct.s, dilation=direct.d)
            torch.testing.assert_close(got, expected, rtol=0, atol=1e-12)
            assert direct.k == k
            tried["cropped"] += direct.p < 0
            tried["dilated"] += d > 1 < k
            tried["extra"] += extra > 0
    assert min(tried.values()) > 50, tried


def test_transposed_size_undoes_the_forward_size():
    for i, k, s, p, d in GRID:
        o = attempt(shapes.conv_output_size, i, k, s, p, d)
        if o is not None:
            lost = (i + 2 * p - d * (k - 1) - 1) % s
            assert shapes.conv_transpose_output_size(o, k, s, p, d, lost) == i


def test_same_padding_keeps_the_size_as_torch_does():
    for k, d in product(range(1, 8), range(1, 5)):
        before, after = shapes.same_padding(k, d)
        assert before + after == shapes.effective_kernel_size(k, d) - 1
        x = torch.arange(1.0, 41.0).reshape(1, 1, 40)
        w = torch.arange(1.0, k + 1).reshape(1, 1, k)
        if (before + after) % 2 == 0:
            assert torch.equal(F.conv1d(x, w, dilation=d, padding="same"), F.conv1d(x, w, dilation=d, padding=before))
        else:
            whole = F.conv1d(x, w, dilation=d, padding=after)
            assert torch.equal(whole[..., 1:], F.conv1d(F.pad(x, (before, after)), w, dilation=d))


LAYERS = st.lists(st.builds(Window, k=st.integers(1, 4), s=st.integers(1, 3), p=st.integers(0, 2), d=st.integers(1, 3)),
                  min_size=1, max_size=4)


def stack(x, layers):
    for k, s, p, d in layers:
        x = F.conv1d(x, torch.ones(1, 1, k, dtype=x.dtype), stride=s, padding=p, dilation=d)
    return x


def a_whole_field(layers, n):
    """Number of an output whose field lies inside an image of n pixels, with the field's first and last pixel."""
    size, jump, start = receptive_field(layers)
    j = -(start // jump)
    first = start + j * jump
    assert first >= 0 and first + size <= n
    return j, first, first + size - 1


@given(LAYERS)
def test_receptive_field_is_where_the_gradient_is_not_zero(layers):
    x = torch.ones(1, 1, 600, dtype=torch.float64, requires_grad=True)
    j, first, last = a_whole_field(layers, 600)
    (gradient,) = torch.autograd.grad(stack(x, layers)[0, 0, j], x)
    seen = gradient[0, 0].nonzero()
    assert (seen.min(), seen.max()) == (first, last)


@given(LAYERS)
def test_receptive_field_is_where_nan_comes_from(layers):
    j, first, last = a_whole_field(layers, 600)
    for pixel in (first - 1, first, last, last + 1):
        x = torch.zeros(1, 1, 600)
        if pixel >= 0:
            x[0, 0, pixel] = float("nan")
            # nan * weight is nan for every weight: no cancelling can hide a path
            assert stack(x, layers)[0, 0, j].isnan() == (first <= pixel <= last)


def test_receptive_field_by_hand():
    assert receptive_field([]) == (1, 1, 0)
    assert receptive_field([Window(3)] * 3) == receptive_field([Window(7)]) == (7, 1, 0)
    # VGG-16 up to pool5: 13 convolutions and 5 poolings; 212 pixels (Araujo, Norris & Sim 2019, table 1)
    vgg16 = [w for n in (2, 2, 3, 3, 3) for w in [Window(3, p=1)] * n + [Window(2, s=2)]]
    assert receptive_field(vgg16)[:2] == (212, 32)
    assert receptive_field([(7, 2, 3), (3, 2, 1)]) == (11, 4, -5)


@given(LAYERS)
def test_path_counts_are_the_gradient_of_a_stack_of_ones(layers):
    x = torch.ones(1, 1, 600, dtype=torch.float64, requires_grad=True)
    j, first, last = a_whole_field(layers, 600)
    (gradient,) = torch.autograd.grad(stack(x, layers)[0, 0, j], x)
    assert path_counts(layers) == tuple(gradient[0, 0, first : last + 1].int().tolist())


def test_path_counts_by_hand():
    assert path_counts([]) == (1,)
    assert path_counts([Window(2), Window(2), Window(2)]) == (1, 3, 3, 1)
    assert path_counts([Window(2, s=3), Window(2)]) == (1, 1, 0, 1, 1)  # a stride above k leaves a hole
    assert path_counts([(3, 1, 0, d) for d in (1, 3)]) == (1,) * 9
    assert path_counts([Window(3, d=5), Window(3)]) == path_counts([Window(3), Window(3, d=5)])
    assert sum(path_counts([Window(3, d=d) for d in (1, 2, 4, 8)])) == 3**4


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: shapes.conv_output_size(0, 3), ValueError, "i must be at least 1, not 0"),
    (lambda: shapes.conv_output_size(5, 0), ValueError, "k must be at least 1, not 0"),
    (lambda: shapes.conv_output_size(5, 3, s=0), ValueError, "s must be at least 1, not 0"),
    (lambda: shapes.conv_output_size(5, 3, p=-1), ValueError, "p must be at least 0, not -1"),
    (lambda: shapes.conv_output_size(5, 3, d=0), ValueError, "d must be at least 1, not 0"),
    (lambda: shapes.conv_output_size(5, 2.0), ValueError, "k must be an integer, not 2.0"),
    (lambda: shapes.conv_output_size(5, True), ValueError, "k must be an integer, not True"),
    (lambda: shapes.conv_output_size(3, 3, d=2), ValueError, r"kernel spans 5 \(k=3, d=2\).*has 3"),
    (lambda: shapes.conv_output_size(1, 9, p=3), ValueError, r"kernel spans 9 \(k=9, d=1\) but the padded input has 7"),
    (lambda: shapes.conv_transpose_output_size(3, 3, p=-1), ValueError, "p must be at least 0, not -1"),
    (lambda: shapes.conv_transpose_output_size(0, 3), ValueError, "i must be at least 1, not 0"),
    (lambda: shapes.conv_transpose_output_size(3, 3, s=0), ValueError, "s must be at least 1, not 0"),
    (lambda: shapes.conv_transpose_output_size(3, 3, output_padding=-1), ValueError, "output_padding"),
    (lambda: shapes.pool_output_size(1, 5, p=1), ValueError, "window spans 5.*has 3"),
    (lambda: shapes.conv_transpose_output_size(3, 3, output_padding=1), ValueError, "output_padding=1"),
    (lambda: shapes.conv_transpose_output_size(1, 2, p=1), ValueError, "p=1 crops the whole output"),
    (lambda: shapes.pool_output_size(5, 2, p=2), ValueError, "p=2 must be smaller than the window size k=2"),
    (lambda: shapes.pool_output_size(2, 3), ValueError, "window spans 3.*has 2"),
    (lambda: shapes.same_padding(0), ValueError, "k must be at least 1"),
    (lambda: receptive_field([Window(3, s=0)]), ValueError, "s must be at least 1"),
    (lambda: receptive_field([Window("3")]), ValueError, "k must be an integer, not '3'"),
    (lambda: path_counts([Window(3, s=0)]), ValueError, "s must be at least 1, not 0"),
    (lambda: path_counts([Window(3, p=-1)]), ValueError, "p must be at least 0, not -1"),
    (lambda: path_counts([Window(3, d=0)]), ValueError, "d must be at least 1, not 0"),
    (lambda: path_counts([Window(3.0)]), ValueError, "k must be an integer, not 3.0"),
])
def test_bad_sizes_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call()


def test_what_is_left_out_is_torchs_default():
    x, w = torch.zeros(1, 1, 7), torch.zeros(1, 1, 3)
    assert shapes.effective_kernel_size(3) == 3
    assert shapes.conv_output_size(7, 3) == F.conv1d(x, w).shape[2] == shapes.conv_output_size(7, 3, 1, 0, 1)
    assert shapes.conv_transpose_output_size(7, 3) == F.conv_transpose1d(x, w).shape[2]
    assert shapes.pool_output_size(7, 3) == F.max_pool1d(x, 3).shape[2] == shapes.pool_output_size(7, 3, 3, 0, 1, False)
    assert Window(3) == Window(3, s=1, p=0, d=1)
    assert shapes.same_padding(3) == shapes.same_padding(3, 1) == (1, 1)


# ---- the one check of integers

@given(st.integers(-(2**62), 2**62), st.sampled_from([int, np.int64, np.array]))
def test_integers_of_every_kind_become_int(value, kind):
    assert type(shapes.integer("i", kind(value))) is int
    assert shapes.integer("i", kind(value), value, value) == value
    with pytest.raises(ValueError, match=rf"i must be at least {value + 1}, not {value}"):
        shapes.integer("i", kind(value), value + 1)
    with pytest.raises(ValueError, match=rf"i must be at most {value - 1}, not {value}"):
        shapes.integer("i", kind(value), None, value - 1)


@pytest.mark.parametrize("value", [True, np.bool_(True), 2.0, np.float64(2), "2", None, [2], np.array([1, 2])])
def test_what_is_no_integer_is_named(value):
    with pytest.raises(ValueError, match=r"stride must be an integer"):
        shapes.integer("stride", value)


@given(st.integers(1, 9), st.integers(1, 3))
def test_one_number_holds_for_all_axes(value, axes):
    assert shapes.per_axis("k", value, axes) == shapes.per_axis("k", (value,), axes) == (value,) * axes
    assert shapes.per_axis("k", [np.int32(value)] * axes, axes) == (value,) * axes
    with pytest.raises(ValueError, match=rf"k must be an integer or {axes} of them"):
        shapes.per_axis("k", (value,) * (axes + 2), axes)
    with pytest.raises(ValueError, match=f"k must be at least {value + 1}, not {value}"):
        shapes.per_axis("k", value, axes, value + 1)
