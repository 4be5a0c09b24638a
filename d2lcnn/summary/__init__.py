"""What each layer of a network makes, holds, costs and sees, and the memory that training it takes."""

import html
from dataclasses import dataclass

import torch
from torch.nn.utils.parametrize import type_before_parametrizations

from d2lcnn.modes import evaluating

from .fields import WHOLE, sizes
from .memory import TrainingMemory, image_size, measure_memory, training_memory
from .trace import Trace

__all__ = ["Layer", "Summary", "TrainingMemory", "count_parameters", "measure_memory", "summarize", "training_memory"]


@dataclass(frozen=True)
class Layer:
    """One line of the table; sizes are for one image.

    Attributes
    ----------
    name, kind : str
        Path in the network ("0", "block.conv1"); class of the module.
    output : tuple of int
        Shape without the batch axis.
    parameters : int
        Trained numbers that belong to this module itself, and to modules in it that did not run by themselves, such
        as parametrizations; a shared tensor is counted where it comes first.
    macs : int or None
        Multiply-adds of convolutions and matrix products run by this module itself, summed over its calls; None
        ("not counted") if it ran an operation whose work is not known.
    activation_bytes : int
        Size of the outputs, summed over the module's calls. A layer that works in place is counted like any other.
    receptive_field : tuple of int, "all" or None
        Pixels from the first to the last that one output depends on, one number per axis of the image, far from the
        borders; where branches meet, those of all of them. "all" once a dense layer or a global mean has mixed all
        places and these reach from edge to edge; None ("n/a") where no window describes it.
    """

    name: str
    kind: str
    output: tuple
    parameters: int
    macs: int
    activation_bytes: int
    receptive_field: tuple | str | None


@dataclass(frozen=True)
class Summary:
    """The table of `summarize`: iterate over its `layers`, read its totals, print it, or end a cell with it."""

    layers: tuple
    input_size: tuple
    parameters: int

    @property
    def macs(self):
        """Multiply-adds for one image; None if those of a layer are not counted."""
        counts = [layer.macs for layer in self.layers]
        return None if None in counts else sum(counts)

    @property
    def activation_bytes(self):
        """Bytes of all outputs for one image."""
        return sum(layer.activation_bytes for layer in self.layers)

    def __iter__(self):
        return iter(self.layers)

    def __len__(self):
        return len(self.layers)

    def rows(self):
        """List the table as text: header, one row a layer, totals."""
        header = ("layer", "kind", "output", "parameters", "multiply-adds", "activation bytes", "receptive field")
        body = [(x.name, x.kind, _times(x.output), f"{x.parameters:,}", _count(x.macs), f"{x.activation_bytes:,}",
                 _field_text(x.receptive_field)) for x in self.layers]
        total = ("total", f"input {_times(self.input_size)}", "", f"{self.parameters:,}", _count(self.macs),
                 f"{self.activation_bytes:,}", "")
        return [header, *body, total]

    def __str__(self):
        rows = self.rows()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = ["  ".join(cell.ljust(w) if i < 2 else cell.rjust(w)
                           for i, (cell, w) in enumerate(zip(row, widths, strict=True))).rstrip() for row in rows]
        rule = "-" * (sum(widths) + 2 * len(widths) - 2)
        return "\n".join([lines[0], rule, *lines[1:-1], rule, lines[-1]])

    __repr__ = __str__

    def _repr_html_(self):
        def line(row, tag):
            cells = (f'<{tag} style="text-align:{"left" if i < 2 else "right"}">{html.escape(cell)}</{tag}>'
                     for i, cell in enumerate(row))
            return f"<tr>{''.join(cells)}</tr>"

        header, *body, total = self.rows()
        return (f"<table><thead>{line(header, 'th')}</thead><tbody>{''.join(line(row, 'td') for row in body)}</tbody>"
                f"<tfoot>{line(total, 'th')}</tfoot></table>")


