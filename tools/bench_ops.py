"""Measure the ways to convolve and to pool against torch.nn.functional: CPU time, memory, error.

    python tools/bench_ops.py [--rounds 9] [--only TEXT] [--without TEXT] [--csv d2lcnn/results/ops.csv]

All ways run in one process, on one thread, in turn, round by round, in float32; reported is the median over rounds of
the CPU time and of its ratio to torch in the same round. OPENBLAS_CORETYPE and OPENBLAS_L2_SIZE slow NumPy where they
are set: the tool starts itself again without them, and prints which OpenBLAS kernel runs.

The CSV has the columns of every result file. `setting` is "case | direction | way", `metric` one of

    milliseconds     median CPU time
    ratio            median of (CPU time / CPU time of torch in that round)
    extra_mb         peak resident memory beyond what was held before the call, results included, in 10^6 bytes (Linux)
    relative_error   largest error / standard deviation, both of float64 results; of gradients the worse one

Lines of an existing file that this run did not measure are kept: ratios are to torch in the same round, so parts of
the table may come from different runs. `macs` are the multiply-adds of the definition, `core_seconds` what measuring
this way took. The BLAS kernel stands in the column `numpy`. Behind torch's own ways stand the kernels that the profiler
saw: not all of them are oneDNN's, and a row that is compared with `_slow_conv2d` is not compared with the best.
"""

import argparse
import csv
import ctypes
import datetime
import gc
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
if __name__ == "__main__" and (any(v in os.environ for v in SLOWING) or any(os.environ.get(v) != "1" for v in THREADS)):
    # both libraries read these when they are loaded
    clean = {k: v for k, v in os.environ.items() if k not in SLOWING} | dict.fromkeys(THREADS, "1")
    os.execve(sys.executable, [sys.executable, *sys.argv], clean)

import numpy as np  # noqa: E402
import scipy.signal  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from array_api_compat import numpy as numpy_namespace  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

import d2lcnn  # noqa: E402
from d2lcnn.ops import _engine  # noqa: E402
from d2lcnn.ops._args import conv_windows  # noqa: E402
from d2lcnn.results import COLUMNS  # noqa: E402

# what torch's kernels for convolution and pooling are called, as opposed to what chooses among them
KERNELS = ("mkldnn_", "slow_conv", "thnn_", "_with_indices", "avg_pool2d")
SHORTEST = 2e-3  # seconds; a call that takes less is repeated within a measurement


@dataclass(frozen=True)
class Layer:
    """A convolution layer to measure: n images of c channels and side h, o kernels of side k."""

    name: str
    n: int
    c: int
    h: int
    o: int
    k: int
    s: int = 1
    p: int = 0
    groups: int = 1

    @property
    def options(self):
        return {"stride": self.s, "padding": self.p, "groups": self.groups}

    @property
    def macs(self):
        side = d2lcnn.conv_output_size(self.h, self.k, self.s, self.p)
        return self.n * self.o * side * side * self.c // self.groups * self.k**2


LAYERS = [
    Layer("64x64 32>64 k3 N4", 4, 32, 64, 64, 3, p=1),
    Layer("VGG 56x56 128>128 k3 N8", 8, 128, 56, 128, 3, p=1),
    Layer("RGB stem 224x224 3>64 k7 s2 N4", 4, 3, 224, 64, 7, 2, 3),
    Layer("LeNet 1 28x28 1>6 k5 N128", 128, 1, 28, 6, 5, p=2),
    Layer("LeNet 2 14x14 6>16 k5 N128", 128, 6, 14, 16, 5),
    Layer("8x8 32>32 k3 N64", 64, 32, 8, 32, 3, p=1),
    Layer("28x28 64>64 k1 N16", 16, 64, 28, 64, 1),
    Layer("28x28 64>128 k3 s2 N16", 16, 64, 28, 128, 3, 2, 1),
    Layer("4 groups 56x56 64>64 k3 N8", 8, 64, 56, 64, 3, p=1, groups=4),
    Layer("16 groups 28x28 128>128 k3 N8", 8, 128, 28, 128, 3, p=1, groups=16),
    Layer("depthwise 56x56 64 k3 N8", 8, 64, 56, 64, 3, p=1, groups=64),
    Layer("depthwise 28x28 128 k3 N8", 8, 128, 28, 128, 3, p=1, groups=128),
]
STEMS = ("RGB", "LeNet 1")
TRANSPOSED = [
    Layer("transposed 14x14 64>32 k4 s2 N16", 16, 64, 14, 32, 4, 2, 1),
    Layer("transposed 28x28 32>16 k3 N16", 16, 32, 28, 16, 3, 1, 1),
]
POOLED = (("64x6x28x28 2x2", (64, 6, 28, 28), 2, 2, 0), ("8x64x56x56 3x3 stride 2", (8, 64, 56, 56), 3, 2, 1))


