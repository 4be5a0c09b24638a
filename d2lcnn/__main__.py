"""The command line: ``python -m d2lcnn COMMAND --help``."""

import argparse
import csv
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

DESCRIPTION = """Commands of "Dive into Convolutional Networks": train a network, repeat an experiment, look at a
network's layers, export pictures."""


class Command(NamedTuple):
    """A subcommand: its name, what it says of itself, a function that adds its arguments to a parser, one that runs it.

    `arguments` is called even when another command is meant, so it imports only what lists its choices.
    """

    name: str
    help: str
    arguments: Callable
    run: Callable


def _train_arguments(parser):
    from d2lcnn.networks import NETWORKS
    from d2lcnn.train import OPTIMIZERS, SCHEDULES

    add = parser.add_argument
    add("network", choices=NETWORKS, help="which network to train")
    add("--epochs", type=int, default=3, help="times each training image is seen")
    add("--data", choices=("auto", "subset", "full"), default="auto",
        help="subset: the 10,000 training images in the package; full: all 60,000, looked for on this machine, else "
             "downloaded; auto: full where it is at hand, else the subset. Validation images are held back from them")
    add("--lr", type=float, default=0.2, help="largest learning rate of the schedule")
    add("--batch-size", type=int, default=128, help="images a step, over all processes")
    add("--optimizer", choices=OPTIMIZERS, default="sgd", help="sgd has Nesterov momentum 0.9, plain_sgd none")
    add("--schedule", choices=SCHEDULES, default="onecycle", help="how the learning rate changes")
    add("--weight-decay", type=float, default=0.0, help="weight decay of the optimizer")
    add("--label-smoothing", type=float, default=0.0, help="part of the target spread over all classes")
    add("--shift", type=int, default=0, help="augmentation: move images by up to this many pixels")
    add("--flip", action="store_true", help="augmentation: mirror images left-right, one in two")
    add("--seed", type=int, default=0, help="decides initial weights, order, augmentation and dropout")
    add("--device", default="cpu", help="cpu, cuda, mps, or auto for the best there is")
    add("--bf16", action="store_true", help="multiply in bfloat16 (pays only where the processor has it)")
    add("--channels-last", action="store_true", help="keep channels together in memory: often faster convolutions")
    add("--threads", type=int, default=1,
        help="processor threads; more than one pays only on an otherwise idle machine")
    add("--test", action="store_true",
        help="measure on the test images at the end: once, when nothing is left to choose")
    add("--out", type=Path, help="folder of the run; default runs/NETWORK-seedSEED. If it holds an unfinished run of "
                                 "the same arguments, that run is continued")


def _train(args):
    import torch

    from d2lcnn import data, networks, summary, train

    torch.set_num_threads(args.threads)
    folder = args.out or Path("runs") / f"{args.network}-seed{args.seed}"
    first = int(os.environ.get("RANK", "0")) == 0  # torchrun: one process writes and talks
    splits = data.fashion_mnist(args.data)
    net = networks.create(args.network, seed=args.seed)
    augment = train.Augment(shift=args.shift, flip=args.flip) if args.shift or args.flip else None
    recipe = {name: getattr(args, name) for name in ("epochs", "lr", "batch_size", "optimizer", "schedule",
                                                     "weight_decay", "label_smoothing", "seed", "device", "bf16",
                                                     "channels_last")}
    if first:
        print(f"{args.network}: {summary.count_parameters(net):,} parameters, {len(splits.train.y):,} training images")
    history = train.fit(net, splits.train, splits.validation, augment=augment, checkpoint=folder / "checkpoint.pt",
                        **recipe)
    if not first:
        return
    metrics = {"network": args.network, "train_images": len(splits.train.y), "shift": args.shift, "flip": args.flip,
               **recipe, "core_seconds": history.core_seconds[-1],
               "validation_accuracy": history.validation_accuracy[-1]}
    print(history)
    if args.test:
        on_test = train.evaluate(net, splits.test)
        metrics |= {"test_accuracy": on_test.accuracy, "test_loss": on_test.loss}
        print(f"test: {on_test}")
    _write_run(folder, net, history, metrics)


def _write_run(folder, net, history, metrics):
    """Write weights.pt, history.csv and metrics.json."""
    import torch

    torch.save(net.state_dict(), folder / "weights.pt")
    columns = history.as_dict()
    with open(folder / "history.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([list(columns), *zip(*columns.values(), strict=True)])
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1) + "\n", encoding="utf-8")
    print(f"weights.pt, history.csv and metrics.json are in {folder}")


