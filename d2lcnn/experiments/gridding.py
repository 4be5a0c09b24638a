"""Gridding: does a trained network suffer from the pixels that its dilated layers skip? Images are cleaned of noise."""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lcnn import shapes, summary, train

from .decoders import nyquist_share
from .images import balanced
from .settings import Experiment

NOISE = 0.3  # standard deviation of the noise; black is 0, white 1
MEASURED = 1_000  # images, equally many of each class, on which an error is measured
FITTED = 60  # training images to which the linear filter is fitted


def dilated_denoiser(dilations, channels=8, *, seed=None):
    """Build a network that keeps the size of its images: a convolution and ReLU for each dilation, a 1x1 convolution.

    Parameters
    ----------
    dilations : sequence of int
    channels : int
        Channels between the layers.
    seed : int, optional
        Of the initial weights.

    Returns
    -------
    torch.nn.Sequential
        From (N, 1, H, W) to (N, 1, H, W).

    Examples
    --------
    >>> dilated_denoiser((1, 2))(torch.zeros(2, 1, 9, 9)).shape
    torch.Size([2, 1, 9, 9])
    """
    with torch.random.fork_rng():
        if seed is not None:
            torch.manual_seed(seed)
        layers = [
            nn.Sequential(nn.Conv2d(channels if n else 1, channels, 3, padding=d, dilation=d), nn.ReLU())
            for n, d in enumerate(dilations)
        ]
        return nn.Sequential(*layers, nn.Conv2d(channels, 1, 1))


def linear_filter(noisy, clean, dilations):
    """Find the best linear filter on the pixels that a stack of 3x3 layers sees, by least squares.

    Parameters
    ----------
    noisy, clean : tensor, shape (N, 1, H, W)
    dilations : sequence of int

    Returns
    -------
    function
        From noisy images to their estimates.
    """
    row = np.array(shapes.path_counts([shapes.Window(3, d=d) for d in dilations]))
    seen = torch.tensor(np.outer(row, row).ravel() > 0)

    def pixels(images):
        columns = F.unfold(images.double(), len(row), padding=len(row) // 2)[:, seen].transpose(1, 2)
        return torch.cat([columns, torch.ones_like(columns[..., :1])], dim=2)

    gram, moment = 0.0, 0.0
    for x, y in zip(noisy.split(10), clean.split(10), strict=True):
        A = pixels(x).flatten(0, 1)
        gram, moment = gram + A.T @ A, moment + A.T @ y.double().flatten()
    weights = torch.linalg.solve(gram, moment)
    return lambda images: (pixels(images) @ weights).reshape(images.shape)


@dataclass(frozen=True)
class Denoising:
    """One stack of dilations, trained with Adam on the squared error, the rate constant.

    Parameters
    ----------
    dilations : tuple of int
    fit : dict
        ``epochs``, of which there is one, ``lr`` and ``batch_size``.
    tested : bool
        Use the test images; else only the validation images.
    images : int
        Number of training images, equally many of each class.
    seeds : tuple of int
        Each decides the initial weights, the training images and their noise.
    """

    dilations: tuple
    fit: dict
    tested: bool = True
    images: int = 12_800
    seeds: tuple = (0, 1, 2)

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        return ["validation_mse", "nyquist of the error"] + (
            ["test_mse", "linear_mse", "noisy_mse", "lr"] if self.tested else [])

    def measure(self, seed, budget, splits):
        """Train and measure images of `splits`; return the metrics and the columns that all lines of the run share."""
        parts, count, measured = splits("full", False), self.images, MEASURED
        if budget:
            count, measured = min(count, budget.train_images), budget.measured_images
        chosen = _images(balanced(parts.train, count, seed))
        net = dilated_denoiser(self.dilations, seed=seed)
        layers, seconds = summary.summarize(net, (1, 28, 28)), _train(net, chosen, seed, **self.fit)
        net.requires_grad_(False)
        noisy, clean = _pairs(parts.validation, measured)
        error = net(noisy) - clean
        values = {"validation_mse": float((error**2).mean()), "nyquist of the error": nyquist_share(error)}
        if self.tested:
            noisy, clean = _pairs(parts.test, measured)
            some = chosen[:FITTED]
            estimate = linear_filter(_with_noise(some, seed), some, self.dilations)
            values |= {"test_mse": float(F.mse_loss(net(noisy), clean)), "noisy_mse": float(F.mse_loss(noisy, clean)),
                       "linear_mse": float(F.mse_loss(estimate(noisy).float(), clean)), "lr": self.fit["lr"]}
        facts = {"epochs": self.fit["epochs"], "train_images": count, "params": layers.parameters, "macs": layers.macs,
                 "core_seconds": round(seconds, 2)}
        return values, facts


def _images(part):
    return next(train.batches(part, len(part.y)))[0]


def _with_noise(images, seed):
    generator = torch.Generator().manual_seed(seed)
    return images + NOISE * torch.randn(images.shape, generator=generator)


def _pairs(part, count):
    """Return noisy and clean images for a measurement: the same for every setting and seed."""
    clean = _images(balanced(part, count, 0))
    return _with_noise(clean, 12345), clean


def _train(net, images, seed, *, epochs, lr, batch_size):
    """Train in place, the images in random order and with noise that is never the same; return seconds of the core."""
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    rng, start = np.random.default_rng(seed), time.process_time()
    order = torch.from_numpy(np.concatenate([rng.permutation(len(images)) for _ in range(epochs)]))
    for step, places in enumerate(order.split(batch_size)):
        clean = images[places]
        optimizer.zero_grad()
        F.mse_loss(net(_with_noise(clean, 1000 * (seed + 1) + step)), clean).backward()
        optimizer.step()
    return time.process_time() - start


STACKS = ((1, 1, 1, 1), (2, 2, 2, 2), (1, 2, 5, 1), (2, 2, 2, 1))
RATES = (0.003, 0.01, 0.03)


def recipe(lr):
    """Return how every stack is trained, but for the rate: 200 steps."""
    return {"epochs": 1, "lr": lr, "batch_size": 64}


def stack_name(dilations):
    """Name a stack as the tables do: "1,2,5,1"."""
    return ",".join(map(str, dilations))


GRIDDING_TUNING = Experiment(
    "gridding_tuning",
    "Which rate for each stack? Validation images only.",
    {f"{stack_name(ds)} lr={lr}": Denoising(ds, recipe(lr), tested=False, seeds=(100,))
     for ds in STACKS for lr in RATES},
)

# the smallest validation error of `gridding_tuning`, one seed
CHOSEN = {(1, 1, 1, 1): 0.01, (2, 2, 2, 2): 0.01, (1, 2, 5, 1): 0.003, (2, 2, 2, 1): 0.03}

GRIDDING = Experiment(
    "gridding",
    "Do dilations that share a factor harm a trained network, and do other dilations cure it?",
    {stack_name(ds): Denoising(ds, recipe(lr)) for ds, lr in CHOSEN.items()},
)
