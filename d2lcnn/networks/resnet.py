"""ResNet: blocks that add what they compute to what they were given."""

from collections import OrderedDict

from torch import nn
from torch.nn import functional as F

from ..shapes import integer
from ._parts import conv_norm, he_, mean_head, pick, takes
from ._registry import network
from ._torchvision import Layout, by_rules

# (block, blocks a stage, its options); the stages have widths 64, 128, 256, 512. He, Zhang, Ren & Sun 2016 (CVPR),
# table 1; ResNeXt: Xie, Girshick, Dollar, Tu & He 2017, table 1, right, where 32 groups have 4 channels each: 2 * 64.
RESNET = {
    "resnet18": ("basic", (2, 2, 2, 2), {}),
    "resnet34": ("basic", (3, 4, 6, 3), {}),
    "resnet50": ("bottleneck", (3, 4, 6, 3), {}),
    "resnext50": ("bottleneck", (3, 4, 6, 3), {"groups": 32, "widening": 2}),
}
# our key, torchvision's
TORCHVISION = (
    (r"stem\.0\.", "conv1."),
    (r"stem\.1\.", "bn1."),
    (r"stage(\d)\.(\d+)\.body\.(\d)\.",
     lambda m: f"layer{m[1]}.{m[2]}.{'bn' if int(m[3]) % 3 else 'conv'}{int(m[3]) // 3 + 1}."),
    (r"stage(\d)\.(\d+)\.shortcut\.", r"layer\1.\2.downsample."),
    (r"head\.", "fc."),
)


class ZeroShortcut(nn.Module):
    """Every `stride`-th pixel, and channels of zeros for those the input lacks: a shortcut without weights.

    Option A of He et al. 2016 (CVPR), section 3.3.

    Examples
    --------
    >>> import torch
    >>> ZeroShortcut(1, 2, 2)(torch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])).tolist()
    [[[[1.0]], [[0.0]]]]
    """

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.missing, self.stride = out_channels - in_channels, stride

    def forward(self, x):
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.missing))


def _projection(in_channels, out_channels, stride):
    return nn.Sequential(*conv_norm(in_channels, out_channels, 1, stride))


SHORTCUTS = {"projection": _projection, "zeros": ZeroShortcut}


def _shortcut(kind, in_channels, out_channels, stride):
    """Make the path past the layers: identity where the shape stays, `kind` where it changes, None for none."""
    if kind is None:
        return None
    build = pick(SHORTCUTS, "shortcut", kind)
    same = stride == 1 and in_channels == out_channels
    return nn.Identity() if same else build(in_channels, out_channels, stride)


