"""Networks: how they get their names, published counts, initial weights against seeds, integers, errors."""

import doctest
import importlib
import pickle
import pkgutil
import types

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import networks
from d2lcnn.networks._registry import public
from d2lcnn.summary import count_parameters


@pytest.mark.parametrize("name", [m.name for m in pkgutil.iter_modules(networks.__path__)])
def test_examples_in_docstrings(name):
    result = doctest.testmod(importlib.import_module(f"d2lcnn.networks.{name}"))
    assert result.failed == 0 and result.attempted > 0


# --- names

def test_a_networks_name_is_its_functions_and_files_come_in_order():
    assert [f.__name__ for f in networks.NETWORKS.values()] == [*networks.NETWORKS]
    assert all(getattr(networks, name) is f and name in networks.__all__ for name, f in networks.NETWORKS.items())
    files = [f.__module__ for f in networks.NETWORKS.values()]
    assert files == sorted(files)
    assert [n for n, f in networks.NETWORKS.items() if f.__module__.endswith(".resnet")] == [
        "resnet18", "resnet34", "resnet50", "resnext50", "resnet_cifar", "resnet8", "resnet20", "resnet32"]
    assert len(networks.__all__) == len(set(networks.__all__))


def test_a_second_network_of_a_name_is_an_error():
    def lenet(num_classes=10, in_channels=1):
        """Build nothing."""

    with pytest.raises(ValueError, match=r"two networks are called 'lenet': in d2lcnn\.networks\.lenet and in "):
        networks.network(lenet)
    assert networks.NETWORKS["lenet"] is networks.lenet


def test_a_network_must_take_what_create_hands_over(monkeypatch):
    monkeypatch.setattr(networks._registry, "NETWORKS", {})

    def swapped(in_channels=1, num_classes=10):
        """Build nothing."""

    with pytest.raises(ValueError, match=r"swapped\(in_channels=1, num_classes=10\) must begin with num_classes"):
        networks.network(swapped)
    assert networks._registry.NETWORKS == {}


def test_a_second_block_of_a_name_is_an_error_too():
    first, second = (types.ModuleType(name) for name in ("first", "second"))
    for module in (first, second):
        exec("def block(): ...\ndef _hidden(): ...\nSIZE = 3\nclass Layer: ...", vars(module))
    assert [*public([first])] == ["block", "Layer"]
    second.block = first.block  # imported, not defined
    del second.Layer
    assert public([first, second])["block"] is first.block
    second.Layer = type("Layer", (), {"__module__": "second"})
    with pytest.raises(ValueError, match="two files define 'Layer': first and second"):
        public([first, second])


# --- counts and shapes

# LeNet: Dive into Deep Learning, section 7.6 (156 + 2,416 + 48,120 + 10,164 + 850). Batch norm adds a scale and a
# shift for 6 + 16 + 120 + 84 channels. Linear and MLP: 784*10 + 10, and 785*256 + 257*10.
COUNTS = {"lenet": 61_706, "lenet_bn": 61_706 + 2 * 226, "linear": 7_850, "mlp": 203_530}
# small_cnn: (9 + 2)*8 + (72 + 2)*16 + (144 + 2)*32 for convolutions without bias and their norms, 33*10 for the rest
# plain_cnn: 3x3 weights 9*(1*8 + 8*8 + 8*16 + 3*16*16), two numbers for each of 80 normalised channels, 17*10
COUNTS["plain_cnn"] = 8_712 + 160 + 170
COUNTS["small_cnn"] = 88 + 1_184 + 4_672 + 330
# pattern: (9 + 2)*16 + (144 + 2)*32 + (288 + 2)*64 + 65*10
COUNTS["pattern"] = 176 + 4_672 + 18_560 + 650


