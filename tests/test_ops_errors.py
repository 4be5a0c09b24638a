"""What does not fit is refused, and the message names the argument and its value."""

import numpy as np
import pytest
import torch

import d2lcnn
from d2lcnn import conv1d, conv2d, corr2d, im2col, max_pool2d, pad, pool2d

X = np.ones((1, 4, 6, 5))
W = np.ones((2, 4, 3, 3))
MIX = r"x is numpy.ndarray, w is torch.Tensor"

CASES = [
    # ranks
    (conv2d, (X[0], W), {}, ValueError, r"x must be \(N, C, H, W\), but its shape is \(4, 6, 5\)"),
    (conv2d, (X, W[0]), {}, ValueError, r"w must be \(C_out, C_in/groups, kh, kw\), but its shape is \(4, 3, 3\)"),
    (conv1d, (X, W), {}, ValueError, r"x must be \(N, C, L\), but its shape is"),
    (corr2d, (X, W[0, 0]), {}, ValueError, r"X must be a matrix \(h, w\), but its shape is \(1, 4, 6, 5\)"),
    (pool2d, (X, 2), {}, ValueError, "X must be"),
    (max_pool2d, (X[0], 2), {}, ValueError, "x must be"),
    (im2col, (X[0], 2), {}, ValueError, "x must be"),
    (d2lcnn.col2im, (X, 3, 2), {}, ValueError, r"cols must be \(N, C\*kh\*kw, L\)"),
    (pad, (X[0, 0, 0], 1), {}, ValueError, r"x must be .* but its shape is \(5,\)"),
    (d2lcnn.adaptive_avg_pool2d, (X[0], 2), {}, ValueError, "x must be"),
    (d2lcnn.global_avg_pool2d, (X[0],), {}, ValueError, "x must be"),
    # sizes
    (conv2d, (X, np.ones((2, 4, 7, 3))), {}, ValueError, "kernel spans 7 .* padded input has 6"),
    (conv2d, (X, W), {"dilation": (1, 3)}, ValueError, "kernel spans 7 .* padded input has 5"),
    (conv2d, (X, np.ones((2, 4, 0, 3))), {}, ValueError, "kernel_size must be at least 1, not 0"),
    (corr2d, (X[0, 0], np.ones((7, 1))), {}, ValueError, "kernel spans 7 .* has 6"),
    (pool2d, (X[0, 0], 6), {}, ValueError, "window spans 6 .* has 5"),
    (max_pool2d, (X, (7, 1)), {}, ValueError, "window spans 7 .* has 6"),
    (conv2d, (X, W), {"stride": 0}, ValueError, "stride must be at least 1, not 0"),
    (conv2d, (X, W), {"stride": (1, -2)}, ValueError, "stride must be at least 1, not -2"),
    (conv2d, (X, W), {"stride": 1.5}, ValueError, "stride must be an integer, not 1.5"),
    (conv2d, (X, W), {"stride": (1, 1, 1)}, ValueError, r"stride .* not \(1, 1, 1\)"),
    (conv2d, (X, W), {"dilation": 0}, ValueError, "dilation must be at least 1, not 0"),
    (conv2d, (X, W), {"dilation": True}, ValueError, "dilation must be an integer, not True"),
    (conv2d, (X, W), {"padding": -1}, ValueError, "padding must be at least 0, not -1"),
    (conv2d, (X, W), {"padding": 0.5}, ValueError, "padding must be an integer, not 0.5"),
    (conv2d, (X, W), {"padding": (1, 2, 3, 4)}, ValueError, r"padding .* not \(1, 2, 3, 4\)"),
    (conv2d, (X, W), {"padding": ((1, 2), (1, 2, 3))}, ValueError, r"padding .* not \(1, 2, 3\)"),
    (conv2d, (X, W), {"padding": "some"}, ValueError, "padding .* not 'some'"),
    (conv2d, (X, W), {"padding": "same", "stride": 2}, ValueError, r'padding="same" needs stride 1, not \(2, 2\)'),
    (conv1d, (X[0], W[0]), {"padding": (1, 1)}, ValueError, r"padding .* not \(1, 1\)"),
    (im2col, (X, (2, 2.0)), {}, ValueError, "kernel_size must be an integer, not 2.0"),
    (d2lcnn.col2im, (np.ones((1, 9, 4)), 3, 2), {}, ValueError, "cols has 9 rows, .* 4 taps"),
    (d2lcnn.col2im, (np.ones((1, 8, 5)), 3, 2), {}, ValueError, "cols has 5 columns, but there are 2 x 2 windows"),
    (max_pool2d, (X, 2), {"padding": 2}, ValueError, r"padding=\(2, 2\) must be smaller than the window size 2"),
    (max_pool2d, (X, 0), {}, ValueError, "kernel_size must be at least 1, not 0"),
    (max_pool2d, (X, 2), {"stride": 0}, ValueError, "stride must be at least 1, not 0"),
    (d2lcnn.adaptive_avg_pool2d, (X, 0), {}, ValueError, "output_size must be at least 1, not 0"),
    (d2lcnn.adaptive_avg_pool2d, (X, (1, 2, 3)), {}, ValueError, r"output_size .* not \(1, 2, 3\)"),
    (d2lcnn.adaptive_avg_pool2d, (X[:, :, :0], 2), {}, ValueError, r"x has no pixels: its shape is \(1, 4, 0, 5\)"),
    (d2lcnn.lp_pool2d, (X, 0, 2), {}, ValueError, "norm_type must be positive and finite, not 0"),
    (d2lcnn.lp_pool2d, (X, float("inf"), 2), {}, ValueError, "norm_type must be positive and finite, not inf"),
    (d2lcnn.lp_pool2d, (X, "2", 2), {}, TypeError, "norm_type must be a number, not '2'"),
    (pad, (X, 6), {"mode": "reflect"}, ValueError, r"padding=\(6, 6\) is too wide for mode 'reflect': axis 2 has 6"),
    (pad, (X, 7), {"mode": "circular"}, ValueError, r"padding=\(7, 7\) is too wide for mode 'circular'"),
    (pad, (X[:, :, :0], 1), {"mode": "replicate"}, ValueError, r"padding=\(1, 1\) is too wide .* axis 2 has 0"),
    # channels
    (conv2d, (X, np.ones((2, 3, 3, 3))), {}, ValueError, "w takes 3 channels in each of 1 groups, but x has 4"),
    (conv2d, (X, W), {"groups": 3}, ValueError, "groups=3 must divide the channels: x has 4, w makes 2"),
    (conv2d, (X, np.ones((3, 2, 3, 3))), {"groups": 2}, ValueError, "groups=2 must divide .* w makes 3"),
    (conv2d, (X, np.ones((0, 4, 3, 3))), {}, ValueError, "w makes 0"),
    (conv2d, (X, W), {"groups": 0}, ValueError, "groups must be at least 1, not 0"),
    (conv2d, (X, W, np.ones(3)), {}, ValueError, r"b must have shape \(2,\), .* not \(3,\)"),
    (conv2d, (X, W, np.ones((2, 1))), {}, ValueError, r"b must have shape \(2,\), .* not \(2, 1\)"),
    # modes
    (pad, (X, 1), {"mode": "constant"}, ValueError, "mode must be one of .* not 'constant'"),
    (pool2d, (X[0, 0], 2), {"mode": "median"}, ValueError, "mode must be one of .* not 'median'"),
    # types
    (conv2d, (X, torch.tensor(W)), {}, TypeError, MIX),
    (conv2d, (X.tolist(), W), {}, TypeError, "x must be a NumPy array or a torch tensor, not list"),
    (corr2d, (X[0, 0], [[1.0]]), {}, TypeError, "K must be a NumPy array or a torch tensor, not list"),
    (conv2d, (X, W.astype(np.float32)), {}, TypeError, "dtypes differ: x is float64, w is float32"),
    (conv2d, (X, W, np.ones(2, int)), {}, TypeError, "dtypes differ: .* b is int64"),
    (conv2d, (torch.tensor(X), torch.tensor(W).float()), {}, TypeError, "x is torch.float64, w is torch.float32"),
    (conv2d, (X > 0, W > 0), {}, TypeError, "x must have a numeric dtype, not bool"),
    (max_pool2d, (X + 1j, 2), {}, TypeError, "x must have a real dtype, not complex128"),
    (pool2d, (X[0, 0] > 0, 2), {}, TypeError, "X must have a real dtype, not bool"),
    (d2lcnn.avg_pool2d, (X.astype(int), 2), {}, TypeError, "x must have a real floating dtype, not int64"),
    (d2lcnn.global_avg_pool2d, (X.astype(np.uint8),), {}, TypeError, "x must have a real floating dtype, not uint8"),
]


