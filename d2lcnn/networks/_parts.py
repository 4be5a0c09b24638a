"""What several networks share: activations, norms, initial weights and their seed, the check of the input's size."""

from contextlib import contextmanager
from functools import partial

import torch
from torch import nn

from ..shapes import integer

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


@contextmanager
def seeded(seed):
    """Draw the random numbers of the block, such as initial weights, from a seed of its own.

    They depend on `seed` alone, and torch's global generator is left as it was.

    Parameters
    ----------
    seed : int or None
        0 or more. None: the block draws from the global generator and moves it on, as torch always does.

    Raises
    ------
    ValueError
        If `seed` is neither an integer from 0 to ``2**64 - 1`` nor None.

    Notes
    -----
    It is the generator of the CPU that is lent, where torch draws weights unless told otherwise. Move a network to
    another device after the block.

    Examples
    --------
    >>> with seeded(0): first = torch.rand(2)
    >>> with seeded(0): again = torch.rand(2)
    >>> torch.equal(first, again), torch.equal(first, torch.rand(2))
    (True, False)
    """
    if seed is None:
        yield
        return
    with torch.random.fork_rng(devices=[]):  # torch.manual_seed would seed the generators of all devices
        torch.default_generator.manual_seed(integer("seed", seed, 0, 2**64 - 1))
        yield


def weighted(net):
    """List a network's convolutions and dense layers, in order."""
    return [module for module in net.modules() if isinstance(module, nn.Linear | nn.Conv2d)]


def xavier_(net, *, zero_biases=False):
    """Draw every convolution's and dense layer's weights by Xavier's rule, in place; biases stay torch's, or become 0.

    Uniform in ``±sqrt(6 / (fan_in + fan_out))`` (Glorot & Bengio 2010, equation 16), which Dive into Deep
    Learning uses for all its early networks.
    """
    for module in weighted(net):
        nn.init.xavier_uniform_(module.weight)
        if zero_biases:
            nn.init.zeros_(module.bias)
    return net


def he_(net):
    """Draw every convolution's and dense layer's weights by He's rule, in place, and set their biases to 0.

    Parameters
    ----------
    net : torch.nn.Module

    Returns
    -------
    torch.nn.Module
        `net`.

    Notes
    -----
    Normal with standard deviation ``sqrt(2 / fan_in)``, where fan_in counts the inputs of one output (He, Zhang, Ren &
    Sun 2015, equation 10): what the networks of 2015 and later use here, since ReLU follows their layers.

    Examples
    --------
    >>> dense = he_(nn.Linear(800, 500))
    >>> round(dense.weight.std().item(), 2), dense.bias.any().item()  # sqrt(2 / 800)
    (0.05, False)
    """
    for module in weighted(net):
        nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        if module.bias is not None:
            nn.init.zeros_(module.bias)
    return net


def conv_norm(in_channels, out_channels, kernel_size, stride=1, padding=0, groups=1):
    """List a convolution without bias and its batch norm, whose shift would cancel a bias.

    Examples
    --------
    >>> [sum(p.numel() for p in layer.parameters()) for layer in conv_norm(3, 8, 3)]
    [216, 16]
    """
    return [nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False),
            nn.BatchNorm2d(out_channels)]


def mean_head(channels, num_classes, **between):
    """Name the layers that most networks end with: the mean over each map, then one dense layer.

    Modules in `between` stand before the dense layer.

    Examples
    --------
    >>> list(mean_head(8, 10, dropout=nn.Dropout(0.4)))
    ['mean', 'flatten', 'dropout', 'head']
    """
    return {"mean": nn.AdaptiveAvgPool2d(1), "flatten": nn.Flatten(), **between,
            "head": nn.Linear(channels, num_classes)}


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


def takes(net, name, channels, *, exactly=None, at_least=None, made_for=(28, 28)):
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
    made_for : tuple of int
        The (height, width) of the tables and papers, if not `exactly`; ``net.input_size`` holds it with the channels.

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
    net.input_size = (channels, *(exactly or made_for))
    return net