@pytest.mark.parametrize("name", COUNTS)
def test_counts(name):
    assert count_parameters(networks.create(name, seed=0)) == COUNTS[name]


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_every_network_makes_logits_of_the_classes_asked_for(name):
    with torch.device("meta"):  # shapes only: the large ones cost nothing
        net = networks.create(name, 7, 3)
        logits = net(torch.empty(2, *net.input_size))
    assert net.input_size[0] == 3
    assert logits.shape == (2, 7)
    logits.sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_lenet_is_the_table_of_the_book():
    kinds = [type(m).__name__ for m in networks.create("lenet", seed=0)]
    assert kinds == ["Conv2d", "Sigmoid", "AvgPool2d", "Conv2d", "Sigmoid", "AvgPool2d", "Flatten",
                     "Linear", "Sigmoid", "Linear", "Sigmoid", "Linear"]


def test_options_change_one_thing_at_a_time():
    def kinds(**options):
        return [type(m).__name__ for m in networks.create("lenet", seed=0, **options)]

    base = kinds()
    assert kinds(activation="relu") == [k.replace("Sigmoid", "ReLU") for k in base]
    assert kinds(pool="max") == [k.replace("Avg", "Max") for k in base]
    assert [k for k in kinds(norm="batch") if "BatchNorm" not in k] == base
    full = kinds(activation="relu", pool="max", norm="batch")
    assert full == [type(m).__name__ for m in networks.create("lenet_bn", seed=0)]
    assert full[:4] == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d"]
    assert sum("BatchNorm" in k for k in full) == 4


@pytest.mark.parametrize("down", ["stride", "max", "avg", "stride + blur", "max + blur"])
def test_ways_to_downsample_change_no_weight_and_no_size(down):
    net, other = (networks.create("small_cnn", seed=0, down=d) for d in (down, "max"))
    for mine, theirs in zip(net.parameters(), other.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    before_the_mean = net[: [type(m).__name__ for m in net].index("AdaptiveAvgPool2d")]
    assert before_the_mean(torch.zeros(2, 1, 40, 40)).shape == (2, 32, 10, 10)


def test_mlp_options():
    net = networks.create("mlp", hidden=(5, 3), norm="batch", activation="tanh", input_size=(2, 2), seed=0)
    assert [type(m).__name__ for m in net] == ["Flatten", "Linear", "BatchNorm1d", "Tanh",
                                               "Linear", "BatchNorm1d", "Tanh", "Linear"]
    assert count_parameters(net) == (4 * 5 + 5) + 10 + (5 * 3 + 3) + 6 + (3 * 10 + 10)


def test_weights_follow_xaviers_rule():
    for module in networks.create("lenet", seed=0):
        if isinstance(module, nn.Conv2d | nn.Linear):
            out, *rest = module.weight.shape
            taps = int(np.prod(rest[1:]))
            bound = (6 / (rest[0] * taps + out * taps)) ** 0.5
            assert 0.9 * bound < module.weight.abs().max() <= bound


def test_the_seed_alone_decides_the_weights():
    torch.manual_seed(7)
    state = torch.get_rng_state()
    first, again, other = (networks.create("lenet_bn", seed=s).state_dict() for s in (0, 0, 1))
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(first[k], again[k]) for k in first)
    assert not torch.equal(first["0.weight"], other["0.weight"])


def test_without_a_seed_the_global_generator_decides():
    torch.manual_seed(0)
    first = networks.create("linear")[1].weight
    torch.manual_seed(0)
    assert torch.equal(first, networks.create("linear")[1].weight)
    assert not torch.equal(first, networks.create("linear")[1].weight)
    torch.manual_seed(0)
    assert torch.equal(networks.autoencoder().encoder[0].weight, networks.autoencoder(seed=0).encoder[0].weight)
    assert not torch.equal(networks.autoencoder().encoder[0].weight, networks.autoencoder(seed=0).encoder[0].weight)


@pytest.mark.parametrize("seed", [0, 3, np.int64(3), 2**64 - 1])
def test_a_seeded_block_draws_torchs_numbers_and_lends_no_more_than_the_generator(seed, monkeypatch):
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("seeds other devices too"))
    state = torch.get_rng_state()
    with pytest.raises(KeyError), networks.seeded(seed):  # an error does not keep the generator either
        drawn = torch.rand(3)
        raise KeyError
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(drawn, torch.rand(3, generator=torch.Generator().manual_seed(int(seed))))


