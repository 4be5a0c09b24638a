"""AlexNet: which activation, and what dropout and augmentation bring when there are few images."""

from d2lcnn.train import Augment

from .settings import Experiment, Setting

# Half of the subset's training images, twice: 282 steps. No dropout: the paper compares without regularisation.
SOME = 4_500
FITTING = {"epochs": 2, "batch_size": 32, "channels_last": True}
# Each activation with initial weights that suit it: Xavier's rule supposes a slope of 1. The sigmoid's is a quarter,
# hence the factor 4; ReLU halves the variance, hence the root of 2 (He, Zhang, Ren & Sun 2015).
# (network, its options, learning rates tried)
ARMS = {
    "linear": ("linear", {}, (0.1, 0.3, 1.0)),
    "mlp": ("mlp", {}, (0.03, 0.1, 0.3)),
    "ReLU": ("alexnet_small", {"activation": "relu", "gain": 2**0.5, "dropout": 0.0}, (0.01, 0.02, 0.04)),
    "tanh": ("alexnet_small", {"activation": "tanh", "dropout": 0.0}, (0.01, 0.03, 0.1)),
    "sigmoid": ("alexnet_small", {"activation": "sigmoid", "dropout": 0.0}, (0.1, 1.0)),
    "sigmoid, weights times 4": ("alexnet_small", {"activation": "sigmoid", "gain": 4.0, "dropout": 0.0},
                                 (0.03, 0.1)),
}
# The longer race: all 9,000 images, 1,128 steps. (the arm above, learning rates tried)
LONGER = FITTING | {"epochs": 4}
LONGER_ARMS = {
    "linear, 4 epochs": ("linear", (0.01, 0.03, 0.1, 0.3)),
    "mlp, 4 epochs": ("mlp", (0.03, 0.1, 0.3)),
    "ReLU, 4 epochs": ("ReLU", (0.01, 0.02, 0.04)),
}
SEARCHED = {  # a rate alone, with one seed: three races more did not fit the budget of this chapter
    "tanh, 4 epochs": ("tanh", (0.01, 0.03, 0.1)),
    "sigmoid, 4 epochs": ("sigmoid", (0.1, 1.0)),
}
TUNING_SEED = 100  # not among the seeds of the results

ALEXNET_TUNING = Experiment(
    "alexnet_tuning",
    "Which learning rate does best on the validation images, for each activation?",
    {f"{arm}, lr={lr}": Setting(network, FITTING | {"lr": lr}, options, source="subset", images=SOME,
                                seeds=(TUNING_SEED,), tested=False)
     for arm, (network, options, rates) in ARMS.items() for lr in rates}
    | {f"{name}, lr={lr}": Setting(ARMS[arm][0], LONGER | {"lr": lr}, ARMS[arm][1], source="subset",
                                   seeds=(TUNING_SEED,), tested=False)
       for name, (arm, rates) in (LONGER_ARMS | SEARCHED).items() for lr in rates},
)

# Best on the validation images, from results/alexnet_tuning.csv
CHOSEN = {"linear": 0.1, "mlp": 0.1, "ReLU": 0.02, "tanh": 0.03, "sigmoid": 0.1, "sigmoid, weights times 4": 0.03,
          "linear, 4 epochs": 0.03, "mlp, 4 epochs": 0.1, "ReLU, 4 epochs": 0.02}

# So few images and so many epochs that a net can learn them by heart
FEW = 300
OVERFITTING = {"epochs": 20, "batch_size": 20, "channels_last": True, "lr": CHOSEN["ReLU"]}
MOVED = {"augment": Augment(shift=2, flip=True)}
RELU = ARMS["ReLU"][1]

ALEXNET = Experiment(
    "alexnet",
    "Does ReLU learn faster than tanh and sigmoid, and what do dropout and augmentation bring?",
    {arm: Setting(network, FITTING | {"lr": CHOSEN[arm]}, options, source="subset", images=SOME, curve=True)
     for arm, (network, options, _) in ARMS.items()}
    | {name: Setting(ARMS[arm][0], LONGER | {"lr": CHOSEN[name]}, ARMS[arm][1], source="subset", curve=True)
       for name, (arm, _) in LONGER_ARMS.items()}
    | {f"few images, {name}": Setting("alexnet_small", OVERFITTING | recipe, RELU | {"dropout": dropout},
                                      source="subset", images=FEW, curve=True)
       for name, dropout, recipe in [("plain", 0.0, {}), ("dropout", 0.5, {}), ("augmentation", 0.0, MOVED)]},
)
