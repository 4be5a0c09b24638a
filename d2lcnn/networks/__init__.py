"""Networks by name: one file a network, each reading like its paper's table."""

from ._parts import he_, seeded
from ._torchvision import load_torchvision, torchvision_keys
from .alexnet import alexnet, alexnet_2012, alexnet_small
from .autoencoder import UPSAMPLERS, autoencoder
from .baselines import linear, mlp
from .densenet import DenseLayer, dense_block, densenet121, densenet_small, transition
from .googlenet import Inception, WithAuxiliary, googlenet, googlenet_small
from .lenet import lenet, lenet_bn
from .mobilenet import mobilenet, mobilenet_small, separable_block
from .nin import nin, nin_block, nin_small
from .resnet import (
    Bottleneck,
    PreActivation,
    PreActivationBottleneck,
    Residual,
    resnet8,
    resnet18,
    resnet20,
    resnet32,
    resnet34,
    resnet50,
    resnet_cifar,
    resnext50,
)
from .small import plain_cnn, small_cnn
from .vgg import vgg11, vgg13, vgg16, vgg19, vgg_block, vgg_small
from .xception import XceptionBlock, separable_conv, xception, xception_small

NETWORKS = {
    "linear": linear,
    "mlp": mlp,
    "lenet": lenet,
    "lenet_bn": lenet_bn,
    "small_cnn": small_cnn,
    "plain_cnn": plain_cnn,
    "alexnet": alexnet,
    "alexnet_2012": alexnet_2012,
    "alexnet_small": alexnet_small,
    "nin": nin,
    "nin_small": nin_small,
    "vgg11": vgg11,
    "vgg13": vgg13,
    "vgg16": vgg16,
    "vgg19": vgg19,
    "vgg_small": vgg_small,
    "resnet18": resnet18,
    "resnet34": resnet34,
    "resnet50": resnet50,
    "resnext50": resnext50,
    "resnet_cifar": resnet_cifar,
    "resnet8": resnet8,
    "resnet20": resnet20,
    "resnet32": resnet32,
    "googlenet": googlenet,
    "googlenet_small": googlenet_small,
    "densenet121": densenet121,
    "densenet_small": densenet_small,
    "xception": xception,
    "xception_small": xception_small,
    "mobilenet": mobilenet,
    "mobilenet_small": mobilenet_small,
}

__all__ = ["NETWORKS", "UPSAMPLERS", "Bottleneck", "DenseLayer", "Inception", "PreActivation",
           "PreActivationBottleneck", "Residual", "WithAuxiliary", "XceptionBlock", "alexnet", "alexnet_2012",
           "alexnet_small", "autoencoder", "create", "dense_block", "densenet121", "densenet_small", "googlenet",
           "googlenet_small", "he_", "lenet", "lenet_bn", "linear", "load_torchvision", "mlp", "mobilenet",
           "mobilenet_small",
           "nin", "nin_block", "nin_small", "plain_cnn", "resnet8", "resnet18", "resnet20", "resnet32", "resnet34",
           "resnet50", "resnet_cifar", "resnext50", "seeded", "separable_block", "separable_conv", "small_cnn",
           "torchvision_keys", "transition", "vgg11", "vgg13", "vgg16", "vgg19", "vgg_block", "vgg_small", "xception",
           "xception_small"]


def create(name, num_classes=10, in_channels=1, *, seed=None, **options):
    """Build a network by its name, with initial weights that depend on `seed` alone.

    Parameters
    ----------
    name : str
        A key of ``NETWORKS``.
    num_classes, in_channels : int
        Length of the output vector; channels of the input images.
    seed : int, optional
        Of the initial weights, see `seeded`.
    **options
        Passed to the network's own function, for instance ``activation="relu"`` for ``"lenet"``.

    Returns
    -------
    torch.nn.Module
        Takes (N, in_channels, H, W) float32, returns (N, num_classes) logits.

    Raises
    ------
    ValueError
        If no network has this name, or an option has a value the network does not know.
    TypeError
        If the network has no such option.

    Examples
    --------
    >>> net = create("lenet", seed=0)
    >>> sum(p.numel() for p in net.parameters())
    61706
    """
    if name not in NETWORKS:
        raise ValueError(f"name is {name!r}; the networks are {', '.join(NETWORKS)}")
    for argument, value in (("num_classes", num_classes), ("in_channels", in_channels)):
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{argument} must be a positive integer, not {value!r}")
    with seeded(seed):
        return NETWORKS[name](num_classes, in_channels, **options)
