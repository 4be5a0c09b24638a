"""Convolution on whole batches, fast: the sum of products that conv2d, its transpose and its gradients have in common.

``sum over n, o, c, i, j, u, v of y[n, o, i, j] * w[o, c, u, v] * x[n, c, i*s + u*d, j*s + v*d]`` is linear in each of
its three arrays, so its derivative for one of them is a product of the other two. The three derivatives are all there
is: `convolution` (for y), `transposed` (for x), `weight_gradient` (for w). Arguments are checked before.

- `tiles` cuts the outputs into boxes whose numbers stay in the cache.
- `windows` lays the pixels of a tile out so that the columns of `im2col` need no copy for each kernel row.
- `products` multiplies them with the weights.
"""

from array_api_compat import is_torch_array

from . import products


def convolution(xp, x, w, windows, groups):
    """Convolve x (N, C_in, H, W) with w (C_out, C_in/groups, kh, kw) where `windows` says; differentiable on torch."""
    if is_torch_array(x):
        from .. import _autograd

        return _autograd.Convolution.apply(x, w, windows, groups)
    return products.convolution(xp, x, w, windows, groups)


def transposed(xp, y, w, windows, groups):
    """Add every value of y (N, C_out, oh, ow) to the pixels that it is computed from, times its weights."""
    if is_torch_array(y):
        from .. import _autograd

        return _autograd.Transposed.apply(y, w, windows, groups)
    return products.transposed(xp, y, w, windows, groups)


def weight_gradient(xp, y, x, windows, groups):
    """Sum for each weight the products of y (N, C_out, oh, ow) and the pixels of x that meet there."""
    if is_torch_array(x):
        from .. import _autograd

        return _autograd.WeightGradient.apply(y, x, windows, groups)
    return products.weight_gradient(xp, y, x, windows, groups)
