"""The classic networks against published counts and sizes; what every network promises; blocks against their papers."""

import copy
import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from d2lcnn import networks, ops
from d2lcnn.networks.googlenet import INCEPTION
from d2lcnn.summary import count_parameters, summarize


def on_meta(name, *arguments, **options):
    """Build a network that has shapes but no numbers: free of cost at any size."""
    with torch.device("meta"):
        return networks.create(name, *arguments, **options)


TV = "torchvision's documentation, num_params and GFLOPS of the weights"
OSMR = "github.com/osmr/imgclsmob, pytorch/README.md"
# (name, options, parameters with 1000 classes and 3 channels, multiply-adds, unit in which these are printed, source)
PUBLISHED = [
    ("alexnet_2012", {}, 60_965_224, 724, 1e6, "Sze et al. 2017 (Proc. IEEE 105), table II: 61M and 724M"),
    ("vgg11", {}, 132_863_336, 7.609, 1e9, TV),
    ("vgg13", {}, 133_047_848, 11.308, 1e9, TV),
    ("vgg16", {}, 138_357_544, 15.470, 1e9, TV),
    ("vgg19", {}, 143_667_240, 19.632, 1e9, TV),
    ("googlenet", {"norm": "batch", "wide": 3}, 6_624_904, 1.498, 1e9, TV),
    ("googlenet", {}, 6_998_552, 1.58, 1e9, "table 1's rows and the biases; rows are tested below"),
    ("resnet18", {}, 11_689_512, 1.814, 1e9, TV),
    ("resnet34", {}, 21_797_672, 3.664, 1e9, TV),
    ("resnet50", {}, 25_557_032, 4.089, 1e9, TV),
    ("resnext50", {}, 25_028_904, 4.230, 1e9, TV),
    ("densenet121", {}, 7_978_856, 2.834, 1e9, TV),
    ("mobilenet", {}, 4_231_976, 569, 1e6, "Howard et al. 2017, table 6; Keras's trainable parameters"),
    ("mobilenet", {"width": 0.75}, 2_585_560, 325, 1e6, "Howard et al. 2017, table 6; " + OSMR),
    ("mobilenet", {"width": 0.5}, 1_331_592, 149, 1e6, "Howard et al. 2017, table 6; " + OSMR),
    ("mobilenet", {"width": 0.25}, 470_072, 41, 1e6, "Howard et al. 2017, table 6; " + OSMR),
    ("xception", {}, 22_855_952, 8.4, 1e9, "Chollet 2017, table 3 (parameters); " + OSMR + ": 8,404M"),
]


@pytest.mark.parametrize(("name", "options", "parameters", "macs", "unit", "source"), PUBLISHED)
def test_published_counts(name, options, parameters, macs, unit, source):
    net = on_meta(name, 1000, 3, **options)
    table = summarize(net, net.input_size)
    digits = len(str(macs).partition(".")[2]) if isinstance(macs, float) else 0
    assert (table.parameters, round(table.macs / unit, digits)) == (parameters, macs), source


@pytest.mark.parametrize(("size", "millions"), [(192, 418), (160, 291), (128, 186)])
def test_mobilenet_at_other_sizes(size, millions):
    """Howard et al. 2017, table 7; at 160 the table cuts 290.7 to 290."""
    assert round(summarize(on_meta("mobilenet", 1000, 3), (3, size, size)).macs / 1e6) == millions


def test_mobilenet_with_full_convolutions():
    """Howard et al. 2017, table 4: 29.3 million parameters; 4866 million multiply-adds, 4867 by count."""
    table = summarize(on_meta("mobilenet", 1000, 3, separable=False), (3, 224, 224))
    assert (round(table.parameters / 1e6, 1), round(table.macs / 1e6)) == (29.3, 4867)


@pytest.mark.parametrize(("depth", "millions"), [(20, 0.27), (32, 0.46), (44, 0.66), (56, 0.85), (110, 1.7)])
def test_resnets_for_cifar(depth, millions):
    """He et al. 2016, table 6; plain networks have equally many (section 4.2)."""
    counts = {count_parameters(on_meta("resnet_cifar", 10, 3, depth=depth, residual=r)) for r in (True, False)}
    assert len(counts) == 1
    assert round(counts.pop() / 1e6, 2 if millions < 1 else 1) == millions


