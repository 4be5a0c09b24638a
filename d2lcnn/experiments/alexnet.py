"""AlexNet: which activation, and what dropout and augmentation bring when there are few images."""

from d2lcnn.train import Augment

from .settings import Experiment, Setting

# All 9,000 training images of the subset, 1,128 steps. No dropout: the paper compares without regularisation.
FITTING = {"epochs": 4, "batch_size": 32, "channels_last": True}
RELU = {"activation": "relu", "gain": 2**0.5, "dropout": 0.0}
# Each activation with initial weights that suit it: Xavier's rule supposes a slope of 1. The sigmoid's is a quarter,
# hence the factor 4; ReLU halves the variance, hence the root of 2 (He, Zhang, Ren & Sun 2015).
# (network, its options, learning rates tried)
ARMS = {
    "linear": ("linear", {}, (0.01, 0.03, 0.1, 0.3)),
    "mlp": ("mlp", {}, (0.03, 0.1, 0.3)),
    "ReLU": ("alexnet_small", RELU, (0.01, 0.02, 0.04)),
    "tanh": ("alexnet_small", {"activation": "tanh", "dropout": 0.0}, (0.01, 0.03, 0.1)),
    "sigmoid": ("alexnet_small", {"activation": "sigmoid", "dropout": 0.0}, (0.1, 1.0)),
    "sigmoid, weights times 4": ("alexnet_small", {"activation": "sigmoid", "gain": 4.0, "dropout": 0.0},
                                 (0.03, 0.1, 0.3)),
}
# So few images and so many epochs that a net can learn them by heart: 1,500 steps
FEW = 1_000
OVERFITTING = {"epochs": 30, "batch_size": 20, "channels_last": True}
MOVED = {"augment": Augment(shift=2, flip=True)}
MEANS = {"plain": (0.0, {}), "dropout": (0.5, {}), "augmentation": (0.0, MOVED), "both": (0.5, MOVED)}
FEW_RATES = (0.0025, 0.005, 0.01, 0.02)
TUNING_SEED = 100  # not among the seeds of the results


def _few(means, lr, **more):
    dropout, moved = MEANS[means]
    return Setting("alexnet_small", OVERFITTING | moved | {"lr": lr}, RELU | {"dropout": dropout}, source="subset",
                   images=FEW, **more)


ALEXNET_TUNING = Experiment(
    "alexnet_tuning",
    "Which learning rate does best on the validation images, for each activation and each mean against overfitting?",
    {f"{arm}, lr={lr}": Setting(network, FITTING | {"lr": lr}, options, source="subset", seeds=(TUNING_SEED,),
                                tested=False)
     for arm, (network, options, rates) in ARMS.items() for lr in rates}
    | {f"few images, {means}, lr={lr}": _few(means, lr, seeds=(TUNING_SEED,), tested=False)
       for means in MEANS for lr in FEW_RATES},
)

# Best on the validation images, from results/alexnet_tuning.csv
CHOSEN = {"linear": 0.03, "mlp": 0.1, "ReLU": 0.02, "tanh": 0.03, "sigmoid": 0.1, "sigmoid, weights times 4": 0.1}
FEW_CHOSEN = {"plain": 0.005, "dropout": 0.02, "augmentation": 0.01, "both": 0.005}

ALEXNET = Experiment(
    "alexnet",
    "Does ReLU learn faster than tanh and sigmoid, and what do dropout and augmentation bring?",
    {arm: Setting(network, FITTING | {"lr": CHOSEN[arm]}, options, source="subset", curve=True)
     for arm, (network, options, _) in ARMS.items()}
    | {f"few images, {means}": _few(means, lr, curve=True) for means, lr in FEW_CHOSEN.items()},
)
