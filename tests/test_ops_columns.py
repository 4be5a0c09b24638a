"""pad, im2col and col2im against torch, and against what they mean to each other."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from oracles import SEEDS, convolutions, pair

import d2lcnn

TORCH_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "replicate", "circular": "circular"}


def equal(ours, theirs, inputs):
    torch.testing.assert_close(ours, theirs, rtol=1e-10, atol=1e-10)
    g = torch.randn(ours.shape, dtype=ours.dtype, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(torch.autograd.grad(ours, inputs, g), torch.autograd.grad(theirs, inputs, g),
                               rtol=1e-10, atol=1e-10)


@given(SEEDS, pair(4, 6), st.tuples(pair(0, 3), pair(0, 3)), st.sampled_from(list(TORCH_MODES)), st.integers(2, 4))
def test_pad_equals_torch(seed, size, sides, mode, rank):
    shape = {2: size, 3: (2, 3, size[1]), 4: (2, 3, *size)}[rank]
    x = torch.tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)
    (top, bottom), (left, right) = sides
    if rank == 3:
        ours, theirs = d2lcnn.pad(x, sides[1:], mode=mode), F.pad(x, (left, right), mode=TORCH_MODES[mode])
    else:
        batch = x if rank == 4 else x[None, None]
        ours, theirs = d2lcnn.pad(x, sides, mode=mode), F.pad(batch, (left, right, top, bottom), TORCH_MODES[mode])
        theirs = theirs if rank == 4 else theirs[0, 0]
    equal(ours, theirs, x)
    a = x.detach().numpy()
    y = d2lcnn.pad(a, sides if rank != 3 else sides[1:], mode=mode)
    assert type(y) is np.ndarray and np.array_equal(y, ours.detach().numpy()) and not np.shares_memory(y, a)


@pytest.mark.parametrize("mode", TORCH_MODES)
@pytest.mark.parametrize("dtype", ["int64", "float32", "uint8"])
def test_pad_keeps_dtypes_and_takes_all_spellings(mode, dtype):
    x = np.arange(12).reshape(3, 4).astype(dtype)
    for a in (x, torch.asarray(x)):
        assert d2lcnn.pad(a, 1, mode=mode).dtype == a.dtype
        assert d2lcnn.pad(a, 0, mode=mode).tolist() == x.tolist()
        one = d2lcnn.pad(a, (1, 2), mode=mode)
        assert tuple(one.shape) == (5, 8) and one.tolist() == d2lcnn.pad(a, ((1, 1), (2, 2)), mode=mode).tolist()


@given(convolutions())
def test_im2col_and_col2im_equal_unfold_and_fold(drawn):
    x, w, _, options, sides = drawn
    options = {key: options[key] for key in ("stride", "padding", "dilation")}
    kernel, size = w.shape[2:], x.shape[2:]
    (top, bottom), (left, right) = sides
    tx = torch.tensor(x, requires_grad=True)
    columns = d2lcnn.im2col(tx, kernel, **options)
    torch_options = {key: options[key] for key in ("stride", "dilation")}
    if x.shape[0]:  # unfold refuses an empty batch
        equal(columns, F.unfold(F.pad(tx, (left, right, top, bottom)), kernel, **torch_options), tx)
    assert np.array_equal(d2lcnn.im2col(x, kernel, **options), columns.detach().numpy())
    cols = torch.tensor(np.random.default_rng(0).standard_normal(columns.shape), requires_grad=True)
    image = d2lcnn.col2im(cols, size, kernel, **options)
    if x.shape[0]:
        padded = (top + size[0] + bottom, left + size[1] + right)
        theirs = F.fold(cols, padded, kernel, **torch_options)
        equal(image, theirs[:, :, top : top + size[0], left : left + size[1]], cols)
    np.testing.assert_allclose(d2lcnn.col2im(cols.detach().numpy(), size, kernel, **options), image.detach().numpy())
    # one is the transpose of the other: <im2col x, c> = <x, col2im c>
    torch.testing.assert_close((columns * cols).sum(), (tx * image).sum())


@pytest.mark.parametrize("dtype", ["int64", "float32"])
def test_columns_keep_dtypes(dtype):
    x = np.arange(24).reshape(1, 2, 3, 4).astype(dtype)
    for a in (x, torch.asarray(x)):
        columns = d2lcnn.im2col(a, 2)
        assert type(columns) is type(a) and columns.dtype == a.dtype and tuple(columns.shape) == (1, 8, 6)
        image = d2lcnn.col2im(columns, (3, 4), 2)
        assert type(image) is type(a) and image.dtype == a.dtype and image[0, 1, 1, 1] == 4 * x[0, 1, 1, 1]
