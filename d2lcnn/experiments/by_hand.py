"""Training with `d2lcnn.numpy_net` in place of torch: same weights, same batches, same recipe, same measurements."""

import time

import numpy as np

from d2lcnn import numpy_net, ops
from d2lcnn.later import Later
from d2lcnn.recipe import OPTIMIZERS, Recipe

torch, training = Later("torch"), Later("d2lcnn.train")
SGD = {name: options for name, (kind, options) in OPTIMIZERS.items() if kind == "SGD"}  # what NumPy has of torch's


def translate(net, dtype=np.float32):
    """Make the NumPy network of the weights of ``networks.create("lenet", activation="relu", pool="max")``."""
    arrays = (p.detach().numpy().astype(dtype) for p in net.parameters())
    return numpy_net.lenet(np.random.default_rng(0), dtype).load(arrays)


def fit(net, train, validation, recipe):
    """Train a `numpy_net.Sequential` as ``train.fit`` trains a torch module: arguments and result are its.

    Raises
    ------
    ValueError
        If the recipe asks for what NumPy does not have here.
    FloatingPointError
        As soon as a loss is not finite.
    """
    update, history, spent = _optimizer(recipe), training.History(), 0.0
    for epoch in range(1, recipe.epochs + 1):
        start, loss, hits = time.process_time(), 0.0, 0
        for x, y, update.lr in _steps(train, recipe, epoch):
            mean, logits = net.learn(x.numpy(), y.numpy(), update)
            if not np.isfinite(mean):
                raise FloatingPointError(f"the loss became {mean} in epoch {epoch} (lr={recipe.lr})")
            loss, hits = loss + mean * len(y), hits + int((logits.argmax(axis=1) == y.numpy()).sum())
        spent += time.process_time() - start
        measured = training.Metrics(np.nan, np.nan, 0, None) if validation is None else evaluate(net, validation)
        history.append(epoch=epoch, train_loss=loss / len(train.y), train_accuracy=hits / len(train.y),
                       validation_loss=measured.loss, validation_accuracy=measured.accuracy, core_seconds=spent)
    return history


def evaluate(net, images):
    """Measure a `numpy_net.Sequential` as ``train.evaluate`` measures a torch module."""
    loss, logits = 0.0, []
    for x, y in training.batches(images, 1000):
        logits.append(net.forward(x.numpy()))
        loss += float(ops.softmax_cross_entropy(logits[-1], y.numpy())) * len(y)
    guess = np.concatenate(logits).argmax(axis=1)
    counts = np.zeros((logits[0].shape[1],) * 2, np.int64)
    np.add.at(counts, (np.asarray(images.y), guess), 1)
    return training.Metrics(loss / len(guess), float((guess == images.y).mean()), len(guess), counts)


def loss_gaps(net, train, steps, dtype, recipe):
    """Train a torch module and its translation side by side, and compare their losses before each step.

    Parameters
    ----------
    net : torch.nn.Module
        As `translate` takes it; it is trained, in place.
    train : Images
    steps : int
        The run stops there; the schedule is that of the whole run.
    dtype : {"float32", "float64"}
        In which both count.
    recipe : Recipe
        As for `fit`.

    Returns
    -------
    numpy.ndarray, float64 (steps,)
        ``|loss of NumPy - loss of torch| / loss of torch``.
    """
    update = _optimizer(recipe)
    net, gaps, epoch = net.to(getattr(torch, dtype)), [], 0
    mine, step = translate(net, dtype), recipe.make_optimizer(net)
    while len(gaps) < steps:
        epoch += 1
        for x, y, update.lr in _steps(train, recipe, epoch):
            if len(gaps) == steps:
                break
            x = x.to(getattr(torch, dtype))
            loss, _ = mine.learn(x.numpy(), y.numpy(), update)
            step.zero_grad()
            theirs = torch.nn.functional.cross_entropy(net(x), y)
            theirs.backward()
            step.param_groups[0]["lr"] = update.lr
            step.step()
            gaps.append(abs(loss - theirs.item()) / theirs.item())
    return np.array(gaps)


def _optimizer(recipe):
    """Make the optimizer that a recipe asks for."""
    if recipe.optimizer not in SGD:
        raise ValueError(f"optimizer is {recipe.optimizer!r}; in NumPy there are {', '.join(SGD)}")
    plain = Recipe(recipe.epochs, recipe.lr, recipe.batch_size, recipe.optimizer, recipe.schedule, seed=recipe.seed)
    if recipe != plain:
        raise ValueError(f"recipe is {recipe}; in NumPy there are {plain} and nothing more")
    return numpy_net.SGD(recipe.lr, **{"momentum": 0.0} | SGD[recipe.optimizer])


def _steps(train, recipe, epoch):
    """Yield images, labels and rate of every step of an epoch, as ``train.fit`` draws and sets them."""
    rng, per_epoch = np.random.default_rng([recipe.seed, epoch]), -(-len(train.y) // recipe.batch_size)
    rng.integers(2**62)  # train.fit seeds torch's generator with it
    for i, (x, y) in enumerate(training.batches(train, recipe.batch_size, rng=rng, smallest=2)):
        yield x, y, recipe.learning_rate((epoch - 1) * per_epoch + i, recipe.epochs * per_epoch)
