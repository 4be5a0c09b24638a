"""The experiments on sequences: the tasks, the networks, and what the chapter says of the tables."""

import numpy as np
import pytest
import torch
from torch import nn

from d2lcnn import results
from d2lcnn.experiments import Budget, run_cell
from d2lcnn.experiments import sequences as sq
from d2lcnn.experiments.images import load
from d2lcnn.experiments.sequence_tasks import Learning, Parity, Pixels

TINY = Budget(train_images=200, measured_images=50, epochs=1, source="subset")


def test_the_constant_answer_to_the_adding_problem():
    x, y = sq.adding(np.random.default_rng(0), 20_000, 10)
    assert float((y - 1).square().mean()) == pytest.approx(1 / 6, rel=0.02)
    assert float(y.min()) < 0.1 < 1.9 < float(y.max())
    assert (x[:, 1, :5].sum(dim=1) == 1).all()
    assert (x[:, 1, 5:].sum(dim=1) == 1).all()


def test_parity_is_counted_bit_by_bit():
    x, y = sq.parity(np.random.default_rng(0), 50, 30)
    ones = 0
    for t in range(30):
        ones = ones + (x[:, 0, t] > 0).int()
        assert torch.equal(ones % 2, y[:, 0, t].int())


def test_pixels_are_pooled_and_read_row_by_row():
    part = load("subset").test
    x, y = sq.pixel_sequences(part)
    assert x.shape == (len(part.y), 1, 49)
    assert float(x[3, 0, 7 * 2 + 5]) == pytest.approx(part.x[3, 0, 8:12, 20:24].mean() / 255, rel=1e-6)
    assert np.array_equal(y.numpy(), part.y)


