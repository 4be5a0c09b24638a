"""The predicted memory of a training step against torch's profiler, against saved tensors, and by hand."""

import os

import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.checkpoint import checkpoint_sequential

from d2lcnn import networks
from d2lcnn.summary import count_parameters, measure_memory, training_memory

NETS = {
    "lenet": ("lenet", {}), "mlp": ("mlp", {}), "vgg_small": ("vgg_small", {}), "resnet8": ("resnet8", {}),
    "alexnet_small": ("alexnet_small", {}), "densenet_small": ("densenet_small", {}),
    "deep pattern": ("pattern", {"blocks": ((3, 6), (3, 16), (3, 28))}),
}
OPTIMIZERS = {"plain": lambda p: torch.optim.SGD(p, lr=0.1), "adam": torch.optim.Adam}


def make(name):
    network, options = NETS[name]
    return networks.create(network, seed=0, **options)


def profiled_peak(net, x, opt):
    """Most bytes at once in a training step, from each piece of memory that torch hands out or takes back."""
    y = torch.zeros(len(x), dtype=torch.long)

    def step():
        opt.zero_grad()
        cross_entropy(net(x), y).backward()
        opt.step()

    step()
    opt.zero_grad()
    state = [t for values in opt.state.values() for t in values.values()]
    before = sum(t.nbytes for t in (x, y, *net.parameters(), *net.buffers(), *state))
    return before + max(measure_memory(step))


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("name", NETS)
def test_the_peak_is_what_the_profiler_measures(name, optimizer):
    """Up to what single operations take and give back, which only makes the measured peak larger."""
    net, make_opt = make(name).train(), OPTIMIZERS[optimizer]
    predicted = training_memory(net, net.input_size, make_opt).peak(64)
    measured = profiled_peak(net, torch.zeros(64, *net.input_size), make_opt(net.parameters()))
    assert 0.99 * predicted <= measured <= 1.2 * predicted


@pytest.mark.parametrize("name", NETS)
def test_activations_are_what_autograd_saves(name):
    net, saved = make(name).train(), {}
    owned = {t.data_ptr() for t in (*net.parameters(), *net.buffers())}

    def note(t):
        saved[t.untyped_storage().data_ptr()] = t.untyped_storage()
        return t

    with torch.autograd.graph.saved_tensors_hooks(note, lambda t: t):
        net(torch.zeros(7, *net.input_size))
    memory = training_memory(net, net.input_size)
    assert memory.kept + 7 * memory.activations == sum(s.nbytes() for p, s in saved.items() if p not in owned)


def test_measured_is_what_was_asked_for_in_order():
    kept = []

    def step():
        kept.append(torch.empty(1000, dtype=torch.float64))
        torch.empty(7, dtype=torch.uint8)
        kept.clear()

    assert measure_memory(step) == [0, 8000, 8007, 8000, 0]


def test_measuring_writes_nothing_and_gives_the_standard_error_back(capfd):
    measure_memory(lambda: torch.ones(3))
    assert capfd.readouterr().err == ""
    with pytest.raises(ZeroDivisionError):
        measure_memory(lambda: 1 / 0)
    os.write(2, b"here")
    assert capfd.readouterr().err == "here"


def test_by_hand():
    """The convolution keeps its input, ReLU its output, pooling indices of 8 bytes, the dense layer its input."""
    net = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 5))
    parameters = 3 * (2 * 9 + 1) + 5 * 13
    image, maps, pooled = 4 * 2 * 4 * 4, 4 * 3 * 4 * 4, 3 * 2 * 2
    memory = training_memory(net, (2, 4, 4), OPTIMIZERS["plain"])
    assert (memory.weights, memory.gradients, memory.optimizer, memory.kept) == (4 * parameters, 4 * parameters, 0, 0)
    assert memory.activations == image + maps + pooled * (8 + 4)
    assert memory.bill(10) == 8 * parameters + 10 * memory.activations


@pytest.mark.parametrize(("optimizer", "copies"), [
    (OPTIMIZERS["plain"], 0), (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), 1), (torch.optim.Adam, 2),
    (torch.optim.AdamW, 2)])
