"""AlexNet in three sizes: published counts, shapes at every stage, the paper's choices, gradients, stored weights."""

import importlib

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import networks, ops
from d2lcnn.summary import summarize

module = importlib.import_module("d2lcnn.networks.alexnet")  # the package's name "alexnet" is the function
SIZES = {"alexnet": 224, "alexnet_2012": 227, "alexnet_small": 28}


def on_meta(name, *arguments, **options):
    """Build a network that has shapes but no numbers: quick, and enough to count."""
    with torch.device("meta"):
        return networks.create(name, *arguments, **options)


def convolutions(name, *arguments, **options):
    table = summarize(on_meta(name, *arguments, **options), (arguments[1], SIZES[name], SIZES[name]))
    return table, [x for x in table if x.kind == "Conv2d"]


def test_the_network_of_2012_has_the_published_numbers():
    table, convs = convolutions("alexnet_2012", 1000, 3)
    assert table.parameters == 60_965_224  # "60 million parameters", Krizhevsky et al. 2012, abstract
    # Chen, Krishna, Emer & Sze 2016 (Eyeriss, ISSCC): 2.3 million weights and 666 million multiply-adds in the
    # convolutions, for an image of 227x227
    assert round(sum(x.macs for x in convs) / 1e6) == 666
    assert round(sum(x.parameters for x in convs) / 1e6, 1) == 2.3
    # by hand: outputs times products each
    assert [x.macs for x in convs] == [55**2 * 96 * 363, 27**2 * 256 * 1200, 13**2 * 384 * 2304, 13**2 * 384 * 1728,
                                       13**2 * 256 * 1728]
    assert table.macs == 665_784_864 + 9216 * 4096 + 4096**2 + 4096 * 1000


def test_the_network_of_2012_has_the_published_shapes():
    table, convs = convolutions("alexnet_2012", 1000, 3)
    # section 3.5 lists kernels of 11x11x3, 5x5x48, 3x3x256, 3x3x192, 3x3x192 and these numbers of neurons; for the
    # first layer it prints 253,440, which is no multiple of 55 * 55
    assert [np.prod(x.output) for x in convs] == [290_400, 186_624, 64_896, 64_896, 43_264]
    kernels = [tuple(m.weight.shape) for m in on_meta("alexnet_2012", 1000, 3) if isinstance(m, nn.Conv2d)]
    assert kernels == [(96, 3, 11, 11), (256, 48, 5, 5), (384, 256, 3, 3), (384, 192, 3, 3), (256, 192, 3, 3)]
    assert [x.output for x in table if x.kind in ("MaxPool2d", "Linear")] == [
        (96, 27, 27), (256, 13, 13), (256, 6, 6), (4096,), (4096,), (1000,)]


def test_one_group_and_dive_into_deep_learning_are_other_networks():
    assert convolutions("alexnet_2012", 1000, 3, groups=1)[0].parameters == 62_378_344  # CHAPTERS.md, and counted
    table, _ = convolutions("alexnet", 10, 1)
    # the output shapes that Dive into Deep Learning prints in section 8.1, for one channel and 224x224
    assert [x.output for x in table if x.kind in ("Conv2d", "MaxPool2d", "Linear")] == [
        (96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 12, 12), (256, 12, 12),
        (256, 5, 5), (4096,), (4096,), (10,)]
    assert table.parameters == (121 + 1) * 96 + (96 * 25 + 1) * 256 + (256 * 9 + 1) * 384 + (384 * 9 + 1) * 640 \
        + (6400 + 1) * 4096 + (4096 + 1) * 4096 + (4096 + 1) * 10


@pytest.mark.parametrize(("size", "maps"), [(28, (28, 13, 13, 6, 6, 6, 6, 2)), (32, (32, 15, 15, 7, 7, 7, 7, 3))])
def test_the_small_network_has_the_plan_it_states(size, maps):
    net = networks.create("alexnet_small", seed=0, input_size=(size, size))
    table = summarize(net, (1, size, size))
    spatial = [x.output for x in table if x.kind in ("Conv2d", "MaxPool2d")]
    assert [shape[1] for shape in spatial] == list(maps)
    assert [x.output[0] for x in table if x.kind == "Conv2d"] == [16, 40, 64, 64, 40]
    assert net(torch.zeros(1, 1, size, size)).shape == (1, 10)


def test_layers_stand_in_the_order_of_the_paper():
    kinds = [type(m).__name__ for m in on_meta("alexnet_2012")]
    assert kinds == ["Conv2d", "ReLU", "LocalResponseNorm", "MaxPool2d"] * 2 + ["Conv2d", "ReLU"] * 3 + [
        "MaxPool2d", "Flatten"] + ["Linear", "ReLU", "Dropout"] * 2 + ["Linear"]
    assert [k for k in kinds if k != "LocalResponseNorm"] == [type(m).__name__ for m in on_meta("alexnet")]


