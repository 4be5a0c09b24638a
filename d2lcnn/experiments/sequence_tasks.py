"""Three tasks on sequences, and the setting that trains a network on one of them."""

from dataclasses import dataclass
from itertools import islice
from statistics import median
from typing import ClassVar, NamedTuple

import numpy as np

from d2lcnn.later import Later

from .adam import adam
from .images import cut, load
from .settings import SEEDS, facts

torch, F = Later("torch"), Later("torch.nn.functional")
networks, summary, nets = Later("d2lcnn.networks"), Later("d2lcnn.summary"), Later("d2lcnn.experiments.nets.sequences")

POOLED = 4  # pixels a side that are averaged: 28x28 become 7x7, a sequence of 49
CLIP = 1.0  # largest norm of the gradient, of all parameters together
WATCHED = 1_000  # sequences on which a run is watched
FRESH = {"validation": 10_001, "test": 10_002}  # seeds of drawn sequences that no run trains on


def adding(rng, count, length):
    """Draw sequences of the adding problem.

    Parameters
    ----------
    rng : numpy.random.Generator
    count, length : int

    Returns
    -------
    x : tensor, float32 (count, 2, length)
        Channel 0: numbers drawn from [0, 1). Channel 1: a one at two steps, one in each half, zeros elsewhere.
    y : tensor, float32 (count, 1)
        The sum of the two numbers that are marked.

    Notes
    -----
    Hochreiter & Schmidhuber 1997, "Long Short-Term Memory", experiment 4, with numbers in [0, 1) as in Le, Jaitly
    & Hinton 2015 (arXiv:1504.00941) and a mark in each half as in Arjovsky, Shah & Bengio 2016 (arXiv:1511.06464). The
    constant answer 1 has the mean squared error 1/6.

    Examples
    --------
    >>> x, y = adding(np.random.default_rng(0), 2, 6)
    >>> x[:, 1].sum(dim=1).tolist(), bool(torch.equal((x[:, 0] * x[:, 1]).sum(dim=1), y[:, 0]))
    ([2.0, 2.0], True)
    """
    x = np.zeros((count, 2, length), np.float32)
    x[:, 0] = rng.random((count, length))
    x[np.arange(count), 1, rng.integers(0, length // 2, count)] = 1
    x[np.arange(count), 1, rng.integers(length // 2, length, count)] = 1
    return torch.from_numpy(x), torch.from_numpy(x.prod(axis=1).sum(axis=1, keepdims=True))


def parity(rng, count, length):
    """Draw bits, as -1 and 1, and for each step whether the ones so far are odd in number.

    Returns
    -------
    x, y : tensor, float32 (count, 1, length)

    Examples
    --------
    >>> x, y = parity(np.random.default_rng(1), 1, 6)
    >>> x[0, 0].int().tolist(), y[0, 0].int().tolist()
    ([-1, 1, 1, 1, -1, -1], [0, 1, 0, 1, 1, 1])
    """
    bits = rng.integers(0, 2, (count, 1, length))
    return torch.from_numpy(bits * 2.0 - 1).float(), torch.from_numpy(bits.cumsum(axis=2) % 2).float()


def pixel_sequences(images):
    """Shrink images to the means of 4x4 pixels and read them row by row.

    Returns
    -------
    x : tensor, float32 (N, 1, 49)
        Between 0 and 1.
    y : tensor, int64 (N,)
    """
    n, _, h, w = np.shape(images.x)
    means = np.reshape(images.x, (n, h // POOLED, POOLED, w // POOLED, POOLED)).mean(axis=(2, 4)) / 255
    return torch.from_numpy(means.reshape(n, 1, -1)).float(), torch.from_numpy(np.asarray(images.y, np.int64))


@dataclass(frozen=True)
class Adding:
    """The adding problem at one length: mean squared error of the last output."""

    length: int
    score: ClassVar[str] = "mse"
    tests: ClassVar[tuple] = ("test_mse", "lr")

    def batches(self, rng, size, budget):
        """Draw batches without end."""
        while True:
            yield adding(rng, size, self.length)

    def parts(self, budget):
        """Draw what is measured on: metric to sequences."""
        return {f"{part}_mse": adding(np.random.default_rng(seed), WATCHED, self.length)
                for part, seed in FRESH.items()}

    def loss(self, net, x, y):
        """Return the loss of a batch."""
        return F.mse_loss(net.last(x), y)

    def judge(self, net, x, y):
        """Return the score on sequences."""
        return float(F.mse_loss(net.last(x), y))


@dataclass(frozen=True)
class Pixels:
    """Images as sequences of 49 numbers, read one by one: accuracy."""

    length: ClassVar[int] = 49
    score: ClassVar[str] = "accuracy"
    tests: ClassVar[tuple] = ("test_accuracy", "lr")

    def batches(self, rng, size, budget):
        """Go through all images again and again, each time in another order."""
        x, y = pixel_sequences(load("full", budget).train)  # all: a budget cuts steps
        while True:
            order = rng.permutation(len(y))[::-1].copy()
            for start in range(0, len(y), size):
                index = order[start : start + size]
                yield x[index], y[index]

    def parts(self, budget):
        """Load what is measured on: metric to sequences."""
        parts = cut(load("full", budget), budget, 0)
        return {"validation_accuracy": pixel_sequences(parts.validation), "test_accuracy": pixel_sequences(parts.test)}

    def loss(self, net, x, y):
        """Return the loss of a batch."""
        return F.cross_entropy(_logits(net, x), y)

    def judge(self, net, x, y):
        """Return the share of images that are classified right."""
        return float((_logits(net, x).argmax(dim=1) == y).double().mean())


def _logits(net, x):
    return net.last(x) if isinstance(net, nets.SequenceNet) else net(x[:, :, None])


@dataclass(frozen=True)
class Parity:
    """Parity at every step, trained at one length and measured at the last step of others: accuracy."""

    length: int = 10
    lengths: tuple = (10, 20, 40, 80, 160, 320)
    score: ClassVar[str] = "accuracy"

    @property
    def tests(self):
        """Name the lengths that are measured."""
        return tuple(f"test_accuracy, length {n}" for n in self.lengths)

    def batches(self, rng, size, budget):
        """Draw batches without end."""
        while True:
            yield parity(rng, size, self.length)

    def parts(self, budget):
        """Draw what is measured on: metric to sequences."""
        drawn = {name: parity(np.random.default_rng(FRESH["test"] + n), WATCHED, n)
                 for name, n in zip(self.tests, self.lengths, strict=True)}
        return {"validation_accuracy": parity(np.random.default_rng(FRESH["validation"]), WATCHED, self.length)} | drawn

    def loss(self, net, x, y):
        """Return the loss of a batch, a mean over all steps."""
        return F.binary_cross_entropy_with_logits(net(x), y)

    def judge(self, net, x, y):
        """Return the share of sequences whose last step is right."""
        return float(((net.last(x) > 0) == (y[..., -1] > 0)).double().mean())


class Cost(NamedTuple):
    """Parameters, and multiply-adds of one sequence."""

    parameters: int
    macs: int


@dataclass(frozen=True)
class Learning:
    """One way to train one network on one task: Adam, the rate constant, the norm of the gradient at most `CLIP`.

    Parameters
    ----------
    task : Adding, Pixels or Parity
    net : dict
        Arguments of `SequenceNet`; or kind "linear" or "mlp" with `hidden`, for `Pixels`.
    lr : float
    rounds, steps, batch_size : int
        As many rounds of as many steps, after each of which the run is watched; sequences of a step.
    seeds : tuple of int
        Each decides the initial weights and the training sequences.
    tested : bool
    """

    task: Adding | Pixels | Parity
    net: dict
    lr: float
    rounds: int
    steps: int
    batch_size: int
    seeds: tuple = SEEDS
    tested: bool = True

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        score = self.task.score
        return [*(f"val_{score}@{e}" for e in range(1, self.rounds + 1)), f"validation_{score}",
                *(self.task.tests if self.tested else ()), "ms_per_step"]

    def build(self, seed):
        """Build the network; baselines see the whole sequence at once."""
        if self.net["kind"] in networks.NETWORKS:
            options = {name: value for name, value in self.net.items() if name != "kind"}
            return networks.create(self.net["kind"], seed=seed, input_size=(1, self.task.length), **options)
        return nets.SequenceNet(**self.net, seed=seed)

    def measure(self, seed, budget=None):
        """Train and measure; see `Setting`."""
        task, score, rounds, steps = self.task, self.task.score, self.rounds, self.steps
        if budget:
            rounds = min(rounds, budget.epochs) if score == "accuracy" else rounds
            steps = max(1, budget.train_images // (rounds * self.batch_size))
        net, parts = self.build(seed), task.parts(budget)
        watched = tuple(part[:WATCHED] for part in parts[f"validation_{score}"])
        training = adam(net, task.batches(np.random.default_rng(seed), self.batch_size, budget), task.loss, lr=self.lr,
                        clip=CLIP)
        values, times = {"lr": self.lr}, []
        # Gradients that vanish through time become denormal numbers, with which processors compute many times slower.
        torch.set_flush_denormal(True)
        try:
            for e in range(1, rounds + 1):
                times += islice(training, steps)
                values[f"val_{score}@{e}"] = self.judge(net, watched)
        finally:
            torch.set_flush_denormal(False)
        values |= {name: self.judge(net, part) for name, part in parts.items() if self.tested or "test" not in name}
        values["ms_per_step"] = 1000 * median(times)
        return values, facts(self.cost(net), epochs=rounds, train_images=rounds * steps * self.batch_size,
                             core_seconds=sum(times))

    def judge(self, net, part):
        """Return the task's score of a network."""
        with torch.no_grad():
            return self.task.judge(net, *part)

    def cost(self, net):
        """Count parameters and multiply-adds of one sequence whose last output alone is asked for."""
        macs = (net.macs(self.task.length) if isinstance(net, nets.SequenceNet) else
                summary.summarize(net, (1, 1, self.task.length)).macs)
        return Cost(summary.count_parameters(net), macs)
