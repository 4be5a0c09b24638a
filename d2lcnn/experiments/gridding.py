"""Gridding: does a trained network suffer from the pixels that its dilated layers skip? Images are cleaned of noise."""

from dataclasses import dataclass
from functools import partial

import numpy as np

from d2lcnn import shapes
from d2lcnn.later import Later

from .adam import adam
from .decoders import nyquist_share
from .images import Fashion
from .settings import SEEDS, Experiment, facts, tune

torch, nn, F = Later("torch"), Later("torch.nn"), Later("torch.nn.functional")
networks, summary, train = Later("d2lcnn.networks"), Later("d2lcnn.summary"), Later("d2lcnn.train")

NOISE = 0.3  # standard deviation of the noise; black is 0, white 1
IMAGES, BATCH = 12_800, 64  # to train on, equally many of each class; of one step
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
    with networks.seeded(seed):
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
    """One stack of dilations, trained with Adam on the squared error: 200 steps of 64 images.

    Parameters
    ----------
    dilations : tuple of int
    lr : float
    tested : bool
        Use the test images; else only the validation images.
    seeds : tuple of int
        Each decides the initial weights, the training images and their noise.
    """

    dilations: tuple
    lr: float
    tested: bool = True
    seeds: tuple = SEEDS

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        return ["validation_mse", "nyquist of the error"] + (
            ["test_mse", "linear_mse", "noisy_mse", "lr"] if self.tested else [])

    def measure(self, seed, budget=None):
        """Train and measure; see `Setting`."""
        parts = Fashion("full", IMAGES, MEASURED)(seed, budget)
        images = _images(parts.train)
        net = dilated_denoiser(self.dilations, seed=seed)
        layers = summary.summarize(net, (1, 28, 28))
        seconds = sum(adam(net, _lessons(images, seed), lambda net, x, y: F.mse_loss(net(x), y), lr=self.lr))
        net.requires_grad_(False)
        noisy, clean = _pairs(parts.validation)
        error = net(noisy) - clean
        values = {"validation_mse": float((error**2).mean()), "nyquist of the error": nyquist_share(error)}
        if self.tested:
            noisy, clean = _pairs(parts.test)
            some = images[:FITTED]
            estimate = linear_filter(_with_noise(some, seed), some, self.dilations)
            values |= {"test_mse": float(F.mse_loss(net(noisy), clean)), "noisy_mse": float(F.mse_loss(noisy, clean)),
                       "linear_mse": float(F.mse_loss(estimate(noisy).float(), clean)), "lr": self.lr}
        return values, facts(layers, epochs=1, train_images=len(images), core_seconds=seconds)


def _images(part):
    return next(train.batches(part, len(part)))[0]


def _with_noise(images, seed):
    generator = torch.Generator().manual_seed(seed)
    return images + NOISE * torch.randn(images.shape, generator=generator)


def _pairs(part):
    """Return noisy and clean images for a measurement: the same for every setting and seed."""
    clean = _images(part)
    return _with_noise(clean, 12345), clean


def _lessons(images, seed):
    """Yield noisy and clean images in random order, with noise that is never the same."""
    order = torch.from_numpy(np.random.default_rng(seed).permutation(len(images)))
    for step, places in enumerate(order.split(BATCH)):
        yield _with_noise(images[places], 1000 * (seed + 1) + step), images[places]


STACKS = ((1, 1, 1, 1), (2, 2, 2, 2), (1, 2, 5, 1), (2, 2, 2, 1))
RATES = (0.003, 0.01, 0.03)


def stack_name(dilations):
    """Name a stack as the tables do: "1,2,5,1"."""
    return ",".join(map(str, dilations))


GRIDDING_TUNING = tune(
    "gridding_tuning",
    "Which rate for each stack? Validation images only.",
    {stack_name(dilations): (partial(Denoising, dilations), RATES) for dilations in STACKS},
    label="{arm} lr={lr}",
)

# the smallest validation error of `gridding_tuning`, one seed
CHOSEN = {(1, 1, 1, 1): 0.01, (2, 2, 2, 2): 0.01, (1, 2, 5, 1): 0.003, (2, 2, 2, 1): 0.03}

GRIDDING = Experiment(
    "gridding",
    "Do dilations that share a factor harm a trained network, and do other dilations cure it?",
    {stack_name(dilations): Denoising(dilations, lr) for dilations, lr in CHOSEN.items()},
)
