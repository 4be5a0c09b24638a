"""Exercises of the chapter "Backpropagation through convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises import _signal as signal
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d, conv2d_backward, corr2d

G1, K1 = np.array([[1.0, -1.0], [2.0, 0.0]]), np.array([[2.0, 1.0], [0.0, -1.0]])
NORMED, UPSTREAM = np.array([-1.0, 1, -1, 1]), np.array([1.0, 0, 0, 0])  # exercise 5
RAMP = np.arange(30.0).reshape(5, 6) ** 2 / 100
HOUSE = np.array([[0, 0, 1, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 0, 1, 0], [0, 1, 0, 1, 0]], dtype=float)


def _mirrored(rng):
    kh, m = (int(n) for n in rng.integers(2, 4, size=2))
    X = rng.integers(0, 9, size=(6, 7)).astype(float)
    return X, rng.integers(-3, 4, size=(kh, m)).astype(float), rng.integers(1, 9, size=(7 - kh, 9 - 2 * m)).astype(float)


def _through_the_mirror(X, P, G):
    """Ask torch's autograd for the gradient with respect to the free half of a mirrored kernel."""
    import torch  # only this exercise needs it

    P = torch.tensor(P, dtype=torch.float64, requires_grad=True)
    K = torch.cat([P, P[:, :-1].flip(1)], dim=1)
    Y = torch.nn.functional.conv2d(torch.tensor(X, dtype=torch.float64)[None, None], K[None, None])[0, 0]
    (torch.tensor(G, dtype=torch.float64) * Y).sum().backward()
    return P.grad.numpy()


def _batch(rng):
    n, k, s, oh, ow = (int(rng.integers(low, high)) for low, high in ((2, 4), (2, 4), (1, 4), (2, 4), (2, 4)))
    size = (s * (oh - 1) + k + int(rng.integers(0, s)), s * (ow - 1) + k)
    return rng.standard_normal((n, *size)), rng.standard_normal((n, oh, ow)), k, s


def _kernel_gradient(x, G, k, s):
    return conv2d_backward(G[:, None], x[:, None], np.zeros((1, 1, k, k)), stride=s).w[0, 0]


def _stride_ignored(x, G, k, s):
    oh, ow = G.shape[1:]
    return np.array([[np.sum(G * x[:, a : a + oh, b : b + ow]) for b in range(k)] for a in range(k)])


def _through_the_norm(mean=True, along=True):
    """Take off the mean of the gradient and its part along the normalised values, or leave one of them out."""
    return UPSTREAM - mean * UPSTREAM.mean() - along * NORMED * (UPSTREAM * NORMED).mean()


def _overwritten(G, K):
    """Lay a copy of the kernel at every number of G, times that number, without adding."""
    out = np.zeros((3, 3))
    for (i, j), value in np.ndenumerate(G):
        out[i : i + 2, j : j + 2] = value * K
    return out


def faulty_input_gradient(G, w):
    """Return what the function of exercise 4 returns: kernels flipped, channel axes left as they are.

    Parameters
    ----------
    G : (N, C_out, oh, ow) array of float
        Gradient for the output of a convolution with stride 1 and without padding.
    w : (C_out, C_in, kh, kw) array of float
        Its kernels.

    Returns
    -------
    array
    """
    flipped = np.ascontiguousarray(w[:, :, ::-1, ::-1])
    return conv2d(G, flipped, padding="full")


def _silently_wrong(channels, seed):
    """The property asked in exercise 4: for (C_in, C_out) the faulty function runs, and its numbers are wrong."""
    (c_in, c_out), rng = (int(c) for c in channels), np.random.default_rng(seed)
    if min(c_in, c_out) < 1:
        return False
    x, w = rng.standard_normal((2, c_in, 6, 5)), rng.standard_normal((c_out, c_in, 3, 2))
    G = rng.standard_normal((2, c_out, 4, 4))
    try:
        got = faulty_input_gradient(G, w)
    except ValueError:  # the channels do not fit together: the fault shows itself
        return False
    return got.shape == x.shape and not np.allclose(got, conv2d_backward(G, x, w).x)


