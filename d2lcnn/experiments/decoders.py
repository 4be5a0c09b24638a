"""Decoders: does the way a decoder makes its maps larger leave a checkerboard, and does training remove it?"""

from dataclasses import dataclass

import numpy as np

from d2lcnn.later import Later

from .adam import adam
from .images import balanced, cut, load
from .settings import SEEDS, Experiment, facts

torch, F = Later("torch"), Later("torch.nn.functional")
networks, summary, train = Later("d2lcnn.networks"), Later("d2lcnn.summary"), Later("d2lcnn.train")

WAYS = ("k3s2", "k4s2", "resize")  # all that `networks.autoencoder` has
STEPS = (0, 20, 50, 100, 300)  # after which an unfinished decoder is measured
RATE, BATCH = 0.001, 128  # from one trial with one seed and not tuned for any of the decoders
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


def mean_squared_error(net, images, batch_size=1_000):
    """Return the mean squared difference between images and their reconstructions, over all pixels."""
    total = 0.0
    with torch.no_grad():
        for x, _ in train.batches(images, batch_size):
            total += float(F.mse_loss(net(x), x, reduction="sum"))
    return total / images.x.size


@dataclass(frozen=True)
class Reconstruction:
    """One way to train one autoencoder: one epoch of Adam on the squared error.

    Parameters
    ----------
    up : str
        How the decoder doubles its maps, see `networks.autoencoder`.
    seeds : tuple of int
        Each decides the initial weights and the order of the images.
    """

    up: str
    seeds: tuple = SEEDS

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        return [f"{m}@{n}" for n in STEPS for m in ("nyquist", "ripple", "val_mse")] + [
            "nyquist", "ripple", "validation_mse", "test_mse", "nyquist of the images"]

    def measure(self, seed, budget=None):
        """Train and measure; see `Setting`."""
        parts = load("full", budget)
        parts = cut(parts._replace(validation=balanced(parts.validation, MEASURED, 0)), budget, seed)
        net = networks.autoencoder(up=self.up, seed=seed)
        layers = summary.summarize(net, parts.train.x.shape[1:])
        images = next(train.batches(parts.validation, len(parts.validation)))[0]
        source = train.batches(parts.train, BATCH, rng=np.random.default_rng(seed))
        steps = adam(net, source, lambda net, x, _: F.mse_loss(net(x), x), lr=RATE)
        last, values, seconds = -(-len(parts.train) // BATCH), {}, 0.0
        for step in range(last + 1):
            for n in STEPS:
                if min(n, last) == step:  # where training is shorter, its end stands for what would come
                    values |= {f"{m}@{n}": value for m, value in _look(net, images).items()}
            seconds += next(steps, 0.0)
        end = _look(net, images)
        values |= {"nyquist": end["nyquist"], "ripple": end["ripple"], "validation_mse": end["val_mse"],
                   "test_mse": mean_squared_error(net, parts.test), "nyquist of the images": nyquist_share(images)}
        return values, facts(layers, epochs=1, train_images=len(parts.train), core_seconds=seconds)


def _look(net, images):
    """Measure the share at the Nyquist frequency, the ripple and the squared error on images."""
    with torch.no_grad():
        answers = net(images)
        return {"nyquist": nyquist_share(answers), "ripple": flat_ripple(net, images),
                "val_mse": float(F.mse_loss(answers, images))}


DECODERS = Experiment(
    "decoders",
    "Which way of making maps larger leaves a checkerboard, before, early in and after training?",
    {up: Reconstruction(up) for up in WAYS},
)
