"""Layer tables against hooks written here, torch's flop counter and published numbers."""

import doctest
from dataclasses import replace

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from d2lcnn import networks, summary
from d2lcnn.layers import TCN
from d2lcnn.summary import WHOLE, count_parameters, summarize


class Residual(nn.Module):
    """Two paths that meet: 7x7 pixels through two layers, 3x3 past them."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, padding=1, stride=2)
        self.a, self.b = nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.Conv2d(8, 8, 1, groups=4)
        self.pool, self.head = nn.AdaptiveAvgPool2d(1), nn.Linear(8, 5)

    def forward(self, x):
        x = self.stem(x)
        x = torch.cat([x[:, :4], F.relu(x + self.b(self.a(x)), inplace=True)[:, 4:]], 1)
        return self.head(self.pool(F.max_pool2d(x, 3, 2, 1)).flatten(1))


class Functional(nn.Module):
    """Weights of its own, and a convolution that no child module runs."""

    def __init__(self):
        super().__init__()
        self.w, self.inner = nn.Parameter(torch.randn(4, 3, 3, 3)), nn.ReLU()

    def forward(self, x):
        return self.inner(F.conv2d(x, self.w, dilation=2))


def vgg16():
    """VGG-16 of Simonyan & Zisserman 2015, table 1, configuration D."""
    layers, c = [], 3
    for count, out in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            layers += [nn.Conv2d(c, out, 3, padding=1), nn.ReLU(inplace=True)]
            c = out
        layers += [nn.MaxPool2d(2)]
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(25088, 4096), nn.ReLU(), nn.Dropout(),
                         nn.Linear(4096, 4096), nn.ReLU(), nn.Dropout(), nn.Linear(4096, 1000))


NETS = {
    "lenet": (lambda: networks.create("lenet", seed=0), (1, 28, 28)),
    "lenet_bn": (lambda: networks.create("lenet_bn", 5, 3, seed=0), (3, 28, 28)),
    "mlp": (lambda: networks.create("mlp", seed=0), (1, 28, 28)),
    "residual": (Residual, (3, 33, 20)),
    "functional": (Functional, (3, 12, 14)),
    "sequence": (lambda: nn.Sequential(nn.Conv1d(3, 8, 3, dilation=2), nn.MaxPool1d(2), nn.Conv1d(8, 4, 5, stride=2)),
                 (3, 40)),
    "transposed": (lambda: nn.Sequential(nn.Conv2d(2, 6, 3), nn.ConvTranspose2d(6, 4, 3, stride=2, groups=2)),
                   (2, 9, 9)),
}


@pytest.mark.parametrize("name", NETS)
def test_multiply_adds_are_half_of_torchs_flops(name):
    build, size = NETS[name]
    net = build()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net.eval()(torch.zeros(1, *size))
    assert summarize(net, size).macs == counter.get_total_flops() / 2 > 0


@pytest.mark.parametrize("name", NETS)
def test_rows_are_what_hooks_see(name):
    build, size = NETS[name]
    net, seen = build(), {}
    for path, module in net.named_modules():
        if not list(module.children()):
            module.register_forward_hook(lambda m, _, y, path=path: seen.__setitem__(path, (type(m).__name__, y)))
    with torch.no_grad():
        net.eval()(torch.zeros(1, *size))
    rows = {row.name: row for row in summarize(net, size) if row.name in seen}
    assert list(rows) == list(seen)
    for path, (kind, y) in seen.items():
        row = rows[path]
        assert (row.kind, row.output, row.activation_bytes) == (kind, tuple(y.shape[1:]), y.numel() * 4)
        assert row.parameters == sum(p.numel() for p in net.get_submodule(path).parameters())


@pytest.mark.parametrize("name", NETS)
def test_totals_are_sums(name):
    build, size = NETS[name]
    net = build()
    table = summarize(net, size)
    assert sum(row.parameters for row in table) == table.parameters == count_parameters(net)
    assert len(table) == len(list(table))
    assert table.activation_bytes == sum(row.activation_bytes for row in table)


def test_published_numbers_of_vgg16():
    """138 million parameters (table 2 of the paper: 138,357,544) and 15.47e9 multiply-adds (Canziani et al. 2016)."""
    with torch.device("meta"):
        net = vgg16()
    table = summarize(net, (3, 224, 224))
    assert table.parameters == 138_357_544
    assert table.macs == 15_470_264_320
    assert [row.output for row in table if row.kind == "MaxPool2d"][-1] == (512, 7, 7)
    # one output of the last pooling sees 212 pixels (Araujo et al. 2019, table 1)
    assert [row.receptive_field for row in table if row.kind == "MaxPool2d"] == [(6, 6), (16, 16), (44, 44),
                                                                                (100, 100), (212, 212)]


def test_published_numbers_of_lenet():
    table = summarize(networks.create("lenet", seed=0), (1, 28, 28))
    weighted = {row.name: row for row in table if row.parameters}
    assert [row.parameters for row in weighted.values()] == [156, 2_416, 48_120, 10_164, 850]
    assert [row.macs for row in weighted.values()] == [117_600, 240_000, 48_000, 10_080, 840]
    assert [row.receptive_field for row in table][:8] == [(5, 5), (5, 5), (6, 6), (14, 14), (14, 14), (16, 16),
                                                          (16, 16), WHOLE]


def test_field_is_the_one_that_gradients_see():
    """Among pixels whose change can reach the middle output, the largest distance is the field."""
    net = nn.Sequential(nn.Conv2d(1, 2, (3, 5), stride=(2, 1)), nn.AvgPool2d(3, 2), nn.Conv2d(2, 1, 3, dilation=2))
    x = torch.rand(1, 1, 41, 41, requires_grad=True)
    y = net(x)
    y[0, 0, y.shape[2] // 2, y.shape[3] // 2].backward()
    reached = x.grad[0, 0] != 0
    lines = [reached.any(1 - axis).nonzero() for axis in (0, 1)]
    spans = tuple(int(line.max() - line.min() + 1) for line in lines)
    assert list(summarize(net, (1, 41, 41)))[-1].receptive_field == spans


def test_fields_on_branches_are_the_largest_and_unknown_ones_say_so():
    rows = {row.name: row for row in summarize(Residual(), (3, 33, 33))}
    assert rows["stem"].receptive_field == (3, 3)
    assert rows["b"].receptive_field == (7, 7)
    assert rows["pool"].receptive_field == rows["head"].receptive_field == WHOLE
    build, size = NETS["transposed"]
    table = summarize(build(), size)
    assert list(table)[-1].receptive_field is None
    assert "n/a" in str(table)
    assert list(summarize(NETS["sequence"][0](), (3, 40)))[-1].receptive_field == (5 + 1 + 4 * 2,)


def test_after_branches_meet_the_largest_field_grows_on():
    class Skip(nn.Module):
        def __init__(self):
            super().__init__()
            self.wide, self.after = nn.Conv2d(1, 1, 7, padding=3), nn.Conv2d(1, 1, 3)

        def forward(self, x):
            return self.after(x + self.wide(x))

    assert [row.receptive_field for row in summarize(Skip(), (1, 12, 12))] == [(7, 7), (9, 9)]


def test_a_dense_layer_at_each_place_mixes_no_places():
    class PerPlace(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.dense = nn.Conv2d(1, 4, 3), nn.Linear(4, 2)

        def forward(self, x):
            return self.dense(self.conv(x).permute(0, 2, 3, 1))

    assert [row.receptive_field for row in summarize(PerPlace(), (1, 6, 6))] == [(3, 3), (3, 3)]
    one_place = nn.Sequential(nn.Conv2d(1, 4, 5), nn.Flatten(), nn.Linear(4, 2))
    assert list(summarize(one_place, (1, 5, 5)))[-1].receptive_field == (5, 5)
    reduced = nn.Sequential(nn.Conv2d(1, 4, 5), nn.AdaptiveAvgPool2d(2))
    assert list(summarize(reduced, (1, 9, 9)))[-1].receptive_field is None


class By(nn.Module):
    """A function as a network, with the layers that it uses."""

    def __init__(self, function, **parts):
        super().__init__()
        self.function, self.parts = function, nn.ModuleDict(parts)

    def forward(self, x):
        return self.function(x, **self.parts)


def test_all_is_said_only_where_every_pixel_is_reached():
    """A window of 3 with stride 2 never reads the last of 6 rows; of 7 it reads all."""
    net = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.AdaptiveAvgPool2d(1))
    assert [row.receptive_field for row in summarize(net, (1, 6, 6))] == [(3, 3), (5, 5)]
    assert [row.receptive_field for row in summarize(net, (1, 7, 7))] == [(3, 3), WHOLE]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)  # two implementations in torch
@pytest.mark.parametrize(("kind", "gates"), [(nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4)])
def test_recurrent_layers_multiply_by_both_matrices_at_every_step(kind, gates, dtype):
    """Of both layers and directions; the second layer reads both directions of the first."""
    steps, channels, units = 7, 5, 3
    net = kind(channels, units, num_layers=2, bidirectional=True, batch_first=True).to(dtype)
    (row,) = summarize(net, (steps, channels))
    macs = steps * 2 * gates * (units * channels + units * units + units * 2 * units + units * units)
    assert (row.macs, row.parameters) == (macs, count_parameters(net))
    states = (2 if kind is nn.LSTM else 1) * 4 * units
    assert row.activation_bytes == (steps * 2 * units + states) * torch.finfo(dtype).bits // 8


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("weights", [True, False])
def test_attention_is_four_matrices_and_two_products(weights, device):
    steps, width = 6, 8
    net = By(lambda x, attend: attend(*[x.mT] * 3, need_weights=weights)[0],
             attend=nn.MultiheadAttention(width, 2, batch_first=True)).to(device)  # fmt: skip
    (row,) = summarize(net, (width, steps))
    assert row.macs == 4 * steps * width**2 + 2 * steps**2 * width
    assert row.parameters == count_parameters(net)
    assert row.receptive_field == WHOLE
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_transformer_layer_is_counted_part_by_part():
    net = nn.Sequential(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True))
    table = summarize(net, (6, 8))
    assert table.macs == 4 * 6 * 8**2 + 2 * 6**2 * 8 + 2 * 6 * 8 * 16
    assert table.parameters == sum(row.parameters for row in table)


@pytest.mark.parametrize(("function", "macs"), [
    (lambda x: F.scaled_dot_product_attention(x.mT, x.mT, x.mT), 2 * 5 * 5 * 4),
    (lambda x: torch.einsum("nct,ncu->ntu", x, x), 5 * 5 * 4),
    (lambda x: torch.einsum("nct,oc->not", x, torch.ones(3, 4)), 5 * 4 * 3),
    (lambda x: F.linear(x.mT, torch.ones(3, 4)), 5 * 4 * 3),
    (lambda x: x[0].mT @ torch.ones(4), 5 * 4),
    (lambda x: x[0, 0] @ x[0, 1], 5),
    (lambda x: torch.addbmm(torch.zeros(4, 4), x, x.mT), 4 * 5 * 4),
    (lambda x: torch.bmm(x, x.mT, out=torch.empty(1, 4, 4)), 4 * 5 * 4),
    (lambda x: conv1d_by_slices(x), 0),
    (lambda x: torch.fft.rfft(x).real, None),
    (lambda x: torch.cdist(x, x), None),
    (lambda x: F.bilinear(x.mT, x.mT, torch.ones(2, 4, 4)), None),
    (lambda x: F.grid_sample(x[None], torch.zeros(1, 2, 2, 2), align_corners=False), None),
    (lambda x: torch.linalg.matrix_exp(x[:, :, :4]), None),
])  # fmt: skip
def test_functions_are_counted_or_said_not_to_be(function, macs):
    table = summarize(nn.Sequential(By(function), nn.ReLU()), (4, 5))
    assert [row.macs for row in table] == [macs, 0]
    assert table.macs == macs
    assert [cells[4] for cells in table.rows()[1:]] == [text := "not counted" if macs is None else str(macs), "0", text]


def conv1d_by_slices(x):
    """Entry by entry, which by convention is no work."""
    return x[..., 1:] - x[..., :-1]


def test_modules_that_run_twice_sum_over_their_calls():
    relu, conv = nn.ReLU(), nn.Conv2d(2, 2, 3, bias=False)
    table = {row.name: row for row in summarize(nn.Sequential(conv, relu, conv, relu), (2, 9, 9))}
    assert list(table) == ["0", "1"]
    assert table["0"].macs == 36 * (49 + 25)
    assert table["1"].activation_bytes == 4 * 2 * (49 + 25)
    assert (table["1"].output, table["1"].receptive_field) == ((2, 5, 5), (5, 5))


@pytest.mark.parametrize("wrap", [
    nn.utils.parametrizations.weight_norm, nn.utils.parametrizations.spectral_norm,
    nn.utils.parametrizations.orthogonal, nn.utils.spectral_norm, lambda module: module,
])  # fmt: skip
def test_what_makes_weights_is_folded_into_their_owner(wrap):
    conv = wrap(nn.Conv2d(2, 4, 3))
    table = summarize(nn.Sequential(conv, nn.ReLU()), (2, 6, 6))
    assert [(row.name, row.kind, row.macs, row.activation_bytes) for row in table] == [
        ("0", "Conv2d", 4 * 4 * 4 * 18, 256), ("1", "ReLU", 0, 256)]  # fmt: skip
    assert next(iter(table)).parameters == count_parameters(conv)


def test_a_network_with_weight_norm_has_the_rows_of_one_without():
    plain, normed = (list(summarize(TCN(2, [4, 4], 3, weight_norm=norm), (2, 20))) for norm in (False, True))
    for one, two in zip(plain, normed, strict=True):
        assert replace(two, parameters=one.parameters) == one
    assert [two.parameters - one.parameters for one, two in zip(plain, normed, strict=True) if one.parameters] == [
        4, 4, 0, 4, 4]  # fmt: skip  # one length for each kernel; the layer around the first block has none


def test_parameters_of_parts_that_do_not_run_stand_with_what_holds_them():
    net = By(lambda x, used, idle: used(x), used=nn.Linear(3, 2), idle=nn.Sequential(nn.Linear(3, 4)))
    rows = {row.name: row.parameters for row in summarize(net, (2, 3))}
    assert rows == {"parts.used": 8, "-": 16}


def test_bytes_of_float64():
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.MaxPool2d(2)).double()
    assert [row.activation_bytes for row in summarize(net, (1, 6, 6))] == [256, 256, 64]
    half = nn.Sequential(nn.Linear(4, 4)).bfloat16()
    assert [row.activation_bytes for row in summarize(half, (2, 4))] == [16]


def test_a_shared_module_counts_its_parameters_once_and_its_work_twice():
    shared = nn.Linear(6, 6)
    table = summarize(nn.Sequential(nn.Flatten(), shared, nn.ReLU(), shared), (1, 2, 3))
    assert table.parameters == 42
    assert table.macs == 72


def test_tied_weights_are_counted_where_they_come_first():
    first, second = nn.Linear(6, 6, bias=False), nn.Linear(6, 6, bias=False)
    second.weight = first.weight
    table = summarize(nn.Sequential(nn.Flatten(), first, second), (1, 2, 3))
    assert [row.parameters for row in table] == [0, 36, 0]
    assert table.parameters == 36


def _hooks(net):
    return [(list(m._forward_hooks), list(m._forward_pre_hooks)) for m in net.modules()]


def test_the_net_is_left_as_it_was():
    net = networks.create("lenet_bn", seed=0)
    net[1].eval()
    before = {k: v.clone() for k, v in net.state_dict().items()}
    state, hooks = torch.get_rng_state(), _hooks(net)
    summarize(net, (1, 28, 28))
    assert net.training
    assert not net[1].training
    assert all(torch.equal(before[k], v) for k, v in net.state_dict().items())
    assert _hooks(net) == hooks
    assert torch.equal(state, torch.get_rng_state())


def test_examples_in_docstrings():
    assert doctest.testmod(summary).failed == 0


def test_tables_in_text_and_html():
    table = summarize(Functional(), (3, 12, 14))
    lines = str(table).splitlines()
    assert lines[0].split() == ["layer", "kind", "output", "parameters", "multiply-adds", "activation", "bytes",
                                "receptive", "field"]
    assert len(lines) == 2 + len(table) + 2
    assert len({len(line) for line in lines[1:3]}) == 1
    assert "8,640" in lines[-1]  # 8 x 10 places, 4 x 3 x 9 products
    markup = table._repr_html_()
    assert markup.count("<tr>") == len(table) + 2
    assert markup.count("<td") == 7 * len(table)
    assert markup.count("<th ") == markup.count("</th>") == 7 + 7
    head = markup[: markup.index("</thead>")]
    assert '<th style="text-align:left">layer</th>' in head and '<th style="text-align:right">parameters</th>' in head
    assert "8,640" in markup


@pytest.mark.parametrize("size", [(28,), (1, 0, 28), (1, 28.0, 28), (True, 28, 28)])
def test_errors_name_the_argument(size):
    with pytest.raises(ValueError, match="input_size must be"):
        summarize(networks.create("lenet", seed=0), size)


@pytest.mark.parametrize(("causal", "field"), [(False, WHOLE), (True, None)])
def test_a_causal_mask_hides_places(causal, field):
    net = By(lambda x: F.scaled_dot_product_attention(*[x[:, None].mT] * 3, is_causal=causal))  # with heads: one kernel
    assert [row.receptive_field for row in summarize(net, (8, 5))] == [field]
