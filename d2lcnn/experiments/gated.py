"""Gated stacks: do gates help a deep stack of one-dimensional convolutions, at equal parameters?"""

from functools import partial

from d2lcnn.later import Later
from d2lcnn.recipe import Recipe

from .classifier import Classifier, Probe
from .images import SUBSET, balanced
from .settings import Experiment, tune

torch, F, train = Later("torch"), Later("torch.nn.functional"), Later("d2lcnn.train")
nets = Later("d2lcnn.experiments.nets.gated")

STEPS, DEPTH, LEVEL = 28, 8, 0.25  # columns of an image; blocks; root mean square of the maps that blocks start with
# kind -> (activation, a gate beside it, a shortcut around it)
KINDS = {"ReLU": ("relu", False, False), "tanh": ("tanh", False, False), "gated tanh": ("tanh", True, False),
         "GLU": ("linear", True, False), "residual ReLU": ("relu", False, True), "residual GLU": ("linear", True, True)}
WIDTHS = {False: 32, True: 24}  # without and with a gate: 36,522 and 36,802 parameters, 0.8 % more with gates


def __getattr__(name):
    """Load `Stack`, which needs torch, when somebody asks for it."""
    if name in ("Block", "Stack"):
        return getattr(nets, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def stack(kind, **options):
    """Build a `Stack`."""
    return nets.Stack(kind, **options)


def root_mean_square(x):
    """Return the root of the mean square of all entries, as a float."""
    return float(x.detach().double().square().mean().sqrt())


def match(net, images, level=LEVEL, *, seed=0):
    """Draw weights so that the maps of all blocks have one root mean square, in place.

    All weights are drawn with variance 1 / (number of inputs), biases are zero. Then, block by block, those that make
    values are multiplied by the number that brings the block's branch to `level`; gates keep theirs.

    Parameters
    ----------
    net : Stack
    images : torch.Tensor, (N, 1, 28, 28)
    level : float
        Below 0.5 for a gated tanh, whose values tanh bounds by 1 and whose gates start near one half.
    seed : int

    Returns
    -------
    list of float
        The factors, one for the stem and one for each block.

    Raises
    ------
    ValueError
        If no factor reaches the level.

    Notes
    -----
    After Mishkin & Matas 2016, "All you need is a good init" (arXiv:1511.06422), with the mean square in place of the
    variance.

    Examples
    --------
    >>> net, images = stack("GLU", depth=2), torch.rand(8, 1, 28, 28)
    >>> factors = match(net, images)
    >>> [round(root_mean_square(net.blocks[:n](net.stem(images.squeeze(1)))), 3) for n in range(3)]
    [0.25, 0.25, 0.25]
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in (net.stem, *net.blocks):
            layer.weight.normal_(std=layer.weight[0].numel() ** -0.5, generator=generator)
            layer.bias.zero_()
        dense = net.head[-1]
        dense.weight.normal_(std=dense.in_features**-0.5, generator=generator)
        dense.bias.zero_()
        x, factors = images.squeeze(1), []
        for layer in (net.stem, *net.blocks):
            factors.append(_scale(layer, x, level))
            x = layer(x)
    return factors


def _scale(layer, x, level):
    """Multiply the weights of a layer's values until its branch gives `level`; return the factor."""
    branch, values = getattr(layer, "branch", layer), getattr(layer, "values", len(layer.weight))
    total = 1.0
    for _ in range(100):
        reached = root_mean_square(branch(x))
        if abs(reached / level - 1) < 1e-4:
            return total
        factor = level / reached if reached else float("nan")
        layer.weight[:values] *= factor
        total *= factor
    raise ValueError(f"level={level} is out of reach: factors up to {total:.3g} give {reached:.3g}")


def gradient_ratio(net, images, labels):
    """Divide the root mean square of the loss's gradient before the blocks by that after them."""
    maps = net.stem(images.squeeze(1)).detach().requires_grad_()
    ends = net.blocks(maps)
    loss = F.cross_entropy(net.head(ends), labels)
    before, after = torch.autograd.grad(loss, [maps, ends])
    return root_mean_square(before) / root_mean_square(after)


class GradientRatio(Probe):
    """``gradient_ratio@0`` before training and ``gradient_ratio`` after it, on 200 training images."""

    def metrics(self, setting, seed):
        """Name both."""
        return ["gradient_ratio@0", "gradient_ratio"]

    def before(self, run):
        """Measure on the matched weights."""
        return {"gradient_ratio@0": gradient_ratio(run.net, *_some(run.parts, run.seed))}

    def after(self, run):
        """Measure on the trained weights."""
        return {"gradient_ratio": gradient_ratio(run.net, *_some(run.parts, run.seed))}


class Matched(Classifier):
    """A stack that begins with matched weights."""

    def prepare(self, net, parts, seed):
        """Match the weights on 200 training images."""
        match(net, _some(parts, seed)[0], seed=seed)


def _some(parts, seed):
    return next(train.batches(balanced(parts.train, 200, seed), 200))


FROM_SLOW, FROM_FAST = (0.0006, 0.0015, 0.004, 0.01), (0.004, 0.01, 0.025)
# arm -> learning rates tried: two at first, then the next beyond the best one until it had one on each side
ARMS = {"linear": (0.003, 0.01, 0.03, 0.1), "mlp": (0.003, 0.01, 0.03), "ReLU": FROM_SLOW, "tanh": FROM_SLOW,
        "gated tanh": FROM_SLOW[1:], "GLU": FROM_FAST, "residual ReLU": FROM_FAST, "residual GLU": FROM_FAST}


def setting(arm, lr):
    """Declare a run of a kind of stack, or of a baseline: five epochs of the subset."""
    more = {"recipe": Recipe(5, lr, batch_size=64, optimizer="adamw"), "images": SUBSET,
             "curve": ("val_accuracy",)}
    if arm in KINDS:
        return Matched(stack, options={"kind": arm}, probes=(GradientRatio(),), **more)
    return Classifier(arm, **more)


GATED_TUNING = tune(
    "gated_tuning",
    "Which learning rate does best on the validation images, for each kind of stack?",
    {arm: (partial(setting, arm), rates) for arm, rates in ARMS.items()},
)

# Best on the validation images, from results/gated_tuning.csv; the slower of equal ones
CHOSEN = {"linear": 0.03, "mlp": 0.01, "ReLU": 0.0015, "tanh": 0.0015, "gated tanh": 0.004, "GLU": 0.01,
          "residual ReLU": 0.01, "residual GLU": 0.01}

GATED = Experiment(
    "gated",
    "Does a gate or a shortcut help a deep stack of 1-D convolutions at equal parameters?",
    {arm: setting(arm, CHOSEN[arm]) for arm in ARMS},
)