class Residual(nn.Module):
    """Two 3x3 convolutions with batch norm, plus the input: ReLU(g(x) + x).

    Parameters
    ----------
    in_channels, width : int
        Channels of the input and of the convolutions; the output has ``expansion * width``, with expansion 1.
    stride : int
        Of the first convolution.
    shortcut : {"projection", "zeros", None}
        What stands for x where its shape differs from g(x): a 1x1 convolution with batch norm (the paper's option B),
        zeros for the missing channels (option A). None leaves x out everywhere: a plain block.

    Notes
    -----
    (N, in_channels, H, W) -> (N, width, ceil(H/stride), ceil(W/stride)). He et al. 2016 (CVPR), figure 5, left.

    Examples
    --------
    >>> [sum(p.numel() for p in Residual(4, 4, shortcut=s).parameters()) for s in ("projection", "zeros", None)]
    [304, 304, 304]
    """

    expansion = 1

    def __init__(self, in_channels, width, stride=1, *, shortcut="projection"):
        super().__init__()
        self.body = nn.Sequential(
            *conv_norm(in_channels, width, 3, stride, 1), nn.ReLU(),
            *conv_norm(width, width, 3, 1, 1),
        )  # fmt: skip
        self.shortcut = _shortcut(shortcut, in_channels, width, stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        y = self.body(x)
        return self.relu(y if self.shortcut is None else y + self.shortcut(x))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions, narrow in the middle, plus the input; the output has 4 * width channels.

    Parameters
    ----------
    in_channels, width, stride, shortcut
        As for `Residual`.
    groups, widening : int
        ResNeXt: the 3x3 convolution has ``widening * width`` channels in this many groups.
    stride_in : {"3x3", "1x1"}
        Which convolution has the stride. The paper's is the first 1x1; torchvision, its weights, and much other code
        have it in the 3x3, which reads every pixel and costs more.

    Notes
    -----
    He et al. 2016 (CVPR), figure 5, right; with groups, Xie et al. 2017, figure 3c.
    """

    expansion = 4

    def __init__(self, in_channels, width, stride=1, *, shortcut="projection", groups=1, widening=1, stride_in="3x3"):
        super().__init__()
        first, second = pick({"1x1": (stride, 1), "3x3": (1, stride)}, "stride_in", stride_in)
        middle, out = widening * width, self.expansion * width
        self.body = nn.Sequential(*conv_norm(in_channels, middle, 1, first), nn.ReLU(),
                                  *conv_norm(middle, middle, 3, second, 1, groups), nn.ReLU(),
                                  *conv_norm(middle, out, 1))
        self.shortcut = _shortcut(shortcut, in_channels, out, stride)
        self.relu = nn.ReLU()

    def forward(self, x):
        return self.relu(self.body(x) if self.shortcut is None else self.body(x) + self.shortcut(x))


class PreActivation(nn.Module):
    """`Residual` with batch norm and ReLU before each convolution, so that the identity path stays empty.

    Parameters
    ----------
    in_channels, width, stride, shortcut
        As for `Residual`; a projection is a 1x1 convolution without norm.
    first : bool
        For the block after the stem: the shortcut too starts behind the first norm and ReLU, as projections always do.

    Notes
    -----
    He, Zhang, Ren & Sun 2016 (ECCV), figure 4e and appendix.
    """

    expansion = 1

    def __init__(self, in_channels, width, stride=1, *, shortcut="projection", first=False):
        super().__init__()
        out, channels, layers = self.expansion * width, in_channels, []
        for out_channels, kernel, step in self.convolutions(width, stride):
            norm = [nn.BatchNorm2d(channels), nn.ReLU()] if layers else []
            layers += [*norm, nn.Conv2d(channels, out_channels, kernel, step, kernel // 2, bias=False)]
            channels = out_channels
        self.activation, self.body = nn.Sequential(nn.BatchNorm2d(in_channels), nn.ReLU()), nn.Sequential(*layers)
        self.shortcut = _shortcut(shortcut, in_channels, out, stride)
        if isinstance(self.shortcut, nn.Sequential):
            self.shortcut = self.shortcut[0]
        self.early = first or isinstance(self.shortcut, nn.Conv2d)

    def convolutions(self, width, stride):
        """List (channels, kernel, stride) of the block's convolutions."""
        return (width, 3, stride), (width, 3, 1)

    def forward(self, x):
        active = self.activation(x)
        y = self.body(active)
        return y if self.shortcut is None else y + self.shortcut(active if self.early else x)


class PreActivationBottleneck(PreActivation):
    """`Bottleneck` with batch norm and ReLU before each convolution; the stride is in the 3x3."""

    expansion = 4

    def convolutions(self, width, stride):
        """List (channels, kernel, stride) of the block's convolutions."""
        return (width, 1, 1), (width, 3, stride), (4 * width, 1, 1)


ORDERS = {"original": {"basic": Residual, "bottleneck": Bottleneck},
          "preactivation": {"basic": PreActivation, "bottleneck": PreActivationBottleneck}}


def _assemble(stem, channels, stages, num_classes, order, kind, **options):
    """Chain stem, stages of (blocks, width) and head; every stage after the first halves height and width."""
    block, early = pick(ORDERS, "order", order)[kind], order == "preactivation"
    # with pre-activation the stem's norm and ReLU are those that the first block begins with
    net = OrderedDict(stem=nn.Sequential(stem[0], *stem[3:]) if early else nn.Sequential(*stem))
    for number, (blocks, width) in enumerate(stages, 1):
        stage = []
        for i in range(blocks):
            first = {"first": True} if early and number == 1 and i == 0 else {}
            stage += [block(channels, width, 2 if number > 1 and i == 0 else 1, **first, **options)]
            channels = block.expansion * width
        net[f"stage{number}"] = nn.Sequential(*stage)
    if early:
        net["last"] = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU())
    net |= mean_head(channels, num_classes)
    return he_(nn.Sequential(net))


def _torchvision_keys(net):
    if any(isinstance(m, Bottleneck) and m.body[0].stride != (1, 1) for m in net.modules()):
        raise ValueError("net has its strides in the 1x1 convolutions, torchvision's weights were trained with those "
                         "in the 3x3: build it with stride_in='3x3'")
    return by_rules(net, TORCHVISION)


