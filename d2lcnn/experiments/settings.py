"""What an experiment declares: settings, seeds, and with them every line its CSV file must hold."""

from collections.abc import Callable
from dataclasses import dataclass, field

from d2lcnn import networks

CLASSES = 10
DISTANCES = (0, 1, 2, 4, 7)  # pixels from the border, for settings that scatter their images


def recipe(lr, epochs, **others):
    """Arguments of ``train.fit`` that the networks of the book share: its defaults, with channels last.

    Examples
    --------
    >>> recipe(0.1, 3, batch_size=64)
    {'channels_last': True, 'epochs': 3, 'lr': 0.1, 'batch_size': 64}
    """
    return {"channels_last": True, "epochs": epochs, "lr": lr} | others


@dataclass(frozen=True)
class Setting:
    """One way to train one network.

    Parameters
    ----------
    network : str or callable
        A key of ``networks.NETWORKS``, or a function that builds a network from `options` and a `seed`.
    fit : dict
        Arguments of ``train.fit``, with `epochs` and `lr`.
    options : dict
        Options of the network.
    source : {"full", "subset"}
        Argument of ``data.fashion_mnist``; its default validation split is used.
    images : int, optional
        Train on this many images, equally many of each class, drawn by the run's seed; default all.
    permuted : bool
        Apply one fixed random permutation to the pixels of every image, also of the test images.
    seeds : tuple of int
        Each decides the initial weights, the order of images and the draw of `images`.
    tested : bool
        Measure on the test images. False where a choice is made: that is what validation images are for.
    curve : bool
        Measure on the validation images after every epoch.
    confusion : bool
        Keep the confusion matrix of the first seed.
    canvas : int, optional
        Put every image in the middle of a black square of this many pixels a side.
    shifts : int
        Measure ``consistency@n`` for n = 1 to `shifts`: the share of test images whose prediction stays the same when
        they move by n pixels.
    scatter : int, optional
        Halve every image and put it at a random place of a black square of this many pixels a side; measure
        ``border@d``, the accuracy on test images that stand d pixels from the upper and the left border.
    enlarge : int
        Repeat every pixel this many times along each axis, on the device, before the network sees the image.
    engine : {"torch", "numpy"}
        What trains and measures: torch, or `numpy_net` from torch's initial weights (LeNet with ReLU and max pooling).
    gaps : tuple of int
        Measure ``loss_gap@n`` and ``loss_gap64@n``: the largest relative difference between the losses of NumPy and
        torch in the first n steps, in float32 and in float64.
    """

    network: str | Callable
    fit: dict
    options: dict = field(default_factory=dict)
    source: str = "full"
    images: int | None = None
    permuted: bool = False
    seeds: tuple = (0, 1, 2)
    tested: bool = True
    curve: bool = False
    confusion: bool = False
    canvas: int | None = None
    shifts: int = 0
    scatter: int | None = None
    enlarge: int = 1
    engine: str = "torch"
    gaps: tuple = ()

    def build(self, seed):
        """Build the network with the initial weights of a run."""
        if callable(self.network):
            return self.network(seed=seed, **self.options)
        return networks.create(self.network, seed=seed, **self.options)

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        names = []
        if self.curve:
            names = [f"{m}@{e}" for m in ("train_accuracy", "val_accuracy") for e in range(1, self.fit["epochs"] + 1)]
        names += ["train_accuracy", "validation_accuracy", "validation_loss"]
        if self.tested:
            names += ["test_accuracy", "test_loss", "lr"]  # the rate, to see if results are older than a choice
            names += [f"consistency@{n}" for n in range(1, self.shifts + 1)]
            names += [f"border@{d}" for d in (DISTANCES if self.scatter else ())]
            names += [f"{gap}@{n}" for gap in ("loss_gap", "loss_gap64") for n in self.gaps]
        if self.confusion and seed == self.seeds[0]:
            names += [f"confusion[{i},{j}]" for i in range(CLASSES) for j in range(CLASSES)]
        return names


@dataclass(frozen=True)
class Experiment:
    """A question and the settings that answer it.

    Examples
    --------
    >>> tried = Setting("linear", {"epochs": 1, "lr": 0.1}, seeds=(0, 1), tested=False)
    >>> Experiment("toy", "Does it run?", {"linear": tried}).cells()
    [('linear', 0), ('linear', 1)]
    """

    name: str
    question: str
    settings: dict

    def cells(self):
        """List the runs, (setting, seed); seed by seed, so that a comparison is complete early."""
        seeds = sorted({seed for setting in self.settings.values() for seed in setting.seeds})
        return [(name, seed) for seed in seeds for name, setting in self.settings.items() if seed in setting.seeds]

    def lines(self):
        """List what the file must hold, (setting, seed, metric)."""
        return [(name, seed, metric) for name, seed in self.cells() for metric in self.settings[name].metrics(seed)]
