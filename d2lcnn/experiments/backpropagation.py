"""Backpropagation: one network trained in NumPy alone and in torch, from the same weights on the same batches."""

from .settings import Experiment, Setting

RECIPE = {"optimizer": "sgd", "schedule": "onecycle"}
RATES = (0.01, 0.03, 0.1, 0.3)
NETWORK, OPTIONS = "lenet", {"activation": "relu", "pool": "max"}
TUNING_SEED = 100  # not among the seeds of the results

# On the 9,000 images of the subset: ten epochs are 710 steps, two of the full set 860.
BACKPROPAGATION_TUNING = Experiment(
    "backpropagation_tuning",
    "Which learning rate does best on the validation images?",
    {f"torch, lr={lr}": Setting(NETWORK, RECIPE | {"epochs": 10, "lr": lr}, OPTIONS, source="subset",
                                seeds=(TUNING_SEED,), tested=False) for lr in RATES},
)

CHOSEN = 0.03  # best on the validation images, from results/backpropagation_tuning.csv

BACKPROPAGATION = Experiment(
    "backpropagation",
    "Does a network trained in NumPy alone learn what torch's does, how long are their losses equal, at what cost?",
    {engine: Setting(NETWORK, RECIPE | {"epochs": 2, "lr": CHOSEN}, OPTIONS, curve=True, engine=engine,
                     gaps=(1, 10) if engine == "numpy" else ()) for engine in ("numpy", "torch")},
)
