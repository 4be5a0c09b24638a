"""Receptive fields in summaries against what gradients reach, over random networks and all networks of the package.

In float64 with positive weights and inputs no path cancels another and no rectifier is off. A maximum passes its
gradient to one pixel alone, so the sum over the same windows stands for max pooling while gradients are taken.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from d2lcnn import layers, networks
from d2lcnn.shapes import pool_output_size
from d2lcnn.summary import WHOLE, summarize
from d2lcnn.summary.places import ALIKE, Places
from d2lcnn.summary.trace import Trace


class Then(nn.Module):
    """A function of the input, and of the outputs of some layers if there are any."""

    def __init__(self, function, *parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(parts)

    def forward(self, x):
        return self.function(x, *(part(x) for part in self.parts))


def conv(k, s=1, p=0, d=1, channels=4, groups=1):
    return nn.Conv2d(4, channels, k, s, p, d, groups)


def cat_of_two(x, y, z):
    return torch.cat([y, z], 1)


def per_place():
    dense = nn.Sequential(Then(lambda x: x.permute(0, 2, 3, 1)), nn.Linear(4, 4))
    return Then(lambda x, y: y.permute(0, 3, 1, 2), dense)


def positive(net):
    """Give a network positive float64 weights that neither grow nor shrink what passes through."""
    net = net.double().eval()
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for p in net.parameters():
            p.copy_((0.5 + torch.rand(p.shape, generator=draw, dtype=p.dtype)) / max(1, p[0].numel()))
    return net


def summed_windows(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    """Add up what max pooling takes the largest of."""
    k, s, p, d = ((v, v) if isinstance(v, int) else tuple(v) for v in (kernel_size, stride or kernel_size, padding,
                                                                        dilation))
    sizes = [pool_output_size(*v, ceil_mode=ceil_mode) for v in zip(x.shape[2:], k, s, p, d, strict=True)]
    x = F.pad(x, (p[1], p[1] + s[1], p[0], p[0] + s[0]))  # room for a last window that hangs over
    weight = x.new_ones(x.shape[1], 1, *k)
    return F.conv2d(x, weight, stride=s, dilation=d, groups=x.shape[1])[:, :, : sizes[0], : sizes[1]]


@pytest.fixture(scope="module", autouse=True)
def _sums_for_maxima():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(F, "max_pool2d", lambda *args, **options: summed_windows(*args, **options)
                      if torch.is_grad_enabled() else torch.max_pool2d(*_positional(*args, **options)))
        yield


def _positional(x, kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False):
    return x, kernel_size, stride or kernel_size, padding, dilation, ceil_mode


def reached(y, x):
    """Return (first, last) pixel on each axis of the image that a sum of outputs depends on."""
    (gradient,) = torch.autograd.grad(y, x, retain_graph=True)
    hit = gradient.abs().sum((0, 1)) != 0
    return [(int(line.min()), int(line.max())) if len(line) else None for line in hit.nonzero().T]


def image(*size):
    draw = torch.Generator().manual_seed(1)
    return (0.5 + torch.rand(1, *size, generator=draw, dtype=torch.float64)).requires_grad_()


def field_of(net, x):
    trace = Trace(x, net)
    with torch.no_grad(), trace:
        y = net(x)
    return trace.fields[id(y)]


def predicted(field, places):
    """Pick an entry: the index that selects it (and what is not alike to it), and what it sees by the field."""
    index, seen = [], {p.axis: (p.first[0], p.last[0]) for p in field.gone}
    for parts in field.layout:
        which = [places(part.size) for part in parts]
        at = int(np.ravel_multi_index(which, [part.size for part in parts]))
        alike = all(isinstance(part, Places) or part.alike == ALIKE for part in parts)
        index.append(at if alike else slice(None))
        for part, j in zip(parts, which, strict=True):
            if isinstance(part, Places):
                seen[part.axis] = (part.first[j], part.last[j])
    nothing = any(first > last for first, last in seen.values())
    return tuple(index), [None if nothing else seen[axis] for axis in sorted(seen)]


CHAIN = st.one_of(
    st.builds(conv, st.integers(1, 4), st.integers(1, 3), st.integers(0, 4), st.integers(1, 2)),
    st.builds(lambda k, p, m: nn.Conv2d(4, 4, k, padding=p, padding_mode=m), st.tuples(st.integers(1, 3),
              st.integers(1, 4)), st.integers(0, 2), st.sampled_from(["reflect", "replicate"])),
    st.builds(lambda k, s: conv(k, s, groups=4), st.integers(1, 3), st.integers(1, 3)),
    st.builds(lambda k, s, c: nn.MaxPool2d(k, s, k // 2, 1, ceil_mode=c), st.integers(1, 4), st.integers(1, 3),
              st.booleans()),
    st.builds(lambda k, s, c: nn.AvgPool2d(k, s, k // 2, c), st.integers(1, 4), st.integers(1, 3), st.booleans()),
    st.builds(lambda a, s, h: Then(lambda x: x[:, :, a::s, : x.shape[3] - h]), st.integers(0, 3), st.integers(1, 3),
              st.integers(0, 2)),
    st.builds(lambda *pads: Then(lambda x: F.pad(x, pads)), *[st.integers(-1, 3)] * 4),
    st.sampled_from([
        nn.ReLU(), nn.BatchNorm2d(4), nn.LocalResponseNorm(3), nn.GELU(), nn.Dropout(),
        Then(lambda x: x.mT.contiguous()), Then(lambda x: x.flatten(2).unflatten(2, x.shape[2:])),
        Then(lambda x: x * torch.ones(x.shape[2:], dtype=x.dtype)), Then(lambda x: x.add(1).mul_(2)),
    ]),
    st.builds(per_place),
)  # fmt: skip
KNOWN = CHAIN | st.one_of(
    st.builds(lambda k: Then(lambda x, y: x + y, conv(k, 1, k // 2)), st.sampled_from([1, 3, 5])),
    st.builds(lambda k, d: Then(lambda x, y, z: torch.cat([y, z], 1), conv(k, 2, k // 2, 1, 2), conv(3, 2, d, d, 2)),
              st.sampled_from([1, 3, 5]), st.integers(1, 3)),
)  # fmt: skip
MIXING = [
    lambda c, h, w: nn.Sequential(nn.Flatten(), nn.Linear(c * h * w, 3)),
    lambda c, h, w: nn.AdaptiveAvgPool2d(1),
    lambda c, h, w: Then(lambda x: x.mean((2, 3))),
    lambda c, h, w: Then(lambda x: x.mean(2)),
    lambda c, h, w: Then(lambda x: x.unsqueeze(2).sum(3)),
    lambda c, h, w: Then(lambda x: x.unsqueeze(-1).sum(2)[..., 0]),
    lambda c, h, w: Then(lambda x: x.amin(3, keepdim=True) if not x.requires_grad else x.sum(3, keepdim=True)),
    lambda c, h, w: Then(lambda x: x[..., -1, :]),
    lambda c, h, w: Then(lambda x, y: (x + 1) * y, nn.AdaptiveAvgPool2d(1)),
    lambda c, h, w: Then(lambda x: x + x.softmax(2)),
    lambda c, h, w: nn.GroupNorm(2, c),
    lambda c, h, w: nn.Sequential(Then(cat_of_two, conv(1, channels=2), conv(3, p=1, channels=2)), nn.GroupNorm(2, c)),
    lambda c, h, w: nn.InstanceNorm2d(c),
    lambda c, h, w: nn.BatchNorm2d(c, track_running_stats=False),
    lambda c, h, w: nn.LayerNorm([h, w]),
    lambda c, h, w: nn.Linear(w, 3),
    lambda c, h, w: nn.Flatten(2),
    lambda c, h, w: Then(lambda x: torch.einsum("nchw,hk->nckw", x, torch.ones(h, 2, dtype=x.dtype))),
    lambda c, h, w: Then(lambda x: F.scaled_dot_product_attention(*[x.flatten(2).mT / 9] * 3)),
    lambda c, h, w: Then(lambda x: F.scaled_dot_product_attention(*[x.flatten(2).mT / 9] * 3, is_causal=True)),
    lambda c, h, w: Then(lambda x: F.scaled_dot_product_attention(*[x.flatten(2)[:, None].mT / 9] * 3, is_causal=True)),
    lambda c, h, w: Then(lambda x: (x[:, 0] @ x[:, 1].mT + torch.full((h, h), -torch.inf, dtype=x.dtype).triu(1)
                                    ).softmax(-1) @ x[:, 2]),
    lambda c, h, w: Then(lambda x: torch.where(torch.arange(w) > 0, x, 0).sum(3)),
    lambda c, h, w: Then(lambda x: x.masked_fill(torch.arange(h)[:, None] == 0, 0).flatten(1) @ torch.ones(
        c * h * w, 2, dtype=x.dtype)),
    lambda c, h, w: Then(lambda x: (x[:, 0] @ x[:, 1].mT).softmax(-1) @ x[:, 2]),
]  # fmt: skip


def shifted(x):
    """Write into a part of a tensor that was zero."""
    y = x.new_zeros(x.shape)
    y[:, :, 1:] = x[:, :, :-1]
    return y + x


def added_below(x):
    """Change a part of a tensor in place."""
    y = x.clone()
    y[:, :, 1:] += x[:, :, :-1]
    return y


def overwritten(x):
    """Put constants where places were."""
    y = x.clone()
    y[:, :, 0] = torch.ones(x.shape[3], dtype=x.dtype)
    y[:, :, -1] = 0
    return y


def counted_into(x):
    """Write what has nothing to do with the image into its memory."""
    y = x.clone()
    return torch.sum(torch.ones(2, *x.shape, dtype=x.dtype), 0, out=y.detach()) + x.flip(3)


UNKNOWN = [
    nn.Upsample(scale_factor=2), nn.Upsample(scale_factor=2, mode="bilinear"), nn.ConvTranspose2d(4, 4, 3, stride=2),
    nn.AdaptiveAvgPool2d((3, 2)), nn.Conv2d(4, 4, 3, padding=1, padding_mode="circular"), Then(lambda x: x.flip(2)),
    Then(lambda x: x.roll(1, 3)), Then(lambda x: x.cumsum(2)), Then(lambda x: F.pixel_shuffle(x, 2).repeat(1, 4, 1, 1)),
    Then(lambda x: x.gather(2, torch.zeros_like(x, dtype=torch.long))), Then(lambda x: x.reshape(1, 4, -1, 2)),
    Then(lambda x: torch.fft.fft2(x).abs()), Then(lambda x: x + x.mean((2,), keepdim=True)[..., :1]),
    Then(lambda x: torch.cat([x, x], 2)), Then(shifted), Then(added_below), Then(overwritten),
    Then(counted_into),
    Then(lambda x, y: x[:, :, : y.shape[2], : y.shape[3]] + y, conv(1, 2)),
    Then(lambda x, y, z: cat_of_two(x, y, z)[:, :4], conv(1), conv(3, p=1)),
    Then(lambda x, y, z: cat_of_two(x, y, z).split(4, 1)[0], conv(1), conv(3, p=1)),
    Then(lambda x, y: F.conv2d(x, y[:, :, :3, :3].mean() + torch.ones(4, 4, 3, 3, dtype=x.dtype)), conv(1)),
    Then(lambda x: x.unfold(2, 2, 2).flatten(3)),
]  # fmt: skip


def fits(net, x):
    """Whether every layer of a network has an output on an image."""
    try:
        return net(x).numel() > 0
    except (RuntimeError, ValueError, IndexError):
        return False


def build(parts, x):
    """Put layers one upon another as long as they fit."""
    net = nn.Sequential(nn.Conv2d(2, 4, 1))
    for part in parts:
        longer = nn.Sequential(*net, part)
        if fits(positive(longer), x):
            net = longer
    return positive(net)


def assert_exact(field, net, x, places, constants=False):
    """Every entry that `places` picks sees what gradients reach from it.

    With `constants` entries are passed over that depend on nothing, whatever is wired to them: a softmax weighs values
    that are all equal, on the padding of a 1x1 convolution.
    """
    y = net(x)
    for _ in range(6):
        index, seen = predicted(field, places)
        found = reached(y[index].sum(), x)
        assert found == seen or (constants and {*found} == {None}), index


@given(st.lists(CHAIN, min_size=1, max_size=5), st.data())
def test_places_see_what_gradients_reach(parts, data):
    x = image(2, 26, 15)
    net = build(parts, x)
    field = field_of(net, x)
    assert field is not None
    assert_exact(field, net, x, lambda n: data.draw(st.integers(0, n - 1)))


@pytest.mark.parametrize("mixing", MIXING)
@settings(max_examples=6)
@given(before=st.lists(CHAIN, max_size=3), after=st.lists(CHAIN, max_size=1), data=st.data())
def test_what_mixes_places_sees_what_gradients_reach(mixing, before, after, data):
    x = image(2, 12, 9)
    net = build(before, x)
    with torch.no_grad():
        shape = net(x).shape
    net = build([*list(net)[1:], mixing(*shape[1:]), *after], x)
    field = field_of(net, x)
    if field is not None and not field.twice:
        assert_exact(field, net, x, lambda n: data.draw(st.integers(0, n - 1)), constants=True)


@pytest.mark.parametrize("axis", [1, 2, 3, 4, -1, -2, -3])
def test_an_axis_that_is_put_in_and_taken_out_changes_no_field(axis):
    x, layers_ = image(2, 12, 9), (nn.Conv2d(2, 4, 3), nn.MaxPool2d(2))
    plain = field_of(positive(nn.Sequential(*layers_)), x)
    through = nn.Sequential(*layers_, Then(lambda y: y.unsqueeze(axis).squeeze(axis)))
    assert plain is not None and field_of(positive(through), x) == plain


@pytest.mark.parametrize("unknown", UNKNOWN)
@settings(max_examples=6)
@given(before=st.lists(CHAIN, max_size=2), after=st.lists(CHAIN, max_size=2), data=st.data())
def test_after_other_operations_the_field_is_right_or_unknown(unknown, before, after, data):
    x = image(2, 16, 12)
    net = build([*before, unknown, *after], x)
    field = field_of(net, x)
    if field is not None and not field.twice:
        assert_exact(field, net, x, lambda n: data.draw(st.integers(0, n - 1)))


@given(st.lists(KNOWN, min_size=1, max_size=3))
def test_tables_show_what_the_middle_output_reaches(parts):
    x = image(2, 90, 70)
    net = nn.Sequential(build(parts, x), nn.Identity())
    y = net(x)
    shown = list(summarize(net, x.shape[1:]))[-1].receptive_field
    spans = [last - first + 1 for first, last in reached(y[:, :, y.shape[2] // 2, y.shape[3] // 2].sum(), x)]
    assert shown == tuple(spans)


SMALL = ["linear", "mlp", "lenet", "lenet_bn", "small_cnn", "plain_cnn", "alexnet_small", "nin_small", "vgg_small",
         "resnet8", pytest.param("resnet20", marks=pytest.mark.slow), "googlenet_small", "densenet_small",
         "xception_small", "mobilenet_small"]  # fmt: skip
OWN = {
    "tcn": (lambda: layers.TCN(1, [3, 3, 4], 3), (1, 60)),
    "tcn with weight norm": (lambda: layers.TCN(2, [3, 3], 2, weight_norm=True), (2, 31)),
    "gated": (lambda: layers.GatedConv2d(2, 3, 5, padding=2), (2, 19, 17)),
    "gated sequence": (lambda: layers.GatedConv1d(2, 3, 3), (2, 30)),
    "blurred": (lambda: nn.Sequential(nn.Conv2d(2, 2, 3), layers.BlurPool2d(2), nn.Conv2d(2, 2, 3)), (2, 41, 39)),
    "separable": (lambda: layers.SeparableConv2d(2, 3, 3, padding=1), (2, 17, 15)),
    "segmented": (lambda: layers.SegmentedConv2d(4, 4, 3), (4, 17, 15)),
    "locally connected": (lambda: nn.Sequential(nn.Conv2d(2, 2, 3), layers.LocallyConnected2d(2, 3, 19, 5, 2, 2)),
                          (2, 21, 21)),
    **{f"autoencoder {up}": (lambda up=up: networks.autoencoder(up=up, seed=0), (1, 60, 60))
       for up in networks.UPSAMPLERS},
}  # fmt: skip


def assert_rows_reach(net, x, rows):
    """Compare each row's field with what the middle of the output of that layer depends on; return how many had one."""
    outputs, known = {}, 0
    handles = [net.get_submodule(name.strip("-")).register_forward_hook(
        lambda module, args, y, name=name: outputs.update({name: y.clone()})) for name in rows]
    net(x)
    for handle in handles:
        handle.remove()
    edges = [(0, n - 1) for n in x.shape[2:]]
    for name, row in rows.items():
        if row.receptive_field is not None:
            y = outputs[name]
            channels = slice(None) if y.dim() > 2 else y.shape[1] // 2  # of a flattened map, one entry
            seen = reached(y[(0, channels, *(n // 2 for n in y.shape[2:]))].sum(), x)
            spans = [last - first + 1 for first, last in seen]
            if row.receptive_field == WHOLE:
                assert seen == edges, name
            elif all(first > 0 and last < n - 1 for (first, last), n in zip(seen, x.shape[2:], strict=True)):
                assert row.receptive_field == tuple(spans), name
            else:  # cut by the border
                assert all(a <= b for a, b in zip(spans, row.receptive_field, strict=True)), name
            known += 1
    return known


@pytest.mark.parametrize("name", SMALL)
def test_fields_of_all_small_networks_are_what_gradients_reach(name):
    net = positive(networks.create(name, seed=0))
    heads = {"linear", "mlp", "lenet", "lenet_bn", "alexnet_small", "vgg_small"}  # their dense layers fix the size
    x = image(*(net.input_size if name in heads else (1, 90, 80)))
    rows = {row.name: row for row in summarize(net, x.shape[1:])}
    assert assert_rows_reach(net, x, rows) == len(rows)


@pytest.mark.parametrize("name", OWN)
def test_fields_of_our_layers_are_what_gradients_reach(name):
    build, size = OWN[name]
    net = positive(build())
    rows = {row.name: row for row in summarize(net, size)}
    known = assert_rows_reach(net, image(*size), rows)
    assert known == (7 if "autoencoder" in name else len(rows)), rows