def test_half_of_the_maps_read_half_of_the_maps():
    grouped = next(m for m in networks.create("alexnet_2012", seed=0) if isinstance(m, nn.Conv2d) and m.groups == 2)
    x = torch.randn(1, 96, 9, 9, dtype=torch.float64)
    w, b = grouped.weight.detach().double().numpy(), grouped.bias.detach().double().numpy()
    halves = [ops.conv2d(x[:, 48 * g : 48 * (g + 1)].numpy(), w[128 * g : 128 * (g + 1)], b[128 * g : 128 * (g + 1)],
                         padding=2) for g in range(2)]
    np.testing.assert_allclose(grouped.double()(x).detach().numpy(), np.concatenate(halves, axis=1), atol=1e-10)


def test_response_normalisation_is_the_formula_of_the_paper():
    a = torch.rand(2, 7, 3, 3, dtype=torch.float64) * 30
    expected = torch.empty_like(a)
    for i in range(7):  # section 3.3: sum over n = 5 adjacent maps, cut off at the first and last
        squares = a[:, max(0, i - 2) : min(6, i + 2) + 1].square().sum(1)
        expected[:, i] = a[:, i] / (2 + 1e-4 * squares) ** 0.75
    torch.testing.assert_close(module.AFTER["norm"]()(a), expected)


def test_initial_weights_of_2012():
    net = [m for m in networks.create("alexnet_2012", seed=0) if isinstance(m, nn.Conv2d | nn.Linear)]
    assert [m.bias.detach().unique().item() for m in net] == [0, 1, 0, 1, 1, 1, 1, 0]  # section 5
    assert all(0.009 < m.weight.detach().std().item() < 0.011 for m in net)


def test_options_of_the_small_network_change_one_thing_each():
    def kinds(**options):
        return [type(m).__name__ for m in networks.create("alexnet_small", seed=0, **options)]

    assert kinds(activation="sigmoid") == [k.replace("ReLU", "Sigmoid") for k in kinds()]
    assert kinds(activation="tanh") == [k.replace("ReLU", "Tanh") for k in kinds()]
    plain, stretched = (networks.create("alexnet_small", seed=0, gain=g).state_dict() for g in (1.0, 4.0))
    assert all(torch.equal(stretched[k], 4 * plain[k]) for k in plain)
    rates = [m.p for m in networks.create("alexnet_small", seed=0, dropout=0.2) if isinstance(m, nn.Dropout)]
    assert rates == [0.2, 0.2]


@pytest.mark.parametrize("name", SIZES)
def test_gradients_modes_and_stored_weights(name, monkeypatch):
    monkeypatch.setattr(module, "DENSE", (64, 64))  # 58 million weights take ten seconds and add nothing here
    net = networks.create(name, 5, 2, seed=0)
    x = torch.randn(2, 2, SIZES[name], SIZES[name])
    net(x).square().sum().backward()
    assert all(p.grad.abs().sum() > 0 for p in net.parameters())
    torch.manual_seed(0)
    with torch.no_grad():
        first, second = net(x), net(x)
        assert not torch.equal(first, second)  # dropout draws again
        assert torch.equal(net.eval()(x), net(x))
        other = networks.create(name, 5, 2, seed=1).eval()
        other.load_state_dict(net.state_dict())
        assert torch.equal(other(x), net(x))


@pytest.mark.parametrize(("name", "shape", "message"), [
    ("alexnet", (1, 1, 227, 227), "alexnet takes images of 224x224 pixels, not 227x227: its dense layers"),
    ("alexnet_2012", (1, 1, 224, 224), "alexnet_2012 takes images of 227x227 pixels, not 224x224"),
    ("alexnet_small", (1, 1, 32, 32), "alexnet_small takes images of 28x28 pixels, not 32x32"),
    ("alexnet_small", (1, 3, 28, 28), r"alexnet_small takes images \(N, 1, H, W\), not an input of shape \(1, 3"),
])
def test_a_wrong_image_is_refused_with_the_reason(name, shape, message):
    with pytest.raises(ValueError, match=message):
        on_meta(name)(torch.zeros(shape, device="meta"))


@pytest.mark.parametrize(("options", "message"), [
    ({"activation": "gelu"}, "activation is 'gelu'; it may be 'sigmoid'"),
    ({"input_size": (28, 32)}, r"input_size must be two equal numbers, not \(28, 32\)"),
    ({"input_size": (14, 14)}, "input_size must be at least 15, not 14"),
])
def test_options_that_make_no_sense(options, message):
    with pytest.raises(ValueError, match=message):
        networks.create("alexnet_small", seed=0, **options)


@pytest.mark.parametrize(("groups", "message"), [(3, "at most 2, not 3"), (True, "an integer, not True")])
def test_groups_are_one_or_two(groups, message):
    with pytest.raises(ValueError, match=f"groups must be {message}"):
        networks.create("alexnet_2012", groups=groups)
