"""Structured logs: one line an event, each with the request id; never a body, a token, a query string or a name."""

import logging
import sys

import structlog

from app.settings import Settings


def configure_logs(settings: Settings, *, quiet: bool = False) -> None:
    """JSON lines in production, readable lines in local mode; standard error, so that output stays for output."""
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=False) if settings.is_local else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if quiet else logging.INFO),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),  # as it is then, not as it is now
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    # python-multipart logs a line for odd bytes of a body (CVE-2024-53981): nothing a client sends is worth that.
    logging.getLogger("python_multipart").setLevel(logging.CRITICAL)
