"""Runs on several processes and on a Dask cluster: the same rows, whoever is killed, and nobody left behind."""

import csv
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from toy_images import light

from d2lcnn import experiments as ex
from d2lcnn import results
from d2lcnn.experiments import CURVE, Classifier, Experiment, missing, run
from d2lcnn.train import Recipe
from d2lcnn.workers import dask_workers, processes

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
TOY = Experiment("toy", "Does it run?", {
    "linear": Classifier("linear", Recipe(2, 0.1, batch_size=10), images=light, seeds=(0, 1, 2), curve=CURVE),
    "mlp": Classifier("mlp", Recipe(1, 0.1), {"hidden": (3,)}, light, seeds=(0, 1, 2)),
})


@dataclass(frozen=True)
class Fatal:
    """Kills the process it runs in, the first time; slow enough that others run beside it."""

    folder: str
    seeds: tuple = (0, 1, 2, 3)

    def metrics(self, seed):
        return ["pid"]

    def measure(self, seed, budget=None):
        time.sleep(0.2)
        with suppress(FileExistsError):
            Path(self.folder, "killed").touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return {"pid": os.getpid()}, {"core_seconds": 0.1, "epochs": 1, "train_images": 1, "params": 1, "macs": 1}


@dataclass(frozen=True)
class Failing:
    """Cannot be measured with seed 1."""

    seeds: tuple = (0, 1, 2)

    def metrics(self, seed):
        return ["one"]

    def measure(self, seed, budget=None):
        if seed == 1:
            raise FloatingPointError("the loss became nan")
        return {"one": 1.0}, {"core_seconds": 0.1, "epochs": 1, "train_images": 1, "params": 1, "macs": 1}


def silent(_):
    """Report nothing."""


def lines(path):
    """Read the lines of a file but for times."""
    with open(path, newline="", encoding="utf-8") as file:
        return [{k: v for k, v in row.items() if k not in ("core_seconds", "date")} for row in csv.DictReader(file)]


