"""The explorer's core against torch (sizes and values) and against itself; its words; the guide's cases."""

import itertools
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from d2lcnn.explorer.model import boards, links, words
from d2lcnn.explorer.model.cases import CASES, INPUT, KERNEL, tiled
from d2lcnn.explorer.model.links import operation

RNG = np.random.default_rng(7)


def conv_settings():
    """Every one-axis combination of small sizes, rows and columns taken from different ones: 2,000 and more."""
    single = [
        c
        for c in itertools.product((1, 2, 3, 5, 6), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2, 3))
        if c[4] * (c[1] - 1) + 1 <= c[0] + 2 * c[3]
    ]
    return (
        [tuple(zip(row, single[(n * 37 + 11) % len(single)], strict=True)) for n, row in enumerate(single)]
        + [tuple(zip(row, single[(n * 101 + 5) % len(single)], strict=True)) for n, row in enumerate(single)]
        + [tuple(zip(row, row, strict=True)) for row in single]
        + [tuple(zip(single[(n * 13 + 3) % len(single)], row, strict=True)) for n, row in enumerate(single)]
    )


def transposed_settings():
    single = [
        c
        for c in itertools.product((1, 2, 3, 4), (1, 2, 3), (1, 2, 3), (0, 1, 2), (1, 2, 3), (0, 1, 2))
        if c[5] < max(c[2], c[4]) and (c[0] - 1) * c[2] - 2 * c[3] + c[4] * (c[1] - 1) + c[5] + 1 >= 1
    ]
    return (
        [tuple(zip(row, single[(n * 37 + 11) % len(single)], strict=True)) for n, row in enumerate(single)]
        + [tuple(zip(row, single[(n * 61 + 2) % len(single)], strict=True)) for n, row in enumerate(single)]
        + [tuple(zip(row, row, strict=True)) for row in single]
    )


@pytest.fixture(scope="module")
def functional():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch.nn.functional


def tensors(x, w):
    import torch

    return torch.from_numpy(x)[None, None], torch.from_numpy(w)[None, None]


def test_convolution_equals_torch_over_thousands_of_settings(functional):
    found = conv_settings()
    assert len(found) > 1200
    for i, k, s, p, d in found:
        one = operation("conv", i, k, s, p, d)
        x, w = RNG.normal(size=i), RNG.normal(size=k)
        tx, tw = tensors(x, w)
        want = functional.conv2d(tx, tw, stride=s, padding=p, dilation=d)[0, 0].numpy()
        assert links.output_size(one) == want.shape
        np.testing.assert_allclose(links.values(one, x, w), want, atol=1e-12, err_msg=str(one))


def test_transposed_equals_torch_over_thousands_of_settings_in_both_views(functional):
    found = transposed_settings()
    assert len(found) > 1000
    cropped = 0
    for i, k, s, p, d, a in found:
        x, w = RNG.normal(size=i), RNG.normal(size=k)
        tx, tw = tensors(x, w)
        want = functional.conv_transpose2d(tx, tw, stride=s, padding=p, dilation=d, output_padding=a)[0, 0].numpy()
        for view in links.VIEWS:
            one = operation("transposed", i, k, s, p, d, a, view)
            assert links.output_size(one) == want.shape
            np.testing.assert_allclose(links.values(one, x, w), want, atol=1e-12, err_msg=str(one))
        cropped += any(pp > dd * (kk - 1) for pp, dd, kk in zip(p, d, k, strict=True))
    assert cropped > 50  # the case that pictures leave out: a negative padding of the stretched input


def test_pooling_equals_torch(functional):
    tried = 0
    for i, k, s, p, d in itertools.product(
        ((5, 5), (4, 7), (6, 3)), ((2, 2), (3, 3), (3, 2)), (None, 1, 2, (2, 3)), (0, 1), (1, 2)
    ):
        for mode in ("max", "avg"):
            one = operation(mode, i, k, s, p, d)
            if words.problem(one):
                continue
            x = RNG.normal(size=i)
            tx, _ = tensors(x, x)
            if mode == "max":
                want = functional.max_pool2d(tx, k, s, p, d)
            else:
                want = functional.avg_pool2d(tx, k, s, p)
            assert links.output_size(one) == want.shape[2:]
            np.testing.assert_allclose(links.values(one, x), want[0, 0].numpy(), atol=1e-12, err_msg=str(one))
            tried += 1
    assert tried > 150


