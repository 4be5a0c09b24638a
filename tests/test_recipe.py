"""Recipes: what they refuse, how rates change, how images are augmented."""

import math
import re
from dataclasses import fields

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import train


def test_shift_moves_each_image_by_its_own_offset_and_fills_with_zeros():
    x = np.random.default_rng(0).integers(1, 255, (300, 2, 5, 6)).astype(np.uint8)
    moved = train.Augment(shift=1)(x, np.random.default_rng(0))
    assert moved.shape == x.shape
    assert moved.dtype == np.uint8
    padded, used = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), set()
    for n in range(len(x)):
        fits = [(dy, dx) for dy in range(3) for dx in range(3)
                if (padded[n, :, dy:dy + 5, dx:dx + 6] == moved[n]).all()]
        assert len(fits) == 1
        used.add(fits[0])
    assert len(used) == 9


def test_flip_mirrors_about_half_and_all_channels_together():
    x = np.random.default_rng(0).random((400, 3, 4, 4))
    out = train.Augment(flip=True)(x, np.random.default_rng(0))
    kept, mirrored = (out == x).all((1, 2, 3)), (out == x[..., ::-1]).all((1, 2, 3))
    assert (kept ^ mirrored).all()
    assert 150 < mirrored.sum() < 250


# ---- schedules and optimizers

def rates(recipe, steps):
    return [recipe.learning_rate(step, steps) for step in range(steps)]


def test_cosine_is_torchs_cosine():
    parameter = nn.Parameter(torch.zeros(1))
    opt = torch.optim.SGD([parameter], 0.3)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 50)
    theirs = []
    for _ in range(50):
        theirs.append(opt.param_groups[0]["lr"])
        opt.step()
        scheduler.step()
    np.testing.assert_allclose(rates(train.Recipe(1, 0.3, schedule="cosine"), 50), theirs, atol=1e-12)


def test_onecycle_rises_linearly_to_the_peak_and_falls():
    r = np.array(rates(train.Recipe(1, 0.5, schedule="onecycle"), 1000))
    assert r[0] == pytest.approx(0.02)
    assert r.argmax() == 300
    assert r[300] == 0.5
    np.testing.assert_allclose(np.diff(r[:301]), (0.5 - 0.02) / 300)
    assert (np.diff(r[300:]) < 0).all()
    assert r[-1] < 1e-5


@pytest.mark.parametrize("value", [-0.5, math.nan, math.inf])
def test_a_schedule_that_gives_no_rate_is_named(value):
    with pytest.raises(ValueError, match=f"schedule gives the learning rate {value * 0.5} at progress 0.25"):
        train.Recipe(1, 0.5, schedule=lambda progress: value).learning_rate(1, 4)


# ---- what a recipe takes and refuses

def test_numpys_numbers_make_the_same_recipe():
    recipe = train.Recipe(np.int64(3), np.float64(0.25), batch_size=np.uint8(16), seed=np.int32(2))
    assert recipe == train.Recipe(3, 0.25, 16, seed=2)
    assert repr(recipe) == repr(train.Recipe(3, 0.25, 16, seed=2))
    assert hash(recipe) == hash(train.Recipe(3, 0.25, 16, seed=2))
    assert hash(train.Recipe(3, 0.25, augment=train.Augment(shift=1))) != hash(recipe)


@pytest.mark.parametrize(("change", "message"), [
    ({"epochs": True}, "epochs must be an integer, not True"),
    ({"epochs": 1.0}, "epochs must be an integer, not 1.0"),
    ({"lr": "0.1"}, "lr must be positive, not '0.1'"),
    ({"lr": True}, "lr must be positive, not True"),
    ({"lr": math.nan}, "lr must be positive, not nan"),
    ({"weight_decay": 1e39}, "weight_decay must be at most"),
    ({"lr": 1e39}, r"lr must be at most 3.4e\+38, not 1e\+39"),
    ({"lr": math.inf}, "lr must be positive, not inf"),
    ({"weight_decay": None}, "weight_decay must be 0 or more, not None"),
    ({"label_smoothing": -0.1}, r"label_smoothing must lie in \[0, 1\), not -0.1"),
    ({"seed": -1}, "seed must be at least 0, not -1"),
    ({"seed": 2**64}, "seed must be at most 18446744073709551615, not 18446744073709551616"),
    ({"bf16": "no"}, "bf16 must be True or False, not 'no'"),
    ({"channels_last": 1}, "channels_last must be True or False, not 1"),
    ({"optimizer": ["sgd"]}, r"optimizer is \['sgd'\]; the optimizers are sgd, plain_sgd, adam, adamw"),
    ({"schedule": None}, "schedule is None; the schedules are onecycle, cosine, constant"),
])
def test_a_recipe_is_checked_when_it_is_made(change, message):
    with pytest.raises(ValueError, match=message):
        train.Recipe(**{"epochs": 1, "lr": 0.1} | change)


def test_an_augmentation_is_checked_when_it_is_made():
    with pytest.raises(ValueError, match="shift must be at least 0, not -1"):
        train.Augment(shift=-1)
    with pytest.raises(ValueError, match="flip must be True or False, not 'no'"):
        train.Augment(flip="no")


@pytest.mark.parametrize(("options", "message"), [
    ({"epoch": 3, "lr": 0.1}, "'epoch' is no option of training; the nearest is 'epochs'"),
    ({"epochs": 3, "lr": 0.1, "label_smooting": 0.1}, "the nearest is 'label_smoothing'"),
    ({"lr": 0.1}, "training needs epochs, as options or in a recipe"),
    ({}, "training needs epochs and lr"),
    ({"recipe": 3}, "recipe must be a Recipe, not 3"),
])
def test_options_that_make_no_recipe(options, message):
    with pytest.raises(TypeError, match=message):
        train.Recipe.of(**options)


def test_options_replace_fields_and_are_checked():
    base = train.Recipe(3, 0.1, 64, "adamw", seed=1)
    assert train.Recipe.of(base) == base
    assert train.Recipe.of(base, lr=0.2, seed=5) == train.Recipe(3, 0.2, 64, "adamw", seed=5)
    with pytest.raises(ValueError, match="epochs must be at least 1, not 0"):
        train.Recipe.of(base, epochs=0)


def test_every_field_is_documented():
    documented = re.findall(r"^    (\w+) : ", train.Recipe.__doc__, re.MULTILINE)
    assert documented == [field.name for field in fields(train.Recipe)]
