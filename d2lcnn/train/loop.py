"""The training loop, on Lightning Fabric: one call for one CPU, one GPU or several processes."""

import contextlib
import os
import time
from typing import NamedTuple

import numpy as np
import torch
from lightning_fabric import Fabric
from torch.nn.functional import cross_entropy
from tqdm import tqdm

from ..modes import evaluating, training
from ..recipe import BALANCED, Recipe
from . import checkpoint as checkpoints
from .batches import batches, check_images
from .identity import identify
from .kept import Kept
from .losses import TrainingLoss
from .metrics import History, Metrics, Tally


class Run(NamedTuple):
    """What every step of a run needs: `model` is the net as the Fabric runs it."""

    fabric: Fabric
    net: torch.nn.Module
    model: torch.nn.Module
    optimizer: torch.optim.Optimizer
    loss: TrainingLoss
    kept: Kept
    recipe: Recipe


def fit(net, train, validation=None, recipe=None, *, device=None, checkpoint=None, **options):
    """Train a classifier, in place.

    Parameters
    ----------
    net : torch.nn.Module
        Maps (N, C, H, W) float32 to (N, classes) logits.
    train, validation : object with arrays ``x`` (N, C, H, W), uint8 or float, and ``y`` (N,), integer
        For instance ``data.fashion_mnist("subset").train``. Bytes are fed as fractions of 255.
    recipe : Recipe, optional
        How to train.
    device : str, optional
        "cpu" (the default), "cuda", "mps", or "auto" for the best one there is.
    checkpoint : path, optional
        Written after every epoch. If the file exists, the run continues from it, to the same bits as a run that was
        never interrupted (one CPU thread). It must be the same run: recipe, network (all but its weights), images, and
        functions by name, arguments and code. One run at a time may use the file.
    **options
        Fields of `Recipe`: they make one (epochs and lr are needed), or replace fields of `recipe`.

    Returns
    -------
    History

    Raises
    ------
    ValueError, TypeError
        If an argument makes no sense, or the checkpoint is damaged or belongs to another run; if a function in the
        recipe cannot be compared with the one in a checkpoint.
    FloatingPointError
        As soon as a loss, or at the end of an epoch a weight, is not finite. That epoch is not written.
    OSError
        If the checkpoint cannot be written, or another run holds it.

    Notes
    -----
    The initial weights are those that `net` comes with. The global random generators of torch and NumPy are left as
    they were.

    Parts of a network in training mode that are in evaluation mode, such as frozen batch norm, stay so. A network in
    evaluation mode as a whole is trained in training mode. Afterwards every module has the mode it had.

    Several processes: start the script with ``torchrun --nproc-per-node 2 script.py`` and call `fit` as before. Every
    process draws the same batch, computes its part of it, and the gradients are averaged with weights, so a step is
    the step of one process up to rounding. Two things differ: batch norm normalises each part with the part's own
    statistics (process 0's running statistics are kept), and dropout draws other masks.

    Examples
    --------
    >>> from types import SimpleNamespace
    >>> bright = SimpleNamespace(x=np.array([0, 0, 255, 255], np.uint8).reshape(4, 1, 1, 1), y=np.array([0, 0, 1, 1]))
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1, 2))
    >>> history = fit(net, bright, epochs=20, lr=0.5, schedule="constant")
    >>> evaluate(net, bright).accuracy
    1.0
    """
    recipe = Recipe.of(recipe, **options)
    check_images(train, "train")
    if validation is not None:
        check_images(validation, "validation")
    elif recipe.patience:
        raise ValueError(f"patience is {recipe.patience}, but there are no validation images to wait for")
    with opened(net, train, recipe, device) as run, checkpoints.held(checkpoint, run.fabric):
        fabric, model, opt, kept, history = run.fabric, run.model, run.optimizer, run.kept, History()
        if checkpoint is not None:
            identity = identify(recipe, net, train, validation, fabric.world_size)
            history = checkpoints.load(checkpoint, net, opt, kept, identity)
        while len(history) < recipe.epochs and not kept.finished(history):
            epoch = len(history) + 1
            seconds, tally = _train_epoch(run, train, epoch)
            measured = kept.measured(model)
            loss, accuracy = (np.nan, np.nan) if validation is None else _tally(measured, validation, fabric).means
            _check_finite(net, validation, loss, f"after epoch {epoch}", recipe)
            history.append(epoch=epoch, train_loss=tally.means[0], train_accuracy=tally.means[1],
                           validation_loss=loss, validation_accuracy=accuracy,
                           core_seconds=seconds + (history.core_seconds or [0.0])[-1])
            kept.after_epoch(net, history)
            if checkpoint is not None:
                if fabric.is_global_zero:
                    checkpoints.save(checkpoint, net, opt, kept, history, identity)
                fabric.barrier()
        kept.give_back(net)
    return history


