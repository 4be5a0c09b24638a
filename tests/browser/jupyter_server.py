"""A JupyterLab for tests."""

import contextlib
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request

import pytest


@contextlib.contextmanager
def jupyterlab(folder):
    """Start JupyterLab on a free port, with a token and no settings of the person who runs the tests.

    Parameters
    ----------
    folder : Path
        The notebooks.

    Yields
    ------
    callable
        Name of a notebook -> its address, with a workspace of its own: else JupyterLab opens earlier ones beside it.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    home = folder.parent / f"{folder.name}-home"
    # every cell is drawn, also those out of sight
    settings = home / ".jupyter/lab/user-settings/@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"windowingMode": "none"}')
    environment = {k: v for k, v in os.environ.items() if k != "D2LCNN_STORED" and not k.startswith("JUPYTER")}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1",
               f"--ServerApp.port={port}", f"--IdentityProvider.token={token}",
               f"--ServerApp.root_dir={folder}"]  # fmt: skip
    log = open(folder.parent / f"{folder.name}.log", "w+b")  # noqa: SIM115
    server = subprocess.Popen(command, env=environment | {"HOME": str(home)}, stdout=log, stderr=subprocess.STDOUT)
    address = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 90
    while True:
        try:
            urllib.request.urlopen(f"{address}/api/status?token={token}", timeout=5).close()
            break
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                log.seek(0)
                server.kill()
                pytest.fail(f"JupyterLab did not start: {log.read().decode()[-2000:]}")
            time.sleep(0.5)
    try:
        yield lambda name: f"{address}/lab/workspaces/{name.partition('.')[0]}/tree/{name}?token={token}"
    finally:
        server.terminate()
        server.wait(timeout=90)
        log.close()
