"""LeNet: what each change to the sigmoid net brings, one at a time, beside a linear classifier and an MLP."""

from .settings import Experiment, Setting

EPOCHS = 3

# Each step keeps what the steps before it changed. (network, its options, arguments of fit, learning rates tried)
PLAIN = {"optimizer": "plain_sgd", "schedule": "constant"}
MOMENTUM = {"optimizer": "sgd", "schedule": "constant"}
ONE_CYCLE = {"optimizer": "sgd", "schedule": "onecycle"}
STEPS = {
    "linear": ("linear", {}, PLAIN, (0.03, 0.1, 0.3, 1.0)),
    "mlp": ("mlp", {}, PLAIN, (0.03, 0.1, 0.3, 1.0)),
    "lenet": ("lenet", {}, PLAIN, (0.3, 1.0, 3.0)),
    "+ momentum": ("lenet", {}, MOMENTUM, (0.03, 0.1, 0.3, 1.0)),
    "+ one-cycle": ("lenet", {}, ONE_CYCLE, (0.1, 0.3, 1.0, 3.0)),
    "+ ReLU": ("lenet", {"activation": "relu"}, ONE_CYCLE, (0.03, 0.1, 0.3)),
    "+ max pooling": ("lenet", {"activation": "relu", "pool": "max"}, ONE_CYCLE, (0.03, 0.1, 0.3)),
    "+ batch norm": ("lenet_bn", {}, ONE_CYCLE, (0.05, 0.1, 0.2, 0.4)),
    "linear, one-cycle": ("linear", {}, ONE_CYCLE, (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)),
    "mlp, one-cycle": ("mlp", {}, ONE_CYCLE, (0.01, 0.03, 0.1, 0.3)),
}
TUNING_SEED = 100  # not among the seeds of the results


def recipe(step, lr):
    """Arguments of fit for a step of the ladder.

    Examples
    --------
    >>> recipe("lenet", 0.9)
    {'optimizer': 'plain_sgd', 'schedule': 'constant', 'epochs': 3, 'lr': 0.9}
    """
    return STEPS[step][2] | {"epochs": EPOCHS, "lr": lr}


LENET_TUNING = Experiment(
    "lenet_tuning",
    "Which learning rate does best on the validation images, for each step of the ladder?",
    {f"{step}, lr={lr}": Setting(network, recipe(step, lr), options, seeds=(TUNING_SEED,), tested=False)
     for step, (network, options, _, rates) in STEPS.items() for lr in rates},
)

# Best on the validation images, from results/lenet_tuning.csv
CHOSEN = {
    "linear": 0.3, "mlp": 0.3, "lenet": 1.0, "+ momentum": 0.3, "+ one-cycle": 1.0, "+ ReLU": 0.1,
    "+ max pooling": 0.1, "+ batch norm": 0.1, "linear, one-cycle": 0.3, "mlp, one-cycle": 0.1,
}

LENET = Experiment(
    "lenet",
    "What does each change to the sigmoid LeNet bring, and does it beat a linear classifier and an MLP?",
    {step: Setting(network, recipe(step, CHOSEN[step]), options, curve=True, confusion=step == "+ batch norm")
     for step, (network, options, _, _) in STEPS.items()},
)

LENET_SUBSET = Experiment(
    "lenet_subset",
    "How far does LeNet with batch norm get on the images in the package?",
    {"lenet_bn, 12 epochs": Setting("lenet_bn", ONE_CYCLE | {"epochs": 12, "lr": CHOSEN["+ batch norm"]},
                                    source="subset", curve=True),
     "lenet_bn, 4 epochs": Setting("lenet_bn", ONE_CYCLE | {"epochs": 4, "lr": CHOSEN["+ batch norm"]},
                                   source="subset", curve=True),
     "mlp, 12 epochs": Setting("mlp", ONE_CYCLE | {"epochs": 12, "lr": CHOSEN["mlp, one-cycle"]},
                               source="subset", curve=True)},
)
