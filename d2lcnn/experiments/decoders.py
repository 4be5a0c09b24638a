"""Decoders: does the way a decoder makes its maps larger leave a checkerboard, and does training remove it?"""

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn.functional import mse_loss

from d2lcnn import networks, summary, train

from .images import balanced
from .settings import Experiment

STEPS = (0, 20, 50, 100, 300)  # after which an unfinished decoder is measured
MEASURED = 1_000  # validation images, equally many of each class, on which it is


def nyquist_share(images):
    """Find how much of the variation in images alternates from pixel to pixel.

    Parameters
    ----------
    images : array, shape (..., H, W)
        Real numbers; H and W even. All of them count together.

    Returns
    -------
    float
        Power at the Nyquist frequency of the rows, of the columns or of both, as a share of all power but that of the
        mean of each image: 0 for smooth images, 1 for a checkerboard, (H + W - 1) / (H*W - 1) for white noise.

    Raises
    ------
    ValueError
        If H or W is odd (there is no such frequency), or all images are constant.

    Examples
    --------
    >>> board = np.array([[0.0, 1.0], [1.0, 0.0]])
    >>> nyquist_share(np.tile(board, (4, 4))), nyquist_share(np.kron(board, np.ones((4, 4))))
    (1.0, 0.0)
    """
    images = np.asarray(images, dtype=float)
    h, w = images.shape[-2:]
    if h % 2 or w % 2:
        raise ValueError(f"images of {h}x{w} pixels have no Nyquist frequency: both sizes must be even")
    power = np.abs(np.fft.fft2(images)).reshape(-1, h, w) ** 2
    power = power.sum(axis=0)
    power[0, 0] = 0  # the means
    if not power.any():
        raise ValueError("all images are constant: there is no variation to take a share of")
    return float((power[h // 2].sum() + power[:, w // 2].sum() - power[h // 2, w // 2]) / power.sum())


def flat_ripple(net, images, size=15):
    """Find how uneven the decoder's answer to a flat code is, away from its border.

    Every place of the code holds the mean code of `images`, so a decoder that treats all pixels alike answers with one
    grey level.

    Parameters
    ----------
    net : torch.nn.Sequential
        As `networks.autoencoder` builds it.
    images : array, shape (N, C, H, W)
    size : int
        Height and width of the flat code; the four outer codes of each side, 16 pixels, are not looked at.

    Returns
    -------
    float
        Standard deviation of the pixels, in the images' grey levels.
    """
    with torch.no_grad():
        code = net.encoder(images).mean(dim=(0, 2, 3), keepdim=True)
        answer = net.decoder(code.expand(1, -1, size, size))
    return float(answer[..., 16:-16, 16:-16].double().std(correction=0))


@dataclass(frozen=True)
class Reconstruction:
    """One way to train one autoencoder: Adam on the squared error, the rate constant.

    Parameters
    ----------
    up : str
        How the decoder doubles its maps, see `networks.autoencoder`.
    fit : dict
        ``epochs``, ``lr`` and ``batch_size``.
    source : {"full", "subset"}
        Argument of ``data.fashion_mnist``.
    seeds : tuple of int
        Each decides the initial weights and the order of the images.
    """

    up: str
    fit: dict
    source: str = "full"
    seeds: tuple = (0, 1, 2)

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        return [f"{m}@{n}" for n in STEPS for m in ("nyquist", "ripple", "val_mse")] + [
            "nyquist", "ripple", "validation_mse", "test_mse", "nyquist of the images"]

    def measure(self, seed, budget, splits):
        """Train and measure images of `splits`; return the metrics and the columns that all lines of the run share."""
        parts = splits(self.source, False)
        chosen, epochs = parts.train, self.fit["epochs"]
        seen, test = balanced(parts.validation, MEASURED, 0), parts.test
        if budget:
            chosen, epochs = balanced(chosen, budget.train_images, seed), min(epochs, budget.epochs)
            seen, test = (balanced(part, budget.measured_images, 0) for part in (seen, test))
        net = networks.autoencoder(up=self.up, seed=seed)
        layers = summary.summarize(net, chosen.x.shape[1:])
        images = next(train.batches(seen, len(seen.y)))[0]
        values, seconds = _train(net, chosen, images, seed, **self.fit | {"epochs": epochs})
        values |= dict(zip(("nyquist", "ripple", "validation_mse"), _look(net, images), strict=True))
        values |= {"test_mse": mean_squared_error(net, test), "nyquist of the images": nyquist_share(images)}
        facts = {"epochs": epochs, "train_images": len(chosen.y), "params": layers.parameters, "macs": layers.macs,
                 "core_seconds": round(seconds, 2)}
        return values, facts


def mean_squared_error(net, images, batch_size=1_000):
    """Return the mean squared difference between images and their reconstructions, over all pixels."""
    total = 0.0
    with torch.no_grad():
        for x, _ in train.batches(images, batch_size):
            total += float(mse_loss(net(x), x, reduction="sum"))
    return total / np.asarray(images.x).size


def _look(net, images):
    """Return share at the Nyquist frequency, ripple and squared error on images."""
    with torch.no_grad():
        answers = net(images)
        return nyquist_share(answers), flat_ripple(net, images), float(mse_loss(answers, images))


def _train(net, chosen, images, seed, *, epochs, lr, batch_size):
    """Train in place; return what was seen after each of STEPS, the last of them as soon as training ends."""
    optimizer = torch.optim.Adam(net.parameters(), lr=lr)
    rng, values, seconds = np.random.default_rng(seed), {}, 0.0
    last = epochs * -(-len(chosen.y) // batch_size)
    source = (x for _ in range(epochs) for x, _ in train.batches(chosen, batch_size, rng=rng))
    for step in range(last + 1):
        for n in STEPS:
            if min(n, last) == step:
                values |= dict(zip((f"nyquist@{n}", f"ripple@{n}", f"val_mse@{n}"), _look(net, images), strict=True))
        if step < last:
            start = time.process_time()
            x = next(source)
            optimizer.zero_grad()
            mse_loss(net(x), x).backward()
            optimizer.step()
            seconds += time.process_time() - start
    return values, seconds


# From one trial with one seed and not tuned for any of the three.
RECIPE = {"epochs": 1, "lr": 0.001, "batch_size": 128}

DECODERS = Experiment(
    "decoders",
    "Which way of making maps larger leaves a checkerboard, before, early in and after training?",
    {up: Reconstruction(up, RECIPE) for up in networks.UPSAMPLERS},
)
