"""The network in NumPy: every layer against central differences, the whole against torch, and the steps too."""

import numpy as np
import pytest

from d2lcnn import check_gradient, numpy_net, softmax_cross_entropy, softmax_cross_entropy_backward
from d2lcnn.numpy_net import SGD, Conv2d, Dense, Flatten, MaxPool2d, ReLU, Sequential

RNG = np.random.default_rng(7)
LAYERS = {
    "conv": (Conv2d(RNG.standard_normal((3, 2, 3, 2)), RNG.standard_normal(3), padding=1), (2, 2, 5, 4)),
    "dense": (Dense(RNG.standard_normal((3, 4)), RNG.standard_normal(3)), (5, 4)),
    "relu": (ReLU(), (2, 3, 2, 2)),
    "pool": (MaxPool2d(2), (2, 2, 5, 4)),
    "flatten": (Flatten(), (2, 3, 2, 2)),
}


def drawn_lenet(seed=0, dtype=np.float64):
    return numpy_net.lenet(np.random.default_rng(seed), dtype)


@pytest.mark.parametrize("name", LAYERS)
def test_backward_is_the_derivative_of_forward(name):
    layer, shape = LAYERS[name]
    x = np.random.default_rng(1).standard_normal(shape)
    G = np.random.default_rng(2).standard_normal(layer.forward(x).shape)

    def loss(x=x, **weights):
        stored, layer.weights = layer.weights, layer.weights | weights
        value = float(np.sum(G * layer.forward(x)))
        layer.weights = stored
        return value

    layer.forward(x)
    dx, grads = layer.backward(G), layer.grads
    assert check_gradient(lambda x: loss(x=x), x, dx).ok
    assert set(grads) == set(layer.weights)
    for key, w in layer.weights.items():
        assert check_gradient(lambda value, key=key: loss(**{key: value}), w, grads[key]).ok, key


def test_gradients_are_torchs():
    torch = pytest.importorskip("torch")
    from d2lcnn import networks

    theirs = networks.create("lenet", seed=3, activation="relu", pool="max").double()
    mine = drawn_lenet().load([p.detach().numpy() for p in theirs.parameters()])
    x, y = RNG.uniform(size=(6, 1, 28, 28)), RNG.integers(0, 10, size=6)
    logits = mine.forward(x)
    dx = mine.backward(softmax_cross_entropy_backward(logits, y))
    x_t = torch.tensor(x, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(theirs(x_t), torch.tensor(y))
    loss.backward()
    assert softmax_cross_entropy(logits, y) == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(dx, x_t.grad.numpy(), rtol=0, atol=1e-12)
    for (layer, name), p in zip(mine.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(layer.grads[name], p.grad.numpy(), rtol=0, atol=1e-12)


@pytest.mark.parametrize(("momentum", "nesterov"), [(0.0, False), (0.9, False), (0.9, True)])
def test_steps_are_torchs(momentum, nesterov):
    torch = pytest.importorskip("torch")
    w, b = RNG.standard_normal((3, 4)), RNG.standard_normal(3)
    net, step = Sequential(Dense(w.copy(), b.copy())), SGD(0.1, momentum, nesterov=nesterov)
    module = torch.nn.Linear(4, 3, dtype=torch.float64)
    module.load_state_dict({"weight": torch.tensor(w), "bias": torch.tensor(b)})
    theirs = torch.optim.SGD(module.parameters(), 0.1, momentum=momentum, nesterov=nesterov)
    for _ in range(4):
        x, y = RNG.standard_normal((5, 4)), RNG.integers(0, 3, size=5)
        net.learn(x, y, step)
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(module(torch.tensor(x)), torch.tensor(y)).backward()
        theirs.step()
    np.testing.assert_allclose(net.layers[0].weights["w"], module.weight.detach().numpy(), rtol=0, atol=1e-13)
    np.testing.assert_allclose(net.layers[0].weights["b"], module.bias.detach().numpy(), rtol=0, atol=1e-13)


def test_it_learns_and_keeps_its_dtype():
    rng = np.random.default_rng(0)
    net, step = drawn_lenet(dtype=np.float32), SGD(0.05, 0.9)
    y = np.arange(20) % 10
    x = np.zeros((20, 1, 28, 28), np.float32)
    x[np.arange(20), 0, 2 * y] = 1
    x += 0.1 * rng.uniform(size=x.shape).astype(np.float32)
    losses = [net.learn(x, y, step)[0] for _ in range(60)]
    assert losses[-1] < 0.1 * losses[0]
    assert (net.forward(x).argmax(axis=1) == y).all()
    assert {layer.weights[name].dtype for layer, name in net.parameters()} == {np.dtype("float32")}
    assert {layer.grads[name].dtype for layer, name in net.parameters()} == {np.dtype("float32")}


def test_learn_reports_the_loss_before_the_step():
    net = drawn_lenet()
    x, y = RNG.uniform(size=(3, 1, 28, 28)), np.array([1, 2, 3])
    before = float(softmax_cross_entropy(net.forward(x), y))
    loss, logits = net.learn(x, y, SGD(0.1))
    assert loss == before
    assert logits.shape == (3, 10)
    assert float(softmax_cross_entropy(net.forward(x), y)) < before


def test_load_copies_and_refuses_what_does_not_fit():
    net, other = drawn_lenet(0), drawn_lenet(1)
    arrays = [layer.weights[name] for layer, name in other.parameters()]
    assert net.load(arrays) is net
    arrays[0][:] = 0
    assert net.layers[0].weights["w"].any()
    with pytest.raises(ValueError, match="arrays has 9 entries, the network 10"):
        net.load(arrays[:-1])
    with pytest.raises(ValueError, match=r"arrays\[1\] has shape \(7,\), the network's b \(6,\)"):
        net.load([arrays[0], np.zeros(7), *arrays[2:]])


def test_weights_are_drawn_as_in_torchs_network():
    w = drawn_lenet().layers[3].weights["w"]
    bound = np.sqrt(6 / ((6 + 16) * 25))
    assert np.abs(w).max() < bound
    assert w.std() == pytest.approx(bound / np.sqrt(3), rel=0.05)
