"""Networks that read sequences: a temporal convolutional network or a recurrent one, and a dense layer."""

import torch
from torch import nn

from d2lcnn import networks
from d2lcnn.layers import TCN


class SequenceNet(nn.Module):
    """A body that reads a sequence and a dense layer on its output: (N, C, L) -> (N, outputs, L).

    Output t depends on inputs up to t alone, whatever the body.

    Parameters
    ----------
    kind : {"tcn", "lstm", "gru", "rnn"}
    in_channels, width, outputs : int
        Channels of the input, of the body's output (the units of a recurrent layer) and of the output.
    blocks, kernel_size : int
        Of a TCN.
    seed : int, optional
        Decides the weights; the global generator is left as it was.

    Notes
    -----
    The forget gate of the LSTM begins with the bias 1 added (Jozefowicz, Zaremba & Sutskever 2015); all else is
    torch's choice.

    Examples
    --------
    >>> net = SequenceNet("gru", 2, 5, 1, seed=0)
    >>> net(torch.zeros(3, 2, 7)).shape, net.last(torch.zeros(3, 2, 7)).shape
    (torch.Size([3, 1, 7]), torch.Size([3, 1]))
    """

    def __init__(self, kind, in_channels, width, outputs, *, blocks=4, kernel_size=3, seed=None):
        super().__init__()
        kinds = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
        if kind != "tcn" and kind not in kinds:
            raise ValueError(f"kind must be 'tcn', {', '.join(map(repr, kinds))}, not {kind!r}")
        with networks.seeded(seed):
            self.body = (TCN(in_channels, [width] * blocks, kernel_size) if kind == "tcn" else
                         kinds[kind](in_channels, width, batch_first=True))
            self.head = nn.Linear(width, outputs)
        if kind == "lstm":
            with torch.no_grad():
                self.body.bias_hh_l0[width : 2 * width] += 1  # remember, until training says otherwise

    def features(self, x):
        """Return the outputs of the body, (N, width, L)."""
        if isinstance(self.body, TCN):
            return self.body(x)
        return self.body(x.transpose(1, 2))[0].transpose(1, 2)

    def forward(self, x):
        """Return the output of every step."""
        return self.head(self.features(x).transpose(1, 2)).transpose(1, 2)

    def last(self, x):
        """Return the output of the last step, (N, outputs)."""
        return self.head(self.features(x)[..., -1])

    def macs(self, length):
        """Count multiply-adds of a sequence whose last output alone is asked for."""
        weights = sum(p.numel() for p in self.body.parameters() if p.dim() > 1)
        return weights * length + self.head.weight.numel()
