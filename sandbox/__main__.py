"""``python -m sandbox --port 0``: run the whole sandbox on loopback until SIGTERM.

Prints one JSON line ``{"url": "http://127.0.0.1:PORT"}`` when it answers.
"""

import argparse
import ipaddress
import json
import signal
import socket
import sys

import uvicorn

from sandbox.app import create_sandbox

SHUTDOWN_SECONDS = 2


class AnnouncingServer(uvicorn.Server):
    """A uvicorn server that prints the ready line once it answers."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start as uvicorn does, then print the address."""
        await super().startup(sockets)
        if sockets and self.started:
            host, port = sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            print(json.dumps({"url": f"http://{shown}:{port}"}), flush=True)  # noqa: T201  # The ready line.


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; returns 0."""
    options = _parse(argv)
    app = create_sandbox(
        seed=options.seed,
        pace=options.pace,
        slack_request_url=options.slack_request_url,
        zendesk_webhook_url=options.zendesk_webhook_url,
        salesforce_outbound_url=options.salesforce_outbound_url,
        jira_webhook_url=options.jira_webhook_url,
    )
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=SHUTDOWN_SECONDS)
    signal.signal(signal.SIGTERM, _leave)
    with listen(options.host, options.port) as listener:
        AnnouncingServer(config).run(sockets=[listener])
    return 0


def _parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8900, help="0 takes a free one (default: 8900)")
    parser.add_argument("--host", type=_loopback, default="127.0.0.1", help="loopback addresses only")
    parser.add_argument("--seed", action=argparse.BooleanOptionalAction, default=True, help="load the demo world")
    parser.add_argument(
        "--pace",
        choices=("vendor", "fast"),
        default="vendor",
        help="vendor: the vendors' request limits and lags; fast: none (default: vendor)",
    )
    parser.add_argument("--slack-request-url", help="where Slack sends events, interactions and commands")
    parser.add_argument("--zendesk-webhook-url", help="where a webhook registered from the start points")
    parser.add_argument("--jira-webhook-url", help="the same for Jira")
    parser.add_argument("--salesforce-outbound-url", help="where Salesforce sends Outbound Messages from the start")
    return parser.parse_args(argv)


def _loopback(text: str) -> str:
    """Return the address when it is loopback: the sandbox's credentials are printed in its source."""
    address = ipaddress.ip_address("127.0.0.1" if text == "localhost" else text)
    if not address.is_loopback:
        raise argparse.ArgumentTypeError(f"{text} is not a loopback address")
    return str(address)


def listen(host: str, port: int) -> socket.socket:
    """Return a bound TCP socket; 0 takes a free port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, or asyncio does not switch Nagle's algorithm off, and every answer takes 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _leave(*_: object) -> None:
    """End with 0: uvicorn has shut down cleanly and raises the signal it caught again."""
    sys.exit(0)


if __name__ == "__main__":
    sys.exit(main())
