"""The comparison of the networks: one set of rules for all, rates chosen on validation images, a profile for GPUs."""

from dataclasses import replace

import pytest
import torch

from d2lcnn import __main__ as cli
from d2lcnn import experiments, results
from d2lcnn.experiments import Budget, Experiment, networks, run_cell
from d2lcnn.experiments.images import FULL


def test_all_but_the_last_entry_follow_the_same_rules():
    *rest, long = networks.NETWORKS.settings.values()
    assert len({replace(s.recipe, lr=1.0) for s in rest}) == 1
    assert {s.images for s in rest} == {FULL} and {s.seeds for s in rest} == {(0, 1, 2)}
    assert all(s.tested for s in rest)
    assert long.recipe.epochs > rest[0].recipe.epochs


@pytest.mark.parametrize("name", networks.NETS)
def test_rates_were_chosen_on_validation_images(name):
    tuning = {s.setting: s.mean for s in results.summarise("networks_tuning", "validation_accuracy")}
    tried = {lr: tuning[f"{name}, lr={lr}"] for lr in networks.NETS[name][2]}
    if len(set(tried.values())) == 1:  # the sigmoid net stays at chance: its rate is the one of its own chapter
        assert name == "LeNet, sigmoid" and networks.CHOSEN[name] == experiments.lenet.CHOSEN["+ one-cycle"]
    else:
        assert networks.CHOSEN[name] == max(tried, key=tried.get)


def test_the_profile_for_gpus_runs_at_a_tiny_budget_on_a_cpu():
    setting = networks.NETWORKS_GPU.settings["NiN"]
    on_cpu = replace(setting, recipe=replace(setting.recipe, bf16=False), device="cpu")
    rows = run_cell(Experiment("toy", "Does it run?", {"NiN": on_cpu}), "NiN", 0, Budget(10, 10, 1, source="subset"))
    assert {r["params"] for r in rows} == {1_992_166}
    assert {r["macs"] for r in rows} == {762_297_352}  # of a 224x224 image, not of 28x28
    x = setting.build(0)[0](torch.arange(784.0).view(1, 1, 28, 28))
    assert x.shape == (1, 1, 224, 224) and x[0, 0, :9, :9].unique().tolist() == [0, 1, 28, 29]


def test_a_profile_is_asked_for_by_name(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(experiments, "run", lambda experiment, out, workers: asked.append(experiment.name) or out)
    assert cli.main(["experiment", "networks", "--profile", "gpu", "--out", str(tmp_path)]) == 0
    assert asked == ["networks_gpu"]
    assert cli.main(["experiment", "lenet", "--profile", "gpu", "--out", str(tmp_path)]) != 0
    assert "lenet has no profile gpu; these have one: networks" in capsys.readouterr().err
