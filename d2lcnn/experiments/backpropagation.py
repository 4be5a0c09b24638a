"""Backpropagation: one network trained in NumPy alone and in torch, from the same weights on the same batches."""

from .settings import Experiment, Setting

RECIPE = {"optimizer": "sgd", "schedule": "onecycle", "epochs": 10}
RATES = (0.01, 0.03, 0.1, 0.3)
NETWORK, OPTIONS = "lenet", {"activation": "relu", "pool": "max"}
TUNING_SEED = 100  # not among the seeds of the results

BACKPROPAGATION_TUNING = Experiment(
    "backpropagation_tuning",
    "Which learning rate does best on the validation images?",
    {f"torch, lr={lr}": Setting(NETWORK, RECIPE | {"lr": lr}, OPTIONS, source="subset", seeds=(TUNING_SEED,),
                                tested=False) for lr in RATES},
)

CHOSEN = 0.1  # best on the validation images, from results/backpropagation_tuning.csv

BACKPROPAGATION = Experiment(
    "backpropagation",
    "Does a network trained in NumPy alone learn what torch's does, how long are their losses equal, at what cost?",
    {engine: Setting(NETWORK, RECIPE | {"lr": CHOSEN}, OPTIONS, source="subset", curve=True, engine=engine,
                     gaps=(1, 10, 100) if engine == "numpy" else ()) for engine in ("numpy", "torch")},
)
