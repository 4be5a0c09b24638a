"""Experiments: what is declared is what is stored; choices were made on validation images; facts can be recomputed."""

import importlib.util
import itertools
import random
import re
import sys
import time
from dataclasses import FrozenInstanceError, fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from d2lcnn import experiments as ex
from d2lcnn import networks, results, summary
from d2lcnn.experiments import EXPERIMENTS, Budget, Classifier, Experiment, lenet, missing, store, tune
from d2lcnn.experiments import sample_efficiency as efficiency
from d2lcnn.train import Recipe

# ---- the stored results


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_file_holds_exactly_what_is_declared(name):
    table, experiment = results.read(name), EXPERIMENTS[name]
    assert sorted(zip(table.setting.tolist(), table.seed.tolist(), table.metric.tolist(), strict=True)) == \
        sorted(experiment.lines())
    assert set(table.experiment) == {name}
    assert missing(experiment, results.FOLDER) == []


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_stored_values_are_possible(name):
    table = results.read(name)
    shares = table.value[["accuracy" in m for m in table.metric]]
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (table.core_seconds > 0).all()
    for declared, setting in EXPERIMENTS[name].settings.items():
        rows = table[table.setting == declared]
        assert len(set(rows.epochs)) == len(set(rows.train_images)) == 1
        if isinstance(setting, Classifier):
            assert rows.epochs[0] == setting.recipe.epochs


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if not n.endswith("_tuning")])
def test_results_are_not_older_than_the_choice_of_their_rate(name):
    for row in results.read(name):
        setting = EXPERIMENTS[name].settings[row.setting]
        if row.metric == "lr":
            assert row.value == (setting.recipe.lr if isinstance(setting, Classifier) else setting.lr), row.setting


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_a_row_drawn_at_random_can_be_recomputed(name):
    """Another row every day; at a tiny budget the accuracy means nothing, but the counts must be the stored ones."""
    table = results.read(name)
    row = table[random.Random(int(time.time()) // 86_400).randrange(len(table))]
    # the subset in place of the full set: it is on every machine, and no count depends on which images are seen
    again = ex.run_cell(EXPERIMENTS[name], row.setting, int(row.seed), Budget(200, 100, 1, source="subset"))
    assert {r["setting"] for r in again} == {row.setting}
    assert {(r["params"], r["macs"]) for r in again} == {(row.params, row.macs)}
    expected = {m for m in table[(table.setting == row.setting) & (table.seed == row.seed)].metric.tolist()
                if "accuracy@" not in m or m.endswith("@1")}
    assert {r["metric"] for r in again} == expected
    assert all(np.isfinite(r["value"]) for r in again)


# ---- choices

def best_rate(name, prefixes, rates):
    """Rate with the best mean validation accuracy over the tuning settings "<prefix>, lr=<rate>"."""
    table = results.read(name)
    chosen_by = table[table.metric == "validation_accuracy"]
    means = {rate: np.mean([chosen_by.value[chosen_by.setting == f"{prefix}, lr={rate}"] for prefix in prefixes])
             for rate in rates}
    return max(means, key=means.get)


@pytest.mark.parametrize("step", lenet.STEPS)
def test_rates_of_lenet_were_chosen_on_validation_images(step):
    rates = lenet.STEPS[step][3]
    assert lenet.CHOSEN[step] == best_rate("lenet_tuning", [step], rates)
    assert min(rates) < lenet.CHOSEN[step] < max(rates), "the best rate may lie outside of those tried"


@pytest.mark.parametrize("net", efficiency.NETS)
def test_rates_of_sample_efficiency_were_chosen_on_validation_images(net):
    prefixes = [f"{net}, {size} images" for size in efficiency.TUNING_SIZES]
    assert efficiency.CHOSEN[net] == best_rate("sample_efficiency_tuning", prefixes, efficiency.RATES[net])
    assert min(efficiency.RATES[net]) < efficiency.CHOSEN[net] < max(efficiency.RATES[net])


@pytest.mark.parametrize("name", [n for n in EXPERIMENTS if n.endswith("_tuning")])
def test_choices_saw_no_test_image_and_no_seed_of_the_results(name):
    assert not any("test" in metric for metric in results.read(name).metric)
    chosen = EXPERIMENTS[name.removesuffix("_tuning")]
    assert not {s for setting in EXPERIMENTS[name].settings.values() for s in setting.seeds} & {
        s for setting in chosen.settings.values() for s in setting.seeds}


def test_tune_declares_a_sweep():
    made = tune("toy_tuning", "Which rate?", {"a": (lambda lr: Classifier("mlp", Recipe(1, lr)), (0.1, 0.2)),
                                              "b": (lambda lr: Classifier("linear", Recipe(2, lr)), (0.3,))})
    assert [*made.settings] == ["a, lr=0.1", "a, lr=0.2", "b, lr=0.3"]
    assert [s.recipe.lr for s in made.settings.values()] == [0.1, 0.2, 0.3]
    assert made.cells() == [(name, 100) for name in made.settings]
    assert not any("test" in metric for _, _, metric in made.lines())


# ---- what the chapters say of the ladder and of equal budgets

def test_nets_of_equal_budget_have_equal_parameters_within_two_percent():
    counts = [summary.count_parameters(networks.create(n, seed=0, **o)) for n, o in efficiency.NETS.values()]
    assert max(counts) / min(counts) < 1.02


def test_every_size_shows_as_many_images_in_as_many_steps():
    for size in efficiency.SIZES:
        recipe = efficiency.setting("cnn", size, 0.1).recipe
        assert recipe.epochs * size == efficiency.SHOWN
        assert size % recipe.batch_size == 0


def test_the_ladder_changes_one_thing_at_a_time():
    ladder = [lenet.STEPS[s] for s in ("lenet", "+ momentum", "+ one-cycle", "+ ReLU", "+ max pooling", "+ batch norm")]
    defaults = {"lenet": {"activation": "sigmoid", "pool": "avg", "norm": None},
                "lenet_bn": {"activation": "relu", "pool": "max", "norm": "batch"}}
    flat = [defaults[network] | options | training for network, options, training, _ in ladder]
    for before, after in itertools.pairwise(flat):
        assert sum(before[key] != after[key] for key in before) == 1


@pytest.mark.parametrize(("name", "setting", "accuracy"), [("lenet", "+ batch norm", 0.90),
                                                           ("lenet_subset", "lenet_bn, 12 epochs", 0.87)])
def test_goals_are_met_by_every_seed(name, setting, accuracy):
    reached = {s.setting: s for s in results.summarise(name, "test_accuracy")}[setting]
    assert reached.n >= 3
    assert reached.min >= accuracy


def test_lenet_bn_stays_within_its_core_seconds():
    spent = {s.setting: s for s in results.summarise("lenet", "core_seconds")}["+ batch norm"]
    assert spent.max <= 35


# ---- the one that CONTRIBUTING shows

def test_the_experiment_of_the_contributing_page_is_short_runs_and_answers_its_question(tmp_path, monkeypatch):
    page = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text("utf8")
    code = re.search(r"```python\n(.*?)```", page[page.index("### Adding an experiment"):], re.DOTALL)[1]
    assert len([line for line in code.splitlines() if line.strip()]) < 40
    file = tmp_path / "counting.py"
    file.write_text(code, "utf8")
    spec = importlib.util.spec_from_file_location("d2lcnn.experiments.counting", file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)  # dataclasses ask for it
    spec.loader.exec_module(module)
    experiment = ex.declared([module])["counting"]
    tiny = [ex.run_cell(experiment, name, 0, Budget(1, 1, 1))[0]["value"] for name in experiment.settings]
    assert len(set(tiny)) == 2
    errors = {name: [ex.run_cell(experiment, name, seed)[0]["value"] for seed in (0, 1)]
              for name in experiment.settings}
    assert max(errors["mean"]) < min(errors["maximum"]) / 3


# ---- what is declared stays so

def parts(value):
    """Yield a value and what its fields hold, as far as these are dataclasses."""
    yield value
    for field in fields(value):
        inner = getattr(value, field.name)
        for each in inner if isinstance(inner, tuple) else (inner,):
            if is_dataclass(each):
                yield from parts(each)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_nothing_that_is_declared_can_be_changed(name):
    for setting in EXPERIMENTS[name].settings.values():
        for part in parts(setting):
            for field in fields(part):
                with pytest.raises(FrozenInstanceError):
                    setattr(part, field.name, None)


# ---- found by looking

def test_experiments_are_found_by_module_and_two_of_one_name_are_an_error():
    files = {path.stem for path in results.FOLDER.glob("*.csv")} - {"ops", "loader"}  # those two are benchmarks'
    assert {*EXPERIMENTS} == files
    one, other = Experiment("toy", "?", {}), Experiment("toy", "??", {})
    a, b = SimpleNamespace(A=one, again=one, __name__="a"), SimpleNamespace(B=other, __name__="b")
    assert ex.declared([a, a]) == {"toy": one}
    with pytest.raises(ValueError, match="two experiments are named 'toy'; the second is in b"):
        ex.declared([a, b])


def test_a_misspelt_name_and_a_missing_profile():
    with pytest.raises(ValueError, match="no experiment is named 'resnett'; the nearest are resnet"):
        ex.find("resnett")
    with pytest.raises(ValueError, match="lenet has no profile gpu; these have one: networks"):
        ex.find("lenet", "gpu")
    assert ex.find("networks", "gpu").name == "networks_gpu"


def test_names_of_files_are_names_of_experiments():
    assert store.path_of(EXPERIMENTS["lenet"], "there").as_posix() == "there/lenet.csv"
