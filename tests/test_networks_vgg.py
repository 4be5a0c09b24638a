"""VGG against the paper's table and torchvision's counts, and the small variant against its plan."""

import pytest
import torch
from torch import nn

from d2lcnn import networks
from d2lcnn.networks.vgg import VGG
from d2lcnn.summary import count_parameters, summarize

# torchvision 0.2x, torchvision.models.VGG*_Weights.IMAGENET1K_V1.meta: num_params, and "GFLOPS", which are
# multiply-adds. Simonyan & Zisserman 2015, table 2: 133, 133, 138 and 144 million for A, B, D and E.
PUBLISHED = {"vgg11": (132_863_336, 7.61), "vgg13": (133_047_848, 11.31),
             "vgg16": (138_357_544, 15.47), "vgg19": (143_667_240, 19.63)}
WITH_NORM = {"vgg11": 132_868_840, "vgg13": 133_053_736, "vgg16": 138_365_992, "vgg19": 143_678_248}
MILLIONS = {"vgg11": 133, "vgg13": 133, "vgg16": 138, "vgg19": 144}


def on_meta(name, *args, **options):
    """Build a network of shapes without numbers: counts cost nothing."""
    with torch.device("meta"):
        return networks.create(name, *args, **options)


@pytest.mark.parametrize("name", PUBLISHED)
def test_counts_are_the_published_ones(name):
    table = summarize(on_meta(name, 1000, 3), (3, 224, 224))
    parameters, gigas = PUBLISHED[name]
    assert table.parameters == parameters
    assert round(table.parameters / 1e6) == MILLIONS[name]
    assert round(table.macs / 1e9, 2) == gigas
    assert count_parameters(on_meta(name, 1000, 3, norm="batch")) == WITH_NORM[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_layers_are_the_column_of_table_1(name):
    table = summarize(on_meta(name, 1000, 3), (3, 224, 224))
    kinds = [x.kind for x in table]
    assert kinds.count("Conv2d") + kinds.count("Linear") == int(name[3:])
    assert kinds.count("ReLU") == int(name[3:]) - 1  # each layer with weights but the last
    assert [x.output for x in table if x.kind == "MaxPool2d"] == \
        [(64, 112, 112), (128, 56, 56), (256, 28, 28), (512, 14, 14), (512, 7, 7)]
    assert [x.output for x in table if x.kind in ("Flatten", "Linear")] == [(25_088,), (4096,), (4096,), (1000,)]
    channels = [x.output[0] for x in table if x.kind == "Conv2d"]
    assert channels == [c for count, c in VGG[name] for _ in range(count)]
    assert [x.parameters for x in table if x.kind == "Linear"] == [102_764_544, 16_781_312, 4_097_000]


@pytest.mark.parametrize("name", PUBLISHED)
def test_gradients_reach_every_parameter(name):
    net = on_meta(name, 7, 3, norm="batch")
    logits = net(torch.empty(2, 3, 224, 224, device="meta"))
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_the_full_size_network_runs_and_is_deterministic_in_evaluation_mode():
    net = networks.create("vgg11", 10, 3, seed=0)
    x = torch.rand(1, 3, 224, 224)
    with torch.no_grad():
        assert not torch.equal(net(x), net(x))  # dropout
        net.eval()
        out = net(x)
        assert torch.equal(out, net(x))
    assert out.shape == (1, 10)
    assert out.isfinite().all()


def test_weights_come_in_the_order_of_torchvision():
    """Its vgg*_bn counts modules of one flat list: convolution, norm, ReLU, and the poolings between blocks."""
    shapes = [tuple(p.shape) for p in on_meta("vgg11", 1000, 3, norm="batch").state_dict().values()]
    expected, channels = [], 3
    for count, out in VGG["vgg11"]:
        for _ in range(count):  # weight and bias; then scale, shift, running mean and variance, batches seen
            expected += [(out, channels, 3, 3), (out,), *[(out,)] * 4, ()]
            channels = out
    for units, out in ((25_088, 4096), (4096, 4096), (4096, 1000)):
        expected += [(out, units), (out,)]
    assert shapes == expected


def test_block():
    block = networks.vgg_block(3, 2, 4)
    assert [type(m).__name__ for m in block] == ["Conv2d", "ReLU"] * 3 + ["MaxPool2d"]
    assert block(torch.zeros(1, 2, 9, 12)).shape == (1, 4, 4, 6)
    kinds = [type(m).__name__ for m in networks.vgg_block(1, 2, 4, norm="batch")]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]


# ---- the small variant

def small(**options):
    """Build it with weights of seed 0."""
    return networks.create("vgg_small", seed=0, **options)


