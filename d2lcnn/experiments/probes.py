"""What may be measured on a classifier beside accuracy and loss. Each probe names its own metrics."""

from dataclasses import dataclass, replace

import numpy as np

from d2lcnn.later import Later
from d2lcnn.modes import evaluating

from .classifier import Probe
from .images import balanced, halved, load, placed

torch, train = Later("torch"), Later("d2lcnn.train")
MOVED_IMAGES = 1_000  # test images, equally many of each class, on which stability under shifts is measured
DIRECTIONS = ((-1, 0), (1, 0), (0, -1), (0, 1))  # rows, columns: up, down, left, right
DISTANCES = (0, 1, 2, 4, 7)  # pixels from the border


class Confusion(Probe):
    """The confusion matrix of the test images, for the first seed: ``confusion[i,j]``, class i taken for class j."""

    def metrics(self, setting, seed):
        """List one name an entry."""
        if seed != setting.seeds[0]:
            return []
        return [f"confusion[{i},{j}]" for i in range(10) for j in range(10)]

    def after(self, run):
        """Read the matrix."""
        return {f"confusion[{i},{j}]": int(n) for (i, j), n in np.ndenumerate(run.on_test.confusion)}


@dataclass(frozen=True)
class Consistency(Probe):
    """``consistency@n`` for n = 1 to `pixels`: the share of test images classified alike when they move by n pixels."""

    pixels: int

    def metrics(self, setting, seed):
        """List one name a distance."""
        return [f"consistency@{n}" for n in range(1, self.pixels + 1)]

    def after(self, run):
        """Measure on some of the test images."""
        moved = balanced(run.parts.test, MOVED_IMAGES, 0)
        return {f"consistency@{n}": consistency(run.net, moved, n) for n in range(1, self.pixels + 1)}


def consistency(net, images, pixels, batch_size=100):
    """Return the share of predictions that stay the same when the images move.

    Parameters
    ----------
    net : torch.nn.Module
        On the CPU; its modes are put back afterwards.
    images : Images
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

    >>> from d2lcnn.data import Images
    >>> x = np.zeros((1, 1, 3, 3), np.uint8)
    >>> x[0, 0, 1, 1] = 255
    >>> two = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 2))
    >>> _ = torch.nn.init.zeros_(two[1].weight), torch.nn.init.zeros_(two[1].bias)
    >>> with torch.no_grad(): two[1].weight[1, [1, 4]] = 1
    >>> consistency(two, Images(x, np.array([1])), 1)
    0.25
    """
    border = np.ones(images.x.shape[2:], bool)
    border[pixels : images.x.shape[2] - pixels, pixels : images.x.shape[3] - pixels] = False
    if images.x[:, :, border].any():
        raise ValueError(f"a move by {pixels} pixels pushes a part of an image over the border")
    still = _predictions(net, images, batch_size)
    moved = [_predictions(net, replace(images, x=np.roll(images.x, (pixels * a, pixels * b), axis=(2, 3))), batch_size)
             for a, b in DIRECTIONS]  # roll is a shift here: only zeros come around
    return float(np.mean([m == still for m in moved]))


def _predictions(net, images, batch_size):
    """Return the most likely class of each image."""
    with evaluating(net), torch.no_grad():
        return np.concatenate([net(x).argmax(1).numpy() for x, _ in train.batches(images, batch_size)])


@dataclass(frozen=True)
class Border(Probe):
    """``border@d``: accuracy on halved test images that stand d pixels from the upper and the left border of a canvas.

    Parameters
    ----------
    canvas : int
        Height and width in pixels.
    """

    canvas: int

    def metrics(self, setting, seed):
        """List one name a distance."""
        return [f"border@{d}" for d in DISTANCES]

    def after(self, run):
        """Measure on some of the test images, the same at every distance."""
        images = halved(load(run.setting.images.source, run.budget).test)
        test = balanced(images, min(MOVED_IMAGES, run.on_test.count), 0)
        at = {d: placed(test, self.canvas, np.full((len(test), 2), d)) for d in DISTANCES}
        return {f"border@{d}": train.evaluate(run.net, images).accuracy for d, images in at.items()}
