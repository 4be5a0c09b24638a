"""Net surgery: one pass of the new network against the old one on every crop."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from d2lcnn import networks
from d2lcnn.layers import LocallyConnected2d, dense_to_conv, fully_convolutional


def on_crops(net, image, size, step):
    """Apply a classifier to every crop, one after another; (classes, rows, columns)."""
    h, w = image.shape[1:]
    rows = [[net(image[None, :, i : i + size[0], j : j + size[1]])[0] for j in range(0, w - size[1] + 1, step)]
            for i in range(0, h - size[0] + 1, step)]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)


def seen(net):
    """Give batch norm statistics and weights of its own, so that forgetting one shows; evaluation mode."""
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            for tensor in (module.weight.data, module.bias.data, module.running_mean, module.running_var):
                tensor.uniform_(0.5, 1.5)
    return net.double().eval()


def classifier(k, pool, head, norm):
    """Build a small net for 2 x 13 x 11 images, whose last map depends on k and pool."""
    layers = [nn.Conv2d(2, 3, k), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(pool), nn.Conv2d(3, 4, 2), nn.Tanh()]
    with torch.no_grad():
        c, h, w = nn.Sequential(*layers)(torch.zeros(1, 2, 13, 11)).shape[1:]
    if head == "dense":
        normed = [nn.BatchNorm1d(6, eps=0.1, momentum=0.3)] if norm else []
        return nn.Sequential(nn.Sequential(*layers), nn.Flatten(), nn.Linear(c * h * w, 6), *normed, nn.ReLU(),
                             nn.Dropout(), nn.Linear(6, 5))
    pooling = {"mean": nn.AdaptiveAvgPool2d(1), "max": nn.AdaptiveMaxPool2d((1, 1))}[head]
    return nn.Sequential(*layers, pooling, nn.Flatten(), nn.Linear(c, 5, bias=norm))


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.sampled_from(["dense", "mean", "max"]), st.booleans(),
       st.integers(0, 7), st.integers(0, 7), st.integers(0, 1000))
def test_one_pass_is_all_crops(k, pool, head, norm, more_rows, more_columns, seed):
    torch.manual_seed(seed)
    net = seen(classifier(k, pool, head, norm))
    image = torch.randn(2, 13 + more_rows, 11 + more_columns, dtype=torch.float64)
    with torch.no_grad():
        one_pass = fully_convolutional(net, (2, 13, 11))(image[None])[0]
        crops = on_crops(net, image, (13, 11), pool)
    # the last rows of a crop may be read by no pooling window: then the pass has a place whose crop would hang over
    assert all(0 <= a - b <= 1 for a, b in zip(one_pass.shape, crops.shape, strict=True))
    rows, columns = (min(a, b) for a, b in zip(one_pass.shape[1:], crops.shape[1:], strict=True))
    torch.testing.assert_close(one_pass[:, :rows, :columns], crops[:, :rows, :columns], rtol=0, atol=1e-12)


def test_on_its_own_size_it_is_the_net():
    net = networks.create("nin_small", seed=0, head="dense").eval()
    x = torch.rand(3, 1, 28, 28)
    with torch.no_grad():
        out = fully_convolutional(net, (1, 28, 28))(x)
        assert out.shape == (3, 10, 1, 1)
        torch.testing.assert_close(out[:, :, 0, 0], net(x), rtol=0, atol=1e-4)  # with padding, too: this crop is all


def test_the_copy_is_a_copy_and_keeps_modes():
    net = classifier(3, 2, "dense", True)
    new = fully_convolutional(net, (2, 13, 11))
    assert new.training
    assert net.training
    assert all(module.training for module in net.modules())
    stored, statistics = [p.clone() for p in net.parameters()], [b.clone() for b in net.buffers()]
    for b, c in zip(new.buffers(), statistics, strict=True):
        assert torch.equal(b, c)  # sizes are found by running the layers, which is no training
    with torch.no_grad():
        for p in new.parameters():
            p.zero_()
    assert all(torch.equal(p, q) for p, q in zip(net.parameters(), stored, strict=True))
    assert all(torch.equal(p, q) for p, q in zip(net.buffers(), statistics, strict=True))
    assert sum(p.numel() for p in new.parameters()) == sum(p.numel() for p in net.parameters())
    assert not any(module.training for module in fully_convolutional(net.eval(), (2, 13, 11)).modules())


@pytest.mark.parametrize("head", ["dense", "mean"])
def test_each_layer_of_the_copy_has_the_mode_of_the_layer_it_copies(head):
    """Batch norm held still in a training network stays so, wherever it stands."""
    net = classifier(3, 2, head, True)
    layers = [m for m in net.modules() if not list(m.children()) and not isinstance(m, nn.Flatten)]
    for frozen in layers:
        frozen.eval()
        new = fully_convolutional(net, (2, 13, 11))
        assert new.training
        assert [m.training for m in new] == [m.training for m in layers] == [m is not frozen for m in layers]
        frozen.train()


def test_the_copy_trains_as_the_net_does():
    """In training mode batch norm uses the batch's own statistics, its eps, and its momentum for the running ones."""
    torch.manual_seed(0)
    net = seen(classifier(3, 2, "dense", True)).train()
    net[5].p = 0.0  # each would drop other units
    new, x = fully_convolutional(net, (2, 13, 11)), torch.randn(4, 2, 13, 11, dtype=torch.float64)
    torch.testing.assert_close(new(x)[:, :, 0, 0], net(x), rtol=0, atol=1e-12)
    for mine, theirs in zip(new.buffers(), net.buffers(), strict=True):
        torch.testing.assert_close(mine, theirs, rtol=0, atol=1e-12)