def test_strides_of_bottlenecks():
    """He et al. 2016, table 1, prints 3.8e9 for strides in the 1x1; the 3x3 cost more with the same weights."""
    paper, usual = (on_meta("resnet50", 1000, 3, stride_in=k) for k in ("1x1", "3x3"))
    assert count_parameters(paper) == count_parameters(usual)
    assert 3.8e9 < summarize(paper, (3, 224, 224)).macs < 3.9e9


def test_auxiliary_heads_of_googlenet():
    """torchvision's two heads have 6,379,984 parameters, with batch norm: 2 * 128 more than with a bias."""
    for options, heads in (({}, 6_379_728), ({"norm": "batch", "wide": 3}, 6_379_984)):
        with_heads, without = (count_parameters(on_meta("googlenet", 1000, 3, auxiliary=a, **options)) for a in (1, 0))
        assert with_heads - without == heads


# Szegedy et al. 2015, table 1: weights in units of 1024, multiply-adds in millions
PRINTED = {"3a": (159, 128), "3b": (380, 304), "4a": (364, 73), "4b": (437, 88), "4c": (463, 100), "4d": (580, 119),
           "4e": (840, 170), "5a": (1072, 54), "5b": (1388, 71), "head": (1000, 1)}
# what the rows' own channels give where that is more than a hundredth away from the print
DEVIATING = {"4c": 497.5, "4d": 590.5, "5a": 1018, "5b": 1409}


def test_rows_of_googlenets_table():
    table = summarize(on_meta("googlenet", 1000, 3), (3, 224, 224))

    def row(prefix):
        layers = [layer for layer in table if layer.name.startswith(prefix) and layer.macs]
        return sum(layer.parameters - layer.output[0] for layer in layers) / 1024, sum(x.macs for x in layers) / 1e6

    for name, (printed, millions) in PRINTED.items():
        weights, macs = row(name if name == "head" else f"inception{name}.")
        assert abs(macs - (51 if name == "5a" else millions)) < 1, name  # 54 is printed for 5a
        if name in DEVIATING:
            assert weights == DEVIATING[name]
        else:
            assert abs(weights / printed - 1) < 0.01, name
    # the stem's rows print 2.7K and 34M, 112K and 360M
    assert row("stem.0") == (9408 / 1024, 118.013952)
    assert [round(a + b) for a, b in zip(row("stem.4"), row("stem.6"), strict=True)] == [112, 360]


STAGES = {
    "googlenet": ({"stem": (192, 28, 28), "inception3a": (256, 28, 28), "inception3b": (480, 28, 28),
                   "pool3": (480, 14, 14), "inception4a": (512, 14, 14), "inception4b": (512, 14, 14),
                   "inception4c": (512, 14, 14), "inception4d": (528, 14, 14), "inception4e": (832, 14, 14),
                   "pool4": (832, 7, 7), "inception5a": (832, 7, 7), "inception5b": (1024, 7, 7)}, 1024),
    "resnet18": ({"stem": (64, 56, 56), "stage1": (64, 56, 56), "stage2": (128, 28, 28), "stage3": (256, 14, 14),
                  "stage4": (512, 7, 7)}, 512),
    "resnet50": ({"stem": (64, 56, 56), "stage1": (256, 56, 56), "stage2": (512, 28, 28), "stage3": (1024, 14, 14),
                  "stage4": (2048, 7, 7)}, 2048),
    "resnet20": ({"stem": (16, 28, 28), "stage1": (16, 28, 28), "stage2": (32, 14, 14), "stage3": (64, 7, 7)}, 64),
    "densenet121": ({"stem": (64, 56, 56), "block1": (256, 56, 56), "transition1": (128, 28, 28),
                     "block2": (512, 28, 28), "transition2": (256, 14, 14), "block3": (1024, 14, 14),
                     "transition3": (512, 7, 7), "block4": (1024, 7, 7), "last": (1024, 7, 7)}, 1024),
    "xception": ({"stem": (64, 147, 147), "entry1": (128, 74, 74), "entry2": (256, 37, 37), "entry3": (728, 19, 19),
                  **{f"middle{i}": (728, 19, 19) for i in range(1, 9)}, "exit": (1024, 10, 10),
                  "last": (2048, 10, 10)}, 2048),
    "mobilenet": ({"stem": (32, 112, 112), "block1": (64, 112, 112), "block2": (128, 56, 56), "block3": (128, 56, 56),
                   "block4": (256, 28, 28), "block5": (256, 28, 28),
                   **{f"block{i}": (512, 14, 14) for i in range(6, 12)},
                   "block12": (1024, 7, 7), "block13": (1024, 7, 7)}, 1024),
    "googlenet_small": ({"stem": (16, 14, 14), "inception3a": (32, 14, 14), "inception3b": (60, 14, 14),
                         "pool3": (60, 7, 7), "inception4a": (104, 7, 7)}, 104),
    "densenet_small": ({"stem": (24, 14, 14), "block1": (60, 14, 14), "transition1": (30, 7, 7), "block2": (66, 7, 7),
                        "transition2": (33, 3, 3), "block3": (69, 3, 3), "last": (69, 3, 3)}, 69),
    "xception_small": ({"stem": (32, 14, 14), "entry1": (64, 7, 7), "middle1": (64, 7, 7), "middle2": (64, 7, 7),
                        "last": (128, 7, 7)}, 128),
    "mobilenet_small": ({"stem": (16, 14, 14), "block1": (32, 14, 14), "block2": (64, 7, 7), "block3": (64, 7, 7),
                         "block4": (128, 4, 4), "block5": (128, 4, 4)}, 128),
}


