"""NiN: a mean over each feature map against dense layers at the end, and blocks with and without 1x1 convolutions."""

from .settings import Experiment, Setting, recipe

EPOCHS = 6
RATES = (0.05, 0.1, 0.2)
TUNING_SEED = 100  # not among the seeds of the results

# What each network changes in NiN; all train on the 9,000 images that the subset has for training.
NETS = {
    "nin": ("nin_small", {}),
    "dense head": ("nin_small", {"head": "dense"}),
    "dense head, dropout": ("nin_small", {"head": "dense", "dropout": 0.5}),
    "without 1x1": ("nin_small", {"pixelwise": False}),
    "mlp": ("mlp", {}),
    "linear": ("linear", {}),
}

NIN_TUNING = Experiment(
    "nin_tuning",
    "Which learning rate does best on the validation images, for NiN and its variants?",
    {f"{name}, lr={lr}": Setting(network, recipe(lr, EPOCHS), options, source="subset", seeds=(TUNING_SEED,),
                                 tested=False)
     for name, (network, options) in NETS.items() for lr in RATES},
)

# Best on the validation images, from results/nin_tuning.csv
CHOSEN = {"nin": 0.1, "dense head": 0.1, "dense head, dropout": 0.2, "without 1x1": 0.1, "mlp": 0.2, "linear": 0.1}

NIN = Experiment(
    "nin",
    "What do a mean over maps instead of dense layers, and 1x1 convolutions in every block, cost and bring?",
    {name: Setting(network, recipe(CHOSEN[name], EPOCHS), options, source="subset", curve=True)
     for name, (network, options) in NETS.items()},
)