def _imagenet(name, num_classes, in_channels, order, shortcut, **options):
    kind, blocks, fixed = RESNET[name]
    stem = [*conv_norm(in_channels, 64, 7, 2, 3), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    net = _assemble(stem, 64, tuple(zip(blocks, (64, 128, 256, 512), strict=True)), num_classes, order, kind,
                    shortcut=shortcut, **fixed, **options)
    if order == "original":
        net.torchvision = Layout(_torchvision_keys)
    return takes(net, name, in_channels, at_least=1, made_for=(224, 224))


@network
def resnet18(num_classes=10, in_channels=1, *, residual=True, order="original", shortcut="projection"):
    """Build ResNet-18: stages of 2, 2, 2, 2 basic blocks.

    Parameters
    ----------
    num_classes, in_channels : int
    residual : bool
        False leaves out every shortcut: the paper's plain network of equal depth.
    order : {"original", "preactivation"}
        Norm and ReLU behind each convolution (`Residual`, `Bottleneck`), or before it (`PreActivation`).
    shortcut : {"projection", "zeros"}
        Where the shape changes; see `Residual`.

    Returns
    -------
    torch.nn.Sequential
        Children stem, stage1 to stage4, mean, flatten, head. (N, in_channels, H, W) -> (N, num_classes) for any size;
        made for 224x224.

    Notes
    -----
    He et al. 2016 (CVPR), table 1. Weights by He's rule (He et al. 2015), as the paper has it. With 1000 classes and 3
    channels 11,689,512 parameters, torchvision's count.

    Examples
    --------
    >>> sum(p.numel() for p in resnet18(1000, 3).parameters())
    11689512
    """
    return _imagenet("resnet18", num_classes, in_channels, order, shortcut if residual else None)


@network
def resnet34(num_classes=10, in_channels=1, *, residual=True, order="original", shortcut="projection"):
    """Build ResNet-34: stages of 3, 4, 6, 3 basic blocks. Parameters and result are those of `resnet18`."""
    return _imagenet("resnet34", num_classes, in_channels, order, shortcut if residual else None)


@network
def resnet50(num_classes=10, in_channels=1, *, order="original", stride_in="3x3"):
    """Build ResNet-50: stages of 3, 4, 6, 3 bottlenecks.

    Parameters and result are those of `resnet18`. `stride_in` as in `Bottleneck`: "1x1" gives the paper's 3.8e9
    multiply-adds, "3x3" torchvision's 4.1e9, with equally many parameters; pre-activation knows "3x3" alone.
    """
    if order == "preactivation" and stride_in != "3x3":
        raise ValueError(f"stride_in is {stride_in!r}; with order='preactivation' it may be '3x3'")
    options = {} if order == "preactivation" else {"stride_in": stride_in}
    return _imagenet("resnet50", num_classes, in_channels, order, "projection", **options)


@network
def resnext50(num_classes=10, in_channels=1):
    """Build ResNeXt-50 (32x4d): ResNet-50 whose 3x3 convolutions have twice the channels, in 32 groups.

    Parameters and result are those of `resnet18`. Xie et al. 2017, table 1: 25.0e6 parameters.
    """
    return _imagenet("resnext50", num_classes, in_channels, "original", "projection")


@network
def resnet_cifar(num_classes=10, in_channels=1, *, depth=20, width=16, stem_stride=1, residual=True, order="original",
                 shortcut="zeros"):
    """Build the family for small images: a 3x3 convolution, three stages of (depth - 2)/6 basic blocks, a dense layer.

    Parameters
    ----------
    num_classes, in_channels : int
    depth : int
        Weighted layers, 6n + 2.
    width : int
        Channels of the first stage; the others have 2 and 4 times as many. The paper's is 16.
    stem_stride : int
        2 halves the image at once, at a quarter of the cost; the paper's is 1.
    residual, order
        As in `resnet18`.
    shortcut : {"zeros", "projection"}
        The default has no weights, so that plain and residual networks have the same number of parameters.

    Returns
    -------
    torch.nn.Sequential
        Children stem, stage1 to stage3, mean, flatten, head. (N, in_channels, H, W) -> (N, num_classes) for any size.
        The stages' maps have 28, 14 and 7 rows for images of 28x28, or 14, 7 and 4 with ``stem_stride=2``.

    Raises
    ------
    ValueError
        If no network has this depth, or another argument has a value it may not have.

    Notes
    -----
    He et al. 2016 (CVPR), section 4.2, for CIFAR-10. Weights by He's rule.

    Examples
    --------
    16 channels: 144 + 32 in the stem, then 2*(2304 + 32), 4608 + 64 + 9216 + 64, 18432 + 128 + 36864 + 128, 650.

    >>> [sum(p.numel() for p in resnet_cifar(depth=8, residual=r).parameters()) for r in (True, False)]
    [75002, 75002]
    """
    depth, width = integer("depth", depth, 8), integer("width", width, 1)
    if depth % 6 != 2:
        raise ValueError(f"depth must be 8, 14, 20, ... (6n + 2), not {depth}")
    stem = [*conv_norm(in_channels, width, 3, integer("stem_stride", stem_stride, 1), 1), nn.ReLU()]
    stages = [((depth - 2) // 6, width * factor) for factor in (1, 2, 4)]
    net = _assemble(stem, width, stages, num_classes, order, "basic", shortcut=shortcut if residual else None)
    return takes(net, f"resnet{depth}", in_channels, at_least=1)


@network
def resnet8(num_classes=10, in_channels=1, **options):
    """Build `resnet_cifar` of depth 8, with the same options."""
    return resnet_cifar(num_classes, in_channels, depth=8, **options)


@network
def resnet20(num_classes=10, in_channels=1, **options):
    """Build `resnet_cifar` of depth 20, with the same options."""
    return resnet_cifar(num_classes, in_channels, depth=20, **options)


@network
def resnet32(num_classes=10, in_channels=1, **options):
    """Build `resnet_cifar` of depth 32, with the same options."""
    return resnet_cifar(num_classes, in_channels, depth=32, **options)
