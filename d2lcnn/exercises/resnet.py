"""Exercises of the chapter "ResNet"."""

import math

import numpy as np

from d2lcnn.exercises import Case, Exercise, Mistake
from d2lcnn.exercises._usual import usual, with_usual
from d2lcnn.ops import conv2d

# Parameters by blocks a stage, with 1000 classes and 3 channels: what torchvision publishes for 18 to 152 layers
RECORDED = {
    ((2, 2, 2, 2), "basic"): 11_689_512, ((3, 4, 6, 3), "basic"): 21_797_672,
    ((3, 4, 6, 3), "bottleneck"): 25_557_032, ((3, 4, 23, 3), "bottleneck"): 44_549_160,
    ((3, 8, 36, 3), "bottleneck"): 60_192_808,
}  # fmt: skip
# Channels a group by number of groups, for the parameters of a bottleneck of 64; Xie et al. 2017, table 2, has all
# but the one for 16 groups, which was found by listing the counts
CHANNELS = {1: 64, 2: 40, 4: 24, 8: 14, 16: 8, 32: 4}
SMALL = np.zeros((1, 1, 3, 3))
MIXING = np.arange(36.0).reshape(2, 2, 3, 3) / 10


def _bottleneck(norm=2, projection=0, bias=0):
    weights = 256 * 64 + 9 * 64 * 64 + 64 * 256 + projection * 256 * 256
    return weights + (norm + bias) * (64 + 64 + 256 + projection * 256)


