"""How stable predictions are when images move."""

from types import SimpleNamespace

import numpy as np
import torch

from d2lcnn import train

DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # rows, columns: up, down, left, right


def consistency(net, images, pixels, batch_size=100):
    """Return the share of predictions that stay the same when the images move.

    Parameters
    ----------
    net : torch.nn.Module
        On the CPU; its mode is put back afterwards.
    images : object with arrays ``x`` (N, C, H, W) and ``y`` (N,)
        With at least `pixels` black rows and columns at each side, so that nothing is pushed out.
    pixels : int
        How far; the mean over the four directions is taken.
    batch_size : int

    Returns
    -------
    float
        1.0 if no prediction changes. It asks whether predictions agree with each other, not whether they are right.

    Raises
    ------
    ValueError
        If the move would push a part of an image out.

    Examples
    --------
    A net that looks at two pixels, the centre and the one above it: a bright centre may move up, and no other way.

    >>> x = np.zeros((1, 1, 3, 3), np.uint8)
    >>> x[0, 0, 1, 1] = 255
    >>> two = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 2))
    >>> _ = torch.nn.init.zeros_(two[1].weight), torch.nn.init.zeros_(two[1].bias)
    >>> with torch.no_grad(): two[1].weight[1, [1, 4]] = 1
    >>> consistency(two, SimpleNamespace(x=x, y=np.array([1])), 1)
    0.25
    """
    x = np.asarray(images.x)
    border = np.ones(x.shape[2:], bool)
    border[pixels : x.shape[2] - pixels, pixels : x.shape[3] - pixels] = False
    if x[:, :, border].any():
        raise ValueError(f"a move by {pixels} pixels pushes a part of an image over the border")
    still = _predictions(net, x, images.y, batch_size)
    moved = [_predictions(net, np.roll(x, (pixels * a, pixels * b), axis=(2, 3)), images.y, batch_size)
             for a, b in DIRECTIONS]  # roll is a shift here: only zeros come around
    return float(np.mean([m == still for m in moved]))


def _predictions(net, x, y, batch_size):
    """Return the most likely class of each image."""
    was_training = net.training
    net.eval()
    images = SimpleNamespace(x=x, y=y)
    with torch.no_grad():
        classes = [net(batch).argmax(1).numpy() for batch, _ in train.batches(images, batch_size)]
    net.train(was_training)
    return np.concatenate(classes)
