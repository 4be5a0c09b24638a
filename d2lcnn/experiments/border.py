"""What padding keeps of the border: the same network with and without it, on objects near and far from the border."""

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion, halved, scattered
from .probes import Border
from .settings import Experiment

CANVAS = 28  # twice the side of the halved objects

# One recipe for both, from a trial without padding and not tuned for either.
RECIPE = Recipe(epochs=4, lr=0.1)


def strewn(images, part, seed):
    """Halve all images and put them at random places, of training images the run's own."""
    return scattered(halved(images), CANVAS, seed if part == "train" else 0)


BORDER = Experiment(
    "border",
    "How much accuracy does a network without padding lose on objects at the border, and one with padding?",
    {name: Classifier("plain_cnn", RECIPE, {"padding": padding}, Fashion("subset", 5_000, change=strewn),
                      probes=(Border(CANVAS),)) for name, padding in (("no padding", 0), ("same padding", 1))},
)
