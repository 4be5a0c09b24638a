"""The explorer's matrices, gradients, questions and PyTorch code: against torch and against each other."""

import contextlib
import io
import itertools

import numpy as np
import pytest

from d2lcnn.explorer.model import backward, links, matrices, questions, snippet, words
from d2lcnn.explorer.model.cases import CASES
from d2lcnn.explorer.model.links import operation

RNG = np.random.default_rng(11)


def settings(view, modes=("conv", "transposed", "max", "avg"), step=1):
    """All possible combinations of small sizes, the columns' sizes taken from another combination."""
    grid = list(itertools.product((1, 2, 4, 6), (1, 2, 3), (1, 2, 3), (0, 1), (1, 2, 3), (0, 1)))
    for n, row in enumerate(grid[::step]):
        for mode in modes:
            if (mode != "transposed" and row[5]) or (mode == "avg" and row[4] > 1):
                continue
            one = operation(mode, *zip(row, grid[(n * 53 + 17) % len(grid)], strict=True), view=view)
            for found in (one, operation(mode, *row, view=view)):
                if not words.problem(found):
                    yield found


@pytest.fixture(scope="module")
def torch():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    return torch


def by_torch(torch, one, x, w):
    """The output of torch for tensors of two axes, and of a bias for convolutions."""
    f, x = torch.nn.functional, x[None, None]
    sizes = dict(stride=one.s, padding=one.p)
    if one.mode == "max":
        return f.max_pool2d(x, one.k, dilation=one.d, **sizes)[0, 0]
    if one.mode == "avg":
        return f.avg_pool2d(x, one.k, **sizes)[0, 0]
    if one.mode == "conv":
        return f.conv2d(x, w[None, None], dilation=one.d, **sizes)[0, 0]
    more = dict(output_padding=one.output_padding, dilation=one.d)
    return f.conv_transpose2d(x, w[None, None], **sizes, **more)[0, 0]


def test_gradients_equal_torch_over_many_settings(torch):
    tried = dict.fromkeys(links.MODES, 0)
    for one in settings("backward"):
        # whole numbers from a small range: most windows of a maximum hold ties
        x, w = RNG.integers(-2, 3, one.i).astype(float), RNG.normal(size=one.k)
        g = RNG.normal(size=links.output_size(one))
        if one.mode == "max" and np.isinf(links.values(one, x)).any():
            continue  # a window of padding alone: torch has no input to send its gradient to
        tx, tw = torch.tensor(x, requires_grad=True), torch.tensor(w, requires_grad=True)
        by_torch(torch, one, tx, tw).backward(torch.tensor(g))
        found = backward.gradients(one, x, w, g)
        np.testing.assert_allclose(found.x, tx.grad.numpy(), atol=1e-12, err_msg=str(one))
        if one.pooling:
            assert found.w is None and found.b is None
        else:
            np.testing.assert_allclose(found.w, tw.grad.numpy(), atol=1e-12, err_msg=str(one))
            assert found.b == pytest.approx(g.sum())
        tried[one.mode] += 1
    assert min(tried.values()) > 60 and sum(tried.values()) > 600, tried


def test_ties_go_to_the_first_and_overlaps_add_up():
    one = operation("max", i=3, k=2, s=1, view="backward")
    x, g = np.array([[5.0, 5, 0], [5, 5, 0], [0, 0, 0]]), np.array([[1.0, 2], [4, 8]])
    assert backward.gradients(one, x, None, g).x.tolist() == [[1, 2, 0], [4, 8, 0], [0, 0, 0]]
    assert backward.ties(one, x, (0, 0)) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    said = backward.sentence(one, x, None, g, "out", (0, 0))
    assert (
        said == "The gradient 1 of output row 0, column 0 goes to input row 0, column 0, the first of 4 equal maxima."
    )
    x[1, 1] = 9  # now all four windows send theirs to the middle
    assert backward.gradients(one, x, None, g).x[1, 1] == 15
    assert backward.total(one, x, None, g, "in", (1, 1)) == "1 + 2 + 4 + 8 = 15"
    assert backward.sentence(one, x, None, g, "in", (0, 0)).startswith("Nothing flows back")
    assert backward.sentence(one, x, None, g, "out", (0, 0)).endswith("column 1, the maximum of its window.")
    lost = operation("max", i=1, k=2, p=1, d=2, s=1, view="backward")
    assert "meets only padding" in backward.sentence(lost, np.ones((1, 1)), None, np.ones((1, 1)), "out", (0, 0))