def until(condition, seconds=60):
    """Wait for a condition."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert condition()


def test_two_processes_give_the_rows_of_one(tmp_path):
    alone = run(TOY, tmp_path / "alone", silent)
    assert lines(run(TOY, tmp_path / "two", silent, processes(2))) == lines(alone)


def test_the_run_of_a_killed_process_is_made_again(tmp_path):
    said = []
    fatal = Experiment("fatal", "?", {"a": Fatal(str(tmp_path))})
    table = results.read(run(fatal, tmp_path, said.append, processes(2)))
    assert (tmp_path / "killed").exists()
    assert sorted(table.seed.tolist()) == [0, 1, 2, 3]
    assert any("a worker was lost" in line for line in said)


def test_a_run_that_fails_does_not_stop_the_others(tmp_path):
    failing = Experiment("failing", "?", {"a": Failing()})
    with pytest.raises(FloatingPointError, match="the loss became nan"):
        run(failing, tmp_path, silent, processes(2))
    assert missing(failing, tmp_path) == [("a", 1)]


def command(folder, *arguments, **options):
    """Start ``python -m d2lcnn experiment parity`` in a process of its own."""
    return subprocess.Popen([sys.executable, "-m", "d2lcnn", "experiment", "parity", "--out", str(folder), *arguments],
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, **options)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGKILL])
def test_the_workers_of_a_stopped_command_end(tmp_path, sent):
    process = command(tmp_path, "--jobs", "2")
    try:
        # the pool's two workers, and multiprocessing's resource tracker, which ends with its pipe
        until(lambda: len(psutil.Process(process.pid).children()) >= 3)
        workers = psutil.Process(process.pid).children()
        until(lambda: sum(w.cpu_times().user for w in workers) > 2 or process.poll() is not None)
        process.send_signal(sent)
        assert process.wait(30) == (130 if sent == signal.SIGINT else -signal.SIGKILL)
        _, alive = psutil.wait_procs(workers, timeout=20)
        assert not alive
    finally:
        process.kill()


@contextmanager
def started(*arguments):
    """Start a process and end it."""
    process = subprocess.Popen([sys.executable, "-m", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def test_a_cluster_finishes_although_a_worker_is_killed_in_a_run(tmp_path):
    from distributed import LocalCluster

    fatal = Experiment("fatal", "?", {"a": Fatal(str(tmp_path))})
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        workers = dask_workers(cluster.scheduler_address)
        table = results.read(run(fatal, tmp_path, silent, workers))
        assert lines(run(TOY, tmp_path / "dask", silent, workers)) == lines(run(TOY, tmp_path / "alone", silent))
    assert (tmp_path / "killed").exists()
    assert sorted(table.seed.tolist()) == [0, 1, 2, 3]


def test_scheduler_and_workers_from_the_shell_and_a_command_that_is_stopped_killed_and_started_again(tmp_path):
    from distributed import Client

    file = tmp_path / "scheduler.json"
    scheduler = ("dask", "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", file)
    worker = ("dask", "worker", "--scheduler-file", file, "--nthreads", "1", "--no-dashboard", "--nworkers", "1",
              "--local-directory", tmp_path)
    with started(*map(str, scheduler)):
        until(file.exists)
        with started(*map(str, worker)), started(*map(str, worker)), \
                Client(scheduler_file=str(file), set_as_default=False) as client:
            client.wait_for_workers(2, timeout=60)
            address = client.scheduler.address
            for sent in (signal.SIGINT, signal.SIGKILL):
                process = command(tmp_path, "--dask", address)
                until(lambda: any(client.processing().values()))
                process.send_signal(sent)
                assert process.wait(30) == (130 if sent == signal.SIGINT else -signal.SIGKILL)
                until(lambda: not any(client.processing().values()))
            process = command(tmp_path, "--dask", address)
            assert process.wait(240) == 0, process.stderr.read()
    parity = ex.find("parity")
    assert missing(parity, tmp_path) == []
    table = results.read(tmp_path / "parity.csv")
    for metric, stored, again in ex.recompute(parity, "lstm", 1, table):
        assert stored == again or metric == "ms_per_step", metric


@dataclass(frozen=True)
class Endless(Failing):
    """Never ends, and says where it runs."""

    folder: str = ""
    seeds: tuple = (0, 1, 2, 3, 4, 5)

    def measure(self, seed, budget=None):
        Path(self.folder, str(os.getpid())).touch()
        time.sleep(600)


def waits_for(path):
    """Be the run of somebody else on the cluster: it ends when a file is there, and says in which process it was."""
    until(path.exists, 120)
    return os.getpid()


def test_who_stops_restarts_the_workers_of_their_own_runs_alone(tmp_path):
    from distributed import Client, LocalCluster

    folder = tmp_path / "begun"
    folder.mkdir()
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, \
            Client(cluster.scheduler_address, set_as_default=False) as other:
        mine, theirs = other.run(os.getpid).items()
        job = other.submit(waits_for, tmp_path / "go on", workers=[theirs[0]])
        until(lambda: any(job.key in keys for keys in other.processing().values()))
        endless, workers = Experiment("endless", "?", {"a": Endless(folder=str(folder))}), dask_workers(
            cluster.scheduler_address)

        @contextmanager
        def interrupted():
            with workers() as pool:
                futures = [pool.submit(endless.settings["a"].measure, seed) for seed in endless.settings["a"].seeds]
                until(lambda: any(folder.iterdir()))
                assert futures
                raise KeyboardInterrupt
                yield

        with pytest.raises(KeyboardInterrupt):
            run(endless, tmp_path, silent, interrupted)
        assert [path.name for path in folder.iterdir()] == [str(mine[1])]
        until(lambda: theirs[1] in other.run(os.getpid).values() and mine[1] not in other.run(os.getpid).values())
        (tmp_path / "go on").touch()
        assert job.result(60) == theirs[1]  # begun before, ended after, in one process


@dataclass(frozen=True)
class Deadly(Failing):
    """Kills whatever process it runs in, with seed 1."""

    def measure(self, seed, budget=None):
        if seed == 1:
            os._exit(1)
        return super().measure(seed, budget)


def test_workers_that_always_die_end_a_run_on_a_cluster_after_the_others(tmp_path):
    import dask
    from distributed import LocalCluster

    deadly = Experiment("deadly", "?", {"a": Deadly()})
    with dask.config.set({"distributed.scheduler.allowed-failures": 0}), \
            LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster, \
            pytest.raises(ChildProcessError, match="workers died again and again in one run"):
        run(deadly, tmp_path, silent, dask_workers(cluster.scheduler_address))
    assert ("a", 1) in missing(deadly, tmp_path)


def test_a_scheduler_that_is_killed_is_said_in_a_line(tmp_path):
    from distributed import Client

    file = tmp_path / "scheduler.json"
    common = ("--scheduler-file", str(file), "--no-dashboard")
    with started("dask", "scheduler", "--host", "127.0.0.1", "--port", "0", *common) as scheduler:
        until(file.exists)
        with started("dask", "worker", "--nthreads", "1", "--nworkers", "1", "--local-directory", tmp_path, *common):
            with Client(scheduler_file=str(file), set_as_default=False) as client:
                address = client.scheduler.address
                process = command(tmp_path, "--dask", address)
                until(lambda: any(client.processing().values()))
            scheduler.kill()
            error = process.communicate(timeout=90)[1]
    assert (process.returncode, error) == (
        2, f"error: {address} answers no longer: start the cluster again, then this command\n")


def test_ctrl_c_in_a_terminal_reaches_workers_too_and_is_one_line(tmp_path):
    process = command(tmp_path, "--jobs", "2", start_new_session=True)
    try:
        until(lambda: len(psutil.Process(process.pid).children()) >= 3)
        workers = psutil.Process(process.pid).children()
        until(lambda: sum(w.cpu_times().user for w in workers) > 8 or process.poll() is not None)
        os.killpg(process.pid, signal.SIGINT)
        error = process.communicate(timeout=30)[1]
        assert (process.returncode, error) == (
            130, "interrupted: the same command continues from the last finished epoch or run\n")
        assert not psutil.wait_procs(workers, timeout=20)[1]
    finally:
        process.kill()


def test_nobody_at_the_address_is_said_in_a_line(tmp_path):
    process = command(tmp_path, "--dask", "tcp://127.0.0.1:9")
    error = process.communicate(timeout=60)[1]
    assert process.returncode == 2
    assert error.startswith("error: nobody answers at tcp://127.0.0.1:9") and error.count("\n") == 1
