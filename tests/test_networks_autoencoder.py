"""The autoencoder: sizes, weights in common, and what each upsampler does to a flat map."""

import pytest
import torch

from d2lcnn.networks import UPSAMPLERS, autoencoder
from d2lcnn.summary import count_parameters

# encoder (9 + 1)*16 + (144 + 1)*32 + 33*4, first of the decoder (36 + 1)*32; then 32 -> 16 -> 1 channels by kernels of
# 3x3 or 4x4 with 17 biases
SHARED = 160 + 4_640 + 132 + 1_184
COUNTS = {"k3s2": SHARED + 9 * 528 + 17, "k4s2": SHARED + 16 * 528 + 17, "resize": SHARED + 9 * 528 + 17}


@pytest.mark.parametrize("up", UPSAMPLERS)
def test_counts_and_sizes(up):
    net = autoencoder(3, up=up, seed=0)
    assert count_parameters(autoencoder(up=up)) == COUNTS[up]
    for height, width in [(28, 28), (8, 20)]:
        images = torch.zeros(2, 3, height, width)
        assert net.encoder(images).shape == (2, 4, height // 4, width // 4)
        assert net(images).shape == images.shape
    assert net(torch.zeros(1, 3, 26, 27)).shape == (1, 3, 28, 28)


def test_one_seed_is_one_encoder_and_the_global_generator_stays():
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    nets = [autoencoder(up=up, seed=3) for up in UPSAMPLERS]
    assert torch.equal(torch.random.get_rng_state(), before)
    for net in nets[1:]:
        for mine, theirs in zip(net.encoder.parameters(), nets[0].encoder.parameters(), strict=True):
            assert torch.equal(mine, theirs)
    assert not torch.equal(autoencoder(seed=4).encoder[0].weight, nets[0].encoder[0].weight)


def test_only_resizing_keeps_a_flat_map_flat():
    ripple = {}
    for up in UPSAMPLERS:
        decoder = autoencoder(up=up, seed=0).double().decoder
        with torch.no_grad():
            answer = decoder(torch.ones(1, 4, 15, 15, dtype=torch.float64))[..., 16:-16, 16:-16]
        ripple[up] = float(answer.std() / answer.abs().mean())
    assert ripple["resize"] < 1e-12
    assert min(ripple["k3s2"], ripple["k4s2"]) > 1e-3


@pytest.mark.parametrize(("error", "options", "shape"), [
    ("up is 'bilinear'; it may be 'k3s2', 'k4s2', 'resize'", {"up": "bilinear"}, None),
    ("code must be at least 1, not 0", {"code": 0}, None),
    ("in_channels must be an integer, not True", {"in_channels": True}, None),
    ("the autoencoder takes images", {}, (1, 3, 28, 28)),
])
def test_errors_name_what_is_wrong(error, options, shape):
    with pytest.raises(ValueError, match=error):
        autoencoder(**options)(torch.zeros(shape))
