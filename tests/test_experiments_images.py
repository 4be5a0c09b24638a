"""What experiments do to images, and how stable predictions are when images move."""

import numpy as np
import pytest
import torch
from toy_images import light

from d2lcnn import experiments as ex
from d2lcnn import networks
from d2lcnn.data import Images
from d2lcnn.experiments import Budget, Fashion
from d2lcnn.experiments.images import balanced, cut, halved, load, on_canvas, permute, permuted, placed, scattered


def test_permuting_is_one_order_for_all_images_and_loses_nothing():
    images, order = light(0).train, np.random.default_rng(0).permutation(784)
    out = permute(images, order)
    for before, after in zip(images.x[:, 0], out.x[:, 0], strict=True):
        np.testing.assert_array_equal(before.flatten()[order], after.flatten())
    np.testing.assert_array_equal(permute(out, np.argsort(order)).x, images.x)
    assert out.y is images.y


def test_permuted_splits_share_one_order():
    plain, shuffled = Fashion("subset")(0), Fashion("subset", change=permuted)(7)
    column = np.unique(plain.train.x.reshape(len(plain.train), -1)[:50], axis=1, return_index=True)[1][-1]
    places = [np.flatnonzero((p.x.reshape(len(p), -1) == q.x.reshape(len(q), -1)[:, [column]]).all(axis=0))
              for p, q in zip((shuffled.train, shuffled.test), (plain.train, plain.test), strict=True)]
    assert set(places[0]) & set(places[1])
    assert set(places[0]) != {column}
    again = Fashion("subset", change=permuted)(0)
    np.testing.assert_array_equal(again.test.x[:9], shuffled.test.x[:9])  # for every seed the same


def test_a_setting_names_its_images_and_a_seed_draws_them():
    def seen(images, part, seed):
        assert seed == 3
        return images[: {"train": 60, "validation": 50, "test": 40}[part]]

    parts = Fashion("subset", 20, 30, seen)(3)
    assert [len(part) for part in parts] == [20, 30, 30]
    first, other = (Fashion("subset", 20)(seed) for seed in (0, 1))
    assert not np.array_equal(first.train.x, other.train.x)
    assert first.test is load("subset").test
    for tested in (first, other):
        held = {image.tobytes() for image in load("subset").train.x}
        assert all(image.tobytes() in held for image in tested.train.x)


def test_a_budget_is_a_cap():
    parts = light(0)
    few = cut(parts, Budget(12, 10, 1), 0)
    assert [len(part) for part in few] == [12, 10, 10]
    assert [len(part) for part in cut(parts, Budget(10**6, 10**6, 1), 0)] == [40, 20, 20]
    assert cut(parts, None, 0) == parts
    assert len(cut(parts, Budget(12, 10, 1), 0, count=7).train) == 7
    for part in (few, cut(parts, Budget(12, 10, 1), 5)):  # measured on the same images, whatever the seed
        np.testing.assert_array_equal(part.validation.x, balanced(parts.validation, 10, 0).x)
    other = cut(parts, Budget(12, 10, 1), 5, measured_seed=5)
    np.testing.assert_array_equal(other.test.x, balanced(parts.test, 10, 5).x)


def test_balanced_draws_are_balanced_nested_and_seeded():
    y = np.random.default_rng(0).integers(0, 10, 3000)
    images = Images(np.arange(3000), y)
    small, large, other = balanced(images, 100, 0), balanced(images, 1000, 0), balanced(images, 100, 1)
    assert set(np.bincount(small.y)) == {10}
    assert set(small.x) < set(large.x)
    assert set(small.x) != set(other.x)
    np.testing.assert_array_equal(y[large.x], large.y)


def test_a_canvas_surrounds_and_a_shift_loses_nothing():
    images = on_canvas(light(0).test, 33)
    assert images.x.shape == (20, 1, 33, 33)
    np.testing.assert_array_equal(images.x[:, :, 2:30, 2:30], light(0).test.x)
    assert images.x.sum() == light(0).test.x.sum()
    with pytest.raises(ValueError, match="do not fit on a canvas of 27"):
        on_canvas(light(0).test, 27)
    with pytest.raises(ValueError, match="a move by 3 pixels pushes"):
        ex.consistency(networks.create("linear", seed=0), images, 3)


@pytest.mark.parametrize("free", range(4))
def test_all_four_directions_count(free):
    """The net looks at the centre and at one neighbour: a bright centre may move that way and no other."""
    x = np.zeros((1, 1, 3, 3), np.uint8)
    x[0, 0, 1, 1] = 255
    net = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(9, 2))
    with torch.no_grad():
        net[1].weight[:], net[1].bias[:] = 0, 0
        net[1].weight[1, [4, (1, 3, 5, 7)[free]]] = 1
    assert ex.consistency(net, Images(x, np.array([0])), 1) == 0.25


def test_consistency_is_one_where_the_place_does_not_matter_and_a_share_where_it_does():
    images = on_canvas(light(0).test, 32)
    mean_only = torch.nn.Sequential(torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(1, 10))
    assert ex.consistency(mean_only.double().float(), images, 2) == 1.0
    stripes = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(32 * 32, 2))
    with torch.no_grad():  # class 0 or 1: is there more light in even or in odd rows?
        stripes[1].weight[0], stripes[1].weight[1] = (torch.arange(32).repeat_interleave(32) % 2 == n for n in (0, 1))
        stripes[1].bias[:] = 0
    assert ex.consistency(stripes, images, 1) == 0.5  # up or down turns the answer, left or right does not
    assert ex.consistency(stripes, images, 2) == 1.0
    assert stripes.training


def test_halved_images_hold_the_means_of_four_pixels():
    images = light(0).test
    small = halved(images)
    assert small.x.shape == (20, 1, 14, 14)
    assert small.x.dtype == np.uint8
    back = np.kron(small.x.astype(float), np.ones((2, 2)))
    means = np.kron(images.x[:, :, ::2, ::2] / 4 + images.x[:, :, 1::2, ::2] / 4 + images.x[:, :, ::2, 1::2] / 4
                    + images.x[:, :, 1::2, 1::2] / 4, np.ones((2, 2)))
    assert np.abs(back - means).max() < 1


def test_scattered_images_are_whole_reach_every_border_and_depend_on_the_seed():
    squares = Images(np.ones((600, 1, 14, 14), np.uint8), np.zeros(600, int))
    images = scattered(squares, 28, seed=5)
    assert images.x.shape == (600, 1, 28, 28)
    assert (images.x.sum(axis=(1, 2, 3)) == 14 * 14).all()
    tops, lefts = (images.x.any(axis=axis).argmax(axis=-1)[:, 0] for axis in (3, 2))
    for starts in (tops, lefts):
        assert set(starts.tolist()) == set(range(15))
    assert (tops != lefts).any()
    assert not np.array_equal(images.x, scattered(squares, 28, seed=6).x)


def test_placed_images_stand_where_they_are_told():
    ones = Images(np.ones((2, 1, 3, 2), np.uint8), np.zeros(2, int))
    images = placed(ones, 6, np.array([[0, 4], [3, 1]]))
    assert images.x[0, 0, :3, 4:].all() and images.x[0].sum() == 6
    assert images.x[1, 0, 3:, 1:3].all() and images.x[1].sum() == 6