def evaluate(net, images, *, batch_size=1000):
    """Measure a classifier, where it is (its device), in evaluation mode; its mode is put back afterwards.

    Parameters
    ----------
    net : torch.nn.Module
    images : object with arrays ``x`` and ``y``, as for `fit`
    batch_size : int

    Returns
    -------
    Metrics
        Weighted by image: a short last batch counts as much as it holds.

    Examples
    --------
    Logits that are all zero: always class 0, which is right for one image in two, and a loss of log 2.

    >>> from types import SimpleNamespace
    >>> net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1, 2))
    >>> _ = [torch.nn.init.zeros_(p) for p in net.parameters()]
    >>> print(evaluate(net, SimpleNamespace(x=np.zeros((2, 1, 1, 1), np.uint8), y=np.array([0, 1]))))
    accuracy 0.5000, loss 0.6931 on 2 images
    """
    check_images(images)
    tally = _tally(net, images, None, batch_size)
    loss, accuracy = tally.means
    return Metrics(loss, accuracy, tally.count, tally.confusion.numpy())


def rank():
    """Number of this process among those that torchrun started, or None if it did not start this one.

    A variable RANK that other programs left behind says nothing.
    """
    launched = torch.distributed.is_available() and torch.distributed.is_torchelastic_launched()
    return int(os.environ["RANK"]) if launched else None


def _open_fabric(device, bf16):
    """Make the Fabric: as many processes as torchrun started, else this one."""
    precision = "bf16-mixed" if bf16 else "32-true"
    accelerator = device or "cpu"
    if accelerator not in ("cpu", "cuda", "mps", "auto"):
        raise ValueError(f"device is {device!r}; it may be 'cpu', 'cuda', 'mps' or 'auto'")
    if (accelerator == "cuda" and not torch.cuda.is_available()) or (
            accelerator == "mps" and not torch.backends.mps.is_available()):
        raise ValueError(f"device is {device!r}, and torch {torch.__version__} finds none here: "
                         "'auto' takes the best device there is")
    if rank() is None:
        return Fabric(accelerator=accelerator, devices=1, precision=precision)
    local, world = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    fabric = Fabric(accelerator=accelerator, devices=local, num_nodes=world // local, strategy="ddp",
                    precision=precision)
    fabric.launch()
    return fabric


@contextlib.contextmanager
def opened(net, train, recipe, device):
    """Make ready what steps need, a `Run`; modes, layout and random state are as before after the block."""
    fabric = _open_fabric(device, recipe.bf16)
    cuda = [fabric.device] if fabric.device.type == "cuda" else []
    with training(net), torch.random.fork_rng(devices=cuda), _memory_format(net, recipe.channels_last):
        model, opt = fabric.setup(net, recipe.make_optimizer(net))
        yield Run(fabric, net, model, opt, TrainingLoss(recipe, np.asarray(train.y)), Kept(net, recipe), recipe)


@contextlib.contextmanager
def _memory_format(net, channels_last):
    """Lay the weights out for channels-last convolutions inside the block, as torch's default after it."""
    if channels_last:
        net.to(memory_format=torch.channels_last)
    try:
        yield
    finally:
        if channels_last:
            net.to(memory_format=torch.contiguous_format)


