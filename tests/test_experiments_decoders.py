"""The measures of the decoders' experiment, and a run of it at a tiny budget."""

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import networks, results
from d2lcnn.experiments import Budget, nyquist_share, run_cell
from d2lcnn.experiments.decoders import DECODERS, STEPS, WAYS, flat_ripple, mean_squared_error
from d2lcnn.experiments.images import load


def test_every_way_of_the_autoencoder_is_compared():
    assert (*networks.UPSAMPLERS,) == WAYS


def test_the_share_of_stripes_noise_and_ramps():
    rows = np.tile([[1.0], [-1.0]], (4, 8))
    assert nyquist_share(rows) == pytest.approx(1)
    assert nyquist_share(rows.T + 5) == pytest.approx(1)  # the mean does not count
    wave = np.cos(2 * np.pi * np.arange(8) / 8)[:, None] * np.ones(8)
    assert nyquist_share(wave) == pytest.approx(0)
    assert nyquist_share(3 * wave + rows) == pytest.approx(1 / (1 + 9 / 2))  # power of a cosine: half its square
    noise = np.random.default_rng(0).standard_normal((2000, 8, 6))
    assert nyquist_share(noise) == pytest.approx((8 + 6 - 1) / (8 * 6 - 1), rel=0.02)


@pytest.mark.parametrize("images", [np.zeros((2, 3, 4)), np.zeros((2, 4, 3)), np.ones((2, 4, 4))])
def test_no_share_without_that_frequency_or_without_variation(images):
    with pytest.raises(ValueError, match=r"Nyquist|constant"):
        nyquist_share(images)


def test_the_ripple_is_that_of_the_decoder():
    net = nn.Sequential()
    net.encoder = nn.AvgPool2d(4)
    net.decoder = nn.ConvTranspose2d(1, 1, 4, stride=4, bias=False)
    with torch.no_grad():
        net.decoder.weight[:] = torch.tensor([1.0, 3.0]).repeat(2)
    assert flat_ripple(net, torch.full((2, 1, 8, 8), 0.5)) == pytest.approx(0.5)


def test_the_error_is_a_mean_over_all_pixels():
    part = load("subset").test[:30]
    net = nn.Sequential(nn.Flatten(), nn.Unflatten(1, (1, 28, 28)))
    with torch.no_grad():
        assert mean_squared_error(net, part, batch_size=7) == 0
    black = nn.Threshold(2.0, 0.0)
    assert mean_squared_error(black, part, batch_size=7) == pytest.approx(np.mean((part.x / 255.0) ** 2), rel=1e-5)


@pytest.mark.parametrize("up", networks.UPSAMPLERS)
def test_a_tiny_run_measures_what_is_declared(up):
    rows = run_cell(DECODERS, up, 0, Budget(640, 100, 1, source="subset"))
    values = {row["metric"]: row["value"] for row in rows}
    assert list(values) == DECODERS.settings[up].metrics(0)
    assert all(np.isfinite(v) for v in values.values())
    assert values[f"val_mse@{STEPS[1]}"] == values["validation_mse"] < values["val_mse@0"]  # five steps
    assert {row["params"] for row in rows} == {sum(p.numel() for p in networks.autoencoder(up=up).parameters())}


def test_what_the_chapter_says_of_the_table():
    """Claims of the chapter, on every seed."""
    table = results.read("decoders")

    def of(up, metric):
        return table.value[(table.setting == up) & (table.metric == metric)]

    for transposed in ("k3s2", "k4s2"):
        assert (of(transposed, "nyquist@20") > 50 * of("resize", "nyquist@20")).all()
        assert (of(transposed, "nyquist") < 0.02).all()  # hidden
        assert (of(transposed, "ripple") > 0.002).all()  # not gone
        assert (of(transposed, "nyquist") < of(transposed, "nyquist of the images")).all()
        assert (of(transposed, "test_mse") < of("resize", "test_mse")).all()
    assert max(of("resize", m).max() for m in ("ripple", *(f"ripple@{n}" for n in STEPS))) < 1e-6
