"""What padding keeps of the border: the same network with and without it, on objects near and far from the border."""

from .settings import Experiment, Setting

CANVAS = 28  # twice the side of the halved objects

# One recipe for both, from a trial without padding and not tuned for either.
RECIPE = {"epochs": 4, "lr": 0.1}

BORDER = Experiment(
    "border",
    "How much accuracy does a network without padding lose on objects at the border, and one with padding?",
    {name: Setting("plain_cnn", RECIPE, {"padding": padding}, source="subset", images=5_000, scatter=CANVAS)
     for name, padding in (("no padding", 0), ("same padding", 1))},
)
