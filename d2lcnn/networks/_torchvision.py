"""Weights in the layout of torchvision's files: each network that torchvision has says itself which key is which."""

import re
from collections.abc import Callable
from typing import NamedTuple

SHOWN = 3  # keys that an error lists before it only counts the others


class Layout(NamedTuple):
    """How torchvision's files name the weights of a network, which keeps this as ``net.torchvision``.

    Parameters
    ----------
    keys : callable
        ``keys(net)`` is a dict, the network's key -> torchvision's; or a ValueError says why no weights fit.
    renewed : callable
        ``renewed(key)`` is the key today for one of an older file.
    """

    keys: Callable
    renewed: Callable = str  # which leaves keys as they are


def by_rules(net, rules):
    """Write each key of a network as torchvision does: by the one rule whose pattern it begins with.

    Parameters
    ----------
    net : torch.nn.Module
    rules : sequence of (str, str or callable)
        Pattern of our key, torchvision's key; a function gets the match.

    Examples
    --------
    >>> from torch import nn
    >>> by_rules(nn.Sequential(nn.Linear(1, 1)), ((r"0[.]", "fc."),))
    {'0.weight': 'fc.weight', '0.bias': 'fc.bias'}
    """
    keys = {}
    for ours in net.state_dict():
        pattern, replacement = next(rule for rule in rules if re.match(rule[0], ours))
        keys[ours] = re.sub(f"^{pattern}", replacement, ours)
    return keys


def torchvision_keys(net):
    """List torchvision's key for each of a network's own.

    Parameters
    ----------
    net : torch.nn.Module
        A VGG, ResNet, ResNeXt or DenseNet of this package.

    Returns
    -------
    dict
        Key in ``net.state_dict()`` -> key in torchvision's.

    Raises
    ------
    ValueError
        If torchvision has no network built like this one.

    Examples
    --------
    >>> from d2lcnn import networks
    >>> keys = torchvision_keys(networks.create("resnet18"))
    >>> keys["stem.0.weight"], keys["stage2.0.shortcut.0.weight"]
    ('conv1.weight', 'layer2.0.downsample.0.weight')
    """
    if not hasattr(net, "torchvision"):
        raise ValueError("net is built like no network of torchvision; `load_torchvision` says which are")
    return net.torchvision.keys(net)


def load_torchvision(net, state_dict):
    """Put weights in torchvision's layout into a VGG, ResNet, ResNeXt or DenseNet, in place.

    Parameters
    ----------
    net : torch.nn.Module
        Made by `create` with as many classes and channels as the weights have: ``create("resnet50", 1000, 3)``; with
        ``norm="batch"`` for torchvision's ``vgg*_bn``. A ResNet must have the original order.
    state_dict : dict of str to torch.Tensor
        Counters of batches that norms have seen (``num_batches_tracked``) may be missing, as they are in old files.

    Returns
    -------
    torch.nn.Module
        `net`.

    Raises
    ------
    ValueError
        If torchvision has no network like `net`, or a key is missing or too many, or a tensor has another shape.
        `net` is then as it was.

    Notes
    -----
    Where there is a network, the file's address is the one torchvision's documentation gives; torch fetches and
    keeps it, and torchvision is not needed::

        url = "https://download.pytorch.org/models/resnet18-f37072fd.pth"
        net = networks.create("resnet18", 1000, 3)
        weights = torch.hub.load_state_dict_from_url(url, weights_only=True)
        networks.load_torchvision(net, weights).eval()

    Others: ``resnet34-b627a593``, ``resnet50-0676ba61``, ``resnext50_32x4d-7cdf4587``, ``vgg11-8a719046``,
    ``vgg16-397923af``, ``densenet121-a639ec97``. They were trained on fractions of 255 from which the mean
    (0.485, 0.456, 0.406) was taken, divided by (0.229, 0.224, 0.225), a value a channel. With torchvision at hand,
    ``torchvision.models.resnet18(weights="DEFAULT").state_dict()`` does as well. The package's tests load synthetic
    weights with all of torchvision's keys and shapes; the real files were not at hand where they were written.

    Examples
    --------
    >>> from d2lcnn import networks
    >>> net = networks.create("resnet18")
    >>> theirs = {key: net.state_dict()[ours] for ours, key in torchvision_keys(net).items()}
    >>> del theirs["fc.bias"]
    >>> load_torchvision(net, theirs)
    Traceback (most recent call last):
    ...
    ValueError: state_dict does not fit: it lacks 'fc.bias'
    """
    keys, own = torchvision_keys(net), net.state_dict()
    given = {net.torchvision.renewed(k): v for k, v in state_dict.items()}
    wanted = {theirs: ours for ours, theirs in keys.items()}
    optional = {k for k in wanted if k.endswith("num_batches_tracked")}
    shapes = [f"{k!r} {tuple(given[k].shape)} where the network has {tuple(own[wanted[k]].shape)}"
              for k in wanted if k in given and given[k].shape != own[wanted[k]].shape]
    problems = [f"{verb} {_some(items)}" for verb, items in (
        ("it lacks", [repr(k) for k in wanted if k not in given and k not in optional]),
        ("the network has no place for", [repr(k) for k in given if k not in wanted]),
        ("it holds", shapes)) if items]
    if problems:
        raise ValueError(f"state_dict does not fit: {'; '.join(problems)}")
    net.load_state_dict(own | {wanted[k]: v for k, v in given.items()})
    return net


def _some(items):
    more = f" and {len(items) - SHOWN} more" if len(items) > SHOWN else ""
    return ", ".join(items[:SHOWN]) + more
