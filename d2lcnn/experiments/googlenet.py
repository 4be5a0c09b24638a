"""GoogLeNet: what each path of the Inception block brings, by leaving it out of every block."""

from .settings import Experiment, Setting

EPOCHS = 4
RATES = (0.1, 0.2, 0.4)
TUNING_SEED = 100  # not among the seeds of the results
PATHS = ("1x1", "3x3", "5x5", "pool")
NETS = {"all four paths": {}} | {f"without {path}": {"without": (path,)} for path in PATHS}


def recipe(lr):
    """Arguments of fit.

    Examples
    --------
    >>> recipe(0.1)
    {'optimizer': 'sgd', 'schedule': 'onecycle', 'channels_last': True, 'epochs': 4, 'lr': 0.1}
    """
    return {"optimizer": "sgd", "schedule": "onecycle", "channels_last": True, "epochs": EPOCHS, "lr": lr}


GOOGLENET_TUNING = Experiment(
    "googlenet_tuning",
    "Which learning rate does best on the validation images, for the network with all four paths?",
    {f"all four paths, lr={lr}": Setting("googlenet_small", recipe(lr), source="subset", seeds=(TUNING_SEED,),
                                         tested=False)
     for lr in RATES},
)

CHOSEN = 0.2  # best on the validation images, from results/googlenet_tuning.csv; all variants train with it

GOOGLENET = Experiment(
    "googlenet",
    "What does each of the four paths of the Inception block bring?",
    {name: Setting("googlenet_small", recipe(CHOSEN), options, source="subset", curve=True)
     for name, options in NETS.items()},
)
