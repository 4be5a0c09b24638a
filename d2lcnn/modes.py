"""The mode of a network, training or evaluation: borrowed, and put back module by module."""

import contextlib


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
    modes = [(module, module.training) for module in net.modules()]
    net.eval()
    try:
        yield net
    finally:
        for module, training in modes:
            module.training = training