def test_small_plan():
    table = summarize(small(), (1, 28, 28))
    assert [x.output for x in table if x.kind == "MaxPool2d"] == [(8, 14, 14), (16, 7, 7), (32, 3, 3)]
    # 3x3 weights and biases: 1 -> 8, three 8 -> 8, 8 -> 16, three 16 -> 16, 16 -> 32; dense 288 -> 64 -> 10
    assert table.parameters == 80 + 3 * 584 + 1_168 + 3 * 2_320 + 4_640 + 289 * 64 + 65 * 10


@pytest.mark.parametrize(("stack", "places"), [((3, 3, 3), 3), ((5, 3), 2), ((7,), 1)])
def test_stacks_see_the_same_window_with_other_weights(stack, places):
    table = summarize(small(stack=stack), (1, 28, 28))
    pools = [x.receptive_field for x in table if x.kind == "MaxPool2d"]
    # 3 opens, the stack adds 6, pooling 1; then steps of 2, and of 4
    assert pools == [(10, 10), (28, 28), (40, 40)]
    inside = [m for m in small(stack=stack)[1] if isinstance(m, nn.Conv2d)][1:]
    assert len(inside) == places
    assert sum(m.weight.numel() for m in inside) == sum(k * k for k in stack) * 16 * 16


def test_relu_inside_a_stack_is_an_option_and_changes_no_weight():
    with_relu, without = small(), small(inner_relu=False)
    for a, b in zip(with_relu.state_dict().values(), without.state_dict().values(), strict=True):
        assert torch.equal(a, b)
    kinds = [type(m).__name__ for m in without[0]]
    assert kinds == ["Conv2d", "ReLU", "Conv2d", "Conv2d", "Conv2d", "ReLU", "MaxPool2d"]
    stack = without[0][2:5].double()  # three convolutions in a row are linear, up to their biases
    x, y = torch.randn(2, 1, 8, 9, 9, dtype=torch.float64)
    zero = stack(torch.zeros_like(x))
    assert torch.allclose(stack(x + y) - zero, stack(x) - zero + stack(y) - zero, rtol=0, atol=1e-12)


@pytest.mark.parametrize("norm", [None, "batch"])
def test_small_learns_everywhere_and_survives_saving(norm):
    net, x = small(norm=norm), torch.rand(4, 1, 28, 28)
    net(x).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for name, p in net.named_parameters() if norm is None or "bias" not in name)
    other = networks.create("vgg_small", seed=1, norm=norm)
    other.load_state_dict(net.state_dict())
    with torch.no_grad():
        assert torch.equal(net.eval()(x), other.eval()(x))


def test_initial_weights_follow_the_rule_asked_for():
    """Xavier: uniform up to sqrt(6 / (fan_in + fan_out)); He: normal, standard deviation sqrt(2 / fan_in)."""
    weight = networks.create("vgg_small", seed=0, init="xavier")[2][0].weight  # 16 -> 32 channels of 3x3
    assert 0.95 * (6 / (144 + 288)) ** 0.5 < weight.abs().max() <= (6 / (144 + 288)) ** 0.5
    assert float(small()[2][0].weight.detach().std()) == pytest.approx((2 / 144) ** 0.5, rel=0.05)
    for init in ("xavier", "he"):
        assert not any(p.any() for name, p in small(init=init).named_parameters() if name.endswith("bias"))


@pytest.mark.parametrize(("name", "shape", "message"), [
    ("vgg16", (1, 1, 28, 28), "vgg16 takes images of 224x224 pixels, not 28x28: its dense layers"),
    ("vgg11", (1, 1, 224, 225), "vgg11 takes images of 224x224 pixels, not 224x225"),
    ("vgg19", (1, 3, 224, 224), r"vgg19 takes images \(N, 1, H, W\), not an input of shape \(1, 3, 224, 224\)"),
    ("vgg_small", (1, 1, 32, 32), "vgg_small takes images of 28x28 pixels, not 32x32"),
])
def test_a_wrong_input_says_why(name, shape, message):
    with pytest.raises(ValueError, match=message):
        on_meta(name)(torch.empty(shape, device="meta"))


@pytest.mark.parametrize(("build", "message"), [
    (lambda: networks.vgg_block(0, 1, 8), "count must be at least 1, not 0"),
    (lambda: small(stack=()), r"stack must hold positive odd kernel sizes, not \(\)"),
    (lambda: small(stack=(4, 3)), r"stack must hold positive odd kernel sizes, not \(4, 3\)"),
    (lambda: small(stack=(3, 2.0)), "stack must be an integer, not 2.0"),
    (lambda: small(channels=(8, 16)), r"channels must be an integer or 3 of them, not \(8, 16\)"),
    (lambda: small(norm="layer"), "norm is 'layer'"),
    (lambda: small(init="zeros"), "init is 'zeros'; it may be 'xavier', 'he'"),
])
def test_wrong_options_name_themselves(build, message):
    with pytest.raises(ValueError, match=message):
        build()
