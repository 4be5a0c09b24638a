"""The bank of questions with numbers: each oracle against a real layer, its mistakes, its text; the drill."""

import io
import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from d2lcnn import __main__ as cli
from d2lcnn.check import run
from d2lcnn.exercises import close
from d2lcnn.grading import bank, drill

QUESTIONS = {question.name: question for question in bank.all_questions()}
SEEDS = range(40)
RECORDED = {"output-size": {"i": 50, "k": 5, "s": 4, "p": 2},
            "receptive-field": {"layers": ((3, 1), (2, 2), (2, 1), (3, 1))}}


def rows(layer, i, channels=1):
    return layer(torch.zeros(1, channels, i, i)).shape[2]


def parameters(*layers):
    return sum(p.numel() for layer in layers for p in layer.parameters())


def macs(net, shape):
    with FlopCounterMode(display=False) as counter:
        net(torch.zeros(shape))
    return counter.get_total_flops() // 2


def field(layers, place, i=2000):
    """First and last pixel whose change one output along an axis feels: layers are (k, s, p, d)."""
    x = torch.zeros(1, 1, i, dtype=torch.float64, requires_grad=True)
    y = x
    for k, s, p, d in layers:
        y = F.conv1d(F.pad(y, (p, p)), torch.ones(1, 1, k, dtype=torch.float64), stride=s, dilation=d)
    y[0, 0, place].backward()
    seen = x.grad[0, 0].nonzero().flatten().tolist()
    return seen[0], seen[-1]


def pairs(layers):
    return [(k, s, 0, 1) for k, s in layers]


def shift(layers):
    return field(layers, 21)[0] - field(layers, 20)[0]


def size(layers, place=20):
    return field(layers, place)[1] - field(layers, place)[0] + 1


def least(holds, start=1):
    return next(n for n in range(start, 10_000) if holds(n))


def through(i, layers):
    try:
        return nn.Sequential(*(nn.Conv1d(1, 1, k, s) for k, s in layers))(torch.zeros(1, 1, i)).shape[2]
    except RuntimeError:  # a kernel larger than its input
        return 0


def whole_by_fft(n, k, length):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=n), rng.normal(size=k)
    if length < n:
        return False
    y = np.fft.irfft(np.fft.rfft(x, length) * np.fft.rfft(w, length), length)
    whole = np.convolve(x, w)
    return np.allclose(np.pad(y, (0, max(0, len(whole) - length)))[:len(whole)], whole)


def scheduled(rate, make, t):
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=rate)
    schedule = make(optimizer)
    for _ in range(t):
        optimizer.step()
        schedule.step()
    return optimizer.param_groups[0]["lr"]


def sizes_in_turn(i, k, p, m, k2, s2):
    first = rows(nn.Conv2d(1, 1, k, padding=p), i)
    second = rows(nn.MaxPool2d(m), first)
    return first, second, rows(nn.Conv2d(1, 1, k2, s2), second)


def output_padding(i, k, s, p):
    o = rows(nn.Conv2d(1, 1, k, s, p), i)
    return o, least(lambda a: rows(nn.ConvTranspose2d(1, 1, k, s, p, a), o) == i, 0)


def field_of_output(k, s, p, k2, s2, p2, j):
    # with the padding as pixels of a larger image, which can be felt, too
    first, last = field([(k, s, 0, 1), (k2, s2, 0, 1)], j)
    return first - p - s * p2, last - p - s * p2


def batch_norm(c, filters, k):
    norm = nn.BatchNorm2d(filters)
    return parameters(nn.Conv2d(c, filters, k, bias=False), norm), norm.running_mean.numel() + norm.running_var.numel()


def kept(millions, optimizer):
    """Count what an optimizer really keeps for a parameter, by one step."""
    weight = nn.Parameter(torch.ones(100))
    made = {"SGD without momentum": lambda p: torch.optim.SGD(p, lr=1), "Adam": torch.optim.Adam,
            "SGD with momentum": lambda p: torch.optim.SGD(p, lr=1, momentum=0.9)}[optimizer]([weight])
    weight.sum().backward()
    made.step()
    state = sum(value.numel() for value in made.state[weight].values()
                if torch.is_tensor(value) and value.numel() == 100)
    return millions * (100 + 100 + state) * weight.element_size() // 100