def test_words_of_the_backward_pass():
    one = operation(i=3, k=2, view="backward")
    x, w, g = questions.numbers(one)
    assert backward.sentence(one, x, w, g, "in", (1, 1)) == (
        "dX at row 1, column 1 is 6: a sum of 4 terms, from output rows 0 to 1 and columns 0 to 1."
    )
    assert backward.total(one, x, w, g, "in", (1, 1)) == "1·2 + 2·2 + 0·1 + 1·0 = 6"
    assert backward.sentence(one, x, w, g, "w", (0, 0)).startswith("dW at row 0, column 0 is 9: a sum of 4 products")
    shared = operation("avg", i=2, k=2, p=1, s=1, view="backward")
    said = backward.sentence(shared, np.ones((2, 2)), None, 2 * np.ones((3, 3)), "out", (0, 0))
    assert said.endswith("spreads over 1 inputs, rows 0, columns 0: 0.5 to each.")
    long = operation(i=16, k=1, view="backward")
    assert "…" in backward.total(long, *questions.numbers(long), "w", (0, 0)) and not backward.total(
        long, *questions.numbers(long), "out", (0, 0)
    )


# ---- matrices


def dense(one, which, fill):
    rows, columns, cells = matrices.sheet(one, which)
    found = np.zeros((rows, columns))
    for r, c, link in cells:
        assert found[r, c] == 0
        found[r, c] = fill(link)
    return found


def test_the_matrix_gives_the_output_and_its_transpose_the_gradient():
    tried = 0
    for one in settings("matrix", ("conv", "transposed"), step=2):
        x, w = RNG.normal(size=one.i), RNG.normal(size=one.k)
        c = dense(one, "mat", lambda t, w=w: w[t.weight])
        y = links.values(one, x, w)
        np.testing.assert_allclose(c @ x.ravel(), y.ravel(), atol=1e-12, err_msg=str(one))
        g = RNG.normal(size=y.shape)
        np.testing.assert_allclose(c.T @ g.ravel(), backward.gradients(one, x, w, g).x.ravel(), atol=1e-12)
        tried += 1
    assert tried > 150


def test_im2col_equals_unfold(torch):
    tried = 0
    for one in settings("im2col", ("conv",), step=2):
        x = RNG.normal(size=one.i)
        found = dense(one, "col", lambda t, x=x: 0 if t.input is None else x[t.input])
        want = torch.nn.functional.unfold(torch.tensor(x)[None, None], one.k, one.d, one.p, one.s)[0].numpy()
        np.testing.assert_array_equal(found, want, err_msg=str(one))
        tried += 1
    assert tried > 40


def test_three_ways_need_the_same_products():
    tried = 0
    for one in settings("three", ("transposed",), step=2):
        found = matrices.ways(one)
        over_zeros = operation("transposed", one.i, one.k, one.s, one.p, one.d, one.output_padding, "zeros")
        assert found.stamping == len(list(links.triples(one)))
        assert found.zeros == len(list(links.triples(over_zeros)))
        assert found.useful == len(list(links.real(over_zeros))) == len(matrices.sheet(one, "mat").cells)
        assert found.matrix == np.prod(matrices.sheet(one, "mat")[:2])
        tried += 1
    assert tried > 80
    said = matrices.ways_sentence(operation("transposed", i=3, k=3, s=2, p=1, view="three"))
    assert "Stamping multiplies 81 times and cuts 32 away; Cᵀ 225 times, 176 by zero" in said


def test_views_that_a_mode_does_not_have_are_plain():
    assert [operation(mode, view="im2col").view for mode in links.MODES] == ["im2col", "stamp", "stamp", "stamp"]
    assert [operation(mode, view="three").view for mode in links.MODES] == ["stamp", "three", "stamp", "stamp"]
    assert all(operation(mode, view="backward").view == "backward" for mode in links.MODES)
    assert {view for views in links.VIEWS_OF.values() for view in views} == set(links.VIEWS)


