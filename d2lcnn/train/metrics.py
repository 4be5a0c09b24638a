"""What training and evaluation report."""

from dataclasses import asdict, dataclass, field

import numpy as np
import torch


@dataclass(frozen=True)
class Metrics:
    """Result of `evaluate`.

    Attributes
    ----------
    loss : float
        Mean cross-entropy per image, in nats.
    accuracy : float
        Share of images whose largest logit is at the right class.
    count : int
        Number of images.
    confusion : numpy.ndarray, int64 (classes, classes)
        ``confusion[i, j]`` counts images of class i that were taken for class j.
    """

    loss: float
    accuracy: float
    count: int
    confusion: np.ndarray = field(repr=False)

    def __str__(self):
        return f"accuracy {self.accuracy:.4f}, loss {self.loss:.4f} on {self.count:,} images"


@dataclass
class History:
    """One value an epoch, in lists of equal length.

    Attributes
    ----------
    epoch : list of int
        1, 2, ...
    train_loss, train_accuracy : list of float
        Means over the images of the epoch, each measured just before the step that learns from it (so with the
        weights of that moment, in training mode, on augmented images, with label smoothing).
    validation_loss, validation_accuracy : list of float
        Measured after the epoch, without smoothing; NaN where no validation images were given.
    core_seconds : list of float
        Processor seconds spent on training since the first epoch, summed over threads and processes; validation
        is not counted.
    """

    epoch: list = field(default_factory=list)
    train_loss: list = field(default_factory=list)
    train_accuracy: list = field(default_factory=list)
    validation_loss: list = field(default_factory=list)
    validation_accuracy: list = field(default_factory=list)
    core_seconds: list = field(default_factory=list)

    def append(self, **values):
        """Add an epoch: one value for every attribute."""
        if values.keys() != asdict(self).keys():
            raise TypeError(f"an epoch has the values {', '.join(asdict(self))}, not {', '.join(values)}")
        for name, value in values.items():
            getattr(self, name).append(value)

    @property
    def best(self):
        """The epoch with the smallest validation loss, the first of equal ones: what `patience` waits for."""
        return self.epoch[int(np.argmin(self.validation_loss))]

    def as_dict(self):
        """Copy to a dict of lists."""
        return asdict(self)

    def __len__(self):
        return len(self.epoch)

    def __str__(self):
        lines = ["epoch  train loss  accuracy  validation loss  accuracy  core-seconds"]
        lines += [f"{e:5d}  {tl:10.4f}  {ta:8.4f}  {vl:15.4f}  {va:8.4f}  {s:12.1f}"
                  for e, tl, ta, vl, va, s in zip(*asdict(self).values(), strict=True)]
        return "\n".join(lines)


class Tally:
    """Sums over images of loss, hits and (if `classes` is given) pairs of true and predicted class."""

    def __init__(self, classes=None):
        self.loss, self.hits, self.count = 0.0, 0, 0
        self.confusion = None if classes is None else torch.zeros(classes, classes, dtype=torch.int64)

    def add(self, loss_sum, logits, y):
        """Count a batch whose summed loss is `loss_sum`."""
        predicted = logits.argmax(1)
        self.loss += float(loss_sum)
        self.hits += int((predicted == y).sum())
        self.count += len(y)
        if self.confusion is not None:
            classes = len(self.confusion)
            pairs = (y * classes + predicted).cpu()
            self.confusion += torch.bincount(pairs, minlength=classes**2).view(classes, classes)

    def reduce(self, fabric):
        """Sum over processes."""
        sums = torch.tensor([self.loss, self.hits, self.count], dtype=torch.float64)
        sums = fabric.all_reduce(sums, reduce_op="sum")
        self.loss, self.hits, self.count = float(sums[0]), int(sums[1]), int(sums[2])
        return self

    @property
    def means(self):
        """Mean loss and accuracy over all images counted."""
        return self.loss / self.count, self.hits / self.count