def test_optimizer_state(optimizer, copies):
    net = make("resnet8")
    memory = training_memory(net, net.input_size, optimizer)
    steps = 4 * len(list(net.parameters())) if copies == 2 else 0  # Adam counts its steps, tensor by tensor
    assert memory.optimizer == copies * 4 * count_parameters(net) + steps


def test_buffers_are_weights_and_frozen_parameters_have_no_gradient():
    net = make("resnet8")
    before = training_memory(net, net.input_size)
    assert before.weights - before.gradients == sum(b.nbytes for b in net.buffers()) > 0
    net[0].requires_grad_(False)
    frozen = sum(p.nbytes for p in net[0].parameters())
    assert before.gradients - training_memory(net, net.input_size).gradients == frozen > 0


@pytest.mark.parametrize("name", NETS)
def test_meta_gives_the_same(name):
    net = make(name)
    assert training_memory(net, net.input_size) == training_memory(make(name).to("meta"), net.input_size)


def test_published_size_of_resnet50_on_meta():
    with torch.device("meta"):
        net = networks.create("resnet50", 1000, 3)
    memory = training_memory(net, (3, 224, 224))
    assert memory.gradients == 4 * 25_557_032
    assert memory.peak(32) > 32 * memory.activations > 2 * 2**30


def test_a_curve_rises_falls_and_ends_without_activations():
    net = make("vgg_small")
    memory = training_memory(net, net.input_size)
    curve = memory.curve(500)
    top = curve.index(max(curve))
    assert 0 < top < len(curve) - 1
    image = 500 * 4 * 28 * 28
    standing = memory.weights + memory.gradients + memory.optimizer
    assert standing + image <= curve[-1] < standing + image + 0.01 * memory.peak(500) + memory.gradients
    assert memory.peak(500) == max(curve)


@pytest.mark.parametrize("name", ["lenet", "mlp"])
def test_largest_batch_is_the_last_that_fits(name):
    net = make(name)
    memory = training_memory(net, net.input_size)
    count = memory.largest_batch(20_000_000)
    assert memory.peak(count) <= 20_000_000 < memory.peak(count + 1)
    assert memory.largest_batch(memory.weights // 2) == 0


def test_checkpoints_keep_less():
    class Checkpointed(nn.Module):
        def __init__(self, net, parts):
            super().__init__()
            self.net, self.parts = net, parts

        def forward(self, x):
            return checkpoint_sequential(self.net, self.parts, x, use_reentrant=False)

    layers = [layer for _ in range(9) for layer in (nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())]
    plain = training_memory(nn.Sequential(*layers), (4, 8, 8))
    less = training_memory(Checkpointed(nn.Sequential(*layers), 3), (4, 8, 8))
    assert less.activations < 0.7 * plain.activations  # the last part is kept whole
    assert less.peak(64) < plain.peak(64)
    assert less.gradients == plain.gradients


def test_the_network_stays_as_it_was():
    net = make("resnet8").eval()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    training_memory(nn.Sequential(nn.Dropout(0.5), net), net.input_size)
    assert torch.equal(torch.rand(1), expected)
    assert not net.training
    assert all(p.grad is None for p in net.parameters())
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


class Looping(nn.Module):
    """One call for each image."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        return torch.stack([self.layer(image) for image in x])


@pytest.mark.parametrize(("net", "size", "message"), [
    (nn.Linear(3, 2), (3,), r"input_size must be \(C, H, W\) or \(C, L\), not \(3,\)"),
    (nn.Linear(3, 2), (0, 3), "input_size must be at least 1, not 0"),
    (Looping(), (1, 3), "Looping runs .* operations for 2 images and .* for 3"),
    (nn.ReLU(), (1, 3), "empty parameter list"),
])
def test_what_is_refused(net, size, message):
    with pytest.raises(ValueError, match=message):
        training_memory(net, size)


@pytest.mark.parametrize("method", ["bill", "curve", "peak"])
def test_a_batch_has_an_image(method):
    memory = training_memory(nn.Linear(3, 2), (1, 3))
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        getattr(memory, method)(0)
