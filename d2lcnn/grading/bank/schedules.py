"""Questions on epochs, steps and learning rates."""

from math import cos, pi

from ._question import Question, between, pick


def _steps(rng):
    b = pick(rng, 32, 50, 64, 100, 128)
    return {"n": b * between(rng, 10, 60) + between(rng, 1, b - 1), "b": b, "epochs": between(rng, 2, 12)}


def _counted(n, b, epochs):
    sizes = [len(range(start, min(start + b, n))) for start in range(0, n, b)]
    return epochs * len(sizes), sizes[-1]


def _cosine(rng):
    steps = 12 * between(rng, 5, 50)
    return {"rate": pick(rng, 0.1, 0.2, 0.4, 0.8), "steps": steps,
            "t": pick(rng, steps // 3, steps // 2, 2 * steps // 3, steps // 4, 3 * steps // 4)}


def _decay(rng):
    every = between(rng, 3, 12)
    drops = between(rng, 1, 3)
    return {"rate": pick(rng, 0.1, 0.2, 0.4, 0.8), "factor": pick(rng, 0.5, 0.1, 0.2), "every": every,
            "epoch": every * drops + between(rng, 0, every - 1)}


QUESTIONS = (
    Question(
        "steps-of-training", "Steps and the last batch", ("epoch", "batch size", "steps"), 3, 1, 1, _steps,
        lambda n, b, epochs: f"A network is trained on {n} images in batches of {b} for {epochs} epochs; the last "
        "batch of an epoch holds what is left. How many steps are that in all, and how many images are in an epoch's "
        "last batch? Hand in a tuple of the two numbers.",
        _counted,
        lambda n, b, epochs: (
            ("rounded down", (epochs * (n // b), n % b), "The smaller batch at the end of an epoch is a step, too."),
            ("one epoch", (-(-n // b), n % b), "Those are the steps of one epoch."),
            ("all images in a row", (-(-n * epochs // b), n % b), "Every epoch ends with its own smaller batch: no "
             "batch reaches into the next epoch."),
            ("what is missing", (epochs * -(-n // b), b - n % b), "Your second number is what the last batch lacks."),
            ("full batch", (epochs * -(-n // b), b), "The images do not fill the last batch."),
        )),
    Question(
        "cosine-rate", "Half a wave", ("learning rate", "schedule", "cosine"), 4, 2, 2, _cosine,
        lambda rate, steps, t: f"A learning rate begins with {rate} at step 0 and falls along half a wave of the "
        f"cosine to 0 at step {steps}. What is it at step {t}? Hand in the number.",
        lambda rate, steps, t: rate * (1 + cos(pi * t / steps)) / 2,
        lambda rate, steps, t: (
            ("a line", rate * (1 - t / steps), "Your rate falls along a line."),
            ("a quarter of a wave", rate * cos(pi * t / steps / 2), "Your cosine ends at a quarter of its wave. From "
             "the highest to the lowest point is half a wave."),
            ("a whole wave", rate * (1 + cos(2 * pi * t / steps)) / 2, "Your wave is back at the top at the end."),
            ("not raised", rate * cos(pi * t / steps), "The cosine alone becomes negative. It is raised by one and "
             "halved."),
            ("upwards", rate * (1 - cos(pi * t / steps)) / 2, "Your rate rises."),
            ("not halved", rate * (1 + cos(pi * t / steps)), "At step 0 your rate is twice of what is given."),
        )),
    Question(
        "step-decay", "Down the stairs", ("learning rate", "schedule"), 2, 1, 1, _decay,
        lambda rate, factor, every, epoch: f"A learning rate is {rate} in epoch 0 and is multiplied by {factor} after "
        f"every {every} epochs. What is it in epoch {epoch}, counted from 0? Hand in the number.",
        lambda rate, factor, every, epoch: rate * factor ** (epoch // every),
        lambda rate, factor, every, epoch: (
            ("every epoch", rate * factor**epoch, "Your rate falls in every epoch."),
            ("once", rate * factor, "How many times has it fallen by then?"),
            ("one fall too many", rate * factor ** (epoch // every + 1), "Epochs are counted from 0: it falls for the "
             "first time when as many are over as are given."),
            ("one fall too few", rate * factor ** (epoch // every - 1), "It has fallen once more by then."),
            ("not by steps", rate * factor ** (epoch / every), "The rate is the same until the next fall."),
            ("factor multiplied", rate * factor * (epoch // every), "The factors multiply: they do not add up."),
        )),
)
