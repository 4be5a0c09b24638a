"""The networks of the book compared: small variants at one budget, with a linear classifier and an MLP beside them."""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Augment, Recipe

from .classifier import CURVE, Classifier
from .images import Fashion
from .settings import Experiment, tune

nn, networks = Later("torch.nn"), Later("d2lcnn.networks")

# name in tables -> (network, its options, learning rates tried). Networks without batch norm need smaller rates.
NETS = {
    "linear": ("linear", {}, (0.1, 0.3, 1.0)),
    "MLP": ("mlp", {}, (0.05, 0.1, 0.2)),
    "LeNet, sigmoid": ("lenet", {}, (0.5, 1.0, 2.0)),
    "LeNet, batch norm": ("lenet_bn", {}, (0.05, 0.1, 0.2)),
    "AlexNet": ("alexnet_small", {"gain": 2**0.5, "dropout": 0.0}, (0.01, 0.02, 0.04)),
    "VGG": ("vgg_small", {"norm": "batch"}, (0.05, 0.1, 0.2)),
    "NiN": ("nin_small", {}, (0.05, 0.1, 0.2)),
    "GoogLeNet": ("googlenet_small", {}, (0.1, 0.2, 0.4)),
    "ResNet-8": ("resnet8", {"stem_stride": 2}, (0.1, 0.2, 0.4)),
    "DenseNet": ("densenet_small", {}, (0.1, 0.2, 0.4)),
    "MobileNet": ("mobilenet_small", {}, (0.1, 0.2, 0.4)),
    "ResNet-8, wide": ("resnet8", {"stem_stride": 2, "width": 32}, (0.1, 0.2, 0.4)),
}


def setting(name, lr, *, epochs=3, source="full", augment=None, label_smoothing=0.0, **more):
    """Declare a run of one of `NETS`."""
    network, options, _ = NETS[name]
    recipe = Recipe(epochs, lr, augment=augment, label_smoothing=label_smoothing, channels_last=True)
    return Classifier(network, recipe, options, Fashion(source), **more)


NETWORKS_TUNING = tune(
    "networks_tuning",
    "Which learning rate does best on the validation images of the subset, for each network?",
    {name: (partial(setting, name, source="subset"), rates) for name, (_, _, rates) in NETS.items()},
)

# Best on the validation images, from results/networks_tuning.csv; the sigmoid net, which stays at chance on the subset
# at each of its rates, has the one that results/lenet_tuning.csv chose on the full data set.
CHOSEN = {
    "linear": 0.3, "MLP": 0.1, "LeNet, sigmoid": 1.0, "LeNet, batch norm": 0.1, "AlexNet": 0.04, "VGG": 0.1, "NiN": 0.2,
    "GoogLeNet": 0.4, "ResNet-8": 0.4, "DenseNet": 0.4, "MobileNet": 0.4, "ResNet-8, wide": 0.4,
}
WIDE = "ResNet-8, wide"  # once, with more of everything that a budget of 300 core-seconds allows

NETWORKS = Experiment(
    "networks",
    "How do the networks of the book compare after three epochs on the full data set?",
    {name: setting(name, lr, curve=CURVE) for name, lr in CHOSEN.items() if name != WIDE}
    | {f"{WIDE}, 7 epochs": setting(WIDE, CHOSEN[WIDE], epochs=7, augment=Augment(flip=True), label_smoothing=0.1,
                                    curve=CURVE)},
)

# For a machine with a GPU: the papers' networks at the papers' input size, 28 * 8 = 224 pixels. Nothing is tuned: the
# rates are those of Dive into Deep Learning or, with batch norm, a common first guess, but for two that were lowered
# after trials of two epochs with one seed: at 0.05 NiN stayed at chance, at 0.1 GoogLeNet's loss became infinite.
LARGE = {
    "AlexNet": ("alexnet", 0.01), "VGG-11": ("vgg11", 0.01), "NiN": ("nin", 0.02), "GoogLeNet": ("googlenet", 0.02),
    "ResNet-18": ("resnet18", 0.1), "ResNet-50": ("resnet50", 0.1), "DenseNet-121": ("densenet121", 0.1),
    "MobileNet": ("mobilenet", 0.1),
}


def enlarged(name, factor, *, seed):
    """Build a network that repeats every pixel of its images `factor` times along each axis before it looks at them."""
    return nn.Sequential(nn.Upsample(scale_factor=factor), networks.create(name, seed=seed))


NETWORKS_GPU = Experiment(
    "networks_gpu",
    "How do the networks of the papers compare at their own input size, on a GPU?",
    {name: Classifier(partial(enlarged, network, 8), Recipe(10, lr, bf16=True, channels_last=True), curve=CURVE,
                      device="cuda") for name, (network, lr) in LARGE.items()},
    profile="gpu",
)