@pytest.mark.parametrize("kind", ["rnn", "lstm", "gru", "tcn"])
def test_every_net_is_causal_and_its_last_output_is_the_last(kind):
    net = sq.SequenceNet(kind, 2, 5, 3, seed=1).double()
    x = torch.tensor(np.random.default_rng(0).standard_normal((2, 2, 12)))
    later = x.clone()
    later[..., 7:] = 9.0
    torch.testing.assert_close(net(later)[..., :7], net(x)[..., :7], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(net.last(x), net(x)[..., -1], rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(net(x), sq.SequenceNet(kind, 2, 5, 3, seed=1).double()(x))


def test_multiply_adds_of_a_gru_and_of_a_tcn():
    gru = sq.SequenceNet("gru", 2, 5, 3)
    assert gru.macs(7) == 7 * 3 * 5 * (2 + 5) + 5 * 3
    tcn = sq.SequenceNet("tcn", 2, 5, 3, blocks=2, kernel_size=4)
    assert tcn.macs(7) == 7 * (4 * (2 * 5 + 3 * 5 * 5) + 2 * 5) + 5 * 3


def test_an_unknown_kind():
    with pytest.raises(ValueError, match="kind must be 'tcn', 'rnn', 'lstm', 'gru', not 'transformer'"):
        sq.SequenceNet("transformer", 1, 1, 1)


def test_the_forget_gate_begins_open_and_only_it():
    torch.manual_seed(0)
    plain = nn.LSTM(2, 4, batch_first=True)
    net = sq.SequenceNet("lstm", 2, 4, 1, seed=0)
    moved = net.body.bias_hh_l0 - plain.bias_hh_l0
    torch.testing.assert_close(moved, torch.tensor([0.0, 1.0, 0.0, 0.0]).repeat_interleave(4))


@pytest.mark.parametrize("nets", [sq.ADDING_NETS, sq.PIXEL_NETS, sq.PARITY_NETS])
def test_parameters_are_equal_within_six_percent(nets):
    counts = [sum(p.numel() for p in Learning(Pixels(), net, 0.1, 1, 1, 1).build(0).parameters())
              for name, net in nets.items() if name != "linear"]
    assert max(counts) / min(counts) < 1.06


def test_fields_cover_the_lengths_and_that_of_parity_does_not():
    assert sq.SequenceNet(**sq.ADDING_NETS["tcn"]).body.past + 1 == 121 >= max(sq.LENGTHS)
    assert sq.SequenceNet(**sq.PIXEL_NETS["tcn"]).body.past + 1 == 61 >= 49
    assert sq.SequenceNet(**sq.PARITY_NETS["tcn"]).body.past + 1 == 29 < max(Parity().lengths)


@pytest.mark.parametrize(("experiment", "name"), [
    (sq.ADDING, "tcn, length 25"), (sq.ADDING, "gru, length 25"), (sq.ADDING_TUNING, "lstm, lr=0.01"),
    (sq.PIXEL_SEQUENCES, "tcn"), (sq.PIXEL_SEQUENCES, "mlp"), (sq.PIXEL_SEQUENCES_TUNING, "linear, lr=0.01"),
    (sq.PARITY, "lstm"),
])
def test_a_tiny_run_measures_what_is_declared(experiment, name):
    setting = experiment.settings[name]
    seed = setting.seeds[0]
    rows = run_cell(experiment, name, seed, TINY)
    values = {row["metric"]: row["value"] for row in rows}
    assert list(values) == [m for m in setting.metrics(seed) if "accuracy@" not in m or m.endswith("@1")]
    assert all(np.isfinite(v) for v in values.values())
    assert {row["params"] for row in rows} == {sum(p.numel() for p in setting.build(seed).parameters())}
    again = {row["metric"]: row["value"] for row in run_cell(experiment, name, seed, TINY)}
    assert {m: v for m, v in again.items() if m[:2] != "ms"} == {m: v for m, v in values.items() if m[:2] != "ms"}


def test_tuning_and_results_train_alike():
    for chosen, tuning in ((sq.ADDING, sq.ADDING_TUNING), (sq.PIXEL_SEQUENCES, sq.PIXEL_SEQUENCES_TUNING)):
        assert not {s for t in tuning.settings.values() for s in t.seeds} & {s for t in chosen.settings.values()
                                                                             for s in t.seeds}
        assert not any(t.tested for t in tuning.settings.values())


@pytest.mark.parametrize(("name", "metric", "better"), [("adding", "validation_mse", min),
                                                       ("pixel_sequences", "validation_accuracy", max)])
def test_rates_were_chosen_on_validation_data(name, metric, better):
    for net, rate in sq.CHOSEN[name].items():
        table = results.read(f"{name}_tuning")
        scores = {r: float(table.value[(table.setting == f"{net}, lr={r}") & (table.metric == metric)][0])
                  for r in (sq.ADDING_RATES[net] if name == "adding" else sq.RATES)}
        assert min(scores) < rate < max(scores), "the best rate may lie outside of those tried"
        assert rate == better(scores, key=scores.get), (net, scores)


def _of(table, setting, metric):
    return table.value[(table.setting == setting) & (table.metric == metric)]


def _reached(table, setting):
    rounds, errors = results.curve(table, setting, "val_mse")
    return [80 * int(rounds[np.argmax(run < 1 / 60)]) if (run < 1 / 60).any() else None for run in errors]


def test_what_the_chapter_says_of_the_adding_problem():
    table = results.read("adding")
    reached = {s: _reached(table, s) for s in sq.ADDING.settings}
    assert [r for runs in reached.values() for r in runs].count(None) == 1
    assert None in reached["tcn, length 100"]
    assert all(reached[f"gru, length {n}"] == [160] * 3 for n in sq.LENGTHS)
    for net in ("tcn", "lstm"):
        assert min(r or 2000 for r in reached[f"{net}, length 100"]) > max(reached[f"{net}, length 25"])
    for n in sq.LENGTHS:
        ms = {net: _of(table, f"{net}, length {n}", "ms_per_step") for net in sq.ADDING_NETS}
        assert ms["lstm"].max() < min(ms["tcn"].min(), ms["gru"].min())


def test_what_the_chapter_says_of_pixels():
    table = results.read("pixel_sequences")
    scores = {net: _of(table, net, "test_accuracy") for net in sq.PIXEL_NETS}
    assert (scores["lstm"] < scores["tcn"]).all()
    assert (scores["lstm"] < scores["gru"]).all()
    assert scores["gru"].min() < scores["tcn"].max()  # overlapping ranges
    assert sum(m > g for m in scores["mlp"] for g in scores["gru"]) == 8
    assert scores["linear"].max() > scores["lstm"].max()
    assert scores["linear"].max() > scores["tcn"].min()


def test_what_the_chapter_says_of_parity():
    table = results.read("parity")
    for n in Parity().lengths:
        scores = {net: _of(table, net, f"test_accuracy, length {n}") for net in sq.PARITY_NETS}
        assert min(scores["lstm"].min(), scores["gru"].min()) > 0.94
        assert (scores["tcn"] == 1).all() if n == 10 else (abs(scores["tcn"] - 0.5) < 0.06).all()


def test_denormal_numbers_are_flushed_while_a_run_trains_and_not_afterwards(monkeypatch):
    said = []
    monkeypatch.setattr(torch, "set_flush_denormal", said.append)
    run_cell(sq.PARITY, "gru", 0, TINY)
    assert said == [True, False]
