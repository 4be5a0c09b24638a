"""Weights in torchvision's layout: its keys by rule, its forward pass written on the weights alone, refusals."""

import importlib

import pytest
import torch
from torch.nn import functional as F

from d2lcnn import networks

# --- torchvision's keys and shapes, by rule. Layers of its ResNets and DenseNet; "M" is a pooling of its VGGs.
RESNETS = {"resnet18": ("basic", (2, 2, 2, 2), 1, 64), "resnet34": ("basic", (3, 4, 6, 3), 1, 64),
           "resnet50": ("bottleneck", (3, 4, 6, 3), 1, 64), "resnext50": ("bottleneck", (3, 4, 6, 3), 32, 4)}
VGGS = {"vgg11": "64 M 128 M 256 256 M 512 512 M 512 512 M",
        "vgg16": "64 64 M 128 128 M 256 256 256 M 512 512 512 M 512 512 512 M"}


def norm(key, channels):
    return {f"{key}.{kind}": (channels,) for kind in ("weight", "bias", "running_mean", "running_var")} \
        | {f"{key}.num_batches_tracked": ()}


def resnet_layout(kind, layers, groups, group_width, classes=1000):
    shapes, channels = {"conv1.weight": (64, 3, 7, 7), **norm("bn1", 64)}, 64
    for stage, blocks in enumerate(layers):
        for b in range(blocks):
            key, planes = f"layer{stage + 1}.{b}", 64 * 2**stage
            inner = planes * group_width // 64 * groups if kind == "bottleneck" else planes
            out = 4 * planes if kind == "bottleneck" else planes
            convs = [(inner, channels, 1), (inner, inner // groups, 3), (out, inner, 1)] if kind == "bottleneck" \
                else [(planes, channels, 3), (planes, planes, 3)]
            for i, (o, c, k) in enumerate(convs, 1):
                shapes |= {f"{key}.conv{i}.weight": (o, c, k, k), **norm(f"{key}.bn{i}", o)}
            if b == 0 and (stage > 0 or out != channels):
                shapes |= {f"{key}.downsample.0.weight": (out, channels, 1, 1), **norm(f"{key}.downsample.1", out)}
            channels = out
    return shapes | {"fc.weight": (classes, channels), "fc.bias": (classes,)}


def densenet_layout(layers=(6, 12, 24, 16), growth=32, classes=1000):
    channels = 2 * growth
    shapes = {"features.conv0.weight": (channels, 3, 7, 7), **norm("features.norm0", channels)}
    for block, count in enumerate(layers, 1):
        for layer in range(1, count + 1):
            key = f"features.denseblock{block}.denselayer{layer}"
            shapes |= {**norm(f"{key}.norm1", channels), f"{key}.conv1.weight": (4 * growth, channels, 1, 1),
                       **norm(f"{key}.norm2", 4 * growth), f"{key}.conv2.weight": (growth, 4 * growth, 3, 3)}
            channels += growth
        if block < len(layers):
            key = f"features.transition{block}"
            shapes |= {**norm(f"{key}.norm", channels), f"{key}.conv.weight": (channels // 2, channels, 1, 1)}
            channels //= 2
    return shapes | norm("features.norm5", channels) | {"classifier.weight": (classes, channels),
                                                        "classifier.bias": (classes,)}


def vgg_layout(plan, batch_norm, dense=4096, classes=1000):
    shapes, channels, place = {}, 3, 0
    for word in plan.split():
        if word != "M":
            out = int(word)
            shapes |= {f"features.{place}.weight": (out, channels, 3, 3), f"features.{place}.bias": (out,)}
            shapes |= norm(f"features.{place + 1}", out) if batch_norm else {}
            channels, place = out, place + (2 if batch_norm else 1)
        place += 1  # the ReLU or the pooling
    units = channels * 49
    for place, out in ((0, dense), (3, dense), (6, classes)):
        shapes |= {f"classifier.{place}.weight": (out, units), f"classifier.{place}.bias": (out,)}
        units = out
    return shapes


LAYOUTS = {name: (resnet_layout(*plan), {}) for name, plan in RESNETS.items()}
LAYOUTS |= {"densenet121": (densenet_layout(), {})}
LAYOUTS |= {name: (vgg_layout(plan, False), {}) for name, plan in VGGS.items()}
LAYOUTS |= {f"{name}_bn": (vgg_layout(plan, True), {"norm": "batch"}) for name, plan in VGGS.items()}
# num_params in torchvision's documentation of the weights
PUBLISHED = {"resnet18": 11_689_512, "resnet34": 21_797_672, "resnet50": 25_557_032, "resnext50": 25_028_904,
             "densenet121": 7_978_856, "vgg11": 132_863_336, "vgg16": 138_357_544, "vgg11_bn": 132_868_840,
             "vgg16_bn": 138_365_992}


def on_meta(name, options):
    with torch.device("meta"):
        return networks.create(name.removesuffix("_bn"), 1000, 3, **options)


def synthetic(layout, seed=0):
    """Draw weights of about the size that trained ones have, so that every tensor shows in the output."""
    g = torch.Generator().manual_seed(seed)
    state = {}
    for key, shape in layout.items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.tensor(7)
        elif len(shape) > 1:
            fan_in = torch.tensor(shape[1:]).prod()
            state[key] = torch.randn(shape, generator=g) * (2 / fan_in) ** 0.5
        else:
            state[key] = torch.rand(shape, generator=g) * 0.5 + (0.5 if key.endswith(("weight", "var")) else 0)
    return state


@pytest.mark.parametrize("name", LAYOUTS)
def test_the_layouts_written_here_have_the_published_size(name):
    weights = {k: torch.Size(s).numel() for k, s in LAYOUTS[name][0].items() if k.endswith(("weight", "bias"))}
    assert sum(weights.values()) == PUBLISHED[name]


@pytest.mark.parametrize("name", LAYOUTS)
def test_keys_and_shapes_are_torchvisions(name):
    layout, options = LAYOUTS[name]
    net = on_meta(name, options)
    own = net.state_dict()
    keys = networks.torchvision_keys(net)
    assert {theirs: tuple(own[ours].shape) for ours, theirs in keys.items()} == layout
    assert len(keys) == len(own) == len(layout)


# --- torchvision's forward pass on its keys, with nothing of this package

def bn(w, key, x):
    return F.batch_norm(x, w[f"{key}.running_mean"], w[f"{key}.running_var"], w[f"{key}.weight"], w[f"{key}.bias"])


def resnet_forward(w, x):
    x = F.max_pool2d(F.relu(bn(w, "bn1", F.conv2d(x, w["conv1.weight"], stride=2, padding=3))), 3, 2, 1)
    for stage in range(1, 5):
        b = 0
        while (key := f"layer{stage}.{b}") + ".conv1.weight" in w:
            stride, y = 2 if stage > 1 and b == 0 else 1, x
            last = 3 if f"{key}.conv3.weight" in w else 2
            strided = 2 if last == 3 else 1
            for i in range(1, last + 1):
                weight = w[f"{key}.conv{i}.weight"]
                y = F.conv2d(y, weight, stride=stride if i == strided else 1, padding=weight.shape[-1] // 2,
                             groups=y.shape[1] // weight.shape[1])
                y = bn(w, f"{key}.bn{i}", y)
                y = F.relu(y) if i < last else y
            if f"{key}.downsample.0.weight" in w:
                x = bn(w, f"{key}.downsample.1", F.conv2d(x, w[f"{key}.downsample.0.weight"], stride=stride))
            x, b = F.relu(x + y), b + 1
    assert b > 0
    return F.linear(x.mean((2, 3)), w["fc.weight"], w["fc.bias"])


def densenet_forward(w, x):
    x = F.relu(bn(w, "features.norm0", F.conv2d(x, w["features.conv0.weight"], stride=2, padding=3)))
    x = F.max_pool2d(x, 3, 2, 1)
    for block in range(1, 5):
        layer = 1
        while (key := f"features.denseblock{block}.denselayer{layer}") + ".conv1.weight" in w:
            y = F.conv2d(F.relu(bn(w, f"{key}.norm1", x)), w[f"{key}.conv1.weight"])
            y = F.conv2d(F.relu(bn(w, f"{key}.norm2", y)), w[f"{key}.conv2.weight"], padding=1)
            x, layer = torch.cat([x, y], 1), layer + 1
        if block < 4:
            key = f"features.transition{block}"
            x = F.avg_pool2d(F.conv2d(F.relu(bn(w, f"{key}.norm", x)), w[f"{key}.conv.weight"]), 2)
    return F.linear(F.relu(bn(w, "features.norm5", x)).mean((2, 3)), w["classifier.weight"], w["classifier.bias"])


def vgg_forward(w, x, plan, batch_norm):
    place = 0
    for word in plan.split():
        if word == "M":
            x = F.max_pool2d(x, 2)
        else:
            x = F.conv2d(x, w[f"features.{place}.weight"], w[f"features.{place}.bias"], padding=1)
            x = F.relu(bn(w, f"features.{place + 1}", x) if batch_norm else x)
            place += 2 if batch_norm else 1
        place += 1
    x = x.flatten(1)
    for place in (0, 3, 6):
        x = F.linear(x if place == 0 else F.relu(x), w[f"classifier.{place}.weight"], w[f"classifier.{place}.bias"])
    return x


def check_outputs(net, weights, expected, x):
    assert networks.load_torchvision(net, weights) is net
    with torch.no_grad():
        got, wanted = net.eval()(x), expected(weights, x)
    assert wanted.std() > 1e-3
    torch.testing.assert_close(got, wanted, rtol=1e-3, atol=1e-3 * wanted.abs().max().item())


IMAGES = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "resnext50"])
def test_resnets_compute_what_torchvision_computes(name):
    check_outputs(networks.create(name, 1000, 3), synthetic(LAYOUTS[name][0]), resnet_forward, IMAGES)


def test_densenet_computes_what_torchvision_computes():
    check_outputs(networks.create("densenet121", 1000, 3), synthetic(LAYOUTS["densenet121"][0]), densenet_forward,
                  IMAGES)


@pytest.mark.parametrize("batch_norm", [False, True])
def test_vggs_compute_what_torchvision_computes(monkeypatch, batch_norm):
    """With an eighth of the channels, to save the memory of 138 million weights."""
    module = importlib.import_module("d2lcnn.networks.vgg")
    narrow = {k: tuple((count, out // 8) for count, out in blocks) for k, blocks in module.VGG.items()}
    monkeypatch.setattr(module, "VGG", narrow)
    monkeypatch.setattr(module, "DENSE", (32, 32))
    plan = " ".join(w if w == "M" else str(int(w) // 8) for w in VGGS["vgg16"].split())
    x = torch.rand(1, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    check_outputs(networks.create("vgg16", 10, 3, norm="batch" if batch_norm else None),
                  synthetic(vgg_layout(plan, batch_norm, 32, 10)),
                  lambda w, x: vgg_forward(w, x, plan, batch_norm), x)


# --- files as they are, and refusals

def test_old_files():
    """DenseNet's files write norm.1 for norm1; files before torch 0.4.1 have no counters of batches."""
    weights = synthetic(LAYOUTS["densenet121"][0])
    old = {}
    for key, value in weights.items():
        for part in ("norm1", "norm2", "conv1", "conv2"):
            key = key.replace(f".{part}.", f".{part[:-1]}.{part[-1]}.") if "denselayer" in key else key
        if not key.endswith("num_batches_tracked"):
            old[key] = value
    assert "features.denseblock4.denselayer16.conv.2.weight" in old
    net, other = (networks.create("densenet121", 1000, 3) for _ in range(2))
    networks.load_torchvision(net, old)
    networks.load_torchvision(other, weights)
    for (key, ours), theirs in zip(net.state_dict().items(), other.state_dict().values(), strict=True):
        assert torch.equal(ours, theirs) or key.endswith("num_batches_tracked"), key
    assert int(net.state_dict()["last.0.num_batches_tracked"]) == 0


@pytest.mark.parametrize(("change", "message"), [
    (lambda w: w.pop("layer3.1.bn2.weight"), r"does not fit: it lacks 'layer3.1.bn2.weight'$"),
    (lambda w: w.update({"layer5.0.conv1.weight": torch.zeros(1)}),
     r"does not fit: the network has no place for 'layer5.0.conv1.weight'$"),
    (lambda w: w.update({"fc.weight": torch.zeros(10, 512)}),
     r"does not fit: it holds 'fc.weight' \(10, 512\) where the network has \(1000, 512\)$"),
    (lambda w: [w.pop(k) for k in list(w) if k.startswith("layer4")],
     r"lacks 'layer4.0.conv1.weight', 'layer4.0.bn1.weight', 'layer4.0.bn1.bias' and 22 more$"),
    (lambda w: (w.pop("fc.bias"), w.update({"head.bias": torch.zeros(1000)})),
     r"lacks 'fc.bias'; the network has no place for 'head.bias'$"),
])
def test_weights_that_do_not_fit_are_refused_and_change_nothing(change, message):
    net = networks.create("resnet18", 1000, 3, seed=0)
    before = {k: v.clone() for k, v in net.state_dict().items()}
    weights = synthetic(LAYOUTS["resnet18"][0])
    change(weights)
    with pytest.raises(ValueError, match=message):
        networks.load_torchvision(net, weights)
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())


@pytest.mark.parametrize(("name", "options", "message"), [
    ("resnet50", {"stride_in": "1x1"}, "net has its strides in the 1x1 convolutions"),
    ("resnet50", {"order": "preactivation"}, "built like no network of torchvision"),
    ("resnet20", {}, "built like no network of torchvision"),
    ("lenet", {}, "built like no network of torchvision"),
    ("googlenet", {}, "built like no network of torchvision"),
    ("alexnet", {}, "built like no network of torchvision"),
    ("densenet_small", {"bottleneck": True}, "built like no network of torchvision"),
    ("densenet_small", {"blocks": (1, 1, 1, 1)}, "built like no network of torchvision"),
    ("vgg_small", {}, "built like no network of torchvision"),
])
def test_networks_that_torchvision_does_not_have(name, options, message):
    with pytest.raises(ValueError, match=message):
        networks.load_torchvision(on_meta(name, options), {})


@pytest.mark.parametrize("options", [{"residual": False}, {"shortcut": "zeros"}])
def test_weights_of_projections_have_no_place_in_networks_without(options):
    with pytest.raises(ValueError, match=r"the network has no place for 'layer2.0.downsample.0.weight', .* 15 more"):
        networks.load_torchvision(on_meta("resnet18", options), synthetic(LAYOUTS["resnet18"][0]))
