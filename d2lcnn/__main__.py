"""The command line: ``python -m d2lcnn COMMAND --help``."""

import argparse
import contextlib
import csv
import io
import json
import math
import os
import re
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

from d2lcnn import __version__
from d2lcnn.console import Parser, guarded, words
from d2lcnn.names import known, nearest

RUN_FILES = ("metrics.json", "history.csv", "weights.pt")
LARGEST = 100_000  # classes, channels, pixels a side: products of such sizes still fit into torch's integers
GUESSING = 0.1  # accuracy of a guess among the ten classes of Fashion-MNIST

DESCRIPTION = """Commands of "Dive into Convolutional Networks": train a network, repeat an experiment, look at a
network's layers, export pictures."""


class Command(NamedTuple):
    """A subcommand: its name, what it says of itself, a function that adds its arguments to a parser, one that runs it.

    `arguments` imports nothing that needs torch: help is there at once, and without torch.
    """

    name: str
    help: str
    arguments: Callable
    run: Callable


def _train_arguments(parser):
    from d2lcnn.recipe import Augment, Recipe

    add = parser.add_argument
    add("network", help="which network to train, for instance lenet_bn; a name that is none gets the nearest one")
    add("--data", choices=("auto", "subset", "full"), default="auto",
        help="subset: the 10,000 training images in the package; full: all 60,000, looked for on this machine, else "
             "downloaded; auto: full where it is at hand, else the subset. Validation images are held back from them")
    for field in (*fields(Recipe), *fields(Augment)):
        if field.name != "augment":  # here it is made of the fields of Augment
            _add_option(add, field, _first_sentence(Recipe, field.name) or _first_sentence(Augment, field.name))
    add("--device", default="cpu", help="cpu, cuda, mps, or auto for the best there is")
    add("--threads", type=int, default=1,
        help="processor threads; more than one pays only on an otherwise idle machine")
    add("--test", action="store_true",
        help="measure on the test images at the end: once, when nothing is left to choose")
    add("--out", type=Path, help="folder of the run; default runs/NETWORK-seedSEED. If it holds an unfinished run of "
                                 "the same arguments, that run is continued")
    parser.set_defaults(epochs=3, lr=0.2)


def _add_option(add, field, text):
    """Add the option that sets a field of a dataclass."""
    name, text = f"--{field.name.replace('_', '-')}", text.replace("%", "%%")
    if field.name == "seed":
        text += "; here also the initial weights"
    if field.type is bool:
        add(name, action="store_true", help=text)
    else:
        add(name, type=field.type if field.type in (int, float) else str, help=text,
            choices=field.metadata.get("choices"), default=field.default)


def _first_sentence(cls, name):
    """Return what the docstring of a class says first about a parameter; "" if it says nothing."""
    found = re.search(rf"^    {name} : .*\n((?:        .*\n)+)", cls.__doc__ or "", re.MULTILINE)
    text = " ".join(found[1].split()).replace("`", "") if found else ""
    return (text[:1].lower() + text[1:]).partition(". ")[0].removesuffix(".")


def _train(args):
    from d2lcnn import files
    from d2lcnn.recipe import Augment, Recipe
    from d2lcnn.shapes import integer

    changes = {field.name: getattr(args, field.name) for field in fields(Augment)}
    augment = Augment(**changes) if any(changes.values()) else None
    options = {field.name: getattr(args, field.name) for field in fields(Recipe) if field.name != "augment"}
    recipe = Recipe(augment=augment, **options)
    if integer("threads", args.threads, 1) > os.cpu_count():
        raise ValueError(f"threads is {args.threads}, but this machine has {os.cpu_count()} processors")

    import torch  # after all that is refused at once

    from d2lcnn import networks, train

    known("network", args.network, networks.NETWORKS)
    folder = files.usable(args.out or Path("runs") / f"{args.network}-seed{args.seed}")
    torch.set_num_threads(args.threads)
    first = train.rank() in (None, 0)  # torchrun: one process writes and talks
    with files.locked(folder / RUN_FILES[0]) if first else contextlib.nullcontext():
        net, history, metrics = _fit(args, recipe, folder, first)
        if first:
            facts = {"network": args.network, **changes, **options, "device": args.device}
            _write_run(folder, net, history, facts | metrics)
            _report(args.network, net, history, metrics, folder)


