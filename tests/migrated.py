"""A SQLite file with every table, made once for all processes of a test run and copied by each: migrating takes a quarter of a minute."""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
FOLDER = "MIGRATED_HERE"  # The first process of a run names it; the others inherit it.
NAME = "studio.sqlite3"


def migrated_into(place: Path) -> None:
    """Put a migrated database at `place`, empty but for what migrations write."""
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / NAME).exists():
            _make(folder)
    shutil.copyfile(folder / NAME, place)


def _make(folder: Path) -> None:
    making = folder / "making"
    making.mkdir(mode=0o700)
    env = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"STUDIO_HOME": str(making)}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity", "0"], cwd=REPOSITORY, env=env, check=True)
    (making / NAME).replace(folder / NAME)