def count_parameters(net):
    """Count the numbers a network learns; a tensor used twice counts once.

    Examples
    --------
    >>> count_parameters(torch.nn.Conv2d(3, 2, kernel_size=2))
    26
    """
    return sum(p.numel() for p in net.parameters())


def summarize(net, input_size):
    """Tabulate shape, parameters, multiply-adds, activation bytes and receptive field, layer by layer.

    Parameters
    ----------
    net : torch.nn.Module
        Run once on one image of zeros, in evaluation mode, where its parameters are (also on device "meta", which
        computes nothing). Its mode and running statistics are left as they were.
    input_size : tuple of int
        (C, H, W), or (C, L) for sequences: the shape of one input, without the batch axis.

    Returns
    -------
    Summary
        A row for each module without children, and for each other module that multiplies or holds parameters itself;
        for one that runs twice, where it ran last. Norms, activations, pooling and resampling are given zero
        multiply-adds, as papers do, and so is what makes weights, since it is done for all images at once.

    Raises
    ------
    ValueError
        If `input_size` is not two or more positive integers.

    Notes
    -----
    Counts are taken where torch dispatches its operations, so a layer that calls ``functional.conv2d`` is counted
    like ``nn.Conv2d``; they are half of the floating-point operations of ``torch.utils.flop_counter``, where that
    knows the operation. Receptive fields follow Araujo, Norris & Sim (Distill 2019) along all paths; they are those of
    weights other than zero. Operations that keep no windows (upsampling, transposed convolution) lose them.

    Examples
    --------
    Each of 2 x 3 x 3 outputs is a sum of 3 x 2 x 2 products.

    >>> print(summarize(torch.nn.Conv2d(3, 2, kernel_size=2), (3, 4, 4)))
    layer  kind                output  parameters  multiply-adds  activation bytes  receptive field
    -----------------------------------------------------------------------------------------------
    -      Conv2d           2 x 3 x 3          26            216                72            2 x 2
    -----------------------------------------------------------------------------------------------
    total  input 3 x 4 x 4                     26            216                72
    """
    size = image_size(input_size)
    like = next((p for p in net.parameters() if p.is_floating_point()), torch.empty(0))
    x = torch.zeros(1, *size, dtype=like.dtype, device=like.device)
    trace = Trace(x, net)
    handles = [handle for name, module in net.named_modules() if not _makes_weights(name)
               for handle in trace.watch(name, module)]
    fast = torch.backends.mha.get_fastpath_enabled()  # one operation that nobody can look into
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), evaluating(net), trace:
            net(x)
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
        for handle in handles:
            handle.remove()
    return Summary(tuple(_layers(trace, net)), size, count_parameters(net))


def _makes_weights(name):
    return "parametrizations" in name.split(".")


def _layers(trace, net):
    """Yield a `Layer` for each module that ran and has no child that did, multiplies, or holds parameters."""
    counted, owned = set(), {name: [] for name in trace.modules}
    for name, module in net.named_modules():
        owner = name
        while owner not in owned:  # did not run by itself: its parameters served the module around it
            owner = owner.rpartition(".")[0]
        owned[owner] += module.parameters(recurse=False)
    inner = {parent for name in trace.modules for parent in _parents(name)}
    for name, module in trace.modules.items():
        own = {id(p): p.numel() for p in owned[name] if id(p) not in counted}
        counted |= own.keys()
        if own or trace.macs[name] != 0 or name not in inner:
            shape, size, field = trace.outputs[name]
            yield Layer(name or "-", type_before_parametrizations(module).__name__, shape[1:], sum(own.values()),
                        trace.macs[name], size, sizes(field))


def _parents(name):
    """Yield the names of the modules around one."""
    while name:
        name = name.rpartition(".")[0]
        yield name


def _count(macs):
    return "not counted" if macs is None else f"{macs:,}"


def _times(shape):
    return " x ".join(map(str, shape))


def _field_text(field):
    return {None: "n/a", WHOLE: WHOLE}[field] if field in (None, WHOLE) else _times(field)
