"""What every convolutional network has to beat: a linear classifier and a multilayer perceptron."""

from torch import nn

from ..shapes import integer, per_axis
from ._parts import ACTIVATIONS, batch_norm, pick, takes, xavier_
from ._registry import network


@network
def linear(num_classes=10, in_channels=1, *, input_size=(28, 28)):
    """Build softmax regression: one dense layer on the flattened image, `mlp` without hidden layers.

    Examples
    --------
    A weight for each pixel and class, a bias for each class: 784 * 10 + 10.

    >>> sum(p.numel() for p in linear().parameters())
    7850
    """
    return mlp(num_classes, in_channels, hidden=(), input_size=input_size)


@network
def mlp(num_classes=10, in_channels=1, *, hidden=(256,), activation="relu", norm=None, input_size=(28, 28)):
    """Build a multilayer perceptron on the flattened image.

    Parameters
    ----------
    num_classes, in_channels : int
    hidden : sequence of int
        Units of the hidden layers; the default is the one of Dive into Deep Learning, section 5.2.
    activation : {"sigmoid", "tanh", "relu"}
    norm : {None, "batch"}
        Batch norm after each hidden layer, before the activation.
    input_size : (int, int)
        Height and width of the images.

    Returns
    -------
    torch.nn.Sequential
        (N, in_channels, H, W) -> (N, num_classes).

    Raises
    ------
    ValueError
        If `activation` or `norm` is unknown, or a size no positive integer.

    Examples
    --------
    784 * 256 + 256 in the hidden layer, 256 * 10 + 10 in the output layer.

    >>> sum(p.numel() for p in mlp().parameters())
    203530
    """
    act, (height, width) = pick(ACTIVATIONS, "activation", activation), per_axis("input_size", input_size)
    layers, units = [nn.Flatten()], in_channels * height * width
    for out in (integer("hidden", n, 1) for n in hidden):
        layers += [nn.Linear(units, out), *batch_norm(norm, nn.BatchNorm1d, out), act()]
        units = out
    net = nn.Sequential(*layers, nn.Linear(units, num_classes))
    return takes(xavier_(net), "mlp" if hidden else "linear", in_channels, exactly=(height, width))
