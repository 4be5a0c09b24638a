"""A recipe one change at a time, and one shirt in fifty: what is compared, how rates were chosen, what is measured."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from d2lcnn import results
from d2lcnn.experiments import Budget, recipe_changes, run_cell, unequal_classes
from d2lcnn.recipe import Recipe

TINY = Budget(500, 200, 1, "subset")


def differing(one, other):
    """Fields in which two arms' recipes differ, but for rates."""
    one, other = (vars(recipe_changes.setting(name, 0.1).recipe) for name in (one, other))
    return {field for field in one if one[field] != other[field]}


# ---- what is compared

@pytest.mark.parametrize("arm", [name for name in recipe_changes.ARMS if not name.startswith("full")][1:])
def test_each_change_of_the_plain_recipe_changes_one_thing(arm):
    fields = differing(arm, "plain")
    two = {"AdamW": {"optimizer", "weight_decay"}, "+ augmentation and cosine": {"augment", "schedule"}}
    assert fields == two[arm] if arm in two else len(fields) == 1


@pytest.mark.parametrize("part", recipe_changes.PARTS)
def test_each_part_is_added_once_and_taken_away_once(part):
    assert differing(f"+ {part}", "plain") == differing(f"full - {part}", "full") == {*recipe_changes.PARTS[part]}


def test_full_has_all_parts():
    assert differing("full", "plain") == {field for part in recipe_changes.PARTS.values() for field in part}


# ---- choices

def means(name, metric):
    return {s.setting: s.mean for s in results.summarise(name, metric)}


@pytest.mark.parametrize("arm", recipe_changes.ARMS)
def test_rates_of_the_recipe_are_the_best_of_three_seeds_and_interior(arm):
    found, rates = means("recipe_changes_tuning", "validation_accuracy"), recipe_changes.RATES[arm]
    assert recipe_changes.CHOSEN[arm] == max(rates, key=lambda rate: found[f"{arm}, lr={rate}"])
    assert min(rates) < recipe_changes.CHOSEN[arm] < max(rates)


@pytest.mark.parametrize("arm", unequal_classes.ARMS)
def test_rates_for_unequal_classes_rank_best_and_are_interior(arm):
    found, rates = means("unequal_classes_tuning", "validation_area"), unequal_classes.ARMS[arm][-1]
    assert unequal_classes.CHOSEN[arm] == max(rates, key=lambda rate: found[f"{arm}, lr={rate}"])
    assert min(rates) < unequal_classes.CHOSEN[arm] < max(rates)


@pytest.mark.parametrize("name", ["recipe_changes_tuning", "unequal_classes_tuning"])
def test_choices_had_three_seeds(name):
    assert all(s.n == 3 for s in results.summarise(name, "train_accuracy"))


# ---- images and measures

def test_training_images_hold_one_shirt_in_fifty_and_the_others_keep_all():
    parts = unequal_classes.OneInMany(100)(3, Budget(5_000, 1_000, 1, "subset"))
    assert np.bincount(parts.train.y).tolist() == [4_900, 100]
    assert np.bincount(parts.validation.y).tolist() == np.bincount(parts.test.y).tolist() == [900, 100]
    other = unequal_classes.OneInMany(100)(4, Budget(5_000, 1_000, 1, "subset"))
    assert (parts.train.x != other.train.x).any()
    assert (parts.test.x == other.test.x).all()


def test_more_shirts_replace_few_others():
    few, many = (unequal_classes.OneInMany(n)(0, TINY).train for n in (100, 400))
    assert np.bincount(few.y).tolist() == [490, 10]
    assert np.bincount(many.y).tolist() == [460, 40]
    assert (few.x[:460] == many.x[:460]).all()
    assert (few.x[-10:] == many.x[460:470]).all()


scored = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=40).filter(
    lambda pairs: len({y for _, y in pairs}) == 2)


@given(scored)
@settings(max_examples=100, deadline=None)
def test_the_area_is_scipys(pairs):
    s, y = np.array([float(s) for s, _ in pairs]), np.array([int(y) for _, y in pairs])
    statistic = mannwhitneyu(s[y == 1], s[y == 0]).statistic
    assert unequal_classes.area(s, y) == pytest.approx(statistic / (y.sum() * (1 - y).sum()))


@given(scored, st.floats(0, 0.99))
@settings(max_examples=100, deadline=None)
def test_a_threshold_keeps_its_budget_and_wastes_none(pairs, budget):
    s, y = np.array([float(s) for s, _ in pairs]), np.array([int(y) for _, y in pairs])
    threshold = unequal_classes.threshold_for(s, y, budget)
    others = s[y == 0]
    assert unequal_classes.rates(s, y, threshold)[1] <= budget
    lower = others[others < threshold]
    if len(lower):
        assert unequal_classes.rates(s, y, lower.max())[1] > budget


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50), st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_precision_is_the_share_of_right_alarms(found, wrong, more, others):
    if found + wrong == 0:
        return
    shirts, rest = found + more, wrong + others
    expected = found / (found + wrong)
    assert unequal_classes.precision(found / shirts, wrong / rest, shirts / (shirts + rest)) == pytest.approx(expected)


def test_a_run_measures_what_a_count_by_hand_gives():
    rows = {r["metric"]: r["value"] for r in run_cell(unequal_classes.UNEQUAL_CLASSES, "weights", 0, TINY)}
    setting = unequal_classes.UNEQUAL_CLASSES.settings["weights"]
    parts = setting.images(0, TINY)
    net = setting.build(0)
    setting.fit(net, parts, Recipe.of(setting.recipe, seed=0, epochs=1))
    said = setting.evaluate(net, parts.test).confusion
    assert rows["test_recall"] == pytest.approx(said[1, 1] / said[1].sum())
    assert rows["test_false_alarms"] == pytest.approx(said[0, 1] / said[0].sum())
    scored = unequal_classes.scores(net, parts.test)
    assert rows["test_area"] == pytest.approx(unequal_classes.area(scored, parts.test.y))
    moved = unequal_classes.rates(scored, parts.test.y, np.log(0.02 / 0.98))
    assert (rows["test_recall@prior"], rows["test_false_alarms@prior"]) == pytest.approx(moved)