@pytest.mark.parametrize("name", STAGES)
def test_shapes_of_the_stages(name):
    net = on_meta(name)
    x, seen = torch.empty(1, *net.input_size, device="meta"), {}
    for stage, module in net.named_children():
        x = module(x)
        seen[stage] = tuple(x.shape[1:])
    maps, channels = STAGES[name]
    tail = {"mean": (channels, 1, 1), "flatten": (channels,), "dropout": (channels,), "head": (10,)}
    assert seen == maps | {k: v for k, v in tail.items() if k in seen}
    assert list(seen)[-1] == "head"


def test_plain_resnet34_costs_what_the_residual_one_costs():
    """He et al. 2016, figure 3: 3.6e9 multiply-adds each, with shortcuts that have no weights."""
    plain, zeros = (on_meta("resnet34", 1000, 3, **o) for o in ({"residual": False}, {"shortcut": "zeros"}))
    assert count_parameters(plain) == count_parameters(zeros)
    assert round(summarize(plain, (3, 224, 224)).macs / 1e9, 1) == 3.6


def test_norm_and_dropout_of_googlenet():
    """Section 5 of the paper: 70 % in the auxiliary heads; table 1: 40 % before the last layer."""
    net = on_meta("googlenet", auxiliary=True)
    assert [m.p for m in net.modules() if isinstance(m, nn.Dropout)] == [0.4, 0.7, 0.7]
    assert [m.p for m in on_meta("googlenet_small").modules() if isinstance(m, nn.Dropout)] == [0.0]
    # the paper is silent; these are the constants of Caffe's GoogLeNet, with alpha divided by the 5 maps of a window
    norms = [m for m in net.net.stem if isinstance(m, nn.LocalResponseNorm)]
    assert len(norms) == 2
    x = torch.rand(2, 9, 3, 3, dtype=torch.float64) * 200
    for norm in norms:
        expected = ops.local_response_norm(x.numpy(), 5, alpha=1e-4, beta=0.75, k=1.0)
        torch.testing.assert_close(norm(x), torch.tensor(expected))


DROPPING = [(name, {}) for name, f in networks.NETWORKS.items() if "dropout" in inspect.signature(f).parameters]


@pytest.mark.parametrize(("name", "options"), [*DROPPING, ("nin_small", {"head": "dense"})])
def test_dropout_is_as_asked_for(name, options):
    rates = {m.p for m in on_meta(name, dropout=0.25, **options).modules() if isinstance(m, nn.Dropout)}
    assert rates == {0.25}


# --- what every network promises