def _fit(args, recipe, folder, first):
    """Train, and measure what was asked for; return the network, its history and its metrics."""
    from d2lcnn import data, networks, summary, train

    splits = data.fashion_mnist(args.data)
    net = networks.create(args.network, seed=args.seed)
    summary.summarize(net, splits.train.x.shape[1:])  # a network for larger images is refused, in words
    if first:
        print(f"{args.network}: {summary.count_parameters(net):,} parameters, {len(splits.train.y):,} training images")
    history = train.fit(net, splits.train, splits.validation, recipe, device=args.device,
                        checkpoint=folder / "checkpoint.pt")
    metrics = {"train_images": len(splits.train.y), "core_seconds": history.core_seconds[-1],
               "validation_accuracy": history.validation_accuracy[-1]}
    if args.test and first:
        on_test = train.evaluate(net, splits.test)
        if not math.isfinite(on_test.loss):
            raise FloatingPointError(f"the test loss is {on_test.loss}: the network is of no use, nothing is written")
        metrics |= {"test_accuracy": on_test.accuracy, "test_loss": on_test.loss}
    return net, history, metrics


def _write_run(folder, net, history, metrics):
    """Write weights.pt, history.csv and metrics.json."""
    import torch

    from d2lcnn import files

    weights, table, columns = io.BytesIO(), io.StringIO(), history.as_dict()
    torch.save(net.state_dict(), weights)
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    contents = json.dumps(metrics, indent=1, allow_nan=False) + "\n", table.getvalue(), weights.getvalue()
    for name, content in zip(RUN_FILES, contents, strict=True):
        files.clean(folder / name)
        files.write(folder / name, content)


def _report(network, net, history, metrics, folder):
    """Print what came out, and where it is."""
    from torch import nn

    from d2lcnn import networks

    print(history)
    if "test_accuracy" in metrics:
        print(f"test: accuracy {metrics['test_accuracy']:.4f}, loss {metrics['test_loss']:.4f}")
    print(f"{', '.join(RUN_FILES)} and checkpoint.pt are in {folder}")
    if metrics["validation_accuracy"] < 1.5 * GUESSING:
        why, what = "", "more --epochs, another --lr"
        if sigmoids := sum(isinstance(module, nn.Sigmoid) for module in net.modules()):
            why = (f" A sigmoid passes on at most a quarter of a gradient, and {sigmoids} of them follow each other: "
                   "such a network stays at chance for its first hundreds of steps.")
            what = "--epochs 12 --lr 1"  # 0.87 after 12 epochs of the subset with the seed 0, 0.10 after the first
        other = f", or {network}_bn, which learns faster" if f"{network}_bn" in networks.NETWORKS else ""
        print(f"{network} has learned next to nothing: guessing gets {GUESSING:.2f} right.{why} Try {what}{other}")


def _experiment_arguments(parser):
    from d2lcnn import workers

    add = parser.add_argument
    add("name", nargs="?", help="which experiment to run; see --list")
    add("--out", type=Path, metavar="FOLDER", help="of the CSV file; default ./results. Runs that it holds are kept; "
                                                   "delete the file to start afresh")
    add("--profile", choices=("cpu", "gpu"), default="cpu",
        help="gpu: the papers' networks at the papers' input size, where the experiment has that")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--list", action="store_true", help="list the experiments, and how many runs they have and lack in the folder")
    add("--settings", action="store_true", help="list the settings of the experiment, their seeds, and which runs are "
                                                "missing in the folder")
    add("--recompute", nargs=2, metavar=("SETTING", "SEED"),
        help="make one run again and print it beside the stored values, in the package or in --out; writes nothing")
    workers.options(add, "runs")


def _experiment(args):
    from d2lcnn import experiments, workers

    folder = args.out or Path(experiments.FOLDER)
    if args.name is None and not args.list:
        raise ValueError("name an experiment; --list shows all")
    if args.name is None:
        _list(experiments.PROFILES.get(args.profile, experiments.EXPERIMENTS).values(), folder)
        return
    experiment = experiments.find(args.name, args.profile)
    if args.list or args.settings:
        _list([experiment], folder, args.settings)
    elif args.recompute:
        _recompute(experiment, *args.recompute, args.out)
    else:
        where = workers.chosen(args.jobs, args.dask)
        print(f"{experiment.name} is complete: {experiments.run(experiment, folder, workers=where)}")


def _list(chosen, folder, settings=False):
    """Print experiments and what their files in a folder lack; of files that cannot be read, all else."""
    from d2lcnn import experiments

    unread = []
    for experiment in chosen:
        lacking, count = [], "?"
        try:
            lacking = experiments.missing(experiment, folder)
            count = len(lacking)
        except (ValueError, OSError) as error:
            unread.append(words(error))
        print(f"{experiment.name:26} {len(experiment.cells()):3} runs, {count} missing: {experiment.question}")
        if settings:
            for name, setting in experiment.settings.items():
                seeds = [f"{seed}{' (missing)' * ((name, seed) in lacking)}" for seed in setting.seeds]
                print(f"  {name}: seeds {', '.join(seeds)}")
    if unread:
        raise ValueError("\n".join(unread))