def test_padding_shows():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Flatten(), nn.Linear(2 * 6 * 6, 3)).double()
    image = torch.rand(1, 9, 9, dtype=torch.float64) + 1
    with torch.no_grad():
        one_pass = fully_convolutional(net, (1, 6, 6))(image[None])[0]
        gap = (one_pass - on_crops(net, image, (6, 6), 1)).abs().amax(0)
        assert gap.min() > 0.01  # each crop has two or more sides inside the image, where the pass reads no zeros


def test_a_dense_layer_is_a_kernel_of_the_maps_size():
    torch.manual_seed(0)
    dense = nn.Linear(2 * 3 * 4, 5, bias=False).double()
    maps = torch.randn(2, 2, 3, 4, dtype=torch.float64)
    out = dense_to_conv(dense, (2, 3, 4))(maps)
    np.testing.assert_allclose(out[:, :, 0, 0].detach(), dense(maps.flatten(1)).detach(), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("call", "error", "message"), [
    (lambda: dense_to_conv(nn.Linear(12, 2), (3, 2, 3)), ValueError, r"map_size \(3, 2, 3\) has 18 numbers, but dense"),
    (lambda: dense_to_conv(nn.Linear(12, 2), (3, 4)), ValueError, r"map_size must be an integer or 3 .*, not \(3, 4\)"),
    (lambda: fully_convolutional(nn.Sequential(), (1, 2.0, 2)), ValueError, "input_size must be an integer, not 2.0"),
    (lambda: dense_to_conv(nn.Conv2d(1, 1, 1), (1, 1, 1)), TypeError, "dense must be a torch.nn.Linear, not Conv2d"),
    (lambda: fully_convolutional(nn.Linear(4, 2), (1, 2, 2)), TypeError, "net must be a torch.nn.Sequential, not Li"),
])
def test_it_says_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(("layers", "error", "message"), [
    ([nn.Linear(6, 6)], TypeError, "before Flatten works along the last axis"),
    ([nn.AdaptiveAvgPool2d(2)], ValueError, "must have output_size 1"),
    ([nn.Flatten(2)], ValueError, "must flatten channels and places"),
    ([nn.Flatten(0, 3)], ValueError, "must flatten channels and places"),
    ([nn.Flatten(1, 2)], ValueError, "must flatten channels and places"),
    ([nn.Flatten(), nn.Softmax(1)], TypeError, "Softmax.* after Flatten cannot be translated"),
    ([nn.Flatten(), nn.BatchNorm1d(36)], TypeError, "numbers for every place"),
])
def test_it_refuses_what_cannot_slide(layers, error, message):
    with pytest.raises(error, match=message):
        fully_convolutional(nn.Sequential(*layers), (1, 6, 6))


def test_batch_norm_without_numbers_of_its_own():
    net = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.BatchNorm1d(3, affine=False, track_running_stats=False))
    assert not list(fully_convolutional(net, (1, 2, 2))[1].state_dict())


def test_unshared_layers_do_not_slide():
    net = nn.Sequential(LocallyConnected2d(1, 2, 6, 3), nn.Flatten(), nn.Linear(2 * 4 * 4, 3))
    new = fully_convolutional(net, (1, 6, 6))
    with pytest.raises(ValueError, match="weights for each place of that size"):
        new(torch.zeros(1, 1, 9, 9))


def test_flatten_may_name_its_axes_either_way():
    nets = [nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(*axes), nn.Linear(2 * 4 * 4, 3))
            for axes in ((), (1, 3), (1, -1))]
    for net in nets:
        net.load_state_dict(nets[0].state_dict())
    x = torch.rand(1, 1, 9, 8)
    first, *others = (fully_convolutional(net, (1, 6, 6))(x) for net in nets)
    assert first.shape == (1, 3, 4, 3)
    assert all(torch.equal(first, other) for other in others)