# Some are too large to draw weights for, more to train; their small variants are built by the same code.
SIZES = {name: count_parameters(on_meta(name)) for name in networks.NETWORKS}
REAL = [name for name, size in SIZES.items() if size < 20e6]
LIGHT = [name for name, size in SIZES.items() if size < 1e6]


def images(net, n=2, channels=None):
    """Make random images of the smallest size that the network takes, or of that it was made for if it is small."""
    size = net.input_size[1:]
    least = {h.keywords["at_least"] for m in net.modules() for h in m._forward_pre_hooks.values()} - {None}
    size = size if max(size) <= 32 or not least else (max(*least, 32),) * 2
    return torch.rand(n, channels or net.input_size[0], *size, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", REAL)
def test_evaluation_is_deterministic_and_weights_round_trip(name):
    first, second = (networks.create(name, seed=s).eval() for s in (0, 1))
    x = images(first)
    before = copy.deepcopy(dict(first.named_buffers()))
    with torch.no_grad():
        y = first(x)
        assert torch.equal(y, first(x))
        torch.testing.assert_close(first(x[:1]), y[:1], rtol=1e-3, atol=1e-4)  # no image looks at its batch
        assert not torch.allclose(second(x), y)
        second.load_state_dict(first.state_dict())
        assert torch.equal(second(x), y)
    assert all(torch.equal(before[k], v) for k, v in first.named_buffers())


@pytest.mark.parametrize("name", LIGHT)
def test_seeds_decide_all_weights_and_gradients_reach_all(name):
    first, again, other = (networks.create(name, 3, 2, seed=s) for s in (0, 0, 1))
    drawn = 0
    for (key, p), q, r in zip(first.named_parameters(), again.parameters(), other.parameters(), strict=True):
        assert torch.equal(p, q), key
        if p.dim() > 1:
            drawn += 1
            assert not torch.equal(p, r), key
    assert drawn > 0
    logits = first(images(first, 8))
    assert torch.isfinite(logits).all()
    F.cross_entropy(logits.flatten(1), torch.arange(8) % 3).backward()
    dead = [key for key, p in first.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()
            or (p.dim() > 1 and p.grad.abs().max() == 0)]
    assert dead == []


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_a_wrong_image_is_refused_with_the_reason(name):
    net = on_meta(name, 10, 3)
    _, height, width = net.input_size
    with pytest.raises(ValueError, match=r"takes images \(N, 3, H, W\), not an input of shape \(2, 1,"):
        net(torch.empty(2, 1, height, width, device="meta"))
    (check,) = [h.keywords for m in net.modules() for h in m._forward_pre_hooks.values()]
    if check["exactly"]:
        with pytest.raises(ValueError, match=rf"takes images of {height}x{width} pixels, not {height}x{width + 1}"):
            net(torch.empty(2, 3, height, width + 1, device="meta"))
    else:
        least = check["at_least"]
        assert net.eval()(torch.empty(2, 3, least, least, device="meta")).shape == (2, 10)
        with pytest.raises(ValueError, match=rf"takes images of {least}x{least} pixels or more, not {least - 1}x"):
            net(torch.empty(2, 3, least - 1, least, device="meta"))


HE = ["resnet20", "googlenet_small", "densenet_small", "xception_small", "mobilenet_small"]


@pytest.mark.parametrize("name", HE)
def test_weights_follow_hes_rule(name):
    for key, module in networks.create(name, seed=0, **({"width": 2} if name == "mobilenet_small" else {}))\
            .named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan_in, w = module.weight[0].numel(), module.weight
            spread = w.std().item() / (2 / fan_in) ** 0.5
            assert abs(spread - 1) < 5 / (2 * w.numel()) ** 0.5, key  # five standard errors
            assert module.bias is None or not module.bias.any(), key


@pytest.mark.parametrize(("name", "options", "message"), [
    ("resnet18", {"order": "reversed"}, "order is 'reversed'; it may be 'original', 'preactivation'"),
    ("resnet34", {"shortcut": "copy"}, "shortcut is 'copy'; it may be 'projection', 'zeros'"),
    ("resnet50", {"stride_in": "5x5"}, "stride_in is '5x5'; it may be '1x1', '3x3'"),
    ("resnet50", {"stride_in": "1x1", "order": "preactivation"}, "stride_in is '1x1'; with order='preactivation'"),
    ("resnet_cifar", {"depth": 18}, r"depth must be 8, 14, 20, ... \(6n \+ 2\), not 18"),
    ("resnet8", {"width": 0}, "width must be at least 1, not 0"),
    ("resnet8", {"stem_stride": 1.5}, "stem_stride must be an integer, not 1.5"),
    ("googlenet", {"norm": "layer"}, "norm is 'layer'; it may be 'local', 'batch', None"),
    ("googlenet_small", {"without": ("7x7",)}, "without is '7x7'; it may be '1x1', '3x3', '5x5', 'pool'"),
    ("googlenet_small", {"without": ("1x1", "3x3", "5x5", "pool")}, "without is .*: no path is left"),
    ("googlenet_small", {"norm": "local"}, "norm is 'local'; it may be None, 'batch'"),
    ("googlenet_small", {"width": 0.5}, "width must be an integer, not 0.5"),
    ("densenet_small", {"growth": 0}, "growth must be at least 1, not 0"),
    ("densenet_small", {"blocks": ()}, r"blocks must name at least one block, not \(\)"),
    ("mobilenet_small", {"width": 0}, "width must be positive, not 0"),
    ("xception_small", {"middle": -1}, "middle must be at least 0, not -1"),
])
def test_errors_name_the_argument(name, options, message):
    with pytest.raises(ValueError, match=message):
        on_meta(name, **options)


# --- blocks

def silence(block):
    """Make what a residual block adds zero."""
    for p in block.body.parameters():
        nn.init.zeros_(p)
    return block.eval()


def test_what_blocks_do_when_their_layers_are_useless():
    """f(x) = x + g(x) with g = 0: the identity, behind a ReLU in the original order; a plain block forgets x."""
    x = torch.randn(2, 8, 5, 5)
    for block in (networks.Residual(8, 8), networks.Bottleneck(8, 2)):
        assert torch.equal(silence(block)(x), F.relu(x))
    for block in (networks.PreActivation(8, 8), networks.PreActivationBottleneck(8, 2),
                  networks.XceptionBlock(8, (8, 8), halve=False)):
        assert torch.equal(silence(block)(x), x)
    for block in (networks.Residual(8, 8, shortcut=None), networks.PreActivation(8, 8, shortcut=None)):
        assert not silence(block)(x).any()


def test_shortcuts_where_the_shape_changes():
    x = torch.randn(2, 4, 7, 7)
    zeros = silence(networks.Residual(4, 8, 2, shortcut="zeros"))(x)
    assert torch.equal(zeros[:, :4], F.relu(x[:, :, ::2, ::2]))
    assert not zeros[:, 4:].any()
    block = silence(networks.Residual(4, 8, 2))
    w = block.shortcut[0].weight
    torch.testing.assert_close(block(x), F.relu(F.conv2d(x, w, stride=2)) / (1 + 1e-5) ** 0.5)
    early = silence(networks.PreActivation(4, 8, 2))
    torch.testing.assert_close(early(x), F.conv2d(F.relu(x / (1 + 1e-5) ** 0.5), early.shortcut.weight, stride=2))
    first = silence(networks.PreActivation(4, 4, first=True))
    torch.testing.assert_close(first(x), F.relu(x / (1 + 1e-5) ** 0.5))


def test_plain_and_residual_networks_begin_with_the_same_weights():
    plain, residual = (networks.create("resnet8", seed=0, residual=r).eval() for r in (False, True))
    weights, same = plain.state_dict(), residual.state_dict()
    assert weights.keys() == same.keys()
    assert all(torch.equal(weights[k], same[k]) for k in weights)
    assert [m.shortcut for m in plain.modules() if isinstance(m, networks.Residual)] == [None] * 3
    x = torch.rand(2, 1, 28, 28)
    assert not torch.allclose(plain(x), residual(x))


def test_groups_of_resnext_do_not_mix():
    block = networks.Bottleneck(64, 16, groups=8, widening=2)
    conv = block.body[3]
    assert (conv.in_channels, conv.groups, conv.weight.shape) == (32, 8, (32, 4, 3, 3))
    x = torch.randn(1, 32, 4, 4)
    changed = x.clone()
    changed[:, :4] += 1
    same = torch.isclose(conv(x), conv(changed)).flatten(2).all(2)[0]
    assert same.tolist() == [False] * 4 + [True] * 28


def test_inception_is_four_paths_side_by_side():
    block = networks.Inception(192, INCEPTION["3a"]).eval()
    x = torch.rand(1, 192, 6, 6)
    y = block(x)
    parts = y.split([64, 128, 32, 32], dim=1)
    assert [list(k) for k in (block.paths,)] == [["1x1", "3x3", "5x5", "pool"]]
    for path, part in zip(block.paths.values(), parts, strict=True):
        assert torch.equal(path(x), part)
    one, pool = block.paths["1x1"][0], block.paths["pool"][1]
    torch.testing.assert_close(parts[0], F.relu(F.conv2d(x, one.weight, one.bias)))
    pooled = F.max_pool2d(x, 3, 1, 1)
    torch.testing.assert_close(parts[3], F.relu(F.conv2d(pooled, pool.weight, pool.bias)))


@pytest.mark.parametrize(("path", "channels"), [("1x1", 192), ("3x3", 128), ("5x5", 224), ("pool", 224)])
def test_inception_without_a_path(path, channels):
    block = networks.Inception(192, INCEPTION["3a"], without=(path,))
    assert block.out_channels == block(torch.rand(1, 192, 3, 3)).shape[1] == channels
    small = networks.create("googlenet_small", seed=0, without=(path,))
    assert path not in small.inception4a.paths
    assert small(torch.rand(2, 1, 28, 28)).shape == (2, 10)


def test_auxiliary_heads_are_trained_and_not_used():
    net = networks.create("googlenet", 5, 1, seed=0, auxiliary=True)
    x = torch.rand(1, 1, 224, 224)
    main, first, second = net.all_logits(x)
    assert main.shape == first.shape == second.shape == (1, 5)
    for logits in (first, second):  # each head sends gradients down to the first layer
        (grad,) = torch.autograd.grad(logits[0, 0], net.net.stem[0].weight, retain_graph=True)
        assert grad.abs().max() > 0
    (main + 0.3 * (first + second)).sum().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in net.parameters())
    nn.init.zeros_(net.heads["inception4a"][-1].weight)
    with torch.no_grad():
        logits = net.eval().all_logits(x)
        assert not logits.first.any()
        assert torch.equal(net(x), logits.main)
    with pytest.raises(ValueError, match="googlenet takes images of 224x224 pixels, not 96x96"):
        net.all_logits(torch.rand(1, 1, 96, 96))


