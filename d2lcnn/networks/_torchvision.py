"""Weights in the layout of torchvision's files: which of its keys belongs to which of ours."""

import re

from torch import nn

from .resnet import Bottleneck

SHOWN = 3  # keys that an error lists before it only counts the others

# (pattern of our key, torchvision's key); a function gets the match
RESNET = (
    (r"stem\.0\.", "conv1."),
    (r"stem\.1\.", "bn1."),
    (r"stage(\d)\.(\d+)\.body\.(\d)\.",
     lambda m: f"layer{m[1]}.{m[2]}.{'bn' if int(m[3]) % 3 else 'conv'}{int(m[3]) // 3 + 1}."),
    (r"stage(\d)\.(\d+)\.shortcut\.", r"layer\1.\2.downsample."),
    (r"head\.", "fc."),
)
DENSENET = (
    (r"stem\.0\.", "features.conv0."),
    (r"stem\.1\.", "features.norm0."),
    (r"block(\d)\.(\d+)\.body\.(\d)\.",
     lambda m: f"features.denseblock{m[1]}.denselayer{int(m[2]) + 1}."
               + {"0": "norm1.", "2": "conv1.", "3": "norm2.", "5": "conv2."}[m[3]]),
    (r"transition(\d)\.0\.", r"features.transition\1.norm."),
    (r"transition(\d)\.2\.", r"features.transition\1.conv."),
    (r"last\.0\.", "features.norm5."),
    (r"head\.", "classifier."),
)


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
    children = dict(net.named_children())
    if {"stem", "stage4", "head"} <= children.keys() and "last" not in children:
        if any(isinstance(m, Bottleneck) and m.body[0].stride != (1, 1) for m in net.modules()):
            raise ValueError("net has its strides in the 1x1 convolutions, torchvision's weights were trained with "
                             "those in the 3x3: build it with stride_in='3x3'")
        return _by_rules(net, RESNET)
    if {"stem", "transition3", "block4", "last"} <= children.keys() and len(net.block1[0].body) == 6:
        return _by_rules(net, DENSENET)
    flat = [i for i, child in enumerate(net.children()) if isinstance(child, nn.Flatten)]
    if len(flat) == 1 and all(isinstance(c, nn.Sequential) for c in list(net.children())[: flat[0]]) and flat[0] == 5:
        return _vgg_keys(net, flat[0])
    raise ValueError("net is built like no network of torchvision: it must be a VGG, a ResNet or ResNeXt with four "
                     "stages in the original order, or a DenseNet with bottlenecks and four blocks")


def _by_rules(net, rules):
    """Apply to each key the one rule whose pattern it begins with."""
    keys = {}
    for ours in net.state_dict():
        pattern, replacement = next(rule for rule in rules if re.match(rule[0], ours))
        keys[ours] = re.sub(f"^{pattern}", replacement, ours)
    return keys


def _vgg_keys(net, flatten):
    """Number the layers of all blocks through, as "features", and those behind the flattening, as "classifier"."""
    names, features = {}, 0
    for name, child in list(net.named_children())[:flatten]:
        for layer in range(len(child)):
            names[f"{name}.{layer}"] = f"features.{features}"
            features += 1
    for number, (name, _) in enumerate(list(net.named_children())[flatten + 1 :]):
        names[name] = f"classifier.{number}"
    return {key: f"{names[key.rpartition('.')[0]]}.{key.rpartition('.')[2]}" for key in net.state_dict()}


def load_torchvision(net, state_dict):
    """Put weights in torchvision's layout into a VGG, ResNet, ResNeXt or DenseNet, in place.

    Parameters
    ----------
    net : torch.nn.Module
        Made by `create` with as many classes and channels as the weights have: ``create("resnet50", 1000, 3)``; with
        ``norm="batch"`` for torchvision's ``vgg*_bn``.
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
        networks.load_torchvision(net, torch.hub.load_state_dict_from_url(url)).eval()

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
    # DenseNet's files are older than torch's rule that a module's name holds no dot: "norm.1" is norm1
    given = {re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12])\.", r"\1\2.", k): v for k, v in state_dict.items()}
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
