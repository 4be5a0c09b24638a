"""Measure loading whole batches from memory against a DataLoader that converts image by image.

    python tools/bench_loader.py [--images 20000] [--rounds 5] [--csv d2lcnn/results/loader.csv]

The per-sample loader does what a torchvision pipeline with ToTensor does to each image: bytes to a PIL image, PIL
image to array, array to a float tensor in [0, 1]; DataLoader then stacks the samples. The other one is
``train.batches``, which `fit` uses. Both shuffle and yield equal batches.

Reported is CPU time of all processes (workers too), one thread each, because wall time on a busy machine says
little. The CSV has the columns of every result file: the metric is cpu_seconds_per_1000, `seed` counts the rounds.
"""

import argparse
import csv
import datetime
import platform
import resource
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset

from d2lcnn import data
from d2lcnn.results import COLUMNS
from d2lcnn.train import batches

BATCH = 256


class PerSample(Dataset):
    """One image at a time: bytes, PIL image, array, tensor."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        picture = np.array(Image.fromarray(self.images.x[index, 0]))
        return torch.from_numpy(picture)[None].float().div(255), int(self.images.y[index])


def loaders(images, seed):
    """Return {name: a function that starts one epoch}."""

    def per_sample(workers):
        generator = torch.Generator().manual_seed(seed)
        return DataLoader(PerSample(images), BATCH, shuffle=True, num_workers=workers, generator=generator)

    return {
        "per sample, PIL, 0 workers": lambda: per_sample(0),
        "per sample, PIL, 2 workers": lambda: per_sample(2),
        "whole batches": lambda: batches(images, BATCH, rng=np.random.default_rng(seed)),
    }


def cpu_seconds():
    """CPU time of this process and of its children that have ended."""
    return time.process_time() + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])


def measure(images=20_000, rounds=5, workers=False):
    """Return one row per loader and round, as dicts; loaders take turns so that a busy machine slows all alike."""
    torch.set_num_threads(1)
    full = data.fashion_mnist("subset", validation=0)
    part = data.Images(np.resize(full.train.x, (images, 1, 28, 28)), np.resize(full.train.y, images))
    rows = []
    for seed in range(rounds):
        for name, start in loaders(part, seed).items():
            if "2 workers" in name and not workers:
                continue
            begin, count = cpu_seconds(), 0
            for x, y in start():
                if x.dtype != torch.float32 or x.shape != (len(y), 1, 28, 28):
                    raise RuntimeError(f"{name} gave {x.dtype} {tuple(x.shape)}")
                count += len(y)
            if count != images:
                raise RuntimeError(f"{name} gave {count} of {images} images")
            seconds = cpu_seconds() - begin
            rows.append({"loader": name, "round": seed, "images": images, "cpu_seconds": seconds})
    return rows


def medians(rows):
    """Return {loader: median CPU seconds per 1,000 images}."""
    names = dict.fromkeys(row["loader"] for row in rows)
    return {
        name: float(np.median([1000 * row["cpu_seconds"] / row["images"] for row in rows if row["loader"] == name]))
        for name in names
    }


def write(path, rows):
    """Write the rows as a result file of the package."""
    fixed = {"experiment": "loader", "metric": "cpu_seconds_per_1000", "epochs": 1, "torch": torch.__version__,
             "numpy": np.__version__, "cpu": cpu_name(), "date": datetime.date.today().isoformat()}  # fmt: skip
    with open(path, "w", newline="") as file:
        table = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        table.writeheader()
        for row in rows:
            value = 1000 * row["cpu_seconds"] / row["images"]
            table.writerow(fixed | {"setting": row["loader"], "seed": row["round"], "value": f"{value:.6f}",
                                    "train_images": row["images"], "core_seconds": f"{row['cpu_seconds']:.3f}"})


def cpu_name():
    """The processor's name, as far as the system tells."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--csv", type=Path)
    options = parser.parse_args()
    rows = measure(options.images, options.rounds, workers=True)
    cost = medians(rows)
    for name, seconds in cost.items():
        print(f"{name:28} {seconds:8.5f} CPU s per 1,000 images   {seconds / cost['whole batches']:6.1f} x")
    if options.csv:
        write(options.csv, rows)


if __name__ == "__main__":
    main()
