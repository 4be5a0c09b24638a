"""Sequences: a temporal convolutional network, an LSTM and a GRU with equally many parameters, on three tasks."""

from functools import partial

from .sequence_tasks import Adding, Learning, Parity, Pixels, nets
from .sequence_tasks import adding as adding  # the tasks' data, for the chapter
from .sequence_tasks import parity as parity
from .sequence_tasks import pixel_sequences as pixel_sequences
from .settings import Experiment, tune


def __getattr__(name):
    """Load `SequenceNet`, which needs torch, when somebody asks for it."""
    if name == "SequenceNet":
        return nets.SequenceNet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
LENGTHS = (25, 50, 100)


def on_adding(net, length, lr, *, steps=80, **more):
    """Declare a run of one of `ADDING_NETS`."""
    return Learning(Adding(length), ADDING_NETS[net], lr, rounds=20, steps=steps, batch_size=32, **more)


def on_pixels(net, lr, *, steps=60, **more):
    """Declare a run of one of `PIXEL_NETS`."""
    return Learning(Pixels(), PIXEL_NETS[net], lr, rounds=20, steps=steps, batch_size=128, **more)


# The rates of all lengths are chosen at the middle one, which is what the time allows.
ADDING_TUNING = tune(
    "adding_tuning",
    "Which learning rate does best on the adding problem?",
    {net: (partial(on_adding, net, LENGTHS[1], steps=50), ADDING_RATES[net]) for net in ADDING_NETS},
)

PIXEL_SEQUENCES_TUNING = tune(
    "pixel_sequences_tuning",
    "Which learning rate does best on images read pixel by pixel?",
    {net: (partial(on_pixels, net, steps=30), RATES) for net in PIXEL_NETS},
)

# best on validation data, from the two files of tuning
CHOSEN = {"adding": {"tcn": 0.01, "lstm": 0.1, "gru": 0.03},
          "pixel_sequences": {"tcn": 0.01, "lstm": 0.03, "gru": 0.03, "mlp": 0.03, "linear": 0.03}}

ADDING = Experiment(
    "adding",
    "How many steps, and seconds, until a network adds two marked numbers of a sequence, and how does length count?",
    {f"{net}, length {n}": on_adding(net, n, CHOSEN["adding"][net]) for n in LENGTHS for net in ADDING_NETS},
)

PIXEL_SEQUENCES = Experiment(
    "pixel_sequences",
    "How well, and how fast, do networks classify images that are read pixel by pixel?",
    {net: on_pixels(net, CHOSEN["pixel_sequences"][net]) for net in PIXEL_NETS},
)

PARITY = Experiment(
    "parity",
    "Which networks keep counting on sequences longer than those they were trained on?",
    {name: Learning(Parity(), net, 0.01, rounds=10, steps=80, batch_size=64) for name, net in PARITY_NETS.items()},
)
