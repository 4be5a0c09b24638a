"""The memory of a training step: its standing parts, and its rise and fall, from steps on two and on three images."""

import copy
import itertools
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import torch
from torch.autograd.graph import saved_tensors_hooks
from torch.multiprocessing.reductions import StorageWeakRef
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from d2lcnn.shapes import integer

# as ``train.fit`` makes its optimizer by default
MOMENTUM = partial(torch.optim.SGD, lr=0.1, momentum=0.9, nesterov=True)
FEW = 2, 3  # images of the two trials; batch norm needs two


@dataclass(frozen=True)
class TrainingMemory:
    """What a training step holds, in bytes, for any batch; made by `training_memory`.

    Attributes
    ----------
    weights : int
        Parameters, and buffers such as running statistics.
    gradients : int
        A number for each trained parameter.
    optimizer : int
        Its state: nothing for plain SGD, a number for each trained parameter with momentum, two for Adam.
    activations : int
        What the forward pass keeps of each image until the backward pass has used it.
    kept : int
        What it keeps whatever the batch, such as the means of batch norm.
    moments : tuple of (int, int)
        After each operation of the step, the bytes that are held whatever the batch, and those held for each image.
    """

    weights: int
    gradients: int
    optimizer: int
    activations: int
    kept: int
    moments: tuple

    def bill(self, batch_size):
        """Add up weights, gradients, optimizer, what is kept, and the activations of all images.

        It is a rule for paper, not a bound. Gradients come while activations go, and operations need room for results
        that nothing keeps; `peak` knows of both.
        """
        return (self.weights + self.gradients + self.optimizer + self.kept
                + self.activations * integer("batch_size", batch_size, 1))

    def curve(self, batch_size):
        """List the bytes held after each operation of the step: forward, backward, update."""
        batch_size = integer("batch_size", batch_size, 1)
        return [fixed + batch_size * each for fixed, each in self.moments]

    def peak(self, batch_size):
        """Return the most bytes that are held after an operation."""
        return max(self.curve(batch_size))

    def largest_batch(self, memory):
        """Return the largest batch whose peak fits into so many bytes; 0 if that of one image does not.

        Examples
        --------
        >>> TrainingMemory(40, 40, 0, 100, 0, ((40, 100), (80, 60))).largest_batch(1000)
        9
        """
        return max(0, min((memory - fixed) // each for fixed, each in self.moments if each))


def training_memory(net, input_size, optimizer=MOMENTUM):
    """Predict the memory of a training step for any batch size.

    Parameters
    ----------
    net : torch.nn.Module
        Copies of it are trained on two and on three images of zeros, for two steps each, where its parameters are. On
        device "meta" that takes no memory and gives the same numbers. `net` itself stays as it was.
    input_size : tuple of int
        (C, H, W), or (C, L) for sequences: the shape of one input, without the batch axis.
    optimizer : callable
        ``optimizer(parameters)`` makes the optimizer, for instance ``torch.optim.Adam``. Default: SGD with momentum.

    Returns
    -------
    TrainingMemory

    Raises
    ------
    ValueError
        If `input_size` is not two or more positive integers, `net` has no parameters, or the number of its operations
        depends on the batch, so that two trials do not tell the rest.

    Notes
    -----
    Every tensor's bytes are a constant plus a multiple of the batch, so two batches give both for each operation. The
    loss is the sum of the outputs. Not counted: what a single operation takes and gives back before it ends, such as
    a convolution's workspace, and what an allocator or a GPU's libraries keep in reserve.

    Examples
    --------
    A dense layer from three numbers to two: 24 bytes of weights, as many for the gradient and for the momentum. To
    compute the gradient it keeps its input, 12 bytes an image.

    >>> memory = training_memory(torch.nn.Linear(3, 2, bias=False), (1, 3))
    >>> memory.weights, memory.gradients, memory.optimizer, memory.activations
    (24, 24, 24, 12)
    >>> memory.bill(100)
    1272
    """
    size = image_size(input_size)
    with torch.random.fork_rng(devices=[]):  # dropout draws
        (parts, saved, held), (_, more_saved, more_held) = (_trial(net, size, count, optimizer) for count in FEW)
    if len(held) != len(more_held):
        raise ValueError(f"{type(net).__name__} runs {len(held)} operations for {FEW[0]} images and {len(more_held)} "
                         f"for {FEW[1]}: its memory does not follow from these")
    moments = tuple(_line(few, more) for few, more in zip(held, more_held, strict=True))
    kept, activations = _line(saved, more_saved)
    return TrainingMemory(*parts, activations, kept, moments)


def measure_memory(step):
    """Measure the memory that a function's tensors take on the CPU, by torch's profiler.

    Parameters
    ----------
    step : callable
        Called without arguments.

    Returns
    -------
    list of int
        Bytes held beyond those at the start: 0, then after each piece that the allocator gives out or takes back.

    Notes
    -----
    It sees what an operation takes and gives back while it runs, and not what libraries take from elsewhere.

    Examples
    --------
    >>> measure_memory(lambda: torch.zeros(100))
    [0, 400, 0]
    """
    with _quiet(), profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        step()
    events = [event for event in record.profiler.kineto_results.events() if event.name() == "[memory]"]
    events.sort(key=lambda event: event.start_ns())
    return [*itertools.accumulate((event.nbytes() for event in events), initial=0)]


@contextmanager
def _quiet():
    """Keep from the standard error what the profiler's library writes there whenever it starts and stops."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def image_size(input_size):
    """Return the shape of one input as integers; ValueError if it has fewer than two axes."""
    if len(tuple(input_size)) < 2:
        raise ValueError(f"input_size must be (C, H, W) or (C, L), not {input_size!r}")
    return tuple(integer("input_size", n, 1) for n in input_size)


def _line(few, more):
    """Return constant and slope of the line through the values for the two batches."""
    slope = (more - few) // (FEW[1] - FEW[0])
    return few - FEW[0] * slope, slope


def _trial(net, size, count, optimizer):
    """Make two training steps of a copy; return its parts, the bytes saved for backward, and those held over time."""
    net = copy.deepcopy(net).train()
    opt = optimizer(net.parameters())
    like = next(p for p in net.parameters() if p.is_floating_point())
    x = torch.zeros(count, *size, dtype=like.dtype, device=like.device)
    standing, trained = [*net.parameters(), *net.buffers()], [p for p in net.parameters() if p.requires_grad]
    # the first step makes the optimizer's state; what is watched is a later step, one like another
    saved = _saved_by_step(net, x, opt, standing)
    opt.zero_grad()
    state = [t for values in opt.state.values() for t in values.values() if isinstance(t, torch.Tensor)]
    with Held([x, *standing, *state]) as held:
        _loss(net, x).backward()
        opt.step()
    return [_bytes(tensors) for tensors in (standing, trained, state)], saved, held.over_time


def _saved_by_step(net, x, opt, standing):
    """Make a training step; return the bytes of what was saved for backward, without those that stand anyway."""
    tensors = []

    def note(tensor):
        tensors.append(tensor)
        return tensor

    with saved_tensors_hooks(note, lambda tensor: tensor):
        loss = _loss(net, x)
    loss.backward()
    opt.step()
    known = {t.untyped_storage()._cdata for t in standing}
    return _bytes(t for t in tensors if t.untyped_storage()._cdata not in known)


def _loss(net, x):
    return sum(t.sum() for t in tree_leaves(net(x)) if isinstance(t, torch.Tensor))


def _bytes(tensors):
    """Add up the memory behind tensors; what two of them share counts once."""
    return sum({s._cdata: s.nbytes() for s in (t.untyped_storage() for t in tensors)}.values())


class Held(TorchDispatchMode):
    """Counts, after each operation, the bytes of the tensors it was given and of all made since, while they live."""

    def __init__(self, tensors):
        super().__init__()
        self.alive, self.over_time = {}, []
        self._note(tensors)

    def _note(self, tensors):
        for storage in (t.untyped_storage() for t in tensors):
            self.alive[storage._cdata] = StorageWeakRef(storage), storage.nbytes()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        out = func(*args, **(kwargs or {}))
        self.alive = {key: (ref, size) for key, (ref, size) in self.alive.items() if not ref.expired()}
        self._note(t for t in tree_leaves(out) if isinstance(t, torch.Tensor))
        self.over_time.append(sum(size for _, size in self.alive.values()))
        return out
