"""How a network gets its name: from its function, and from nowhere else."""

import inspect

from ..names import known
from ..shapes import integer
from ._parts import seeded

NETWORKS = {}


def network(function):
    """Enter a function among ``NETWORKS``, by its own name.

    Parameters
    ----------
    function : callable
        ``function(num_classes=..., in_channels=..., *, ...)`` returns a ``torch.nn.Module`` that takes
        (N, in_channels, H, W) and returns (N, num_classes) logits.

    Returns
    -------
    callable
        `function` itself.

    Raises
    ------
    ValueError
        If another network has this name, or the two parameters do not come first.

    Examples
    --------
    >>> @network
    ... def lenet(num_classes=10, in_channels=1):
    ...     "Build another one."
    Traceback (most recent call last):
    ValueError: two networks are called 'lenet': in d2lcnn.networks.lenet and in d2lcnn.networks._registry
    """
    name = function.__name__
    if name in NETWORKS:
        raise ValueError(f"two networks are called {name!r}: in {NETWORKS[name].__module__} and in "
                         f"{function.__module__}")
    if [*inspect.signature(function).parameters][:2] != ["num_classes", "in_channels"]:
        raise ValueError(f"{name}{inspect.signature(function)} must begin with num_classes and in_channels, which "
                         "`create` hands over")
    NETWORKS[name] = function
    return function


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
    >>> create("lenett")
    Traceback (most recent call last):
    ValueError: no network is named 'lenett'; the nearest are lenet, alexnet, lenet_bn
    """
    known("network", name, NETWORKS)
    num_classes, in_channels = integer("num_classes", num_classes, 1), integer("in_channels", in_channels, 1)
    with seeded(seed):
        return NETWORKS[name](num_classes, in_channels, **options)


def public(modules):
    """Collect what modules define without an underscore, functions and classes, by name.

    Raises
    ------
    ValueError
        If two of them define the same name.

    Examples
    --------
    >>> from d2lcnn.networks import vgg
    >>> [*public([vgg])]
    ['vgg_block', 'vgg11', 'vgg13', 'vgg16', 'vgg19', 'vgg_small']
    """
    found = {}
    for module in modules:
        for name, value in vars(module).items():
            own = inspect.isfunction(value) or inspect.isclass(value)
            if own and value.__module__ == module.__name__ and not name.startswith("_"):
                if name in found:
                    raise ValueError(f"two files define {name!r}: {found[name].__module__} and {module.__name__}")
                found[name] = value
    return found
