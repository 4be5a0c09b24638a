"""The mode of a network, training or evaluation: borrowed, and put back module by module."""

import contextlib


@contextlib.contextmanager
def _put_back(net):
    modes = [(module, module.training) for module in net.modules()]
    try:
        yield net
    finally:
        for module, training in modes:
            module.training = training


@contextlib.contextmanager
def evaluating(net):
    """Hold a network in evaluation mode inside the block; afterwards every module has its own mode again.

    A part that was held in evaluation mode inside a training network (frozen batch norm, for instance) stays so,
    which ``net.train()`` afterwards would undo.

    Parameters
    ----------
    net : torch.nn.Module

    Yields
    ------
    torch.nn.Module
        `net` itself.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    >>> _ = net[1].eval()
    >>> with evaluating(net): print(net.training)
    False
    >>> net.training, net[1].training
    (True, False)
    """
    with _put_back(net):
        net.eval()
        yield net


@contextlib.contextmanager
def training(net):
    """Hold a network ready to learn inside the block; afterwards every module has its own mode again.

    A network that is in training mode as a whole stays as it is: a part in evaluation mode is meant to be. One that
    is in evaluation mode as a whole is put in training mode, with all its parts.

    Parameters and yields as `evaluating`.

    Examples
    --------
    >>> from torch import nn
    >>> net = nn.Sequential(nn.Linear(1, 1), nn.BatchNorm1d(1))
    >>> _ = net[1].eval()
    >>> with training(net): print(net[1].training)
    False
    >>> with training(net.eval()): print(net[1].training)
    True
    >>> net.training
    False
    """
    with _put_back(net):
        if not net.training:
            net.train()
        yield net
