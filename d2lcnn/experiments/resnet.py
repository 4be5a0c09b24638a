"""Depth with and without shortcuts: plain and residual networks of 8, 20 and 32 layers at one small budget."""

from .settings import Experiment, Setting, recipe

EPOCHS = 3
DEPTHS = (8, 20, 32)
BASELINES = ("linear", "mlp")
RATES = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8)
BASELINE_RATES = (0.03, 0.1, 0.3, 1.0)
SEEDS = (0, 1, 2)
TUNING_SEED = 100  # not among the seeds of the results

# Narrow networks on 14 x 14 maps: width 8, a stem of stride 2. Shortcuts without weights, so that a plain and a
# residual network of equal depth have the same number of parameters and, for one seed, the same initial weights.
NETS = {
    f"{kind}, {depth} layers": {"depth": depth, "width": 8, "stem_stride": 2, "residual": kind == "residual"}
    for kind in ("plain", "residual") for depth in DEPTHS
}

RESNET_TUNING = Experiment(
    "resnet_tuning",
    "Which learning rate does best on the validation images, for plain and residual networks of each depth?",
    {f"{name}, lr={lr}": Setting("resnet_cifar", recipe(lr, EPOCHS), options, source="subset", seeds=(TUNING_SEED,),
                                 tested=False)
     for name, options in NETS.items() for lr in RATES}
    | {f"{name}, lr={lr}": Setting(name, recipe(lr, EPOCHS), source="subset", seeds=(TUNING_SEED,), tested=False)
       for name in BASELINES for lr in BASELINE_RATES},
)

# Best on the validation images, from results/resnet_tuning.csv
CHOSEN = {
    "plain, 8 layers": 0.4, "plain, 20 layers": 0.05, "plain, 32 layers": 0.1, "residual, 8 layers": 0.8,
    "residual, 20 layers": 0.1, "residual, 32 layers": 0.4, "linear": 0.3, "mlp": 0.1,
}

RESNET = Experiment(
    "resnet",
    "Do deeper plain networks train worse, and do shortcuts mend it?",
    {name: Setting("resnet_cifar", recipe(CHOSEN[name], EPOCHS), options, source="subset", seeds=SEEDS, curve=True)
     for name, options in NETS.items()}
    | {name: Setting(name, recipe(CHOSEN[name], EPOCHS), source="subset", seeds=SEEDS, curve=True)
       for name in BASELINES},
)
