"""Sequences: a temporal convolutional network, an LSTM and a GRU with equally many parameters, on three tasks."""

import time
from dataclasses import dataclass, field
from statistics import median

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from d2lcnn import networks, summary
from d2lcnn.layers import TCN

from .images import balanced
from .settings import Experiment

POOLED = 4  # pixels a side that are averaged: 28x28 become 7x7, a sequence of 49
CLIP = 1.0  # largest norm of the gradient, of all parameters together
WATCHED = 1_000  # sequences on which a run is watched
FRESH = {"validation": 10_001, "test": 10_002}  # seeds of drawn sequences that no run trains on


class SequenceNet(nn.Module):
    """A body that reads a sequence and a dense layer on its output: (N, C, L) -> (N, outputs, L).

    Output t depends on inputs up to t alone, whatever the body.

    Parameters
    ----------
    kind : {"tcn", "lstm", "gru", "rnn"}
    in_channels, width, outputs : int
        Channels of the input, of the body's output (the units of a recurrent layer) and of the output.
    blocks, kernel_size : int
        Of a TCN.
    seed : int, optional
        Decides the weights; the global generator is left as it was.

    Notes
    -----
    The forget gate of the LSTM begins with the bias 1 added (Jozefowicz, Zaremba & Sutskever 2015); all else is
    torch's choice.

    Examples
    --------
    >>> net = SequenceNet("gru", 2, 5, 1, seed=0)
    >>> net(torch.zeros(3, 2, 7)).shape, net.last(torch.zeros(3, 2, 7)).shape
    (torch.Size([3, 1, 7]), torch.Size([3, 1]))
    """

    def __init__(self, kind, in_channels, width, outputs, *, blocks=4, kernel_size=3, seed=None):
        super().__init__()
        kinds = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        if kind != "tcn" and kind not in kinds:
            raise ValueError(f"kind must be 'tcn', {', '.join(map(repr, kinds))}, not {kind!r}")
        with torch.random.fork_rng(devices=[]):
            if seed is not None:
                torch.manual_seed(seed)
            self.body = (TCN(in_channels, [width] * blocks, kernel_size) if kind == "tcn" else
                         kinds[kind](in_channels, width, batch_first=True))
            self.head = nn.Linear(width, outputs)
        if kind == "lstm":
            with torch.no_grad():
                self.body.bias_hh_l0[width : 2 * width] += 1  # remember, until training says otherwise

    def features(self, x):
        """Return the outputs of the body, (N, width, L)."""
        if isinstance(self.body, TCN):
            return self.body(x)
        return self.body(x.transpose(1, 2))[0].transpose(1, 2)

    def forward(self, x):
        """Return the output of every step."""
        return self.head(self.features(x).transpose(1, 2)).transpose(1, 2)

    def last(self, x):
        """Return the output of the last step, (N, outputs)."""
        return self.head(self.features(x)[..., -1])

    def macs(self, length):
        """Count multiply-adds of a sequence whose last output alone is asked for."""
        weights = sum(p.numel() for p in self.body.parameters() if p.dim() > 1)
        return weights * length + self.head.weight.numel()


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
class SequenceTask:
    """One way to train one network on one task: Adam, the rate constant, the norm of the gradient at most `CLIP`.

    Parameters
    ----------
    net : dict
        Arguments of `SequenceNet`; or kind "linear" or "mlp" with `hidden`, for images.
    fit : dict
        ``epochs`` rounds of ``steps`` batches of ``batch_size``, after each of which the run is watched; ``lr``.
    length : int
        Steps of a sequence.
    seeds : tuple of int
    tested : bool
    """

    net: dict
    fit: dict
    length: int
    seeds: tuple = (0, 1, 2)
    tested: bool = True
    score: str = field(default="mse", init=False)

    def metrics(self, seed):
        """List the metrics of one run, in the order of the file."""
        names = [f"val_{self.score}@{e}" for e in range(1, self.fit["epochs"] + 1)]
        names += [f"validation_{self.score}"]
        return names + self.tests() + ["ms_per_step"]

    def tests(self):
        """Name what is measured on sequences that are used once."""
        return [f"test_{self.score}", "lr"] if self.tested else []

    def build(self, seed):
        """Build the network."""
        return SequenceNet(**self.net, seed=seed)

    def measure(self, seed, budget, splits):
        """Train and measure; return the metrics and the columns that all lines of the run share."""
        fit = dict(self.fit)
        if budget and self.score == "accuracy":
            fit["epochs"] = min(fit["epochs"], budget.epochs)
        if budget:
            fit["steps"] = max(1, budget.train_images // (fit["epochs"] * fit["batch_size"]))
        net, rng = self.build(seed), np.random.default_rng(seed)
        batch, looks = self.data(rng, fit, budget, splits)
        watched = tuple(part[:WATCHED] for part in looks["validation"])
        curve, times = self.train(net, batch, lambda: self.judge(net, watched), **fit)
        values = {f"val_{self.score}@{e}": value for e, value in enumerate(curve, 1)}
        values |= {f"validation_{self.score}": self.judge(net, looks["validation"]), "lr": fit["lr"],
                   "ms_per_step": 1000 * median(times)}
        values |= self.final(net, looks)
        return values, {"epochs": fit["epochs"], "train_images": fit["epochs"] * fit["steps"] * fit["batch_size"],
                        "params": summary.count_parameters(net), "macs": self.macs(net),
                        "core_seconds": round(sum(times), 2)}

    def data(self, rng, fit, budget, splits):
        """Return a function that draws a batch, and the sequences to measure on."""
        looks = {part: adding(np.random.default_rng(s), WATCHED, self.length) for part, s in FRESH.items()}
        return lambda: adding(rng, fit["batch_size"], self.length), looks

    def train(self, net, batch, look, *, epochs, steps, lr, batch_size):
        """Train in place; return what `look` saw after each round, and the core-seconds of each step."""
        optimizer, seen, times = torch.optim.Adam(net.parameters(), lr=lr), [], []
        # Gradients that vanish through time become denormal numbers, with which processors compute many times slower.
        torch.set_flush_denormal(True)
        try:
            for _ in range(epochs):
                for _ in range(steps):
                    x, y = batch()
                    start = time.process_time()
                    optimizer.zero_grad()
                    self.loss(net, x, y).backward()
                    nn.utils.clip_grad_norm_(net.parameters(), CLIP)
                    optimizer.step()
                    times.append(time.process_time() - start)
                seen.append(look())
        finally:
            torch.set_flush_denormal(False)
        return seen, times

    def loss(self, net, x, y):
        """Return the loss of a batch."""
        return F.mse_loss(net.last(x), y)

    def judge(self, net, part):
        """Return the score on sequences."""
        with torch.no_grad():
            return float(F.mse_loss(net.last(part[0]), part[1]))

    def final(self, net, looks):
        """Return what is measured once, after training."""
        return {f"test_{self.score}": self.judge(net, looks["test"])}

    def macs(self, net):
        """Count multiply-adds of one sequence."""
        return net.macs(self.length)


@dataclass(frozen=True)
class PixelTask(SequenceTask):
    """Images as sequences of 49 numbers, read one by one."""

    length: int = 49
    source: str = "full"
    score: str = field(default="accuracy", init=False)

    def build(self, seed):
        """Build the network, or one that sees all 49 numbers at once."""
        if self.net["kind"] == "linear":
            return networks.create("linear", seed=seed, input_size=(1, self.length))
        if self.net["kind"] == "mlp":
            return networks.create("mlp", seed=seed, hidden=self.net["hidden"], input_size=(1, self.length))
        return SequenceNet(**self.net, seed=seed)

    def data(self, rng, fit, budget, splits):
        """Return a function that draws a batch, and the sequences to measure on."""
        parts = splits(self.source, False)
        x, y = pixel_sequences(parts.train)
        looks = {name: balanced(part, budget.measured_images, 0) if budget else part
                 for name, part in (("validation", parts.validation), ("test", parts.test))}
        waiting = []

        def batch():
            if not waiting:  # a new round through all images, in another order
                waiting.extend(rng.permutation(len(y)).tolist())
            index = [waiting.pop() for _ in range(min(fit["batch_size"], len(waiting)))]
            return x[index], y[index]

        return batch, {name: pixel_sequences(part) for name, part in looks.items()}

    def loss(self, net, x, y):
        """Return the loss of a batch."""
        return F.cross_entropy(self._logits(net, x), y)

    def judge(self, net, part):
        """Return the share of images that are classified right."""
        with torch.no_grad():
            return float((self._logits(net, part[0]).argmax(dim=1) == part[1]).double().mean())

    def macs(self, net):
        """Count multiply-adds of one image."""
        return net.macs(self.length) if isinstance(net, SequenceNet) else summary.summarize(net, (1, 1, 49)).macs

    def _logits(self, net, x):
        return net.last(x) if isinstance(net, SequenceNet) else net(x[:, :, None])


@dataclass(frozen=True)
class ParityTask(SequenceTask):
    """Parity at every step, trained at one length and measured at the last step of others."""

    lengths: tuple = (10, 20, 40, 80, 160, 320)
    score: str = field(default="accuracy", init=False)

    def tests(self):
        """Name the lengths that are measured."""
        return [f"test_accuracy, length {n}" for n in self.lengths]

    def data(self, rng, fit, budget, splits):
        """Return a function that draws a batch, and the sequences to measure on."""
        looks = {"validation": parity(np.random.default_rng(FRESH["validation"]), WATCHED, self.length)}
        looks |= {n: parity(np.random.default_rng(FRESH["test"] + n), WATCHED, n) for n in self.lengths}
        return lambda: parity(rng, fit["batch_size"], self.length), looks

    def loss(self, net, x, y):
        """Return the loss of a batch, a mean over all steps."""
        return F.binary_cross_entropy_with_logits(net(x), y)

    def judge(self, net, part):
        """Return the share of sequences whose last step is right."""
        with torch.no_grad():
            return float(((net.last(part[0]) > 0) == (part[1][..., -1] > 0)).double().mean())

    def final(self, net, looks):
        """Return what is measured once, after training."""
        return {f"test_accuracy, length {n}": self.judge(net, looks[n]) for n in self.lengths}


# Widths that give the three kinds equally many parameters, within three percent (parity: six).
ADDING_NETS = {
    "tcn": {"kind": "tcn", "in_channels": 2, "width": 10, "outputs": 1, "kernel_size": 5},  # sees 121 steps
    "lstm": {"kind": "lstm", "in_channels": 2, "width": 28, "outputs": 1},
    "gru": {"kind": "gru", "in_channels": 2, "width": 33, "outputs": 1},
}
PIXEL_NETS = {
    "tcn": {"kind": "tcn", "in_channels": 1, "width": 14, "outputs": 10},  # sees 61 steps
    "lstm": {"kind": "lstm", "in_channels": 1, "width": 31, "outputs": 10},
    "gru": {"kind": "gru", "in_channels": 1, "width": 36, "outputs": 10},
    "mlp": {"kind": "mlp", "hidden": (75,)},
    "linear": {"kind": "linear"},
}
PARITY_NETS = {
    "tcn": {"kind": "tcn", "in_channels": 1, "width": 8, "outputs": 1, "blocks": 3},  # sees 29 steps
    "lstm": {"kind": "lstm", "in_channels": 1, "width": 15, "outputs": 1},
    "gru": {"kind": "gru", "in_channels": 1, "width": 17, "outputs": 1},
}

RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
ADDING_RATES = {"tcn": RATES, "lstm": (*RATES, 0.3), "gru": RATES}  # 0.1 was best for the LSTM: one more beyond it
TUNING_SEED = 100  # not among the seeds of the results
LENGTHS = (25, 50, 100)
ADDING_FIT = {"epochs": 20, "steps": 80, "batch_size": 32}
PIXEL_FIT = {"epochs": 20, "steps": 60, "batch_size": 128}
PARITY_FIT = {"epochs": 10, "steps": 80, "batch_size": 64, "lr": 0.01}

# The rates of all lengths are chosen at the middle one, which is what the time allows.
ADDING_TUNING = Experiment(
    "adding_tuning",
    "Which learning rate does best on the adding problem?",
    {f"{name}, lr={lr}": SequenceTask(net, ADDING_FIT | {"steps": 50, "lr": lr}, LENGTHS[1], (TUNING_SEED,), False)
     for name, net in ADDING_NETS.items() for lr in ADDING_RATES[name]},
)

PIXEL_SEQUENCES_TUNING = Experiment(
    "pixel_sequences_tuning",
    "Which learning rate does best on images read pixel by pixel?",
    {f"{name}, lr={lr}": PixelTask(net, PIXEL_FIT | {"steps": 30, "lr": lr}, seeds=(TUNING_SEED,), tested=False)
     for name, net in PIXEL_NETS.items() for lr in RATES},
)

# best on validation data, from the two files of tuning
CHOSEN = {"adding": {"tcn": 0.01, "lstm": 0.1, "gru": 0.03},
          "pixel_sequences": {"tcn": 0.01, "lstm": 0.03, "gru": 0.03, "mlp": 0.03, "linear": 0.03}}

ADDING = Experiment(
    "adding",
    "How many steps, and seconds, until a network adds two marked numbers of a sequence, and how does length count?",
    {f"{name}, length {n}": SequenceTask(net, ADDING_FIT | {"lr": CHOSEN["adding"][name]}, n)
     for n in LENGTHS for name, net in ADDING_NETS.items()},
)

PIXEL_SEQUENCES = Experiment(
    "pixel_sequences",
    "How well, and how fast, do networks classify images that are read pixel by pixel?",
    {name: PixelTask(net, PIXEL_FIT | {"lr": CHOSEN["pixel_sequences"][name]}) for name, net in PIXEL_NETS.items()},
)

PARITY = Experiment(
    "parity",
    "Which networks keep counting on sequences longer than those they were trained on?",
    {name: ParityTask(net, PARITY_FIT, 10) for name, net in PARITY_NETS.items()},
)
