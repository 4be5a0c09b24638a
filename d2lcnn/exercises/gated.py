"""Exercises of the chapter "Gated convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake

LOG3 = float(np.log(3))
# the gated width by the plain network's (width, k, channels, depth, classes): found by trying every width
RECORDED = {(34, 3, 28, 8, 10): 24, (100, 3, 200, 1, 10): 82, (20, 1, 3, 5, 4): 14, (128, 5, 64, 3, 100): 93}
A = np.array([-3.0, -1.0, 0.0, 0.5, 2.0])
G3 = (np.array([1.0, -2.0, 0.5]), np.array([2.0, 1.0, -1.0]), np.array([0.0, 1.0, -2.0]))


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _by_complex_steps(f, x):
    """The derivative of each entry of f(x) by its own entry of x, exact to rounding, without a rule of calculus."""
    return np.imag(f(np.asarray(x) + 1e-30j)) / 1e-30


def _slope(a):
    return _by_complex_steps(lambda z: z * _sigmoid(z), a)


def _both(G, a, b):
    return (_by_complex_steps(lambda z: G * z * _sigmoid(b), a), _by_complex_steps(lambda z: G * a * _sigmoid(z), b))


def _triple(rng):
    return tuple(rng.normal(size=(3, 2, 4)))


def _run(g, start, candidates):
    for gate, candidate in zip(g, candidates, strict=True):
        start = (1 - gate) * start + gate * candidate
    return start


def _memory(g):
    """Each weight by the recurrence itself, run on a past that is 1 in one place and 0 elsewhere."""
    past = np.eye(len(g) + 1)
    return np.array([_run(g, line[0], line[1:]) for line in past])


def _wrong_memory(g, own=False, ahead=False):
    g = np.asarray(g)
    keep = 1 - g
    after = [np.prod(keep[:t] if ahead else keep[t + 1:]) * (keep[t] if own else 1) for t in range(len(g))]
    return np.append(np.prod(keep), g * after)


EXERCISES = [
    Exercise(
        "gated-1", "gated", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the four numbers"),),
        oracle=lambda: [0.5, -0.5, -0.75, 1.0],
        mistakes=(
            Mistake("the other neighbour", [1.0, -0.75, -0.25, 1.0],
                    "Your gates look to the left. The third weight of a kernel meets the right end of the window."),
            Mistake("no sigmoid", [-2 * LOG3, 0.0, -LOG3, 0.0], "Your gates are not between 0 and 1."),
            Mistake("values alone", [2.0, -1.0, -1.0, 2.0], "These are the values. Which share of each passes?"),
            Mistake("gates open at 0", [0.5, -1.0, -0.75, 2.0],
                    "You let everything through where the gate's convolution gives 0. What is the sigmoid of 0?"),
        ),
    ),
    Exercise(
        "gated-2", "gated", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("five numbers", (A,)), Case("at zero", (np.zeros(1),))),
        generate=lambda rng: (rng.normal(size=5),),
        oracle=_slope,
        mistakes=(
            Mistake("gate held", _sigmoid, "You held the gate still, but it moves with a."),
            Mistake("value held", lambda a: a * _sigmoid(a) * (1 - _sigmoid(a)),
                    "You held the value still, but it moves with a."),
            Mistake("product of slopes", lambda a: _sigmoid(a) * (1 - _sigmoid(a)),
                    "The derivative of a product is not the product of the derivatives."),
        ),
    ),
    Exercise(
        "gated-3", "gated", kind="function", cls="P", minutes=15, difficulty=2, points=3,
        cases=(Case("three numbers", G3),),
        generate=_triple,
        oracle=_both,
        mistakes=(
            Mistake("exchanged", lambda G, a, b: _both(G, a, b)[::-1], "Your pair is the other way round."),
            Mistake("no slope of the gate", lambda G, a, b: (G * _sigmoid(b), G * a),
                    "The gradient of b lacks the slope of the sigmoid."),
            Mistake("a tanh", lambda G, a, b: (G * _sigmoid(b) * (1 - np.tanh(a) ** 2), _both(G, a, b)[1]),
                    "That is the slope of a gated tanh. A GLU's value has no activation."),
            Mistake("G forgotten", lambda G, a, b: _both(np.ones_like(G), a, b),
                    "These are the slopes; the upstream gradient G is missing."),
        ),
    ),
    Exercise(
        "gated-4", "gated", kind="function", cls="A", minutes=20, difficulty=2, points=3,
        cases=tuple(Case(name, key) for name, key in zip(
            ("the chapter's stack", "one layer after a wide input", "no neighbours", "many classes"), RECORDED,
            strict=True)),
        oracle=lambda *sizes: RECORDED[tuple(sizes)],
        mistakes=(
            Mistake("half", lambda width, *_: width // 2,
                    "Half the width gives half the weights. In which power does the width enter?"),
            Mistake("root of two", lambda width, *_: round(width / 2**0.5),
                    "That matches the gated layers alone. The first and the last layer count too."),
        ),
    ),
    Exercise(
        "gated-5", "gated", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the factor"),),
        oracle=lambda: 0.75**12,
        mistakes=(
            Mistake("half open", 0.5**12, "Your gates stand at one half. What does the bias do?"),
            Mistake("mean squares", 0.75**24, "That is the factor of the mean square."),
            Mistake("one", 1.0, "No derivative of an activation stands on the path, but something else does."),
            Mistake("one layer", 0.75, "That is one layer."),
        ),
    ),
    Exercise(
        "gated-6", "gated", kind="open", cls="A", minutes=60, difficulty=3, points=8,
    ),
    Exercise(
        "gated-7", "gated", kind="function", cls="P", minutes=20, difficulty=2, points=3,
        cases=(Case("one step", (np.array([0.25]),)), Case("three steps", (np.array([0.5, 0.25, 1.0]),)),
               Case("shut gates", (np.zeros(2),))),
        generate=lambda rng: (rng.uniform(0.1, 0.9, size=5),),
        oracle=_memory,
        mistakes=(
            Mistake("keep gates", lambda g: _memory(1 - np.asarray(g)),
                    "Your gates keep where they should renew. Which of the two is multiplied by g?"),
            Mistake("own step", lambda g: _wrong_memory(g, own=True),
                    "A candidate is not faded by its own step, only by later ones."),
            Mistake("backwards", lambda g: _wrong_memory(g, ahead=True),
                    "You fade a candidate by the steps before it came in."),
            Mistake("no start", lambda g: _memory(g)[1:], "The weight of the first state is missing."),
        ),
    ),
]  # fmt: skip
