"""Exercises of the chapter "A modern training recipe"."""

import math

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import with_usual

SHARE = 1 / 50  # of shirts, in exercise 6
START = np.array([1.0, -2.0, 0.5])
SLOPES = np.array([[1.0, 0.0, -1.0], [0.5, 2.0, 1.0], [-1.0, 1.0, 0.0], [0.25, -1.0, 2.0]])


def _slopes(rng):
    return rng.normal(size=4), rng.normal(size=(6, 4)), float(rng.uniform(0.01, 0.5)), float(rng.uniform(0.3, 0.95))


def _sgd(w, gradients, lr, beta, *, nesterov=True, dampening=0.0):
    """Steps of torch's SGD with gradients that are handed in."""
    import torch

    weights = torch.tensor(np.asarray(w, dtype=float), requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=lr, momentum=beta, dampening=dampening, nesterov=nesterov and beta > 0)
    for gradient in np.asarray(gradients, dtype=float):
        weights.grad = torch.tensor(gradient.copy())
        optimizer.step()
    return weights.detach().numpy()


def _moves(lr=0.05, beta=0.9, g=2.0):
    """First step, second step, and the step after very many, for a constant gradient."""
    return [lr * g, lr * g * (1 + beta), lr * g / (1 - beta)]


def _scored(rng):
    labels = rng.permutation(np.arange(12) % 3 == 0).astype(int)
    return rng.integers(0, 6, 12) / 2.0 + labels, labels


def _in_order(scores, labels):
    """SciPy's Mann-Whitney statistic as a share of all pairs."""
    from scipy.stats import mannwhitneyu

    high, low = np.asarray(scores)[np.asarray(labels) == 1], np.asarray(scores)[np.asarray(labels) == 0]
    return float(mannwhitneyu(high, low).statistic / (len(high) * len(low)))


