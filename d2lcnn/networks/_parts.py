"""What several networks share: activations, norms, initial weights, the check of the input's size."""

from functools import partial

from torch import nn

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU}
POOLS = {"avg": nn.AvgPool2d, "max": nn.MaxPool2d}


def pick(table, argument, value):
    """Look `value` up in `table`; the error names the argument and what it may be.

    Examples
    --------
    >>> pick(POOLS, "pool", "max").__name__
    'MaxPool2d'
    """
    if value not in table:
        raise ValueError(f"{argument} is {value!r}; it may be {', '.join(map(repr, table))}")
    return table[value]


def batch_norm(norm, layer, channels):
    """List the norm layer that `norm` asks for: ``[layer(channels)]`` for "batch", ``[]`` for None.

    Examples
    --------
    >>> batch_norm("batch", nn.BatchNorm1d, 3)
    [BatchNorm1d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)]
    """
    return [layer(channels)] if pick({None: False, "batch": True}, "norm", norm) else []


def xavier_(net):
    """Draw every convolution's and dense layer's weights by Xavier's rule, in place; biases stay torch's.

    Uniform in ``±sqrt(6 / (fan_in + fan_out))`` (Glorot & Bengio 2010, equation 16), which Dive into Deep
    Learning uses for all its early networks.
    """
    for module in net.modules():
        if isinstance(module, nn.Linear | nn.Conv2d):
            nn.init.xavier_uniform_(module.weight)
    return net


def _refuse(net, args, *, name, channels, exactly, at_least):
    shape = tuple(args[0].shape)
    if len(shape) != 4 or shape[1] != channels:
        raise ValueError(f"{name} takes images (N, {channels}, H, W), not an input of shape {shape}")
    if exactly and shape[2:] != exactly:
        raise ValueError(f"{name} takes images of {exactly[0]}x{exactly[1]} pixels, not {shape[2]}x{shape[3]}: its "
                         "dense layers are made for the feature maps of that size")
    if at_least and min(shape[2:]) < at_least:
        raise ValueError(f"{name} takes images of {at_least}x{at_least} pixels or more, not {shape[2]}x{shape[3]}: "
                         "its strides and poolings leave nothing of a smaller one")


def takes(net, name, channels, *, exactly=None, at_least=None):
    """Make `net` refuse a wrong input with a ValueError that says why, and return it.

    Parameters
    ----------
    net : torch.nn.Module
        Keeps its modules and the names of its weights: the check is a hook that runs before its forward pass.
    name : str
        How the error calls the network.
    channels : int
        Of the images.
    exactly : tuple of int, optional
        The only (height, width) that fits: for networks that end in dense layers.
    at_least : int, optional
        The smallest height and width.

    Examples
    --------
    >>> import torch
    >>> net = takes(nn.Conv2d(1, 2, 3), "a network", 1, at_least=3)
    >>> net(torch.zeros(1, 1, 2, 8))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    ValueError: a network takes images of 3x3 pixels or more, not 2x8: its strides and poolings leave ...
    """
    net.register_forward_pre_hook(partial(_refuse, name=name, channels=channels, exactly=exactly, at_least=at_least))
    return net
