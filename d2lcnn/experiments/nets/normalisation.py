"""A layer that undoes what batch norm did, a little and anew at each step."""

import torch
from torch import nn

SHIFT, SCALE, JITTER = 0.5, 1.25, 0.1


class Unsteady(nn.Module):
    """While training, move and stretch each channel by random amounts that change at every step.

    Every channel gets a shift, uniform in -0.5 to 0.5, and a factor, uniform in 1 to 1.25; both differ between the
    images of a batch by a tenth. In evaluation mode a channel gets the means of both, 0 and 1.125.

    Notes
    -----
    After the test of Santurkar, Tsipras, Ilyas & Madry, "How Does Batch Normalization Help Optimization?"
    (arXiv:1805.11604), section 2.1, which perturbs what batch norm gives.

    Examples
    --------
    >>> layer, x = Unsteady(), torch.ones(1, 2, 1, 1)
    >>> layer.eval()(x).flatten().tolist()
    [1.125, 1.125]
    >>> with torch.random.fork_rng(devices=[]): layer.train()(x).equal(layer(x))
    False
    """

    def forward(self, x):
        """Change `x` (N, C, H, W), with draws from torch's generator."""
        if not self.training:
            return x * (1 + SCALE) / 2
        batch, channels = x.shape[:2]
        shift = SHIFT * (2 * torch.rand(1, channels) - 1) + JITTER * (2 * torch.rand(batch, channels) - 1)
        scale = 1 + (SCALE - 1) * torch.rand(1, channels) + JITTER * torch.randn(batch, channels)
        return x * scale[:, :, None, None] + shift[:, :, None, None]
