"""NiN: published counts, the size of every stage, 1x1 convolutions as dense layers, the check of the input."""

import pytest
import torch
from torch import nn

from d2lcnn import networks
from d2lcnn.summary import count_parameters, summarize


def test_parameters_and_multiply_adds_of_the_large_network():
    net = networks.create("nin", seed=0)
    # Dive into Deep Learning's network with 10 classes and one channel, layer by layer: (k*k*c_in + 1)*c_out
    blocks = [(121 * 1, 96), (25 * 96, 256), (9 * 256, 384), (9 * 384, 10)]
    assert count_parameters(net) == sum((fan_in + 1) * out + 2 * (out + 1) * out for fan_in, out in blocks) == 1_992_166
    sizes = [54, 26, 12, 5]
    macs = sum((fan_in * out + 2 * out * out) * size**2 for (fan_in, out), size in zip(blocks, sizes, strict=True))
    assert summarize(net, (1, 224, 224)).macs == macs


def test_stages_of_the_large_network():
    """Dive into Deep Learning, section 8.3.3, prints these sizes for a 224x224 image."""
    x, seen = torch.zeros(1, 1, 224, 224), []
    for stage in networks.create("nin", seed=0).eval():
        x = stage(x)
        seen.append(tuple(x.shape[1:]))
    assert seen == [(96, 54, 54), (96, 26, 26), (256, 26, 26), (256, 12, 12), (384, 12, 12), (384, 5, 5), (384, 5, 5),
                    (10, 5, 5), (10, 1, 1), (10,)]


def test_the_1x1_convolutions_are_dense_layers_at_every_pixel():
    block = networks.nin_block(3, 8, 3, padding=1)
    x = torch.randn(2, 3, 5, 6)
    pixels = torch.relu(block[0](x)).permute(0, 2, 3, 1)
    for conv in (block[2], block[4]):
        dense = nn.Linear(8, 8)
        dense.load_state_dict({"weight": conv.weight[:, :, 0, 0], "bias": conv.bias})
        pixels = torch.relu(dense(pixels))
    torch.testing.assert_close(block(x), pixels.permute(0, 3, 1, 2))


@pytest.mark.parametrize(("options", "parameters"), [
    # blocks: (25+1)*32, (9*32+1)*64, (9*64+1)*96, each with two 1x1 layers; two numbers for each normalised channel
    ({}, 832 + 18_496 + 55_392 + 2_112 + 8_320 + 18_624 + 6 * 192 + (8_650 + 2 * 110 + 60)),
    ({"norm": None}, 832 + 18_496 + 55_392 + 2_112 + 8_320 + 18_624 + (8_650 + 2 * 110)),
    ({"pixelwise": False}, 832 + 18_496 + 55_392 + 2 * 192 + (8_650 + 2 * 110 + 60)),
    ({"head": "dense"}, 832 + 18_496 + 55_392 + 2_112 + 8_320 + 18_624 + 6 * 192
     + (96 * 49 + 1) * 256 + 512 + 257 * 10),
])
def test_parameters_of_the_small_network(options, parameters):
    assert count_parameters(networks.create("nin_small", seed=0, **options)) == parameters


def test_only_the_mean_over_maps_takes_other_sizes():
    x = torch.zeros(2, 1, 32, 40)
    assert networks.create("nin_small", seed=0)(x).shape == (2, 10)
    with pytest.raises(ValueError, match="takes images of 28x28 pixels, not 32x40: its dense layers"):
        networks.create("nin_small", seed=0, head="dense")(x)


@pytest.mark.parametrize(("shape", "message"), [
    ((1, 1, 66, 224), "nin takes images of 67x67 pixels or more, not 66x224"),
    ((1, 3, 224, 224), r"nin takes images \(N, 1, H, W\), not an input of shape \(1, 3, 224, 224\)"),
    ((1, 224, 224), r"nin takes images \(N, 1, H, W\)"),
])
def test_a_wrong_input_says_why(shape, message):
    with pytest.raises(ValueError, match=message):
        networks.create("nin", seed=0)(torch.zeros(shape))


def test_67_pixels_are_enough():
    assert networks.create("nin", seed=0)(torch.zeros(1, 1, 67, 67)).shape == (1, 10)


def test_an_unknown_head_is_named():
    with pytest.raises(ValueError, match="head is 'max'; it may be 'mean', 'dense'"):
        networks.create("nin_small", head="max")
