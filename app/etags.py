"""Entity tags in ``If-Match`` and ``If-None-Match`` (RFC 9110 13.1)."""


def matches(header: str | None, tag: str, *, strong: bool = False) -> bool:
    """Is the tag among those of ``If-None-Match`` or, ``strong``, ``If-Match``? There a weak tag is none."""
    if header is None:
        return False
    given = {item.strip() for item in header.split(",")}
    return "*" in given or tag in given or (not strong and f"W/{tag}" in given)
