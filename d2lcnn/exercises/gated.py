"""Exercises of the chapter "Gated convolution"."""

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual

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


def _glu(value=(1, 2, 0), gate=(0, 0, LOG3), opened=_sigmoid):
    """The GLU of exercise 1: values, times what `opened` makes of the gates."""
    padded = np.array([0.0, 1, -1, 0, 1, 0])
    return np.correlate(padded, value) * opened(np.correlate(padded, gate))


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
        oracle=lambda: _glu(),
        mistakes=(
            Mistake("the other neighbour", _glu(gate=(LOG3, 0, 0)),
                    "Your gates look to the left. The third weight of a kernel meets the right end of the window."),
            Mistake("no sigmoid", _glu(opened=lambda z: z), "Your gates are not between 0 and 1."),
            Mistake("values alone", _glu(opened=np.ones_like), "These are the values. Which share of each passes?"),
            Mistake("gates open at 0", _glu(opened=lambda z: np.where(z == 0, 1, _sigmoid(z))),
                    "You let everything through where the gate's convolution gives 0. What is the sigmoid of 0?"),
            Mistake("gates shut at 0", _glu(opened=lambda z: np.where(z == 0, 0, _sigmoid(z))),
                    "You let nothing through where the gate's convolution gives 0. What is the sigmoid of 0?"),
            Mistake("gates alone", _sigmoid(np.correlate([0.0, 1, -1, 0, 1, 0], (0, 0, LOG3))),
                    "These are the gates. Of what do they let a share pass?"),
            Mistake("tanh", _glu(opened=np.tanh), "Your gates are between -1 and 1. A gate is a share: between 0 and 1."),
            Mistake("flipped", _glu(value=(0, 2, 1)), "Your values look to the right. The first weight of a kernel meets the left end of the window."),
            Mistake("sign of the gate", _glu(opened=lambda z: _sigmoid(-z)), "Your gates shut where they should open."),
            *usual(_glu(), "reversed"),
        ),
    ),
    Exercise(
        "gated-2", "gated", kind="function", cls="A", minutes=15, difficulty=2, points=3,
        cases=(Case("five numbers", (A,)), Case("at zero", (np.zeros(1),))),
        generate=lambda rng: (rng.normal(size=5),),
        oracle=_slope,
        mistakes=(
            Mistake("gate held", lambda a: _by_complex_steps(lambda z: z * _sigmoid(a), a),
                    "You held the gate still, but it moves with a."),
            Mistake("value held", lambda a: _by_complex_steps(lambda z: a * _sigmoid(z), a),
                    "You held the value still, but it moves with a."),
            Mistake("product of slopes", lambda a: _by_complex_steps(_sigmoid, a),
                    "The derivative of a product is not the product of the derivatives."),
            Mistake("the function", lambda a: a * _sigmoid(a), "That is the function itself. Its slope is asked for."),
            Mistake("a ReLU", lambda a: (np.asarray(a) > 0).astype(float), "That is the slope of a ReLU."),
            Mistake("a difference", lambda a: (_slope(a) - 2 * _by_complex_steps(lambda z: a * _sigmoid(z), a)),
                    "You took one of the two parts from the other. A product's derivative adds them."),
            Mistake("a tanh", lambda a: _by_complex_steps(lambda z: z * np.tanh(z), a),
                    "That is the slope with a tanh for the gate."),
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
            Mistake("slope at the value", lambda G, a, b: (_both(G, a, b)[0], _both(G, a, a)[1]),
                    "The slope of the sigmoid is taken at a. The gate stands at b."),
            Mistake("gate at the value", lambda G, a, b: (G * _sigmoid(a), _both(G, a, b)[1]),
                    "The gate of your first gradient stands at a. It is made of b."),
            Mistake("value forgotten", lambda G, a, b: (_both(G, a, b)[0], _both(G, np.ones_like(a), b)[1]),
                    "The gradient of b lacks the value that the gate lets through."),
            Mistake("one of them", lambda G, a, b: _both(G, a, b)[0], "Two gradients are asked for: of a and of b."),
            *usual(_both, "opposite sign"),
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
            Mistake("rounded down", lambda width, *_: int(width / 2**0.5),
                    "That matches the gated layers alone, rounded down. The first and the last layer count too."),
            Mistake("unchanged", lambda width, *_: width,
                    "That is the plain network's width. A gated layer has two convolutions."),
            *usual(lambda *sizes: RECORDED[tuple(sizes)], "one too many", "one too few", "doubled"),
        ),
    ),
    Exercise(
        "gated-5", "gated", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("the factor"),),
        oracle=lambda: 0.75**12,
        mistakes=(
            Mistake("half open", 0.5**12, "Your gates stand at one half. What does the bias do?"),
            Mistake("mean squares", 0.75**24, "That is the factor of the mean square."),
            Mistake("one", 1.0**12, "No derivative of an activation stands on the path, but something else does."),
            Mistake("one layer", 0.75**1, "That is one layer."),
            Mistake("what the gates hold back", 0.25**12, "That is the share which the gates hold back."),
            Mistake("root", 0.75**6, "That is the root of the factor. The gates multiply the gradient itself."),
            Mistake("one layer fewer", 0.75**11, "Off by one layer: all twelve have gates."),
            *usual(0.75**12, "upside down"),
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
            Mistake("start at the end", lambda g: np.roll(_memory(g), -1), "The weight of the first state stands at the end. It comes first."),
            Mistake("not faded", lambda g: np.append(np.prod(1 - np.asarray(g)), g), "Your candidates keep their gates' weights. Every later step fades them."),
            Mistake("start not faded", lambda g: np.append(1.0, _memory(g)[1:]), "The first state is faded by every step."),
            *usual(_memory, "reversed"),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("rotated", "exchanged", "opposite sign", "doubled", "halved", "rounded"),
    2: ("reversed", "rotated", "opposite sign", "doubled", "halved"),
    3: ("transposed", "half a turn", "flat", "doubled", "halved", "rounded"),
    4: ("halved", "upside down"),
    5: ("doubled", "halved"),
    7: ("exchanged", "opposite sign", "doubled", "halved", "rounded"),
})  # fmt: skip