def _recompute(experiment, setting, seed, folder):
    """Print a run, made again, beside its stored values."""
    from d2lcnn import experiments, results

    if not seed.isdecimal():
        raise ValueError(f"SEED must be an integer, not {seed!r}")
    table = results.read(folder / f"{experiment.name}.csv" if folder else experiment.name)
    for metric, stored, again in experiments.recompute(experiment, setting, int(seed), table):
        print(f"{metric:24} stored {stored:.6f}  now {again:.6f}")


def _summary_arguments(parser):
    parser.add_argument("network", help="which network to tabulate; a name that is none gets the nearest one")
    parser.add_argument("--input", type=int, nargs=3, metavar=("C", "H", "W"),
                        help="channels, height and width of the images; default: grey ones as the network expects")
    parser.add_argument("--classes", type=int, default=10, help="number of classes")


def _summary(args):
    from d2lcnn.shapes import integer

    for name, size in [("classes", args.classes), *(("input", size) for size in args.input or ())]:
        integer(name, size, maximum=LARGEST)

    import torch

    from d2lcnn import networks, summary

    known("network", args.network, networks.NETWORKS)
    with torch.device("meta"):  # shapes without numbers: the largest networks cost nothing
        net = networks.create(args.network, args.classes, args.input[0] if args.input else 1)
    print(summary.summarize(net, tuple(args.input or net.input_size)))


def _explorer_arguments(parser):
    from d2lcnn.explorer import cli

    cli.arguments(parser)


def _explorer(args):
    from d2lcnn.explorer import cli

    cli.run(args)


def _exercises_arguments(parser):
    from d2lcnn.grading import catalogue

    catalogue.arguments(parser)


def _exercises(args):
    from d2lcnn.grading import catalogue

    catalogue.run(args)


def _grading_arguments(parser):
    from d2lcnn.grading import cli

    cli.arguments(parser)


def _grading(args):
    from d2lcnn.grading import cli

    cli.run(args)


def _drill_arguments(parser):
    from d2lcnn.grading import drill

    drill.arguments(parser)


def _drill(args):
    from d2lcnn.grading import drill

    drill.run(args)


COMMANDS = (
    Command("train", "train a network on Fashion-MNIST", _train_arguments, _train),
    Command("experiment", "run an experiment, or what its results lack", _experiment_arguments, _experiment),
    Command("summary", "show a network's layers: shapes, parameters, multiply-adds, receptive fields",
            _summary_arguments, _summary),
    Command("explorer", "pictures and animations of convolutions, for slides", _explorer_arguments, _explorer),
    Command("exercises", "list the exercises of the book, or show one", _exercises_arguments, _exercises),
    Command("drill", "practise sizes, counts and fields with fresh numbers", _drill_arguments, _drill),
    Command("grading", "assignments: hand out, mark in a sandbox, export and return", _grading_arguments, _grading),
)


def parser(command=None):
    """Build the parser; with a command's name, only that one knows its arguments, and nothing is loaded for others."""
    top = Parser(prog="python -m d2lcnn", description=DESCRIPTION)
    top.add_argument("--version", action="version", version=f"d2lcnn {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for each in COMMANDS:
        sub = commands.add_parser(each.name, help=each.help, description=f"{each.help[0].upper()}{each.help[1:]}.",
                                  formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        if command in (None, each.name):
            each.arguments(sub)
        sub.set_defaults(run=each.run)
    return top


def _parse(argv):
    """Parse, with the nearest name for a command or an option that there is not."""
    name = next((word for word in argv if not word.startswith("-")), "")
    top = parser(name)
    names = [command.name for command in COMMANDS]
    if name and name not in names:
        top.error(f"there is no command {name!r}; the commands are {', '.join(names)}"
                  + (f"; the nearest is {nearest(name, names)[0]!r}" if nearest(name, names) else ""))
    args, rest = top.parse_known_args(argv)
    if rest:
        top.prog += f" {args.command}"
        near = nearest(rest[0].partition("=")[0], [f"--{option.replace('_', '-')}" for option in vars(args)])
        top.error(f"there is no option {rest[0]!r}{f'; the nearest is {near[0]}' if near else ''}")
    return args


def main(argv=None):
    """Run a command; return the exit status."""

    def work():
        args = _parse(sys.argv[1:] if argv is None else argv)
        args.run(args)

    return guarded(work)


if __name__ == "__main__":
    sys.exit(main())