@pytest.mark.parametrize(("function", "arrays", "options", "error", "message"), CASES)
def test_bad_input_is_named(function, arrays, options, error, message):
    with pytest.raises(error, match=message):
        function(*arrays, **options)


def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        conv2d(X, W, None, 2)
    with pytest.raises(TypeError):
        max_pool2d(X, 2, 1)


def test_numpy_integers_are_integers():
    assert conv2d(X, W, stride=np.int64(2), padding=(np.int8(1), 0)).shape == (1, 2, 3, 2)


ONE_NUMBER = [
    (lambda v: conv2d(X, W, stride=v(2), padding=v(1), dilation=v(2))),
    (lambda v: d2lcnn.conv_transpose2d(X, W.swapaxes(0, 1), stride=v(2), padding=v(1), output_padding=v(1))),
    (lambda v: d2lcnn.conv2d_backward(np.ones((1, 2, 3, 3)), X, W, stride=v(2), padding=v(1)).x),
    (lambda v: im2col(X, v(2), stride=v(2), padding=v(1), dilation=v(2))),
    (lambda v: d2lcnn.col2im(np.ones((1, 4, 9)), v(4), v(2))),
    (lambda v: d2lcnn.conv_matrix(W, v(5), padding=v(1))),
    (lambda v: d2lcnn.fft_conv2d(X, W, padding=v(2))),
    (lambda v: d2lcnn.winograd_conv2d(X, W, padding=v(2))),
    (lambda v: max_pool2d(X, v(3), stride=v(2), padding=v(2), dilation=v(2))),
    (lambda v: d2lcnn.avg_pool2d(X, v(3), stride=v(2), padding=v(2))),
    (lambda v: d2lcnn.lp_pool2d(X, 2, v(3), stride=v(2), padding=v(2))),
    (lambda v: d2lcnn.adaptive_avg_pool2d(X, v(2))),
    (lambda v: pool2d(X[0, 0], v(2))),
    (lambda v: pad(X, v(2))),
]


@pytest.mark.parametrize("call", ONE_NUMBER)
def test_one_number_in_a_tuple_or_a_list_holds_for_all_axes(call):
    alone, twice = call(lambda v: v), call(lambda v: (v, v))
    for one in (call(lambda v: (v,)), call(lambda v: [v]), twice):
        assert np.array_equal(one, alone)


def test_one_pair_of_sides_holds_for_all_axes():
    assert np.array_equal(pad(X, ((1, 2),)), pad(X, ((1, 2), (1, 2))))