def _experiment_arguments(parser):
    add = parser.add_argument
    add("name", nargs="?", help="which experiment to run; see --list")
    add("--list", action="store_true", help="list the experiments, or the settings of the one that is named, and how "
                                            "many runs they have and lack in the folder")
    add("--out", type=Path, metavar="FOLDER", help="of the CSV file; default ./results. Runs that it holds are kept; "
                                                   "delete the file to start afresh")
    add("--jobs", type=int, default=1, metavar="N", help="make N runs at a time, each in a process of its own")
    add("--dask", metavar="ADDRESS", help="make the runs on the workers of a Dask cluster: the scheduler's address")
    add("--profile", choices=("cpu", "gpu"), default="cpu",
        help="gpu: the papers' networks at the papers' input size, where the experiment has that")
    add("--recompute", nargs=2, metavar=("SETTING", "SEED"),
        help="make one run again and print it beside the stored values, in the package or in --out; writes nothing")


def _experiment(args):
    from d2lcnn import experiments, results

    folder = args.out or Path(experiments.FOLDER)
    if args.name is None:
        if not args.list:
            raise ValueError("name an experiment; --list shows all")
        for experiment in experiments.EXPERIMENTS.values():
            print(f"{experiment.name:26} {len(experiment.cells()):3} runs, "
                  f"{len(experiments.missing(experiment, folder))} missing: {experiment.question}")
        return
    experiment = experiments.find(args.name, args.profile)
    if args.list:
        print(experiment.question)
        lacking = experiments.missing(experiment, folder)
        for name, setting in experiment.settings.items():
            print(f"  {name}: seeds {', '.join(map(str, setting.seeds))}, "
                  f"{sum(name == cell[0] for cell in lacking)} missing")
    elif args.recompute:
        name, seed = args.recompute
        table = results.read(args.out / f"{experiment.name}.csv" if args.out else experiment.name)
        if not seed.isdecimal():
            raise ValueError(f"SEED must be an integer, not {seed!r}")
        for metric, stored, again in experiments.recompute(experiment, name, int(seed), table):
            print(f"{metric:24} stored {stored:.6f}  now {again:.6f}")
    else:
        workers = (experiments.dask_workers(args.dask) if args.dask else
                   experiments.processes(args.jobs) if args.jobs != 1 else None)
        print(f"{experiment.name} is complete: {experiments.run(experiment, folder, workers=workers)}")


def _summary_arguments(parser):
    from d2lcnn.networks import NETWORKS

    parser.add_argument("network", choices=NETWORKS, help="which network to tabulate")
    parser.add_argument("--input", type=int, nargs=3, metavar=("C", "H", "W"),
                        help="channels, height and width of the images; default: grey ones as the network expects")
    parser.add_argument("--classes", type=int, default=10, help="number of classes")


def _summary(args):
    import torch

    from d2lcnn import networks, summary

    with torch.device("meta"):  # shapes without numbers: the largest networks cost nothing
        net = networks.create(args.network, args.classes, args.input[0] if args.input else 1)
    print(summary.summarize(net, tuple(args.input or net.input_size)))


def _explorer_arguments(parser):
    from d2lcnn.explorer import cli

    cli.arguments(parser)


def _explorer(args):
    from d2lcnn.explorer import cli

    cli.run(args)


COMMANDS = (
    Command("train", "train a network on Fashion-MNIST", _train_arguments, _train),
    Command("experiment", "run an experiment, or what its results lack", _experiment_arguments, _experiment),
    Command("summary", "show a network's layers: shapes, parameters, multiply-adds, receptive fields",
            _summary_arguments, _summary),
    Command("explorer", "pictures and animations of convolutions, for slides", _explorer_arguments, _explorer),
)


def parser():
    """Build the parser of all commands."""
    top = argparse.ArgumentParser(prog="python -m d2lcnn", description=DESCRIPTION)
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        sub = commands.add_parser(command.name, help=command.help,
                                  description=command.help[0].upper() + command.help[1:] + ".",
                                  formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        command.arguments(sub)
        sub.set_defaults(run=command.run)
    return top


def main(argv=None):
    """Run a command; return the exit status. Errors in arguments become one line, without a traceback."""
    args = parser().parse_args(argv)
    try:
        args.run(args)
    except (ValueError, FloatingPointError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted: the same command continues from the last finished epoch or run", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