EXERCISES = [
    Exercise(
        "training-recipe-1", "training_recipe", kind="value", cls="P", minutes=8, difficulty=1, points=2,
        cases=(Case("three steps"),),
        oracle=lambda: [0.1, 0.19, 1.0],
        mistakes=(
            Mistake("no momentum", _moves(beta=0.0), "Without momentum all steps are alike. Here the velocity remembers."),
            Mistake("velocities", _moves(lr=1.0), "Those are the velocities. A step is the rate times the velocity."),
            Mistake(
                "a mean", _moves(g=2 * (1 - 0.9)),
                "You multiplied the gradient by 1 - beta, as Adam does for its mean. In this form it enters whole.",
            ),
            Mistake(
                "nothing forgotten", [_moves()[0], 2 * _moves()[0], _moves()[2]],
                "In the second step nothing was forgotten. What happens to the old velocity first?",
            ),
            Mistake(
                "where it is", [_moves()[0], sum(_moves()[:2]), _moves()[2]],
                "Your second number is how far it has come after two steps. The step itself is asked for.",
            ),
            Mistake(
                "Nesterov", [0.05 * (2 + 0.9 * v) for v in _moves(lr=1.0)],
                "That looks ahead, as Nesterov's form does. Here the plain form is given.",
            ),
            Mistake(
                "no limit", [*_moves()[:2], 0.9 * _moves()[1] + _moves()[0]],
                "Your third number is the third step. It goes on growing: towards what?",
            ),
        ),
        hints=(
            "A step is the rate times the velocity. Work out the velocity first.",
            "The velocity after each step is 0.9 of the last one, plus the gradient.",
            "After very many steps the velocity no longer changes: v = 0.9 v + 2. Solve for v.",
        ),
    ),
    Exercise(
        "training-recipe-2", "training_recipe", kind="function", cls="A", minutes=20, difficulty=2, points=4,
        cases=(
            Case("four steps of three weights", (START, SLOPES, 0.1, 0.9)),
            Case("a rate of one half, less momentum", (START, SLOPES[::-1], 0.5, 0.5)),
        ),
        generate=_slopes,
        oracle=_sgd,
        mistakes=(
            Mistake(
                "plain momentum", lambda w, g, lr, beta: _sgd(w, g, lr, beta, nesterov=False),
                "That steps by the velocity. Nesterov's form steps by the gradient plus beta times the velocity.",
            ),
            Mistake("no momentum", lambda w, g, lr, beta: _sgd(w, g, lr, 0.0), "Yours forgets all past gradients."),
            Mistake(
                "a mean", lambda w, g, lr, beta: _sgd(w, g, lr, beta, nesterov=False, dampening=beta),
                "You multiplied gradients by 1 - beta, and step by the velocity alone. Read both lines of the statement again.",
            ),
            Mistake("uphill", lambda w, g, lr, beta: _sgd(w, g, -lr, beta) if lr < 0 else 2 * np.asarray(w) - _sgd(w, g, lr, beta),
                    "Yours walks uphill. Steps go against the gradient."),
            Mistake("one step only", lambda w, g, lr, beta: _sgd(w, g[:1], lr, beta), "You made one step. There is one for each row."),
            Mistake("last step missing", lambda w, g, lr, beta: _sgd(w, g[:-1], lr, beta), "The last gradient has had no effect."),
            Mistake("backwards in time", lambda w, g, lr, beta: _sgd(w, g[::-1], lr, beta), "Yours begins with the last gradient."),
            Mistake(
                "turned", lambda w, g, lr, beta: _sgd(w, g[::-1, ::-1], lr, beta),
                "Row t holds the gradients of step t, column d those of weight d. In yours both run backwards.",
            ),
            Mistake("a step, no weights", lambda w, g, lr, beta: _sgd(w, g, lr, beta) - w, "That is how far the weights have moved. Where are they?"),
        ),
        hints=(
            "Two vectors change from step to step: the velocity and the weights. Both have length D.",
            "First move the velocity with the gradient of this step; then use the new velocity and the same gradient.",
            "Write a loop over the rows of gradients, with the velocity set to zeros before it, and print both vectors after one step.",
        ),
    ),
    Exercise(
        "training-recipe-3", "training_recipe", kind="value", cls="A", minutes=10, difficulty=1, points=2,
        cases=(Case("the share of steps"),),
        oracle=lambda: 2 / 3,
        mistakes=(
            Mistake("a straight line", 3 / 4, "On a straight line it would be so. A cosine is steepest in its middle."),
            Mistake("three quarters of the rate", 1 / 3, "There the rate has fallen by a quarter, to three quarters."),
            Mistake("half the rate", 1 / 2, "There it has fallen to a half."),
            Mistake("a whole quarter wave", math.acos(1 / 4) / (math.pi / 2), "You let a quarter of a cosine fall from 1 to 0. The schedule uses half a period, and shifts it up."),
            Mistake("not shifted", math.acos(1 / 4) / math.pi, "The cosine goes from 1 to -1. How does the schedule bring it to 1 and 0?"),
            Mistake("radians", 2 * math.pi / 3, "That is the angle. What share of the whole way, which is pi, has it come?"),
            Mistake("degrees", math.degrees(2 * math.pi / 3), "That is the angle in degrees. What share of 180 is it?"),
        ),
        hints=(
            "The rate at progress p is half of 1 + cos(pi p), as a part of the peak.",
            "Set that equal to a quarter and find out what the cosine must be.",
            "Which angle between 0 and pi has a cosine of minus one half?",
        ),
    ),
    Exercise(
        "training-recipe-4", "training_recipe", kind="function", cls="P", minutes=20, difficulty=2, points=4,
        cases=(
            Case("six images", (np.array([3.0, 1.0, 2.0, -1.0, 0.5, 4.0]), np.array([1, 0, 1, 0, 1, 0]))),
            Case("with ties", (np.array([1.0, 1.0, 0.0, 2.0, 1.0]), np.array([1, 0, 0, 1, 0]))),
        ),
        generate=_scored,
        oracle=_in_order,
        mistakes=(
            Mistake("the other way round", lambda s, y: 1 - _in_order(s, y), "Yours is the chance that the image with label 0 scores higher."),
            Mistake(
                "ties lost", lambda s, y: _in_order(2 * np.asarray(s) - 0.5 * np.asarray(y), y),
                "You count a tie as nothing. It counts half.",
            ),
            Mistake(
                "ties taken away", lambda s, y: 2 * _in_order(2 * np.asarray(s) - 0.5 * np.asarray(y), y) - _in_order(s, y),
                "You take half of the ties away. They are added.",
            ),
            Mistake(
                "against all images", lambda s, y: (_in_order(s, y) * np.sum(np.asarray(y) == 0) + np.sum(y) / 2) / len(y),
                "You compared images of label 1 with all images, with themselves too. The other label alone is their match.",
            ),
            Mistake("ties won", lambda s, y: _in_order(2 * np.asarray(s) + 0.5 * np.asarray(y), y), "You count a tie as a success. It counts half."),
            Mistake(
                "a count", lambda s, y: _in_order(s, y) * np.sum(np.asarray(y) == 1) * np.sum(np.asarray(y) == 0),
                "You counted pairs. The share of all pairs is asked for.",
            ),
            Mistake(
                "all pairs", lambda s, y: _in_order(s, y) * np.sum(np.asarray(y) == 1) * np.sum(np.asarray(y) == 0) / len(y) ** 2,
                "You divided by the pairs of all images. Only a pair with two different labels can be in order.",
            ),
            Mistake("accuracy at zero", lambda s, y: float(np.mean((np.asarray(s) > 0) == y)), "That is the accuracy with a threshold of 0. No threshold is needed here."),
            Mistake("always a half", lambda s, y: 0.5, "A half is what scores drawn with dice would get."),
        ),
        hints=(
            "Think of all pairs of one image with label 1 and one with label 0. Of how many does the first have the higher score?",
            "Boolean masks give you the scores of both groups; an axis of length one lets NumPy compare each with each.",
            "Write scores[labels == 1, None] and compare it with scores[labels == 0]. What shape comes out?",
        ),
    ),
    Exercise(
        "training-recipe-5", "training_recipe", kind="value", cls="A", minutes=10, difficulty=2, points=3,
        cases=(Case("the lead of the right logit"),),
        oracle=lambda: math.log(0.76 / 0.06),
        compare=lambda got, expected: _near(got, expected, 5e-3),
        mistakes=(
            Mistake("nothing for the right class", math.log(0.7 / 0.06), "The right class gets its share of what is spread over all classes, too."),
            Mistake("spread over the others", math.log(0.7 / 0.075), "You spread 0.3 over the four other classes. It is spread over all five."),
            Mistake("ten classes", math.log(0.73 / 0.03), "That holds for ten classes. Here are five."),
            Mistake("a tenth", math.log(0.92 / 0.02), "That holds for a smoothing of 0.1. Here it is 0.3."),
            Mistake("a quotient", 0.76 / 0.06, "That is the quotient of the two chances. A lead of logits is its logarithm."),
            Mistake("base ten", math.log10(0.76 / 0.06), "That is the logarithm to base ten. The softmax uses e."),
            Mistake("the target", 0.76, "That is the chance that the right class should get. How do logits differ then?"),
            Mistake("the chance as a logit", math.log(0.76), "That is the logarithm of one chance. The lead compares two."),
        ),
        hints=(
            "The loss is smallest where the softmax gives exactly the smoothed target.",
            "Write down the target for the right class and for any other class. Two logits differ by the logarithm of the quotient of their chances.",
            "With five classes each gets 0.3 / 5 from the spread. Add what is left for the right one.",
        ),
    ),
    Exercise(
        "training-recipe-6", "training_recipe", kind="value", cls="P", minutes=10, difficulty=2, points=3,
        cases=(Case("the threshold"),),
        oracle=lambda: 1 / 50,
        mistakes=(
            Mistake(
                "unchanged", 25 * SHARE,
                "With one half you get the answers of the first network. The weights have moved the second.",
            ),
            Mistake(
                "the other side", 1 - SHARE,
                "With that threshold even fewer shirts are found. Do weights make the network more careful, or less?",
            ),
            Mistake("odds", SHARE / (1 - SHARE), "Those are the odds at the threshold. The chance is odds / (1 + odds)."),
            Mistake(
                "a factor", (1 - SHARE) / SHARE,
                "That is the factor by which the odds grow. Which chance has odds that become 1?",
            ),
            Mistake("the weight", 0.5 / SHARE, "That is the weight of a shirt. A threshold for a chance lies between 0 and 1."),
            Mistake("the weight inverted", SHARE / 0.5, "You inverted the weight of shirts. The others have a weight too, about one half."),
            Mistake("halved", SHARE / 2, "That is half of the share of shirts. What are the odds at one half, and which odds become these?"),
        ),
        hints=(
            "Speak of odds, p / (1 - p). What do class weights do to the odds of a shirt?",
            "They multiply the odds by the quotient of the two weights. At one half the odds are 1.",
            "Balanced weights are as 49 to 1. Find the odds that become 1, then the chance that has these odds.",
        ),
    ),
    Exercise(
        "training-recipe-7", "training_recipe", kind="open", cls="A", minutes=120, difficulty=3, points=8,
        hints=(
            "Look at recipe_changes.ARMS: an arm is a name and the options of a recipe.",
            "An ingredient that moves the best rate looks harmful at the old one, so search anew, for the baseline too.",
            "Run one line with one seed and time it. Multiply by rates and seeds before you plan.",
        ),
    ),
]  # fmt: skip


def _near(got, expected, tolerance):
    """Tell whether a number is within a tolerance."""
    try:
        return not isinstance(got, (bool, str)) and np.shape(got) == () and abs(float(got) - expected) <= tolerance
    except (TypeError, ValueError):
        return False


EXERCISES = with_usual(EXERCISES, {
    1: ("reversed", "rotated", "exchanged", "doubled", "halved", "opposite sign", "rounded"),
    2: ("reversed", "rotated", "exchanged", "opposite sign", "doubled", "halved", "rounded"),
    3: ("doubled", "upside down", "percent"),
    4: ("doubled", "halved", "percent", "upside down"),
    5: ("doubled", "halved", "opposite sign"),
    6: ("percent", "upside down"),
})  # fmt: skip
