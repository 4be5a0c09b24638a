"""Stacks of gated and of ordinary convolutions that read an image as a sequence of columns."""

from torch import nn

from d2lcnn import layers, networks

from ..gated import DEPTH, KINDS, STEPS, WIDTHS


class Block(nn.Module):
    """One convolution with kernel 3 and what follows it: (N, C, L) -> (N, C, L).

    A shortcut is added to the result and the sum divided by the root of 2, which keeps the variance of two independent
    parts of equal variance (Gehring, Auli, Grangier, Yarats & Dauphin 2017, section 3.4).

    Examples
    --------
    >>> [sum(p.numel() for p in Block("ReLU", 32).parameters()), sum(p.numel() for p in Block("GLU", 24).parameters())]
    [3104, 3504]
    """

    def __init__(self, kind, width):
        super().__init__()
        activation, gate, self.shortcut = KINDS[kind]
        if gate:
            self.branch = layers.GatedConv1d(width, width, 3, activation=activation)
        else:
            act = {"relu": nn.ReLU, "tanh": nn.Tanh}[activation]
            self.branch = nn.Sequential(nn.Conv1d(width, width, 3, padding="same"), act())
        self.weight = self.branch.conv.weight if gate else self.branch[0].weight
        self.bias = self.branch.conv.bias if gate else self.branch[0].bias
        self.values = width  # channels of the weight that make values; the others make gates

    def forward(self, x):
        """Return the block's maps."""
        y = self.branch(x)
        return (x + y) * 0.5**0.5 if self.shortcut else y


class Stack(nn.Module):
    """Read an image as a sequence of columns, 28 rows deep: a convolution, `DEPTH` blocks, a dense layer of all maps.

    Parameters
    ----------
    kind : str
        A key of `KINDS`.
    seed : int
        Decides the initial weights, as torch draws them.
    depth : int

    Examples
    --------
    >>> Stack("residual GLU")(torch.zeros(2, 1, 28, 28)).shape
    torch.Size([2, 10])
    """

    def __init__(self, kind, *, seed=0, depth=DEPTH):
        super().__init__()
        width = WIDTHS[KINDS[kind][1]]
        with networks.seeded(seed):
            self.stem = nn.Conv1d(28, width, 3, padding="same")
            self.blocks = nn.Sequential(*(Block(kind, width) for _ in range(depth)))
            self.head = nn.Sequential(nn.Flatten(), nn.Linear(width * STEPS, 10))

    def forward(self, x):
        """Map (N, 1, 28, 28) to logits (N, 10)."""
        return self.head(self.blocks(self.stem(x.squeeze(1))))
