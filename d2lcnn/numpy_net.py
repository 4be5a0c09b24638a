"""A small network in NumPy alone: each layer has a forward pass, and the backward pass that belongs to it.

Nothing here differentiates by itself. `Sequential` calls the layers in order, and backward in reverse order; the
arithmetic of the layers is that of `d2lcnn.ops`.
"""

import numpy as np

from . import ops

# As d2lcnn.networks has LeNet: (channels in, channels out, kernel, padding) and (units in, units out).
CONVOLUTIONS = ((1, 6, 5, 2), (6, 16, 5, 0))
DENSE = ((400, 120), (120, 84), (84, 10))


class Layer:
    """A step of the network without weights; those that have some fill `weights`, and `backward` fills `grads`."""

    def __init__(self, **weights):
        self.weights, self.grads = weights, {}


class Conv2d(Layer):
    """Convolution, stride 1: images (N, C_in, H, W), kernels `w` (C_out, C_in, kh, kw), bias `b` (C_out,)."""

    def __init__(self, w, b, *, padding=0):
        super().__init__(w=w, b=b)
        self.padding = padding

    def forward(self, x):
        self.x = x  # the backward pass needs what came in
        w, b = self.weights["w"], self.weights["b"]
        return ops.conv2d(x, w, b, padding=self.padding)

    def backward(self, grad_output):
        grads = ops.conv2d_backward(
            grad_output, self.x, self.weights["w"], padding=self.padding
        )
        self.grads = {"w": grads.w, "b": grads.b}
        return grads.x


class Dense(Layer):
    """Dense layer: vectors (N, units in), weights `w` (units out, units in), bias `b` (units out,)."""

    def __init__(self, w, b):
        super().__init__(w=w, b=b)

    def forward(self, x):
        self.x = x
        return x @ self.weights["w"].T + self.weights["b"]

    def backward(self, grad_output):
        self.grads = {"w": grad_output.T @ self.x, "b": grad_output.sum(axis=0)}
        return grad_output @ self.weights["w"]


class ReLU(Layer):
    """max(x, 0) for arrays of any shape."""

    def forward(self, x):
        self.positive = x > 0
        return x * self.positive

    def backward(self, grad_output):
        return grad_output * self.positive


class MaxPool2d(Layer):
    """The largest value of each window of `size` by `size` pixels; windows side by side."""

    def __init__(self, size):
        super().__init__()
        self.size = size

    def forward(self, x):
        self.x = x
        return ops.max_pool2d(x, self.size)

    def backward(self, grad_output):
        return ops.max_pool2d_backward(grad_output, self.x, self.size)


class Flatten(Layer):
    """(N, C, H, W) -> (N, C*H*W)."""

    def forward(self, x):
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, grad_output):
        return grad_output.reshape(self.shape)


class Sequential:
    """Layers one behind the other.

    Parameters
    ----------
    *layers : Layer

    Examples
    --------
    >>> net = Sequential(Dense(np.array([[1.0, 2.0]]), np.zeros(1)), ReLU())
    >>> net.forward(np.array([[3.0, 4.0]]))
    array([[11.]])
    >>> net.backward(np.array([[1.0]]))
    array([[1., 2.]])
    >>> net.layers[0].grads["w"]
    array([[3., 4.]])
    """

    def __init__(self, *layers):
        self.layers = layers

    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad_output):
        """Take the gradient for the output, leave each layer its `grads`, return the gradient for the input."""
        for layer in reversed(self.layers):
            grad_output = layer.backward(grad_output)
        return grad_output

    def parameters(self):
        """Yield (layer, name) of every array of weights, from the first layer to the last."""
        yield from ((layer, name) for layer in self.layers for name in layer.weights)

    def load(self, arrays):
        """Replace all weights by copies of `arrays`, in the order of `parameters`; return the network.

        Raises
        ------
        ValueError
            If there are not as many arrays as weights, or a shape differs.
        """
        places, arrays = list(self.parameters()), list(arrays)
        if len(arrays) != len(places):
            raise ValueError(f"arrays has {len(arrays)} entries, the network {len(places)} arrays of weights")
        for number, ((layer, name), new) in enumerate(zip(places, arrays, strict=True)):
            if np.shape(new) != layer.weights[name].shape:
                raise ValueError(f"arrays[{number}] has shape {np.shape(new)}, the network's {name} "
                                 f"{layer.weights[name].shape}")
            layer.weights[name] = np.array(new)
        return self

    def learn(self, x, labels, update):
        """Do one step on a batch: forward, loss, backward, ``update(self)``; return loss and logits before it."""
        logits = self.forward(x)
        self.backward(ops.softmax_cross_entropy_backward(logits, labels))
        update(self)
        return float(ops.softmax_cross_entropy(logits, labels)), logits


class SGD:
    """Gradient descent with momentum, as ``torch.optim.SGD`` does it; call it with the network after each backward.

    Parameters
    ----------
    lr : float
        The learning rate; may be set between steps.
    momentum : float
        How much of the velocity survives a step; 0 is plain gradient descent.
    nesterov : bool
        Step along ``g + momentum * v`` instead of ``v``.

    Notes
    -----
    ``v = momentum * v + g``, then ``w = w - lr * v``: Sutskever et al. 2013 (ICML), section 2, with the rate outside
    the velocity.

    Examples
    --------
    >>> layer = Dense(np.array([[1.0]]), np.array([0.0]))
    >>> layer.grads = {"w": np.array([[2.0]]), "b": np.array([0.0])}
    >>> step = SGD(lr=0.1, momentum=0.5)
    >>> for _ in range(2):
    ...     step(Sequential(layer))
    ...     print(round(layer.weights["w"].item(), 3))
    0.8
    0.5
    """

    def __init__(self, lr, momentum=0.0, *, nesterov=False):
        self.lr, self.momentum, self.nesterov, self.velocity = lr, momentum, nesterov, {}

    def __call__(self, net):
        for layer, name in net.parameters():
            g, key = layer.grads[name], (id(layer), name)
            v = self.velocity[key] = g + self.momentum * self.velocity[key] if key in self.velocity else g.copy()
            layer.weights[name] -= self.lr * (g + self.momentum * v if self.nesterov else v)


def lenet(rng, dtype=np.float32):
    """Build LeNet with ReLU and max pooling for images of 28 by 28 pixels and ten classes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Draws the weights by Xavier's rule, uniform in ``±sqrt(6 / (fan_in + fan_out))``; biases are 0.
    dtype : numpy dtype

    Returns
    -------
    Sequential
        (N, 1, 28, 28) -> (N, 10), 61,706 parameters: the layers of
        ``networks.create("lenet", activation="relu", pool="max")``, in the same order.

    Examples
    --------
    >>> net = lenet(np.random.default_rng(0))
    >>> net.forward(np.zeros((2, 1, 28, 28), np.float32)).shape
    (2, 10)
    >>> sum(layer.weights[name].size for layer, name in net.parameters())
    61706
    """
    def drawn(*shape):
        bound = np.sqrt(6 / ((shape[0] + shape[1]) * np.prod(shape[2:])))
        return rng.uniform(-bound, bound, shape).astype(dtype), np.zeros(shape[0], dtype)

    layers = []
    for c_in, c_out, k, padding in CONVOLUTIONS:
        layers += [Conv2d(*drawn(c_out, c_in, k, k), padding=padding), ReLU(), MaxPool2d(2)]
    layers += [Flatten()]
    for units_in, units_out in DENSE:
        layers += [Dense(*drawn(units_out, units_in)), ReLU()]
    return Sequential(*layers[:-1])  # no ReLU behind the logits
