"""The networks of the book compared: small variants at one budget, with a linear classifier and an MLP beside them."""

from d2lcnn.train import Augment

from .settings import Experiment, Setting, recipe

EPOCHS = 3
TUNING_SEED = 100  # not among the seeds of the results

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

NETWORKS_TUNING = Experiment(
    "networks_tuning",
    "Which learning rate does best on the validation images of the subset, for each network?",
    {f"{name}, lr={lr}": Setting(network, recipe(lr, EPOCHS), options, source="subset", seeds=(TUNING_SEED,),
                                 tested=False)
     for name, (network, options, rates) in NETS.items() for lr in rates},
)

# Best on the validation images, from results/networks_tuning.csv; the sigmoid net, which stays at chance on the subset
# at each of its rates, has the one that results/lenet_tuning.csv chose on the full data set.
CHOSEN = {
    "linear": 0.3, "MLP": 0.1, "LeNet, sigmoid": 1.0, "LeNet, batch norm": 0.1, "AlexNet": 0.04, "VGG": 0.1, "NiN": 0.2,
    "GoogLeNet": 0.4, "ResNet-8": 0.4, "DenseNet": 0.4, "MobileNet": 0.4, "ResNet-8, wide": 0.4,
}

# The widest network again with more of everything that a budget of 300 core-seconds allows.
LONG = recipe(CHOSEN["ResNet-8, wide"], 7) | {"augment": Augment(flip=True), "label_smoothing": 0.1}

NETWORKS = Experiment(
    "networks",
    "How do the networks of the book compare after three epochs on the full data set?",
    {name: Setting(NETS[name][0], recipe(lr, EPOCHS), NETS[name][1], curve=True)
     for name, lr in CHOSEN.items() if name != "ResNet-8, wide"}
    | {"ResNet-8, wide, 7 epochs": Setting("resnet8", LONG, NETS["ResNet-8, wide"][1], curve=True)},
)

# For a machine with a GPU: the papers' networks at the papers' input size, 28 * 8 = 224 pixels. Never run by us, who
# have no GPU; the rates are those that Dive into Deep Learning uses or, with batch norm, a common first guess.
GPU = {"optimizer": "sgd", "schedule": "onecycle", "channels_last": True, "bf16": True, "device": "cuda", "epochs": 10}
LARGE = {
    "AlexNet": ("alexnet", 0.01), "VGG-11": ("vgg11", 0.01), "NiN": ("nin", 0.05), "GoogLeNet": ("googlenet", 0.05),
    "ResNet-18": ("resnet18", 0.1), "ResNet-50": ("resnet50", 0.1), "DenseNet-121": ("densenet121", 0.1),
    "MobileNet": ("mobilenet", 0.1),
}
NETWORKS_GPU = Experiment(
    "networks_gpu",
    "How do the networks of the papers compare at their own input size, on a GPU?",
    {name: Setting(network, GPU | {"lr": lr}, curve=True, enlarge=8) for name, (network, lr) in LARGE.items()},
)