def test_torch_refuses_what_we_call_a_problem(functional):
    """A sentence appears exactly where torch raises (within the limits of the drawing)."""
    refused = accepted = 0
    for i, k, s, p, d, a in itertools.product((1, 2, 4), (1, 2, 4), (1, 2, 3), (0, 1, 2), (1, 2, 3), (0, 1, 2)):
        for mode in links.MODES:
            if (mode == "avg" and d > 1) or (mode != "transposed" and a):
                continue
            tx, tw = tensors(np.ones((i, i)), np.ones((k, k)))
            try:
                if mode == "conv":
                    functional.conv2d(tx, tw, stride=s, padding=p, dilation=d)
                elif mode == "transposed":
                    functional.conv_transpose2d(tx, tw, stride=s, padding=p, dilation=d, output_padding=a)
                elif mode == "max":
                    functional.max_pool2d(tx, k, s, p, d)
                else:
                    functional.avg_pool2d(tx, k, s, p)
                fine = True
            except (RuntimeError, ValueError):
                fine = False
            sentence = words.problem(operation(mode, i, k, s, p, d, a))
            assert (sentence is None) == fine, (mode, i, k, s, p, d, a, sentence)
            refused, accepted = refused + (not fine), accepted + fine
    assert refused > 100 and accepted > 500


sizes = st.tuples(
    st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.integers(0, 4), st.integers(1, 3), st.integers(0, 3)
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(sizes, sizes)
def test_stamping_and_zero_insertion_link_the_same_cells(rows, cols):
    both = [operation("transposed", *zip(rows, cols, strict=True), view=view) for view in links.VIEWS]
    if words.problem(both[0]):
        return
    joined = [sorted((t.output, t.input, t.weight) for t in links.real(one)) for one in both]
    assert joined[0] == joined[1]
    # every drawn position of a triple is a cell of the board
    for one in both:
        for axis in (0, 1):
            drawn = dict(boards.board(one, "in", axis))
            assert all(pair.position in drawn for pair in links.pairs(one, axis))
            assert all((pair.input is not None) == (drawn[pair.position] == "real") for pair in links.pairs(one, axis))
            if one.view == "stamp":
                out = dict(boards.board(one, "out", axis))
                assert all(pair.output in out for pair in links.pairs(one, axis))


def test_transposed_links_are_the_forward_links_turned_round():
    """C and its transpose: swap output and input."""
    forward, back = operation(i=6, k=3, s=2, p=1), operation("transposed", i=3, k=3, s=2, p=1, output_padding=1)
    assert links.output_size(back) == (6, 6)
    assert sorted((t.input, t.output, t.weight) for t in links.real(forward)) == sorted(
        (t.output, t.input, t.weight) for t in links.real(back)
    )


def test_counts_by_hand():
    reads, lands = links.counts(operation(i=5, k=3, p=1))
    assert reads[0].tolist() == [4, 6, 6, 6, 4] and reads[2, 2] == 9
    assert lands[0].tolist() == [4, 6, 6, 6, 4]  # border outputs lose products to the padding
    reads, _ = links.counts(operation(i=6, k=3, s=2, p=1))
    assert reads[5].tolist() == [1, 2, 1, 2, 1, 1]  # stride 2: even and odd columns differ
    reads, _ = links.counts(operation(i=6, k=3, s=3, p=0, d=1))
    assert (reads == 1).all()
    reads, _ = links.counts(operation(i=6, k=3, s=2, p=0))
    assert (reads[5] == 0).all()  # the last row is never read


def test_case_7_leaves_out_the_far_padding():
    """Stride 2 over an even input: the padding at the end is drawn, and no window reaches it."""
    one = CASES[6].operation
    assert max(t.position[0] for t in links.triples(one)) == 5
    assert boards.board(one, "in", 0)[-1] == (6, "pad")


def test_lit_goes_both_ways():
    one = operation(i=5, k=3, s=2, p=1)
    assert {t.input for t in links.lit(one, "out", (0, 0))} == {None, (0, 0), (0, 1), (1, 0), (1, 1)}
    assert {t.output for t in links.lit(one, "in", (1, 1))} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert len(links.lit(one, "w", (0, 0))) == 9
    with pytest.raises(ValueError, match="kind"):
        links.lit(one, "kernel", (0, 0))


def test_stamps_add_up_step_by_step():
    one = operation("transposed", i=2, k=2, s=1)
    x, w = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    assert links.values(one, x, w, until=0).tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0]]
    assert links.values(one, x, w, until=1).tolist() == [[1, 10, 0], [100, 1000, 0], [0, 0, 0]]
    np.testing.assert_array_equal(links.values(one, x, w, until=4), links.values(one, x, w))


# i, k, s, p, d, output_padding and output of the guide's pictures, in their order
TABLE = """4 3 1 0 1 0 2|5 4 1 2 1 0 6
5 3 1 1 1 0 5|5 3 1 2 1 0 7|5 3 2 0 1 0 2|5 3 2 1 1 0 3|6 3 2 1 1 0 3|7 3 1 0 2 0 3
2 3 1 0 1 0 4|6 4 1 2 1 0 5|5 3 1 1 1 0 5|7 3 1 2 1 0 5|2 3 2 0 1 0 5|3 3 2 1 1 0 5|3 3 2 1 1 1 6
5 3 1 0 1 0 3|5 3 2 1 1 0 3|5 3 1 0 1 0 3|5 3 1 0 1 0 3""".replace("\n", "|").split("|")