def loops(X, K, zeros):
    """The definition as Dive into Deep Learning writes it: two loops over places, a sum of products inside."""
    h, w = K.shape
    Y = zeros((X.shape[0] - h + 1, X.shape[1] - w + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = (X[i : i + h, j : j + w] * K).sum()
    return Y


def pool_loops(X, size, zeros):
    """Max pooling with stride 1 by two loops."""
    Y = zeros((X.shape[0] - size + 1, X.shape[1] - size + 1))
    for i in range(Y.shape[0]):
        for j in range(Y.shape[1]):
            Y[i, j] = X[i : i + size, j : j + size].max()
    return Y


def zeros32(shape):
    return np.zeros(shape, np.float32)


def whole_im2col(x, w, layer):
    """Whole batch as columns, one matrix product."""
    cols = d2lcnn.im2col(x, layer.k, stride=layer.s, padding=layer.p)
    side = d2lcnn.conv_output_size(layer.h, layer.k, layer.s, layer.p)
    return (w.reshape(layer.o, -1) @ cols).reshape(layer.n, layer.o, side, side)


def shifted(x, w, layer):
    """Sum over taps of a 1x1 convolution of the shifted images."""
    x = d2lcnn.pad(x, layer.p)
    side = d2lcnn.conv_output_size(layer.h, layer.k, layer.s, layer.p)
    ends = [slice(a, a + (side - 1) * layer.s + 1, layer.s) for a in range(layer.k)]
    taps = ((w[:, :, u, v], x[:, :, ends[u], ends[v]]) for u in range(layer.k) for v in range(layer.k))
    return sum(k @ part.reshape(layer.n, layer.c, -1) for k, part in taps).reshape(layer.n, layer.o, side, side)


def matrix_cases(k, side=28):
    """One channel, one image: every way there is."""
    rng = np.random.default_rng(0)
    X, K = (rng.standard_normal((n, n)).astype(np.float32) for n in (side, k))
    x, w = X[None, None], K[None, None]
    tX, tK, tx, tw = map(torch.from_numpy, (X, K, x, w))
    layer = Layer("", 1, 1, side, 1, k)
    sparse, dense = d2lcnn.conv_matrix(K, side, sparse=True), d2lcnn.conv_matrix(K, side)
    ways = {
        "torch": lambda: F.conv2d(tx, tw),
        "two loops (numpy)": lambda: loops(X, K, zeros32),
        "two loops (torch)": lambda: loops(tX, tK, torch.zeros),
        "corr2d: shifted slices (numpy)": lambda: d2lcnn.corr2d(X, K),
        "corr2d: shifted slices (torch)": lambda: d2lcnn.corr2d(tX, tK),
        "im2col (numpy)": lambda: whole_im2col(x, w, layer),
        "conv2d (numpy)": lambda: d2lcnn.conv2d(x, w),
        "conv2d (torch)": lambda: d2lcnn.conv2d(tx, tw),
        "FFT (numpy)": lambda: d2lcnn.fft_conv2d(x, w),
        "scipy.signal.correlate2d": lambda: scipy.signal.correlate2d(X, K, "valid"),
        "sparse matrix, ready": lambda: sparse @ X.reshape(-1),
        "sparse matrix, built": lambda: d2lcnn.conv_matrix(K, side, sparse=True) @ X.reshape(-1),
        "dense matrix, ready": lambda: dense @ X.reshape(-1),
    }
    if k == 3:
        ways["Winograd F(4x4,3x3) (numpy)"] = lambda: d2lcnn.winograd_conv2d(x, w)
    exact = F.conv2d(tx.double(), tw.double()).numpy()
    return f"{side}x{side} k{k}, one channel", "forward", ways, [exact], layer.macs


def tensors(layer):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((layer.n, layer.c, layer.h, layer.h)).astype(np.float32)
    w = rng.standard_normal((layer.o, layer.c // layer.groups, layer.k, layer.k)).astype(np.float32)
    return x, w, torch.from_numpy(x), torch.from_numpy(w)


def forward_case(layer):
    x, w, tx, tw = tensors(layer)
    last = tx.contiguous(memory_format=torch.channels_last)
    ways = {
        "torch": lambda: F.conv2d(tx, tw, **layer.options),
        "torch, channels last": lambda: F.conv2d(last, tw, **layer.options),
        "conv2d (numpy)": lambda: d2lcnn.conv2d(x, w, **layer.options),
        "conv2d (torch)": lambda: d2lcnn.conv2d(tx, tw, **layer.options),
    }
    if layer.groups == 1:
        ways["im2col, whole batch (numpy)"] = lambda: whole_im2col(x, w, layer)
        ways["im2col, whole batch (torch)"] = lambda: whole_im2col(tx, tw, layer)
        ways["shifted slices (numpy)"] = lambda: shifted(x, w, layer)
        ways["FFT (numpy)"] = lambda: d2lcnn.fft_conv2d(x, w, **layer.options)
        if layer.k == 3 and layer.s == 1:
            ways["Winograd F(2x2,3x3) (numpy)"] = lambda: d2lcnn.winograd_conv2d(x, w, padding=layer.p, tile=2)
            ways["Winograd F(4x4,3x3) (numpy)"] = lambda: d2lcnn.winograd_conv2d(x, w, padding=layer.p, tile=4)
    if layer.name.startswith("LeNet"):
        sparse = d2lcnn.conv_matrix(w, layer.h, padding=layer.p, sparse=True)
        shape = d2lcnn.conv2d(x, w, **layer.options).shape
        ways["sparse matrix, ready"] = lambda: (sparse @ x.reshape(layer.n, -1).T).T.reshape(shape)
    exact = F.conv2d(tx.double(), tw.double(), **layer.options).numpy()
    return layer.name, "forward", ways, [exact], layer.macs


def backward_case(layer, image=True):
    """Forward and both gradients, or, as for the first layer of a network, without the one for the image."""
    x, w, tx, tw = tensors(layer)
    windows = conv_windows(x.shape[2:], (layer.k, layer.k), layer.s, layer.p, 1)
    g = np.random.default_rng(1).standard_normal(d2lcnn.conv2d(x, w, **layer.options).shape).astype(np.float32)
    tg = torch.from_numpy(g)

    def autograd(function, x, dtype=torch.float32):
        def run():
            inputs = (x.to(dtype).requires_grad_(image), tw.to(dtype).detach().clone().requires_grad_())
            y = function(*inputs)
            return torch.autograd.grad(y, inputs if image else inputs[1:], tg.to(dtype))
        return run

    def by_hand():
        d2lcnn.conv2d(x, w, **layer.options)
        dx = _engine.transposed(numpy_namespace, g, w, windows, layer.groups) if image else None
        dw = _engine.weight_gradient(numpy_namespace, g, x, windows, layer.groups)
        return (dx, dw) if image else (dw,)

    def theirs(x, w):
        return F.conv2d(x, w, **layer.options)

    last = tx.contiguous(memory_format=torch.channels_last)
    ways = {
        "torch": autograd(theirs, tx.detach().clone()),
        "torch, channels last": autograd(theirs, last.detach()),
        "conv2d (numpy)": by_hand,
        "conv2d (torch)": autograd(lambda x, w: d2lcnn.conv2d(x, w, **layer.options), tx.detach().clone()),
    }
    if layer.groups == 1:
        ways["im2col, whole batch (torch)"] = autograd(lambda x, w: whole_im2col(x, w, layer), tx.detach().clone())
    exact = [a.numpy() for a in autograd(theirs, tx.detach().clone(), torch.float64)()]
    direction = "forward and backward" if image else "forward and backward, weights only"
    return layer.name, direction, ways, exact, 3 * layer.macs if image else 2 * layer.macs


def transposed_case(layer):
    """Transposed convolution, forward and both gradients: for torch it has kernels of its own."""
    x, w, tx, _ = tensors(layer)
    w = np.ascontiguousarray(w.swapaxes(0, 1))
    tw, options = torch.from_numpy(w), {"stride": layer.s, "padding": layer.p}
    g = torch.ones(F.conv_transpose2d(tx, tw, **options).shape)

    def both(function, dtype=torch.float32):
        inputs = [a.to(dtype).detach().clone().requires_grad_() for a in (tx, tw)]
        return torch.autograd.grad(function(*inputs, **options), inputs, g.to(dtype))

    macs = x[0, 0].size * x.shape[0] * w.size
    forward = {
        "torch": lambda: F.conv_transpose2d(tx, tw, **options),
        "conv_transpose2d (numpy)": lambda: d2lcnn.conv_transpose2d(x, w, **options),
        "conv_transpose2d (torch)": lambda: d2lcnn.conv_transpose2d(tx, tw, **options),
    }
    yield layer.name, "forward", forward, [F.conv_transpose2d(tx.double(), tw.double(), **options).numpy()], macs
    ways = {"torch": lambda: both(F.conv_transpose2d),
            "conv_transpose2d (torch)": lambda: both(d2lcnn.conv_transpose2d)}
    exact = [a.numpy() for a in both(F.conv_transpose2d, torch.float64)]
    yield layer.name, "forward and backward", ways, exact, 3 * macs


def pool_gradient_case(kind, name, shape, k, s, p):
    """What pooling sends back; torch has seen the winners in its forward pass, so that is part of its way."""
    rng = np.random.default_rng(0)
    theirs, ours = getattr(F, f"{kind}_pool2d"), getattr(d2lcnn, f"{kind}_pool2d_backward")
    x = torch.from_numpy(rng.standard_normal(shape).astype(np.float32))
    g = torch.from_numpy(rng.standard_normal(tuple(theirs(x, k, s, p).shape)).astype(np.float32))

    def autograd(x, g):
        x = x.detach().requires_grad_()
        return torch.autograd.grad(theirs(x, k, s, p), x, g)

    ways = {
        "torch": lambda: autograd(x, g),
        f"{kind}_pool2d_backward (numpy)": lambda: ours(g.numpy(), x.numpy(), k, stride=s, padding=p),
        f"{kind}_pool2d_backward (torch)": lambda: ours(g, x, k, stride=s, padding=p),
    }
    return f"{kind} pooling {name}", "backward", ways, [autograd(x.double(), g.double())[0].numpy()], 0


def pool_cases():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((28, 28)).astype(np.float32)
    tX = torch.from_numpy(X)
    ways = {
        "torch": lambda: F.max_pool2d(tX[None], 2, 1),
        "two loops (numpy)": lambda: pool_loops(X, 2, zeros32),
        "two loops (torch)": lambda: pool_loops(tX, 2, torch.zeros),
        "pool2d (numpy)": lambda: d2lcnn.pool2d(X, 2),
        "pool2d (torch)": lambda: d2lcnn.pool2d(tX, 2),
    }
    yield "max pooling 28x28 2x2 stride 1", "forward", ways, [F.max_pool2d(tX[None].double(), 2, 1).numpy()], 0
    for name, shape, k, s, p in POOLED:
        x = rng.standard_normal(shape).astype(np.float32)
        tx = torch.from_numpy(x)
        # bound now: the generator goes on before they are called
        ways = {
            "torch": lambda t=tx, a=(k, s, p): F.max_pool2d(t, *a),
            "max_pool2d (numpy)": lambda t=x, k=k, s=s, p=p: d2lcnn.max_pool2d(t, k, stride=s, padding=p),
            "max_pool2d (torch)": lambda t=tx, k=k, s=s, p=p: d2lcnn.max_pool2d(t, k, stride=s, padding=p),
        }
        yield f"max pooling {name}", "forward", ways, [F.max_pool2d(tx.double(), k, s, p).numpy()], 0


def cases():
    """Yield (case, direction, {way: function}, exact results, multiply-adds), one after the other to save memory."""
    yield from (matrix_cases(k) for k in (3, 5))
    yield from map(forward_case, LAYERS)
    yield from map(backward_case, LAYERS)
    yield from (backward_case(layer, image=False) for layer in LAYERS if layer.name.startswith(STEMS))
    for layer in TRANSPOSED:
        yield from transposed_case(layer)
    yield from pool_cases()
    yield from (pool_gradient_case(kind, *case) for kind in ("max", "avg") for case in POOLED)


def onednn_primitives(function):
    """Name the convolutions of oneDNN, which tells only the standard output of the process what it runs."""
    sys.stdout.flush()
    output = os.dup(1)
    with tempfile.TemporaryFile("w+") as file:
        try:
            os.dup2(file.fileno(), 1)
            with torch.backends.mkldnn.verbose(torch.backends.mkldnn.VERBOSE_ON):
                function()
        finally:
            os.dup2(output, 1)
            os.close(output)
        file.seek(0)
        lines = [line.split(",") for line in file if ",exec," in line]
    return {f"oneDNN {line[5]} {line[6]}" for line in lines if "convolution" in line[5]}


def kernels(function):
    """Name what torch ran: the operators that the profiler saw and whose names say what they do; oneDNN's own."""
    with profile(activities=[ProfilerActivity.CPU]) as seen:
        function()
    primitives = onednn_primitives(function)
    names = {event.name.removeprefix("aten::") for event in seen.events()}
    return sorted({name for name in names if any(word in name for word in KERNELS)} | primitives)


def seconds(function, repeat):
    begin = time.process_time()
    for _ in range(repeat):
        function()
    return (time.process_time() - begin) / repeat


def extra_mb(function):
    """Peak resident memory of a call beyond what the process held, or nan where the system does not tell."""
    def status(key):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(key))
    try:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)  # freed memory that stays with the process would hide what a call needs
        Path("/proc/self/clear_refs").write_text("5")  # sets the peak back
        before = status("VmRSS")
        result = function()
        return (status("VmHWM") - before) / 1e6 + 0 * len(result)
    except (OSError, AttributeError):
        return float("nan")


def relative_error(results, exact):
    results = results if isinstance(results, tuple) else (results,)
    return max(float(np.abs(np.asarray(r.detach() if isinstance(r, torch.Tensor) else r).reshape(e.shape) - e).max()
                     / e.std()) for r, e in zip(results, exact, strict=True))


def measure(case, direction, ways, exact, macs, rounds):
    """Return one dict for each way."""
    rows, times = {}, {name: [] for name in ways}
    for name, function in ways.items():
        error, memory = relative_error(function(), exact), extra_mb(function)
        once = min(seconds(function, 1) for _ in range(3))
        rows[name] = {"case": case, "direction": direction, "way": name, "macs": macs, "relative_error": error,
                      "extra_mb": memory, "repeat": max(1, int(SHORTEST / once))}
    for _ in range(rounds):
        for name, function in ways.items():
            times[name].append(seconds(function, rows[name]["repeat"]))
    for name, row in rows.items():
        row["milliseconds"] = 1e3 * statistics.median(times[name])
        row["ratio"] = statistics.median(a / b for a, b in zip(times[name], times["torch"], strict=True))
        row["core_seconds"] = sum(times[name]) * row["repeat"]
    return list(rows.values())


def blas_kernel():
    """Name the kernel of the OpenBLAS that NumPy has loaded, or "" where it is another library."""
    maps = Path("/proc/self/maps")
    paths = {line.split()[-1] for line in maps.read_text().splitlines() if "openblas" in line} if maps.is_file() else ()
    for path in sorted(paths, key=lambda p: "numpy" not in p):
        library = ctypes.CDLL(path)
        for name in ("scipy_openblas_get_config64_", "openblas_get_config64_", "openblas_get_config"):
            if hasattr(library, name):
                function = getattr(library, name)
                function.restype = ctypes.c_char_p
                words = function().decode().split()
                return f"{words[0]} {words[1]} {words[-2] if words[-1].startswith('MAX') else words[-1]}"
    return ""


def cpu_name():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def goals(rows):
    """Yield (goal, reached value, bound, whether reached) for what issue and book promise."""
    ratio = {(r["case"], r["direction"], r["way"]): r["ratio"] for r in rows}
    both = ("forward", "forward and backward")
    for layer in LAYERS[:3]:
        for direction in both:
            yield f"{layer.name}, {direction}", ratio[layer.name, direction, "conv2d (numpy)"], 2.0
    for name in [layer.name for layer in LAYERS if layer.groups > 1 or layer.name.startswith(("LeNet 2", "8x8"))]:
        for direction in both:
            yield f"{name}, {direction}", ratio[name, direction, "conv2d (numpy)"], 2.0
    single = [ratio["28x28 k3, one channel", "forward", way] for way in
              ("conv2d (numpy)", "corr2d: shifted slices (numpy)")]
    yield "conv2d / corr2d on one image of 28x28", single[0] / single[1], 3.0
    worst = max(ratio[layer.name, d, "conv2d (numpy)"] for layer in LAYERS if layer.groups == 1 for d in both)
    yield "worst of all shapes without groups", worst, 4.0
    for kind in ("numpy", "torch"):
        case = "28x28 k3, one channel", "forward"
        speedup = ratio[*case, f"two loops ({kind})"] / ratio[*case, f"corr2d: shifted slices ({kind})"]
        yield f"50 / (speed-up of corr2d over loops on {kind}: {speedup:.0f})", 50 / speedup, 1.0
    for case in ("max pooling 64x6x28x28 2x2", "max pooling 8x64x56x56 3x3 stride 2"):
        yield case, ratio[case, "forward", "max_pool2d (numpy)"], 1.0
    winograd = LAYERS[1].name, "forward", "Winograd F(4x4,3x3) (numpy)"
    yield "Winograd at 128 channels", ratio[winograd], 1.0
    errors = {(r["case"], r["direction"], r["way"]): r["relative_error"] for r in rows}
    yield "Winograd at 128 channels, error / 1e-4", errors[winograd] / 1e-4, 1.0


def write(path, rows):
    fixed = {"experiment": "ops", "seed": 0, "torch": torch.__version__, "numpy": f"{np.__version__}, {blas_kernel()}",
             "cpu": cpu_name(), "date": datetime.date.today().isoformat()}
    lines = {}
    if path.is_file():
        with open(path, newline="", encoding="utf-8") as file:
            lines = {(line["setting"], line["metric"]): line for line in csv.DictReader(file)}
    for row in rows:
        setting = " | ".join((row["case"], row["direction"], row["way"]))
        line = fixed | {"setting": setting, "macs": row["macs"], "core_seconds": f"{row['core_seconds']:.3f}"}
        for metric in ("milliseconds", "ratio", "extra_mb", "relative_error"):
            lines[setting, metric] = line | {"metric": metric, "value": f"{row[metric]:.4g}"}
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        table.writerows(lines.values())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--only", default="", help="only cases whose name or direction holds this text")
    parser.add_argument("--without", help="leave out ways whose name holds this text")
    parser.add_argument("--csv", type=Path, help="write the results here")
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{cpu_name()}; NumPy {np.__version__} with {blas_kernel()}; torch {torch.__version__}; one thread")
    rows = []
    for case, direction, ways, *rest in cases():
        if options.only not in f"{case} {direction}":
            continue
        ways = {way: f for way, f in ways.items() if options.without is None or options.without not in way}
        print(f"\n{case}, {direction}; torch ran {', '.join(kernels(ways['torch']))}\n"
              f"  {'':36}{'ms':>10}{'x torch':>10}{'extra MB':>10}{'error':>10}")
        for row in measure(case, direction, ways, *rest, options.rounds):
            rows.append(row)
            print(f"  {row['way']:36}{row['milliseconds']:10.3f}{row['ratio']:10.2f}{row['extra_mb']:10.1f}"
                  f"{row['relative_error']:10.1e}", flush=True)
    if not options.only:
        print("\nGoals")
        for goal, value, bound in goals(rows):
            print(f"  {'reached' if value <= bound else 'MISSED '}  {value:6.2f} (at most {bound})  {goal}")
    if options.csv:
        write(options.csv, rows)


if __name__ == "__main__":
    main()