@pytest.mark.parametrize("seed", [True, 0.5, -1, 2**64, "0"])
def test_other_seeds_are_refused(seed):
    with pytest.raises(ValueError, match="seed must be"), networks.seeded(seed):
        pass


INTEGERS = [
    ("linear", {"input_size": (4, 6)}), ("mlp", {"hidden": (5, 3), "input_size": (4, 6)}), ("lenet", {}),
    ("plain_cnn", {"padding": 0}), ("alexnet_small", {"input_size": (32, 32)}), ("vgg_small", {"stack": (5, 3)}),
    ("vgg_small", {"channels": (2, 3, 4)}), ("resnet_cifar", {"depth": 8, "width": 3, "stem_stride": 2}),
    ("googlenet_small", {"width": 2}), ("densenet_small", {"growth": 3, "blocks": (2, 1)}),
    ("xception_small", {"width": 3, "middle": 1}),
]


@pytest.mark.parametrize(("name", "options"), INTEGERS)
def test_numpys_integers_are_integers_and_true_is_none(name, options):
    def each(value, change):
        return tuple(map(change, value)) if isinstance(value, tuple) else change(value)

    one = networks.create(name, 3, 2, seed=1, **options)
    numpys = {key: each(value, np.int64) for key, value in options.items()}
    other = networks.create(name, np.int64(3), np.uint8(2), seed=np.int32(1), **numpys)
    assert repr(one) == repr(other)
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), other.parameters(), strict=True))
    for key, value in options.items():
        for wrong in (True, 3.0):
            with pytest.raises(ValueError, match=f"{key} must be an integer, not {wrong}"):
                networks.create(name, **options | {key: each(value, lambda n, wrong=wrong: wrong)})


def test_networks_travel_to_other_processes():
    for name in ("resnet18", "densenet_small", "vgg_small", "googlenet_small"):
        net = networks.create(name, seed=0).eval()
        again, x = pickle.loads(pickle.dumps(net)), torch.rand(1, 1, 28, 28)
        assert torch.equal(again(x), net(x))
        with pytest.raises(ValueError, match="takes images"):
            again(x[0])


@pytest.mark.parametrize(("arguments", "options", "error", "message"), [
    (("lenett",), {}, ValueError, "^no network is named 'lenett'; the nearest are lenet, alexnet, lenet_bn$"),
    (("ResNet-18",), {}, ValueError, r"^no network is named 'ResNet-18'; the nearest are resnet18, resnet8, \w+$"),
    ((3,), {}, ValueError, "^no network is named 3; the nearest are "),
    (("lenet", 0), {}, ValueError, "num_classes must be at least 1, not 0"),
    (("lenet", True), {}, ValueError, "num_classes must be an integer, not True"),
    (("lenet", 10, 1.0), {}, ValueError, "in_channels must be an integer, not 1.0"),
    (("mlp",), {"hidden": (3, 0)}, ValueError, "hidden must be at least 1, not 0"),
    (("linear",), {"input_size": (28, 28, 1)}, ValueError, "input_size must be an integer or 2 of them"),
    (("plain_cnn",), {"padding": 2}, ValueError, "padding must be at most 1, not 2"),
    (("plain_cnn",), {"padding": False}, ValueError, "padding must be an integer, not False"),
    (("lenet",), {"activation": "gelu"}, ValueError, "activation is 'gelu'; it may be 'sigmoid'"),
    (("lenet",), {"pool": "l2"}, ValueError, "pool is 'l2'"),
    (("small_cnn",), {"down": "blur"}, ValueError, "down is 'blur'; it may be 'stride', 'max'"),
    (("mlp",), {"norm": "layer"}, ValueError, "norm is 'layer'; it may be None, 'batch'"),
    (("linear",), {"pool": "max"}, TypeError, "unexpected keyword argument 'pool'"),
])
def test_errors_name_the_argument(arguments, options, error, message):
    with pytest.raises(error, match=message):
        networks.create(*arguments, seed=0, **options)