@pytest.mark.parametrize(("case", "row"), list(zip(CASES, TABLE, strict=True)), ids=[case.name for case in CASES])
def test_guide_case_has_the_sizes_of_the_guide(case, row):
    assert words.problem(case.operation) is None
    *sizes, output = map(int, row.split())
    assert case.operation.axis(0) == case.operation.axis(1) == tuple(sizes)
    assert links.output_size(case.operation) == (output, output)


def test_guide_cases_undo_the_first_seven():
    for forward, back in zip(CASES[:7], CASES[8:15], strict=True):
        assert links.output_size(back.operation) == forward.operation.i
        assert links.output_size(forward.operation) == back.operation.i


GUIDE = {
    16: "12 12 17 10 17 19 9 6 14",
    17: "6 17 3 8 17 13 6 4 4",
    18: "1.7 1.7 1.7 1.0 1.2 1.8 1.1 0.8 1.3",
    19: "3 3 3 3 3 3 3 2 3",
}


@pytest.mark.parametrize("number", GUIDE)
def test_guide_numbers(number):
    """Figures 1.1, 1.2, 1.5 and 1.6 of the guide, as printed."""
    one = CASES[number - 1].operation
    y = links.values(one, tiled(INPUT, one.i), tiled(KERNEL, one.k))
    assert " ".join(f"{v:.1f}" if number == 18 else f"{v:.0f}" for v in y.ravel()) == GUIDE[number]


def test_same_output_is_what_stride_forgets():
    assert links.same_output(5, 3, 2, 1, 1, 16) == [5, 6]
    assert links.same_output(7, 3, 3, 0, 1, 16) == [6, 7, 8]
    assert links.same_output(5, 3, 1, 0, 1, 16) == [5]
    for n, a in ((5, 0), (6, 1)):  # and output_padding brings back
        assert links.output_size(operation("transposed", i=3, k=3, s=2, p=1, output_padding=a)) == (n, n)


def test_words():
    one = operation(i=5, k=3, s=2, p=1)
    x, w = tiled(INPUT, (5, 5)), tiled(KERNEL, (3, 3))
    assert words.sentence(one, x, w, "out", (0, 0)) == (
        "Output row 0, column 0 reads input rows -1 to 1 and columns -1 to 1, 5 of 9 cells are padding. Its value is 6."
    )
    assert words.total(one, x, w, (0, 0)) == "0·0 + 0·1 + 0·2 + 0·2 + 3·2 + 3·0 + 0·0 + 0·1 + 0·2 = 6"
    assert words.total(one, x, w, (0, 0), most=3) == "0·0 + 0·1 + … = 6"
    assert words.formula(one) == ["o = ⌊(i + 2p − d(k − 1) − 1) / s⌋ + 1 = ⌊(5 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 3"]
    assert len(words.formula(operation(i=(5, 6)))) == 2
    assert words.name(operation("max", i=(4, 6), k=2)) == "Max pooling, i = 4×6, k = 2, s = 2, p = 0"
    assert words.sentence(operation(i=6, k=3, s=2), tiled(INPUT, (6, 6)), w, "in", (5, 0)).endswith("never read.")
    assert [words.number(v) for v in (1.675, 2.0, -0.001, -1.5, 5 / 3)] == ["1.68", "2", "0", "-1.5", "1.67"]


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (dict(i=3, k=5), "spans 5"),
        (dict(i=0), "at least 1"),
        (dict(p=-1), "at least 0"),
        (dict(i=17), "limit is 16"),
        (dict(mode="max", k=2, p=2), "half"),
        (dict(mode="transposed", output_padding=1), "smaller than the stride 1"),
        (dict(mode="transposed", i=1, k=1, p=1), "Nothing is left"),
        (dict(mode="transposed", i=16, s=3), "only 32"),
        (dict(k=(3, 6)), "spans 6"),
    ],
)
def test_impossible_settings_have_a_sentence(change, part):
    assert part in words.problem(operation(**change))


@pytest.mark.parametrize(
    "change", [dict(mode="full"), dict(view="spiral"), dict(i=2.5), dict(k=(1, 2, 3)), dict(s=True), dict(p="1")]
)
def test_a_wrong_argument_is_named(change):
    name, value = next(iter(change.items()))
    with pytest.raises(ValueError, match=f"{name} must be .*{re.escape(repr(value))}"):
        operation(**change)


def test_numpy_integers_are_sizes():
    assert operation(i=np.int64(6), k=np.array([2, 3])[1], s=(np.uint8(2), 1)) == operation(i=6, k=3, s=(2, 1))


def test_position_outside_is_an_error():
    with pytest.raises(ValueError, match="position"):
        words.at(operation(), 9)
    with pytest.raises(ValueError, match=r"position must be an integer, not 2\.5"):
        words.at(operation(), 2.5)