def test_a_dense_layer_keeps_what_it_was_given():
    x = torch.randn(2, 6, 4, 4)
    for bottleneck, convolutions in ((True, [(6, 12, 1), (12, 3, 3)]), (False, [(6, 3, 3)])):
        layer = networks.DenseLayer(6, 3, bottleneck=bottleneck)
        y = layer(x)
        assert torch.equal(y[:, :6], x)
        assert y.shape == (2, 9, 4, 4)
        assert [(m.in_channels, m.out_channels, m.kernel_size[0]) for m in layer.modules()
                if isinstance(m, nn.Conv2d)] == convolutions
    block = networks.dense_block(3, 6, 2)
    assert [layer.body[0].num_features for layer in block] == [6, 8, 10]
    assert torch.equal(block(x)[:, :6], x)


def test_a_separable_convolution_is_a_full_one_of_rank_one():
    depthwise, pointwise, _ = networks.separable_conv(3, 5)
    x = torch.randn(2, 3, 6, 6)
    full = torch.einsum("ikl,oi->oikl", depthwise.weight[:, 0], pointwise.weight[:, :, 0, 0])
    torch.testing.assert_close(pointwise(depthwise(x)), F.conv2d(x, full, padding=1), rtol=1e-4, atol=1e-5)


def test_separable_blocks_of_mobilenet_have_norm_and_relu_twice():
    block = networks.separable_block(4, 6, 2)
    kinds = ["Conv2d", "BatchNorm2d", "ReLU"] * 2
    assert [type(m).__name__ for m in block] == kinds
    assert (block[0].groups, block[0].stride, block[3].groups, block[3].kernel_size) == (4, (2, 2), 1, (1, 1))
