"""`manage.py local_aws` and `python -m promptstudio.integrations.bedrock.local_aws`."""

import argparse
import importlib.util
import ipaddress
import os
import signal
import sys
from pathlib import Path
from typing import Any

SUMMARY = "A development AWS on loopback: Bedrock prompts and Converse, everything else by moto. Not for production."
REPOSITORY = Path(__file__).resolve().parents[4]
EXIT_REFUSED = 2


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="local_aws", description=SUMMARY)
    add_arguments(parser)
    options = parser.parse_args(argv)
    return serve(host=options.host, port=options.port, state_dir=options.state_dir, rate_limits=options.rate_limits)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="a loopback address (127.0.0.1)")
    parser.add_argument("--port", type=int, default=int(os.environ.get("LOCAL_AWS_PORT", "4566")), help="0 takes a free one (4566)")
    parser.add_argument(
        "--state-dir", type=Path, default=Path(os.environ.get("STUDIO_HOME") or REPOSITORY / ".studio"), help="where prompts are kept"
    )
    parser.add_argument(
        "--rate-limits", action="store_true", help="enforce Bedrock's rates: 2 writes and 10 reads per second and operation"
    )


def serve(*, host: str, port: int, state_dir: Path, rate_limits: bool) -> int:
    """Serves until SIGTERM or Ctrl-C. Returns the exit code: 2 where it refuses to start."""
    if not _is_loopback(host):
        return _refuse(f"The local AWS accepts any credentials, so it listens on a loopback address only, not on {host}.")
    if importlib.util.find_spec("moto") is None or importlib.util.find_spec("werkzeug") is None:
        return _refuse("The local AWS needs moto, which is not installed. Install the extra: pip install 'prompt-studio[local]'.")
    # Prompt texts are nobody else's business on a shared machine.
    os.umask(0o077)
    return _run(host=host, port=port, state_dir=state_dir, rate_limits=rate_limits)


def _run(*, host: str, port: int, state_dir: Path, rate_limits: bool) -> int:
    from werkzeug.serving import WSGIRequestHandler, make_server

    from .application import LocalAws
    from .store import FILE_NAME, Store

    class QuietHandler(WSGIRequestHandler):
        def log_request(self, *args: Any) -> None:
            """The journal has every call."""

    server = make_server(
        host, port, LocalAws(store=Store(state_dir=state_dir), rate_limits=rate_limits), threaded=True, request_handler=QuietHandler
    )
    # Without asking requests that are held: they have no say in when we stop, and whatever was answered is committed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: os._exit(0))
    shown = f"[{host}]" if ":" in host else host
    _say(f"The local AWS listens on http://{shown}:{server.port}")
    _say(f"It keeps Bedrock prompts and SSM parameters in {state_dir / FILE_NAME}; every other service starts empty.")
    server.serve_forever()
    return 0


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _say(sentence: str) -> None:
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"{sentence}\n")
    return EXIT_REFUSED
