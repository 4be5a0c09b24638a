"""Net surgery: a classifier for images of one size becomes a convolution that slides over images of any size."""

import copy

import torch
from torch import nn

from ..modes import evaluating
from ..shapes import per_axis

# modules that treat each number by itself, or each place of a map by itself, and so may stand after Flatten
ELEMENTWISE = (nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Sigmoid, nn.Tanh, nn.Dropout, nn.Identity)
GLOBAL = {nn.AdaptiveAvgPool2d: nn.AvgPool2d, nn.AdaptiveMaxPool2d: nn.MaxPool2d}


def dense_to_conv(dense, map_size):
    """Write a dense layer on a flattened map as the convolution whose kernel is as large as the map.

    Parameters
    ----------
    dense : torch.nn.Linear
        With C*h*w inputs.
    map_size : (int, int, int)
        C, h, w: what was flattened, in this order.

    Returns
    -------
    torch.nn.Conv2d
        From C channels to the dense layer's outputs, kernel (h, w). On a map of that size it gives one place with the
        dense layer's numbers; on a larger map it is the dense layer at every place.

    Raises
    ------
    TypeError
        If `dense` is no dense layer.
    ValueError
        If `map_size` is not three positive integers, or the dense layer has not C*h*w inputs.

    Notes
    -----
    The weights are the same numbers in the same order: row m of the matrix is kernel m, read row by row. Long,
    Shelhamer & Darrell 2015, section 3.1.

    Examples
    --------
    >>> conv = dense_to_conv(nn.Linear(12, 5), (3, 2, 2))
    >>> conv.weight.shape, conv(torch.zeros(1, 3, 4, 6)).shape
    (torch.Size([5, 3, 2, 2]), torch.Size([1, 5, 3, 5]))
    """
    if not isinstance(dense, nn.Linear):
        raise TypeError(f"dense must be a torch.nn.Linear, not {type(dense).__name__}")
    c, h, w = per_axis("map_size", map_size, 3)
    if dense.in_features != c * h * w:
        raise ValueError(f"map_size {c, h, w} has {c * h * w} numbers, but dense takes {dense.in_features}")
    like = {"device": dense.weight.device, "dtype": dense.weight.dtype}
    conv = nn.Conv2d(c, dense.out_features, (h, w), bias=dense.bias is not None, **like)
    with torch.no_grad():
        conv.weight.copy_(dense.weight.reshape(conv.weight.shape))
        if dense.bias is not None:
            conv.bias.copy_(dense.bias)
    return conv.train(dense.training)


def fully_convolutional(net, input_size):
    """Turn a classifier for images of one size into a network that reads all crops of a larger image in one pass.

    Parameters
    ----------
    net : torch.nn.Sequential
        Layers that treat all places alike (convolutions, poolings, batch norm, activations), then ``Flatten``, then
        dense layers, ``BatchNorm1d``, activations and dropout. Sequentials inside it are opened. A global pooling
        (``AdaptiveAvgPool2d(1)``, ``AdaptiveMaxPool2d(1)``) may stand before ``Flatten``.
    input_size : (int, int, int)
        C, H, W of the images that `net` was made for.

    Returns
    -------
    torch.nn.Sequential
        (N, C, H', W') -> (N, classes, rows, columns), with copies of all weights; each layer keeps its own mode. The
        place (u, v) of the output is ``net`` of the crop of H x W pixels with its upper left corner at row u*j, column
        v*j, where j is the product of all strides - if no layer pads. Where layers pad, crops see zeros where the large
        image has pixels. If the last rows of a crop are read by no window, there may be a place more, whose crop would
        hang over the edge.

    Raises
    ------
    TypeError
        If `net` is no Sequential, or a layer stands where it cannot be translated.
    ValueError
        If `input_size` is not three positive integers, a global pooling has an output larger than one place, or
        ``Flatten`` keeps or joins other axes.

    Notes
    -----
    The first dense layer becomes a convolution with a kernel of the size of the map, later ones 1x1 convolutions, a
    global pooling becomes a pooling over windows of the map's size with stride 1, ``BatchNorm1d`` becomes
    ``BatchNorm2d``, and ``Flatten`` goes. Sermanet, Eigen, Zhang, Mathieu, Fergus & LeCun 2014 (OverFeat), section
    3.5; Long, Shelhamer & Darrell 2015, section 3.1.

    Examples
    --------
    >>> net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 3 * 3, 10))
    >>> net(torch.zeros(1, 1, 8, 8)).shape
    torch.Size([1, 10])
    >>> fully_convolutional(net, (1, 8, 8))(torch.zeros(1, 1, 16, 12)).shape
    torch.Size([1, 10, 5, 3])
    """
    if not isinstance(net, nn.Sequential):
        raise TypeError(f"net must be a torch.nn.Sequential, not {type(net).__name__}")
    layers, flat, like = [], None, next(net.parameters(), torch.empty(0))
    x = torch.zeros(1, *per_axis("input_size", input_size, 3), device=like.device, dtype=like.dtype)
    for layer in _opened(net):
        if flat is None and isinstance(layer, nn.Flatten):
            if (layer.start_dim, layer.end_dim) not in ((1, -1), (1, 3)):
                raise ValueError(f"{layer} must flatten channels and places, axes 1 to 3, and nothing else")
            flat = tuple(x.shape[1:])
            continue
        new = _on_maps(layer, x) if flat is None else _on_vectors(layer, flat)
        if flat is None:
            with evaluating(new), torch.no_grad():
                x = new(x)
        elif isinstance(new, nn.Conv2d):
            flat = (new.out_channels, 1, 1)
        layers.append(new)
    new = nn.Sequential(*layers)
    new.training = net.training  # its layers have modes of their own, which train() would overwrite
    return new


def _opened(net):
    """Yield the layers of a Sequential in order, those of Sequentials inside it too."""
    for layer in net:
        if isinstance(layer, nn.Sequential):
            yield from _opened(layer)
        else:
            yield layer


def _on_maps(layer, x):
    """Copy a layer that stands before Flatten; a global pooling becomes one over windows of the size of the map x."""
    if isinstance(layer, nn.Linear):
        raise TypeError(f"{layer} before Flatten works along the last axis of a map and cannot be translated")
    if type(layer) not in GLOBAL:
        return copy.deepcopy(layer)
    if layer.output_size not in (1, (1, 1)):
        raise ValueError(f"{layer} must have output_size 1: only a global pooling can slide")
    return GLOBAL[type(layer)](tuple(x.shape[2:]), stride=1).train(layer.training)


def _on_vectors(layer, flat):
    """Translate a layer that stands after Flatten, where the flattened maps had the size `flat`."""
    if isinstance(layer, nn.Linear):
        return dense_to_conv(layer, flat)
    if isinstance(layer, nn.BatchNorm1d):
        if flat[1:] != (1, 1):
            raise TypeError(f"{layer} before the first dense layer has its own numbers for every place")
        new = nn.BatchNorm2d(layer.num_features, layer.eps, layer.momentum, layer.affine, layer.track_running_stats)
        new.load_state_dict(layer.state_dict())
        new.to(next(iter(layer.state_dict().values()), torch.empty(0)))  # it may hold no numbers at all
        return new.train(layer.training)
    if isinstance(layer, ELEMENTWISE):
        return copy.deepcopy(layer)
    raise TypeError(f"{layer} after Flatten cannot be translated; dense layers, BatchNorm1d, activations, dropout can")