def test_rows_and_columns_are_named():
    one = operation(i=5, k=3, view="both")
    x, w, _ = questions.numbers(one)
    said = matrices.describe(one, x, w, None, "out", (1, 1))
    assert said.endswith("Row 4 of C holds 9 weights and 16 zeros. It is column 4 of the im2col matrix.")
    assert matrices.describe(one, x, w, None, "in", (0, 0)).endswith("Column 0 of C holds 1 weights and 8 zeros.")
    assert matrices.describe(one, x, w, None, "w", (0, 0)) == words.sentence(one, x, w, "w", (0, 0))
    assert matrices.caption(one, "mat").startswith("C 9 × 25: 81 weights by colour, 144 zeros")
    assert matrices.caption(operation(i=9, k=3, view="matrix"), "mat").endswith("at most 64 of each are drawn.")
    assert matrices.caption(operation("transposed", view="matrix"), "mat").startswith("Cᵀ 49 × 25")
    with pytest.raises(ValueError, match="which"):
        matrices.sheet(one, "row")


# ---- questions


def test_answers_agree_with_values_and_counts():
    for one in settings("stamp", step=9):
        x, w, _ = questions.numbers(one)
        reads, lands = links.counts(one)
        y = links.values(one, x, w)
        assert questions.answer(one, "size") == y.shape
        for n in range(0, y.size, 3):
            cell = divmod(n, y.shape[1])
            found = questions.answer(one, "reads", n)
            assert len(found) == len(set(found)) == lands[cell] and questions.answer(one, "value", n) == y[cell]
        for n in range(0, x.size, 5):
            assert len(questions.answer(one, "feeds", n)) == reads[divmod(n, one.i[1])]
    one = operation(i=3, k=2, view="backward")
    assert questions.answer(one, "value", 4) == 6
    assert questions.question(one, "value", 4) == "What is dX at row 1, column 1?"
    assert questions.answer(one, "value", 4, g=[[0, 0], [0, 0]]) == 0


@pytest.mark.parametrize(
    ("one", "what", "pos", "said"),
    [
        (operation(), "colour", 0, "predict"),
        (operation(i=2, k=5), "size", 0, "spans 5"),
        (operation(), "value", 9, "at most 8, not 9"),
        (operation(), "feeds", 25, "at most 24, not 25"),
    ],
)
def test_questions_that_make_no_sense(one, what, pos, said):
    with pytest.raises(ValueError, match=said):
        questions.answer(one, what, pos)


# ---- code to copy


def printed(torch, text):
    """Run a snippet and read back what it printed, tensor by tensor."""
    stream, left = io.StringIO(), []
    with contextlib.redirect_stdout(stream):
        exec(compile(text, "snippet", "exec"), {})
    torch.set_printoptions(profile="default")
    for part in stream.getvalue().split("tensor(")[1:]:
        left.append(np.array(eval(part.strip()[:-1], {"inf": np.inf})))
    return left


def test_snippets_run_and_print_what_is_shown(torch):
    tried = 0
    for view in ("stamp", "backward"):
        guide = [operation(c.operation.mode, *c.operation.axis(0), view=view) for c in CASES]
        for one in [*settings(view, step=3), *guide]:
            x, w, g = questions.numbers(one, x=[[0.5, -3]], g=[[0, 0.25]])
            y = links.values(one, x, w)
            if view == "backward" and np.isinf(y).any():
                continue
            found = printed(torch, snippet.code(one, [[0.5, -3]], None, [[0, 0.25]]))
            want = [y] if view == "stamp" else [v for v in backward.gradients(one, x, w, g) if v is not None]
            assert len(found) == len(want)
            for a, b in zip(found, want, strict=True):
                np.testing.assert_allclose(a, np.atleast_1d(b), atol=6e-5, rtol=1e-5, err_msg=str(one))
            tried += 1
    assert tried > 250
    large = operation("transposed", i=16, k=3, s=2, p=1, output_padding=1)
    found = printed(torch, snippet.code(large))
    assert found[0].shape == (32, 32)
