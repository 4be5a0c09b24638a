"""PyTorch code that computes what the figure shows; ``conv-lab.js`` writes the same."""

from d2lcnn.explorer.model.links import Operation, output_size
from d2lcnn.explorer.model.questions import numbers


def _number(value: float) -> str:
    return f"{int(value)}." if value == int(value) else repr(float(value))


def _tensor(lead: str, rows) -> str:
    lead += "torch.tensor([[["
    lines = ["[" + ", ".join(map(_number, row)) + "]" for row in rows.tolist()]
    return lead + (",\n" + " " * len(lead)).join(lines) + "]]]"


def code(op: Operation, x=None, w=None, g=None) -> str:
    """Write code that runs by itself and prints the output, in the view "backward" the gradients.

    Parameters
    ----------
    op : Operation
        A possible one.
    x, w, g : nested sequences of numbers, optional
        Input, kernel, output gradient; elsewhere the usual numbers.

    Examples
    --------
    >>> from d2lcnn.explorer.model.links import operation
    >>> print(code(operation("avg", i=2, k=2)), end="")
    import torch
    import torch.nn.functional as F
    <BLANKLINE>
    x = torch.tensor([[[[3., 3.],
                        [0., 0.]]]])
    y = F.avg_pool2d(x, kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))
    print(y[0, 0])
    """
    x, w, g = numbers(op, x, w, g)
    back, rows = op.view == "backward", output_size(op)
    wish = ", requires_grad=True" if back else ""
    lines = ["import torch", "import torch.nn.functional as F", ""]
    if rows[0] * rows[1] > 1000:  # torch would print only the corners
        lines.append("torch.set_printoptions(threshold=2000)")
    lines.append(_tensor("x = ", x) + wish + ")")
    if w is None:
        call = f"{op.mode}_pool2d(x, kernel_size={op.k}"
    else:
        lines.append(_tensor("w = ", w) + wish + ")")
        if back:
            lines.append("b = torch.zeros(1, requires_grad=True)")
        call = f"conv{'_transpose' if op.mode == 'transposed' else ''}2d(x, w{', b' if back else ''}"
    call += f", stride={op.s}, padding={op.p}"
    if op.mode == "transposed":
        call += f", output_padding={op.output_padding}"
    if op.mode != "avg":
        call += f", dilation={op.d}"
    lines.append(f"y = F.{call})")
    if not back:
        lines.append("print(y[0, 0])")
    else:
        lines += [_tensor("y.backward(", g) + "))", "print(x.grad[0, 0])"]
        lines += [] if w is None else ["print(w.grad[0, 0])", "print(b.grad)"]
    return "\n".join(lines) + "\n"
