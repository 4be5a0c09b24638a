"""What each layer of a network makes, holds, costs and sees."""

import html
from dataclasses import dataclass

import torch

from d2lcnn.shapes import receptive_field

from .trace import WHOLE, Trace

__all__ = ["Layer", "Summary", "count_parameters", "summarize"]


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
        Trained numbers that belong to this module itself; a shared tensor is counted where it comes first.
    macs : int
        Multiply-adds of convolutions and matrix products run by this module itself.
    activation_bytes : int
        Size of the output. A layer that works in place is counted like any other.
    receptive_field : tuple of int, "all" or None
        Pixels that one output sees, one number per axis of the image; the largest where branches meet; "all" once
        a dense layer or a global mean has mixed all places; None ("n/a") where no window describes it.
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
        """Multiply-adds for one image."""
        return sum(layer.macs for layer in self.layers)

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
        body = [(x.name, x.kind, _times(x.output), f"{x.parameters:,}", f"{x.macs:,}", f"{x.activation_bytes:,}",
                 _field_text(x.receptive_field)) for x in self.layers]
        total = ("total", f"input {_times(self.input_size)}", "", f"{self.parameters:,}", f"{self.macs:,}",
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
        A row for each module without children, and for each other module that multiplies or holds parameters itself.
        Norms, activations and pooling are given zero multiply-adds, as papers do.

    Raises
    ------
    ValueError
        If `input_size` is not two or more positive integers.

    Notes
    -----
    Counts are taken where torch dispatches its operations, so a layer that calls ``functional.conv2d`` is counted
    like ``nn.Conv2d``. Receptive fields follow Araujo, Norris & Sim (Distill 2019) along the largest path.

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
    size = tuple(input_size)
    if len(size) < 2 or not all(isinstance(n, int) and n > 0 for n in size):
        raise ValueError(f"input_size must be (C, H, W) or (C, L) in positive integers, not {input_size!r}")
    like = next(net.parameters(), torch.empty(0))
    x = torch.zeros(1, *size, dtype=like.dtype, device=like.device)
    trace = Trace(x)
    handles = [h for name, module in net.named_modules() for h in trace.watch(name, module)]
    modes = {module: module.training for module in net.modules()}
    net.eval()
    try:
        with torch.no_grad(), trace:
            net(x)
    finally:
        for handle in handles:
            handle.remove()
        for module, training in modes.items():
            module.training = training
    return Summary(tuple(_layers(trace)), size, count_parameters(net))


def _layers(trace):
    """Yield a `Layer` for each module that is a leaf, multiplies, or holds parameters."""
    counted = set()
    for name, outputs in trace.outputs.items():
        module = trace.modules[name]
        own = {id(p): p.numel() for p in module.parameters(recurse=False) if id(p) not in counted}
        counted |= own.keys()
        if outputs and (own or trace.macs[name] or not any(True for _ in module.children())):
            shape, _, field = outputs[0]
            yield Layer(name or "-", type(module).__name__, tuple(shape[1:]), sum(own.values()), trace.macs[name],
                        sum(size for _, size, _ in outputs), _sizes(field))


def _sizes(field):
    if field is None or field == WHOLE:
        return field
    return tuple(receptive_field(path).size for path in field)


def _times(shape):
    return " x ".join(map(str, shape))


def _field_text(field):
    return {None: "n/a", WHOLE: WHOLE}[field] if field in (None, WHOLE) else _times(field)
