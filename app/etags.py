"""Entity tags in ``If-Match`` and ``If-None-Match`` (RFC 9110 13.1)."""


def matches(header: str | None, tag: str) -> bool:
    """Is the tag among those of ``If-Match`` or ``If-None-Match``?"""
    if header is None:
        return False
    given = {item.strip().removeprefix("W/") for item in header.split(",")}
    return "*" in given or tag in given