def _train_epoch(run, train, epoch):
    """Train for one epoch; return its core-seconds and its Tally, both over all processes."""
    fabric, recipe = run.fabric, run.recipe
    per_epoch = -(-len(train.y) // recipe.batch_size)
    tally, start = Tally(), time.process_time()
    bar = tqdm(total=len(train.y), desc=f"epoch {epoch}/{recipe.epochs}", unit=" images", leave=False,
               disable=None if fabric.is_global_zero else True)  # None: only on a terminal
    with bar:
        for i, (x, y, total) in enumerate(parts_of_batches(run, train, epoch)):
            rate = recipe.learning_rate((epoch - 1) * per_epoch + i, recipe.epochs * per_epoch)
            make_step(run, x, y, total, rate, tally, f"in epoch {epoch}, step {i + 1}")
            bar.update(total)
    seconds = fabric.all_reduce(torch.tensor(time.process_time() - start), reduce_op="sum")
    return float(seconds), tally.reduce(fabric)


def parts_of_batches(run, train, epoch):
    """Yield this process's part (x, y) of each batch of an epoch, where the network is, and the batch's size."""
    fabric, recipe, parts = run.fabric, run.recipe, run.fabric.world_size
    # Seeds come from (seed, epoch), not from a stream that runs on: a resumed run draws what an unbroken one does.
    rng = np.random.default_rng([recipe.seed, epoch])
    torch.manual_seed(int(rng.integers(2**62)) + fabric.global_rank)
    for x, y in batches(train, recipe.batch_size, rng=rng, augment=recipe.augment,
                        balanced=recipe.sampling == BALANCED, smallest=2 * parts):
        part = (fabric.to_device(t.tensor_split(parts)[fabric.global_rank]) for t in (x, y))
        x, y, total = *part, len(y)
        yield _in_format(x, recipe), y, total


def _in_format(x, recipe):
    return x.contiguous(memory_format=torch.channels_last) if recipe.channels_last else x


def make_step(run, x, y, total, rate, tally, where):
    """Learn at a rate from this process's part (x, y) of a batch of `total` images."""
    for group in run.optimizer.param_groups:
        group["lr"] = rate
    run.optimizer.zero_grad()
    logits = run.model(x)
    loss_sum = run.loss(logits, y)
    _demand_finite("the loss", loss_sum, where, run.recipe)
    # Gradients are averaged over processes; this factor makes that average the mean over all images of the batch.
    run.fabric.backward(loss_sum * (run.fabric.world_size / total))
    run.optimizer.step()
    run.kept.after_step(run.net)
    tally.add(loss_sum.detach(), logits.detach(), y)


def _check_finite(net, validation, loss, where, recipe):
    """Refuse an epoch whose last step, which no training loss shows, spoilt the network."""
    for name, parameter in net.named_parameters():
        _demand_finite(f"the weight {name}", parameter, where, recipe)
    if validation is not None:
        _demand_finite("the validation loss", torch.tensor(loss), where, recipe)


def _demand_finite(name, values, where, recipe):
    finite = torch.isfinite(values)
    if not finite.all():
        raise FloatingPointError(f"{name} became {values[~finite].flatten()[0].item()} {where} (lr={recipe.lr}, "
                                 f"optimizer={recipe.optimizer!r}): try a smaller learning rate, "
                                 "and look for NaN or huge values in the images")


def _tally(net, images, fabric, batch_size=1000):
    """Count losses and hits in evaluation mode; with several processes each takes its part of every batch."""
    parts, part = (fabric.world_size, fabric.global_rank) if fabric else (1, 0)
    device = next((p.device for p in net.parameters()), torch.device("cpu"))
    tally = None
    with evaluating(net), torch.no_grad():
        for x, y in batches(images, batch_size, smallest=parts):
            x, y = (t.tensor_split(parts)[part].to(device) for t in (x, y))
            logits = net(x)
            tally = tally or Tally(logits.shape[1])
            tally.add(cross_entropy(logits.float(), y, reduction="sum"), logits, y)
    return tally.reduce(fabric) if fabric and parts > 1 else tally
