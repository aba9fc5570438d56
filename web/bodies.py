"""The body of a request, piece by piece: never more than its limit in memory, never longer than patience lasts."""

import asyncio

from starlette.requests import ClientDisconnect, Request

MOST_BYTES = 1 << 20
PATIENCE_SECONDS = 5.0


class BodyTooLarge(Exception):
    """It is longer than its limit: answer 413."""


class BodyTooSlow(Exception):
    """It did not come in time: answer 408."""


class BodyCutShort(Exception):
    """The sender hung up in the middle, or sent another length than announced: answer 400, if anybody listens."""


async def read_body(
    request: Request, *, most_bytes: int = MOST_BYTES, patience_seconds: float = PATIENCE_SECONDS
) -> bytes:
    """Return the whole body; raises BodyTooLarge, BodyTooSlow and BodyCutShort."""
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced[:20]) > most_bytes:
        raise BodyTooLarge
    pieces, length = [], 0
    try:
        async with asyncio.timeout(patience_seconds):
            async for piece in request.stream():
                length += len(piece)
                if length > most_bytes:
                    raise BodyTooLarge
                pieces.append(piece)
    except TimeoutError:
        raise BodyTooSlow from None
    except ClientDisconnect:
        raise BodyCutShort from None
    return b"".join(pieces)


def with_body(request: Request, body: bytes) -> Request:
    """Return the same request with its body at hand, for whoever reads it next."""
    told = False

    async def receive() -> dict[str, object]:
        nonlocal told
        if told:
            return {"type": "http.disconnect"}
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return Request(request.scope, receive)
