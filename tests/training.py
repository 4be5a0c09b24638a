"""Small images and networks that the tests of training share."""

import contextlib
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import train


def make_images(count=96, seed=0, size=8):
    """Noise with a bright bar whose row is the class; uint8, four classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 4, count)
    x = rng.integers(0, 100, (count, 1, size, size)).astype(np.uint8)
    x[np.arange(count), 0, 2 * y] += 120
    return SimpleNamespace(x=x, y=y)


def make_net(seed=0, *, norm=False, dropout=0.0, deep=False):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        bn = [nn.BatchNorm2d(4)] if norm else []
        bn += [nn.Conv2d(4, 4, 3, padding=1)] if deep else []
        return nn.Sequential(nn.Conv2d(1, 4, 3), *bn, nn.ReLU(), nn.Flatten(), nn.Dropout(dropout), nn.Linear(144, 4))


def weights(net):
    return torch.cat([p.detach().flatten() for p in net.parameters()])


IMAGES, VALIDATION = make_images(), make_images(70, seed=1)


@contextlib.contextmanager
def stopped_after(epochs):
    """Let `fit` write this many epochs and then be interrupted."""
    save, left = train.checkpoint.save, [epochs]

    def saved(*arguments):
        save(*arguments)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(train.checkpoint, "save", saved)
        yield