def _response(w):
    """Read the one kernel of x + corr(x, w) off the block's answers to single pixels."""
    channels, k = len(w), w.shape[-1]
    pixels = np.zeros((channels, channels, 2 * k - 1, 2 * k - 1))
    pixels[np.arange(channels), np.arange(channels), k - 1, k - 1] = 1
    answers = pixels + conv2d(pixels, w, padding=k // 2)
    near = slice(k - 1 - k // 2, k + k // 2)
    return answers[:, :, near, near][:, :, ::-1, ::-1].transpose(1, 0, 2, 3)


def _count(blocks, kind, norms=True, projections=True, first_stage=True):
    """Count, with the parts that a mistake leaves out left out."""
    expand, channels = {"basic": 1, "bottleneck": 4}[kind], 64
    total = 64 * 3 * 49 + 2 * 64 * norms
    for stage, count in enumerate(blocks):
        width = 64 * 2**stage
        out = expand * width
        for i in range(count):
            inner = ([(channels, width, 9), (width, width, 9)] if kind == "basic" else
                     [(channels, width, 1), (width, width, 9), (width, out, 1)])
            total += sum(a * b * k + 2 * b * norms for a, b, k in inner)
            if i == 0 and channels != out and projections and (stage > 0 or first_stage):
                total += channels * out + 2 * out * norms
            channels = out
    return total + (channels + 1) * 1000


EXERCISES = [
    Exercise(
        "resnet-1", "resnet", kind="value", cls="P", minutes=5, difficulty=1, points=2,
        cases=(Case("the number of parameters"),),
        oracle=lambda: _bottleneck(),
        mistakes=(
            Mistake("no batch norm", _bottleneck(norm=0), "The weights are right. Batch norm has two numbers a channel as well."),
            Mistake("one number a channel", _bottleneck(norm=1), "Batch norm scales and shifts: two numbers a channel."),
            Mistake("two wide windows", 2 * (9 * 256**2 + 2 * 256), "That is a basic block on 256 channels. Where is the bottleneck narrow?"),
            Mistake("a projection", _bottleneck(projection=1),
                    "You counted a projection. The block neither strides nor changes the number of channels."),
            Mistake("running statistics", _bottleneck(norm=4),
                    "You counted the running mean and variance. They are kept, not learned."),
            Mistake("biases", _bottleneck(bias=1), "You counted biases. What stands behind each convolution in their place?"),
            Mistake("three by three everywhere", 9 * (256 * 64 + 64 * 64 + 64 * 256) + 2 * 384,
                    "Only the convolution in the middle has windows of 3 by 3."),
            Mistake("no way back", _bottleneck() - 64 * 256 - 2 * 256, "The 1x1 convolution back to 256 channels is missing."),
        ),
    ),
    Exercise(
        "resnet-2", "resnet", kind="function", cls="A", minutes=20, difficulty=2, points=3,
        cases=(
            Case("a branch of zeros", (SMALL,)),
            Case("two channels that mix", (MIXING,)),
            Case("a window of 5 x 5", (np.ones((1, 1, 5, 5)),)),
        ),
        generate=lambda rng: (rng.normal(size=(3, 3, *(2 * [int(rng.choice([1, 3, 5]))]))),),
        oracle=_response,
        mistakes=(
            Mistake("one everywhere", lambda w: w + 1,
                    "You added to every weight. Which weight of a window reads the pixel itself?"),
            Mistake("all channels", lambda w: w + (_response(w) - w).sum(1, keepdims=True),
                    "Your shortcut mixes the channels: each channel goes to itself alone."),
            Mistake("corner", lambda w: w + np.roll(_response(w) - w, w.shape[-1] // 2 + 1, (2, 3)),
                    "Your shortcut shifts the image. With this padding, which weight reads the pixel itself?"),
            Mistake("unchanged", lambda w: w.copy(), "That is the branch alone. Where is the shortcut?"),
            Mistake("shortcut alone", lambda w: _response(w) - w, "That is the shortcut alone. Where is the branch?"),
            Mistake("taken away", lambda w: 2 * w - _response(w), "You took the shortcut away. The block adds it."),
            Mistake("shortcut twice", lambda w: 2 * _response(w) - w, "Your shortcut counts twice."),
            *usual(_response, "half a turn", "opposite sign"),
        ),
    ),
    Exercise(
        "resnet-3", "resnet", kind="function", cls="P", minutes=30, difficulty=3, points=4,
        cases=tuple(Case(f"blocks {blocks}, {kind}", (blocks, kind)) for blocks, kind in RECORDED),
        oracle=lambda blocks, kind: RECORDED[tuple(blocks), kind],
        mistakes=(
            Mistake("no batch norm", lambda b, k: _count(b, k, norms=False),
                    "Each convolution, the projections' too, is followed by batch norm with two numbers a channel."),
            Mistake("no projections", lambda b, k: _count(b, k, projections=False),
                    "The projections are missing: one wherever a block's input and output differ in shape."),
            Mistake("no projection in the first stage", lambda b, k: _count(b, k, first_stage=False),
                    "The first stage keeps the size of the maps. Does it keep the number of channels in both kinds?"),
            Mistake("no biases at the end", lambda b, k: _count(b, k) - 1000, "The dense layer has biases."),
            Mistake("no dense layer", lambda b, k: _count(b, k) - 1000 * (64 * 8 * {"basic": 1, "bottleneck": 4}[k] + 1),
                    "The dense layer is missing."),
            Mistake("no first layer", lambda b, k: _count(b, k) - 64 * 3 * 49 - 128, "The first convolution is missing."),
            Mistake("grey images", lambda b, k: _count(b, k) - 2 * 64 * 49, "The first convolution reads the three channels of a colour image."),
            Mistake("first window of 3", lambda b, k: _count(b, k) - 64 * 3 * 40, "The first convolution has kernels of 7 by 7."),
        ),
    ),
    Exercise(
        "resnet-4", "resnet", kind="function", cls="A", minutes=20, difficulty=2, points=3,
        cases=tuple(Case(f"{n} group{'s' * (n > 1)}", (n,)) for n in CHANNELS),
        oracle=lambda groups: CHANNELS[groups],
        mistakes=(
            Mistake("shared out", lambda groups: 64 // groups,
                    "Sharing the 64 channels out makes the block cheaper. The saving is to be spent."),
            Mistake("only the windows", lambda groups: round((64 * 64 / groups) ** 0.5),
                    "You held the 3 x 3 convolution alone constant. The 1 x 1 convolutions widen too."),
            Mistake("all groups", lambda groups: groups * CHANNELS[groups],
                    "That is the number of channels of all groups. The width of one is asked for."),
            Mistake("rounded up", lambda groups: CHANNELS[groups] + (groups == 1),
                    "One group is the bottleneck itself: which width has it?"),
            Mistake("unchanged", lambda groups: 64, "Groups save weights. The saving is to be spent."),
            Mistake("at most", lambda groups: CHANNELS[groups] - (groups > 1),
                    "You rounded down. The nearest count may lie above."),
        ),
    ),
    Exercise(
        "resnet-5", "resnet", kind="value", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("the mean square behind the sixteenth block"),),
        oracle=lambda: 1 + 16,
        mistakes=(
            Mistake("doubling", 2**16, "You doubled at each block. The branch reads a normalised copy: what does it add?"),
            Mistake("branches alone", 16 * 1, "Do not forget what was in the stream before the first block."),
            Mistake("root", math.sqrt(17), "That is its root."),
            Mistake("one block more", 1 + 17, "Off by one: the stream before the first block has mean square 1, and sixteen blocks add."),
            Mistake("root of each", (1 + math.sqrt(16)) ** 2, "Mean squares of what is uncorrelated add up; roots do not."),
            Mistake("all in step", (1 + 16) ** 2, "You added amplitudes. What is uncorrelated adds its mean squares."),
            Mistake("no growth", 1**16, "Only the branches' inputs are normalised; the stream itself is not."),
        ),
    ),
    Exercise(
        "resnet-6", "resnet", kind="open", cls="A", minutes=90, difficulty=3, points=8,
    ),
    Exercise(
        "resnet-7", "resnet", kind="function", cls="P", minutes=10, difficulty=2, points=2,
        cases=(Case("one block", (1,)), Case("three blocks", (3,)), Case("the sixteen of ResNet-50", (16,))),
        generate=lambda rng: (int(rng.integers(4, 30)),),
        oracle=lambda n: np.polynomial.polynomial.polypow([1, 1], n),
        mistakes=(
            Mistake("one of each length", lambda n: [1] * (n + 1),
                    "There is more than one path of most lengths: which of the blocks does it go through?"),
            Mistake("no empty path", lambda n: [math.comb(n, k) for k in range(1, n + 1)],
                    "One path is missing: the one that takes every shortcut."),
            Mistake("in order", lambda n: [math.perm(n, k) for k in range(n + 1)],
                    "The blocks stand in a fixed order; you counted every order of those chosen."),
            Mistake("all paths", lambda n: 2**n, "That is the number of all paths. How many have each length?"),
            Mistake("one block fewer", lambda n: [math.comb(n - 1, k) for k in range(n)],
                    "Those are the paths of one block fewer."),
            Mistake("one block more", lambda n: [math.comb(n + 1, k) for k in range(n + 2)],
                    "Those are the paths of one block more."),
            Mistake("longest forgotten", lambda n: [math.comb(n, k) for k in range(n)],
                    "One path is missing: the one that takes every branch."),
            Mistake("shares", lambda n: [math.comb(n, k) / 2**n for k in range(n + 1)], "Those are shares of all paths. Their numbers are asked for."),
        ),
    ),
]  # fmt: skip

EXERCISES = with_usual(EXERCISES, {
    1: ("doubled", "halved", "upside down"),
    2: ("transposed", "flat", "doubled", "halved", "rounded"),
    3: ("doubled", "halved", "upside down"),
    4: ("one too many", "one too few", "doubled", "halved", "upside down"),
    5: ("doubled", "halved", "upside down"),
    7: ("rotated", "exchanged", "opposite sign", "doubled", "halved"),
})  # fmt: skip