EXERCISES = [
    Exercise(
        "backpropagation-1", "backpropagation", kind="value", cls="P", minutes=10, difficulty=1, points=2,
        cases=(Case("the gradient for the input"),),
        oracle=lambda: signal.convolve2d(G1, K1),
        mistakes=(
            Mistake(
                "flip forgotten", signal.correlate2d(G1, K1),
                "You slid the kernel as it is over the padded gradient. Which pixel does the weight at the lower right "
                "read, and where does its gradient go?",
            ),
            Mistake(
                "valid", signal.convolve2d(G1, K1, mode="valid"),
                "Your result has one number. Every pixel of the input was read, so every pixel has a gradient.",
            ),
            Mistake(
                "size of the output", signal.convolve2d(G1, K1, mode="same"),
                "Yours is as large as the output. The gradient for the input has the size of the input: 3 by 3.",
            ),
            Mistake(
                "off by one", np.roll(signal.convolve2d(G1, K1), 1, axis=(0, 1)),
                "Your numbers are right and one place too far down and right: index u - a begins at 0, not at 1.",
            ),
            Mistake(
                "stamps assigned", _overwritten(G1, K1),
                "Where two windows overlap, your later one overwrites the earlier. Their gradients add up.",
            ),
            Mistake(
                "sign lost", signal.convolve2d(G1, abs(K1)),
                "One weight of the kernel is negative. You added where it takes away.",
            ),
            Mistake(
                "sign of the gradient lost", signal.convolve2d(abs(G1), K1),
                "One number of the upstream gradient is negative. You added where it takes away.",
            ),
            *usual(signal.convolve2d(G1, K1), "transposed", "half a turn", "opposite sign", "flat"),
        ),
    ),
    Exercise(
        "backpropagation-2", "backpropagation", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("three columns from two", (HOUSE, np.array([[1.0, 2.0], [0.0, -1.0]]), np.arange(1.0, 13).reshape(4, 3))),
            Case("five columns from three", (RAMP, np.array([[1.0, 0.0, 2.0]] * 2), np.arange(1.0, 9).reshape(4, 2))),
        ),
        generate=_mirrored,
        oracle=_through_the_mirror,
        mistakes=(
            Mistake(
                "left half only", lambda X, P, G: corr2d(X, G)[:, : P.shape[1]],
                "You counted each free weight where it stands on the left. Where else is it used?",
            ),
            Mistake(
                "averaged", lambda X, P, G: _through_the_mirror(X, P, G) * np.append(np.full(P.shape[1] - 1, 0.5), 1),
                "You averaged over the two uses of a weight. A number that is used twice changes the loss twice: add.",
            ),
            Mistake(
                "middle twice", lambda X, P, G: _through_the_mirror(X, P, G) * np.append(np.ones(P.shape[1] - 1), 2),
                "Your middle column counts double. How often does it stand in the kernel?",
            ),
            Mistake(
                "right half only", lambda X, P, G: corr2d(X, G)[:, P.shape[1] - 1 :][:, ::-1],
                "You counted each free weight where it stands on the right. Where else is it used?",
            ),
            Mistake(
                "the whole kernel", lambda X, P, G: corr2d(X, G),
                "That is the gradient of all weights of the kernel. How many of them are free?",
            ),
            Mistake(
                "not mirrored", lambda X, P, G: corr2d(X, G)[:, : P.shape[1]] + corr2d(X, G)[:, P.shape[1] - 1 :],
                "You added the right half to the left as it is. Which column of the one belongs to which of the other?",
            ),
            Mistake(
                "all halved", lambda X, P, G: _through_the_mirror(X, P, G) / 2,
                "You averaged over two uses of every weight. A number that is used twice changes the loss twice: add.",
            ),
            *usual(_through_the_mirror, "half a turn", "opposite sign"),
        ),
    ),
    Exercise(
        "backpropagation-3", "backpropagation", kind="function", cls="P", minutes=20, difficulty=2, points=4,
        cases=(
            Case("two images, stride 1", (np.stack([HOUSE, HOUSE.T]), np.arange(1.0, 19).reshape(2, 3, 3), 3, 1)),
            Case("two images, stride 2, a row left over", (
                np.stack([RAMP, RAMP[::-1]]), np.arange(1.0, 13).reshape(2, 2, 3), 2, 2)),
        ),
        generate=_batch,
        oracle=_kernel_gradient,
        mistakes=(
            Mistake(
                "stride ignored", _stride_ignored,
                "Your windows are neighbours. With stride s the window of output (i, j) starts at pixel (s i, s j).",
            ),
            Mistake(
                "mean over the batch", lambda x, G, k, s: _kernel_gradient(x, G, k, s) / len(x),
                "You averaged over the images. The kernel was used on each of them: its gradients add up, and where a "
                "mean is wanted, the loss has already put 1/N into G.",
            ),
            Mistake(
                "mean over the places", lambda x, G, k, s: _kernel_gradient(x, G, k, s) / G[0].size,
                "You averaged over the places. The kernel was used at each of them: its gradients add up.",
            ),
            Mistake(
                "one image", lambda x, G, k, s: _kernel_gradient(x[:1], G[:1], k, s),
                "You used the first image alone. The sum runs over the batch too.",
            ),
            Mistake(
                "flipped", lambda x, G, k, s: _kernel_gradient(x, G, k, s)[::-1, ::-1],
                "Your result stands upside down. The flip belongs to the gradient for the input, not to the kernel's.",
            ),
            Mistake(
                "off by one", lambda x, G, k, s: _kernel_gradient(np.roll(x, -1, axis=(1, 2)), G, k, s),
                "Your windows start one pixel too far: the window of output (0, 0) starts at pixel (0, 0).",
            ),
            Mistake(
                "last image", lambda x, G, k, s: _kernel_gradient(x[-1:], G[-1:], k, s),
                "You used the last image alone: a sum was overwritten. It runs over the batch.",
            ),
            Mistake(
                "gradient forgotten", lambda x, G, k, s: _kernel_gradient(x, np.ones_like(G), k, s),
                "You summed the pixels. What arrives from above is missing.",
            ),
            Mistake(
                "one for each image", lambda x, G, k, s: np.stack(
                    [_kernel_gradient(x[n : n + 1], G[n : n + 1], k, s) for n in range(len(x))]),
                "You gave one gradient for each image. There is one kernel: its gradients add up.",
            ),
            *usual(_kernel_gradient, "transposed", "opposite sign"),
        ),
    ),
    Exercise(
        "backpropagation-4", "backpropagation", kind="value", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("wrong on random images, and no error", (0,)), Case("wrong on further ones, and no error", (1,))),
        oracle=lambda seed: seed,
        compare=_silently_wrong,
        mistakes=(
            Mistake("one channel", (1, 1), "With one channel in and one out the function is right. What does it do to axes 0 and 1 of w?"),
            Mistake("an error shows it", (2, 3), "There an error is raised, so the fault shows itself. When does it not?"),
            Mistake("one channel in", (1, 2), "There an error is raised, so the fault shows itself. When does it not?"),
            Mistake("one kernel", (2, 1), "There an error is raised, so the fault shows itself. When does it not?"),
            Mistake("three and two", (3, 2), "There an error is raised, so the fault shows itself. When does it not?"),
            Mistake("colour", (3, 1), "There an error is raised, so the fault shows itself. When does it not?"),
            Mistake("no channel", (0, 0), "A layer has at least one channel."),
        ),
    ),
    Exercise(
        "backpropagation-5", "backpropagation", kind="value", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("four numbers"),),
        oracle=lambda: _through_the_norm(),
        mistakes=(
            Mistake(
                "mean and deviation as constants", _through_the_norm(mean=False, along=False),
                "You treated mean and deviation as constants. Both are computed from the four numbers, and move with them.",
            ),
            Mistake(
                "deviation as a constant", _through_the_norm(along=False),
                "You took off the mean of the gradient, and treated the deviation as a constant.",
            ),
            Mistake(
                "mean as a constant", _through_the_norm(mean=False),
                "You took off the part along the normalised values, and treated the mean as a constant.",
            ),
            Mistake(
                "sums", UPSTREAM - UPSTREAM.sum() - NORMED * (UPSTREAM * NORMED).sum(),
                "You took off sums. Mean and variance are means: each number moves them by a quarter of what it moves.",
            ),
            Mistake(
                "added", 2 * UPSTREAM - _through_the_norm(),
                "You added what has to be taken off: mean and deviation move along, and weaken the effect.",
            ),
            *usual(_through_the_norm(), "opposite sign"),
        ),
    ),
    Exercise(
        "backpropagation-6", "backpropagation", kind="open", cls="A", minutes=60, difficulty=3, points=8,
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved"),
    2: ("transposed", "flat", "doubled", "rounded"),
    3: ("flat", "doubled", "halved", "rounded"),
    5: ("reversed", "exchanged", "doubled", "halved", "rounded"),
})  # fmt: skip
