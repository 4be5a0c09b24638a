"""Results are where the arguments are. Torch's device "meta" is one that every machine has: shapes without numbers.

Not `max_pool2d_backward`: it has to look at the numbers.
"""

import pytest
import torch

from d2lcnn import ops

N, C, H, W = 2, 4, 9, 8
OTHER = torch.device("meta")


def image(*shape):
    return torch.zeros(shape or (N, C, H, W), device=OTHER)


CALLS = {
    "corr2d": lambda: ops.corr2d(image(9, 8), image(3, 2)),
    "conv1d": lambda: ops.conv1d(image(N, C, H), image(6, C, 3), image(6), padding=1),
    "conv2d": lambda: ops.conv2d(image(), image(6, C, 3, 3), image(6), padding="same"),
    "conv2d, strides": lambda: ops.conv2d(image(), image(6, C, 3, 3), stride=(2, 1), dilation=(1, 2)),
    "conv2d, groups": lambda: ops.conv2d(image(), image(6, 2, 3, 3), groups=2, padding=1),
    "conv2d, depthwise": lambda: ops.conv2d(image(), image(8, 1, 3, 3), groups=4),
    "conv_transpose2d": lambda: ops.conv_transpose2d(image(), image(C, 6, 3, 3), image(6), stride=2),
    "conv2d_backward": lambda: ops.conv2d_backward(image(N, 6, 7, 6), image(), image(6, C, 3, 3)),
    "conv2d_backward, depthwise": lambda: ops.conv2d_backward(image(N, C, 7, 6), image(), image(C, 1, 3, 3), groups=C),
    "fft_conv2d": lambda: ops.fft_conv2d(image(), image(6, C, 3, 3)),
    "winograd_conv2d": lambda: ops.winograd_conv2d(image(), image(6, C, 3, 3)),
    "im2col": lambda: ops.im2col(image(), 3, padding=1),
    "col2im": lambda: ops.col2im(image(N, C * 9, 7 * 6), (H, W), 3),
    "conv_matrix": lambda: ops.conv_matrix(image(3, 3), (5, 6)),
    "max_pool2d": lambda: ops.max_pool2d(image(), 2),
    "avg_pool2d": lambda: ops.avg_pool2d(image(), 3, padding=1, count_include_pad=False),
    "avg_pool2d_backward": lambda: ops.avg_pool2d_backward(image(N, C, 4, 4), image(), 2),
    "lp_pool2d": lambda: ops.lp_pool2d(image(), 2, 2),
    "adaptive_avg_pool2d": lambda: ops.adaptive_avg_pool2d(image(), 3),
    "global_avg_pool2d": lambda: ops.global_avg_pool2d(image()),
    "pad": lambda: ops.pad(image(), 1, "reflect"),
    "local_response_norm": lambda: ops.local_response_norm(image(), 3),
    "softmax_cross_entropy": lambda: ops.softmax_cross_entropy(
        image(5, 3), torch.zeros(5, dtype=torch.int64, device=OTHER)),
}


@pytest.mark.parametrize("name", CALLS)
def test_results_are_on_the_device_of_the_arguments(name):
    found = CALLS[name]()
    results = [found] if isinstance(found, torch.Tensor) else [part for part in found if part is not None]
    assert results and {result.device for result in results} == {OTHER}