def bottleneck(i, c, reduced, filters, k):
    direct = nn.Conv2d(c, filters, k, padding=k // 2, bias=False)
    narrow = nn.Sequential(nn.Conv2d(c, reduced, 1, bias=False),
                           nn.Conv2d(reduced, filters, k, padding=k // 2, bias=False))
    return macs(direct, (1, c, i, i)), macs(narrow, (1, c, i, i))


def stacked(c, depth):
    seen = size([(3, 1, 0, 1)] * depth)
    small = [nn.Conv2d(c, c, 3, bias=False) for _ in range(depth)]
    return parameters(*small), parameters(nn.Conv2d(c, c, seen, bias=False))


def matrix(i, k, s):
    """Jacobian of the convolution."""
    def f(x):
        return F.conv2d(x.reshape(1, 1, i, i), torch.ones(1, 1, k, k), stride=s).reshape(-1)

    jacobian = torch.autograd.functional.jacobian(f, torch.zeros(i * i))
    return (*jacobian.shape, int((jacobian != 0).sum()))


def batches(n, b, epochs):
    sizes = [len(batch) for batch in torch.utils.data.BatchSampler(range(n), b, drop_last=False)]
    return epochs * len(sizes), sizes[-1]


def slid(u, c, i, larger):
    conv = nn.Conv2d(c, u, i, bias=False)
    conv.weight.data = nn.Linear(c * i * i, u, bias=False).weight.data.reshape(conv.weight.shape)
    return parameters(conv), conv(torch.zeros(1, c, larger, larger)).numel()


REAL = {
    "output-size": lambda i, k, s, p: rows(nn.Conv2d(1, 1, k, s, p), i),
    "dilated-output-size": lambda i, k, s, p, d: rows(nn.Conv2d(1, 1, k, s, p, d), i),
    "output-shape": lambda n, c, h, w, filters, kh, kw: tuple(
        nn.Conv2d(c, filters, (kh, kw))(torch.zeros(n, c, h, w)).shape),
    "pooling-ceil": lambda i, k, s: (rows(nn.MaxPool2d(k, s), i), rows(nn.MaxPool2d(k, s, ceil_mode=True), i)),
    "same-padding": lambda k, d: next((b, b + odd) for b in range(100) for odd in (0, 1) if rows(
        nn.Sequential(nn.ZeroPad2d((b, b + odd) * 2), nn.Conv2d(1, 1, k, dilation=d)), 50) == 50),
    "transposed-output-size": lambda i, k, s, p, a: rows(nn.ConvTranspose2d(1, 1, k, s, p, a), i),
    "output-padding": output_padding,
    "kernel-span": lambda k, d: (size([(k, 1, 0, d)]), size([(k, 1, 0, d)]) - k),
    "smallest-image": lambda layers, o: least(lambda i: through(i, layers) == o),
    "sizes-in-turn": sizes_in_turn,
    "receptive-field": lambda layers: (size(pairs(layers)), shift(pairs(layers))),
    "field-of-output": field_of_output,
    "doubled-dilations": lambda k, depth: size([(k, 1, 0, 2**n) for n in range(depth)]),
    "layers-needed": lambda k, n: (least(lambda depth: size([(k, 1, 0, 1)] * depth) >= n),
                                   least(lambda depth: size([(k, 1, 0, 2**m) for m in range(depth)]) >= n)),
    "total-stride": lambda halvings, i: (
        shift([(3, 2, 1, 1)] * halvings),
        nn.Sequential(*(nn.Conv2d(1, 1, 3, 2, 1) for _ in range(halvings)))(torch.zeros(1, 1, i, i)).numel()),
    "conv-parameters": lambda c, filters, k: parameters(nn.Conv2d(c, filters, k)),
    "grouped-parameters": lambda c, filters, k, groups: parameters(nn.Conv2d(c, filters, k, groups=groups)),
    "separable-parameters": lambda c, filters, k: (
        parameters(nn.Conv2d(c, filters, k, bias=False)),
        parameters(nn.Conv2d(c, c, k, groups=c, bias=False), nn.Conv2d(c, filters, 1, bias=False))),
    "batch-norm-numbers": batch_norm,
    "conv-multiply-adds": lambda i, c, filters, k, s, p: macs(nn.Conv2d(c, filters, k, s, p, bias=False), (1, c, i, i)),
    "bottleneck-multiply-adds": bottleneck,
    "head-parameters": lambda c, i, classes: (
        parameters(nn.Linear(nn.Flatten()(torch.zeros(1, c, i, i)).shape[1], classes)),
        parameters(nn.Linear(nn.AdaptiveAvgPool2d(1)(torch.zeros(1, c, i, i)).numel(), classes))),
    "stacked-kernels": stacked,
    "dense-as-convolution": slid,
    "activation-bytes": lambda n, c, h, w, dtype: (
        lambda x: x.numel() * x.element_size())(torch.empty(n, c, h, w, dtype=getattr(torch, dtype))),
    "training-bytes": kept,
    "im2col-shape": lambda n, c, i, k, s, p: tuple(F.unfold(torch.zeros(n, c, i, i), k, stride=s, padding=p).shape),
    "convolution-matrix": matrix,
    "fft-length": lambda n, k: (least(lambda length: whole_by_fft(n, k, length), n),
                                2 ** least(lambda e: whole_by_fft(n, k, 2**e))),
    "steps-of-training": batches,
    "cosine-rate": lambda rate, steps, t: scheduled(
        rate, lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, steps), t),
    "step-decay": lambda rate, factor, every, epoch: scheduled(
        rate, lambda o: torch.optim.lr_scheduler.StepLR(o, every, factor), epoch),
}


def test_every_question_is_tried():
    assert len(QUESTIONS) >= 20 and {*REAL} == {*QUESTIONS} and len(QUESTIONS) == len(bank.all_questions())


@pytest.mark.parametrize("name", QUESTIONS)
def test_the_oracle_agrees_with_a_real_layer(name):
    for seed in range(12):
        numbers = QUESTIONS[name].numbers(seed)
        real, answer = REAL[name](**numbers), QUESTIONS[name].oracle(**numbers)
        assert real == answer or close(real, answer), (numbers, real, answer)


def flat(value):
    """Yield the numbers of a draw; words stand for themselves."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for each in value:
            yield from flat(each)
    else:
        yield str(value)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_draw_stands_by_itself(name):
    question = QUESTIONS[name]
    for seed in SEEDS:
        numbers = question.numbers(seed)
        assert numbers == question.numbers(seed)
        # Python's own, so that their repr is code
        assert all(type(number) in (int, float, str, tuple) for number in numbers.values())
        spec, text = question.drawn(seed, 7)
        assert (spec.id, spec.kind, spec.cls, text.id) == (f"{name}-7", "value", "A", f"{name}-7")
        assert text.name == f"{name.replace('-', '_')}_7" and text.stub.startswith("answer = ...  # a")
        assert {*flat(numbers)} <= {*re.findall(r"\d+(?:\.\d+)?", text.text)} | {
            word for word in flat(numbers) if not word[0].isdigit() and word in text.text}
        assert re.search(r"Hand in (the number|a tuple)[^.]*\.$", text.text)
        assert question.drawn(seed, 1)[1].text == text.text  # the variant takes no part in the draw


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_right_answer_passes_and_each_mistake_gets_its_hint(name):
    for seed in SEEDS:
        spec, _ = QUESTIONS[name].drawn(seed)
        right = spec.oracle()
        assert run(spec, right).status == "passed"
        assert run(spec, ...).status == "not attempted"
        for number, mistake in enumerate(spec.mistakes):
            report = run(spec, mistake.answer)
            assert report.status == "failed", (seed, mistake)
            same = [other.hint for other in spec.mistakes[:number] if close(other.answer, mistake.answer)]
            assert report.hint == (same or [mistake.hint])[0]


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_mistake_is_one_for_some_numbers_and_is_told_from_the_others(name):
    """A mistake that is right, or hidden by another one, whatever the numbers, would be a line that does nothing."""
    told = {}
    for seed in range(200):
        numbers = QUESTIONS[name].numbers(seed)
        right, before = QUESTIONS[name].oracle(**numbers), []
        for mistake, answer, hint in QUESTIONS[name].mistakes(**numbers):
            told.setdefault(mistake, False)
            told[mistake] |= not any(close(answer, other) for other in (right, *before))
            before.append(answer)
            assert hint.endswith((".", "?"))
    assert all(told.values()) and len(told) >= 4, told


@pytest.mark.parametrize("name", QUESTIONS)
def test_numbers_are_for_pen_and_paper_and_many(name):
    drawn = [QUESTIONS[name].numbers(seed) for seed in range(200)]
    assert len({repr(numbers) for numbers in drawn}) >= 20
    for numbers in drawn:
        answer = QUESTIONS[name].oracle(**numbers)
        for number in flat(answer if isinstance(answer, tuple) else (answer,)):
            assert 0 <= float(number) < 10**9
        assert all(float(word) < 10_000 for word in flat(numbers) if word[0].isdigit())


def test_a_draw_is_the_same_on_every_machine():
    """Recorded: another version of NumPy that drew otherwise would ask one thing and grade another."""
    assert QUESTIONS["output-size"].numbers(2**64 - 1) == RECORDED["output-size"]
    assert QUESTIONS["receptive-field"].numbers(0) == RECORDED["receptive-field"]


def test_an_unknown_question_is_refused_with_the_nearest():
    with pytest.raises(ValueError, match="no question is named 'output_size'; the nearest are output-size, "):
        bank.get("output_size")


def test_a_notebook_checks_an_answer_by_the_numbers_of_its_text(capsys):
    bank.check("output-size", 14, i=28, k=5, s=2, p=2)
    assert capsys.readouterr().out == "output-size-1: all public checks pass\n"
    bank.check("output-size", 28, i=28, k=5, s=2, p=2)
    assert "hint  You moved the window by one pixel" in capsys.readouterr().out


def test_the_catalogue_lists_the_bank(capsys):
    assert cli.main(["exercises", "--bank"]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in table[1:-1]] == [*QUESTIONS]
    assert table[-1].startswith(f"{len(QUESTIONS)} questions, ")
    assert cli.main(["exercises", "--bank", "--topic", "groups", "--csv"]) == 0
    assert [line.split(",")[0] for line in capsys.readouterr().out.splitlines()] == [
        "name", "grouped-parameters", "separable-parameters"]
    assert cli.main(["exercises", "--bank", "--difficulty", "3", "--json"]) == 0
    hard = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in hard] == [name for name in QUESTIONS if QUESTIONS[name].difficulty == 3] != []
    assert all(each["example"] == QUESTIONS[each["name"]].drawn(0)[1].text for each in hard)
    assert cli.main(["exercises", "--bank", "output-size"]) == 0
    assert QUESTIONS["output-size"].drawn(0)[1].text in capsys.readouterr().out


def test_chapters_kinds_and_classes_are_not_of_the_bank(capsys):
    assert cli.main(["exercises", "--bank", "--chapter", "pooling"]) == 2
    assert "--chapter" in capsys.readouterr().err


def drilled(answers, capsys, monkeypatch, *arguments):
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{answer}\n" for answer in answers)))
    assert cli.main(["drill", *map(str, arguments)]) == 0
    return capsys.readouterr().out


def asked(seed, count, topic=None):
    return [question.drawn(number)[0] for question, number in drill.rounds(topic, seed, count)]


def test_a_drill_says_right(capsys, monkeypatch):
    answers = [spec.oracle() for spec in asked(3, 4)]
    out = drilled(answers, capsys, monkeypatch, "--seed", 3, "--count", 4)
    assert out.count("right\n") == 4 and "4 of 4 right" in out and "--seed 3" in out


def test_a_drill_gives_a_hint_then_the_answer(capsys, monkeypatch):
    [spec] = asked(5, 1, "stride")
    wrong = [mistake.answer for mistake in spec.mistakes[:2]]
    out = drilled(wrong, capsys, monkeypatch, "--seed", 5, "--count", 1, "--topic", "stride")
    assert spec.mistakes[0].hint in out and f"it is {spec.oracle()!r}" in out and "0 of 1 right" in out


def test_a_second_try_counts_apart(capsys, monkeypatch):
    [spec] = asked(6, 1)
    out = drilled([spec.mistakes[0].answer, spec.oracle()], capsys, monkeypatch, "--seed", 6, "--count", 1)
    assert "0 of 1 right at once, 1 at the second try" in out


def test_what_is_no_number_is_asked_again_and_an_end_of_input_ends(capsys, monkeypatch):
    [spec, *_] = asked(7, 3)
    out = drilled(["__import__('os')", "what", spec.oracle()], capsys, monkeypatch, "--seed", 7, "--count", 3)
    assert out.count("numbers are meant") == 2 and "1 of 1 right" in out


def test_an_empty_line_shows_the_answer(capsys, monkeypatch):
    [spec] = asked(8, 1)
    assert f"it is {spec.oracle()!r}" in drilled([""], capsys, monkeypatch, "--seed", 8, "--count", 1)


@pytest.mark.parametrize(("text", "value"), [
    ("12", 12), (" 3, 4 ", (3, 4)), ("(3, 4)", (3, 4)), ("[1, 2]", [1, 2]), ("0.1*3/4", 0.1 * 3 / 4), ("-2", -2),
    ("7*7*16*(3+1)", 3136), ("28 // 3 + 1", 10), ("2**9", 512), ("3136 000", None), ("9**9**9", None), ("1/0", None),
    ("a", None), ("True", None), ("'3'", None), ("(" * 300, None), ("f(2)", None), ("10**400*1.5", None),
])
def test_answers_may_be_sums(text, value):
    assert drill.value(text) == value and type(drill.value(text)) is type(value)


def test_no_topic_of_the_bank(capsys):
    assert cli.main(["drill", "--topic", "cooking"]) == 2
    assert "no question is about 'cooking'" in capsys.readouterr().err


def test_a_drill_works_in_a_pipe_without_torch():
    answers = "".join(f"{spec.oracle()}\n" for spec in asked(1, 2))
    code = "import sys; from d2lcnn.__main__ import main; sys.exit(main(sys.argv[1:]) or 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code, "drill", "--seed", "1", "--count", "2"], input=answers,
                          capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "") and "2 of 2 right" in done.stdout
