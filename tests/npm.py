"""Packages from npm that tests need: installed once, exactly as their lock file says."""

import fcntl
import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE = shutil.which("node") and shutil.which("npm")


def installed(folder: Path) -> Path:
    """`folder`, with the `node_modules` that its package-lock.json names. Skips where npm cannot; in CI that is a broken run."""
    done = folder / "node_modules" / ".package-lock.json"
    with (folder / "package.json").open() as lock:
        # Another test process may be installing at this moment.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < (folder / "package-lock.json").stat().st_mtime:
            _install(folder)
    return folder


def _install(folder: Path) -> None:
    done = subprocess.run(["npm", "ci", "--silent"], cwd=folder, capture_output=True, text=True, check=False, timeout=200)
    if done.returncode and not os.environ.get("CI"):
        pytest.skip(f"npm could not install what {folder.name} needs: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
