"""Choices that several networks share: activations, norms, initial weights."""

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
