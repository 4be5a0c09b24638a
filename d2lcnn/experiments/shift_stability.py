"""Do predictions survive a shift? Networks that differ in nothing but how they downsample."""

from d2lcnn.recipe import Recipe

from .classifier import Classifier
from .images import Fashion, on_canvas
from .probes import Consistency
from .settings import Experiment

# name in the file -> option `down` of networks.small_cnn; seeds share their initial weights across these
WAYS = {
    "strided convolution": "stride",
    "max pooling": "max",
    "average pooling": "avg",
    "max pooling, blurred": "max + blur",
}
CANVAS = 40  # Fashion-MNIST items fill their 28 pixels; 6 black pixels around them leave room to move
SHIFTS = 4  # the networks halve twice: a shift by 4 is a whole number of steps of their last map

# One recipe for all, taken from a trial with max pooling and not tuned for any of them.
RECIPE = Recipe(epochs=3, lr=0.3, batch_size=50)


def centred(images, part, seed):
    """Put all images in the middle of the canvas."""
    return on_canvas(images, CANVAS)


SHIFT_STABILITY = Experiment(
    "shift_stability",
    "How many predictions change when the image moves by 1 to 4 pixels, by way of downsampling?",
    {name: Classifier("small_cnn", RECIPE, {"down": down}, Fashion("subset", change=centred),
                      probes=(Consistency(SHIFTS),)) for name, down in WAYS.items()},
)
