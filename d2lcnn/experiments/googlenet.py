"""GoogLeNet: what each path of the Inception block brings, by leaving it out of every block."""

from .settings import Experiment, Setting, recipe

EPOCHS = 4
RATES = {"all four paths": (0.1, 0.2, 0.4), "mlp": (0.03, 0.1, 0.3), "linear": (0.1, 0.3, 1.0)}
TUNING_SEED = 100  # not among the seeds of the results
PATHS = ("1x1", "3x3", "5x5", "pool")
# name -> (network, its options, whose learning rate it has)
NETS = {"all four paths": ("googlenet_small", {}, "all four paths")}
NETS |= {f"without {path}": ("googlenet_small", {"without": (path,)}, "all four paths") for path in PATHS}
NETS |= {"mlp": ("mlp", {}, "mlp"), "linear": ("linear", {}, "linear")}

GOOGLENET_TUNING = Experiment(
    "googlenet_tuning",
    "Which learning rate does best on the validation images, for the network with all four paths and the baselines?",
    {f"{name}, lr={lr}": Setting(NETS[name][0], recipe(lr, EPOCHS), source="subset", seeds=(TUNING_SEED,), tested=False)
     for name, rates in RATES.items() for lr in rates},
)

# Best on the validation images, from results/googlenet_tuning.csv; without a path a network keeps the rate of all four
CHOSEN = {"all four paths": 0.2, "mlp": 0.1, "linear": 0.3}

GOOGLENET = Experiment(
    "googlenet",
    "What does each of the four paths of the Inception block bring?",
    {name: Setting(network, recipe(CHOSEN[tuned], EPOCHS), options, source="subset", curve=True)
     for name, (network, options, tuned) in NETS.items()},
)
