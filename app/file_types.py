"""What a file is, from its first bytes: a short table of signatures and a look at a zip's members.

The declared type and the extension are only claims. An extension that we know must fit the content, so that
`invoice.pdf` is a PDF; programs are refused; what we do not know is kept as plain bytes.
"""

from dataclasses import dataclass

SNIFF_BYTES = 64 * 1024
BYTES = "application/octet-stream"

_OOXML = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."

# (offset, bytes, media type); the first match counts.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (8, b"WEBP", "image/webp"),
    (4, b"ftyphei", "image/heic"),
    (4, b"ftypmif1", "image/heic"),
    (4, b"ftyp", "video/mp4"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/x-ole-storage"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"MZ", "application/x-msdownload"),
    (0, b"\x7fELF", "application/x-elf"),
    (0, b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (0, b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (0, b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (0, b"\xca\xfe\xba\xbe", "application/x-mach-binary"),
)
PROGRAMS = {
    "application/x-msdownload",
    "application/x-elf",
    "application/x-mach-binary",
    "text/x-shellscript",
}

# What Windows runs when it is opened, whatever its content looks like.
SCRIPTS = {
    "bat", "cmd", "cpl", "exe", "hta", "jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "psm1", "reg",
    "scf", "scr", "sct", "url", "vb", "vbe", "vbs", "ws", "wsc", "wsf", "wsh",
}  # fmt: skip

_OLE = {"application/x-ole-storage"}
_OFFICE = {"docx", "xlsx", "pptx"}
_TEXT = {"text/plain", "text/xml", "text/html", "application/json"}
# What must be found in a file with this extension.
EXTENSIONS: dict[str, set[str]] = {
    "pdf": {"application/pdf"},
    "png": {"image/png"},
    "jpg": {"image/jpeg"},
    "jpeg": {"image/jpeg"},
    "gif": {"image/gif"},
    "tif": {"image/tiff"},
    "tiff": {"image/tiff"},
    "webp": {"image/webp"},
    "heic": {"image/heic"},
    "docx": {_OOXML + "wordprocessingml.document"},
    "xlsx": {_OOXML + "spreadsheetml.sheet"},
    "pptx": {_OOXML + "presentationml.presentation"},
    "odt": {_ODF + "text"},
    "ods": {_ODF + "spreadsheet"},
    "doc": _OLE | {"application/rtf"} | _TEXT,
    "xls": _OLE | _TEXT,  # many packages write HTML, XML or tabs into a file named so
    "ppt": _OLE,
    "msg": _OLE,
    "rtf": {"application/rtf"},
    "zip": {"application/zip"},
    "gz": {"application/gzip"},
    "7z": {"application/x-7z-compressed"},
    "rar": {"application/vnd.rar"},
    "mp4": {"video/mp4"},
    "txt": _TEXT,
    "csv": _TEXT,
    "xml": {"text/xml", "text/plain"},
    "json": _TEXT,
    "html": _TEXT,
    "svg": {"text/xml", "text/html"},
}
# Types that a browser may run or render as a page: handed out as plain bytes (FI-07).
_ACTIVE = {"text/html", "text/xml", "image/svg+xml", "application/json"}


@dataclass(frozen=True)
class Misfit:
    code: str
    detail: str


def detect(head: bytes) -> str:
    """The media type of a file that begins with ``head`` (64 KiB are enough)."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _zip_type(head)
    for offset, signature, media_type in _SIGNATURES:
        if head.startswith(signature, offset):
            return media_type
    if b"%PDF-" in head[:1024]:  # readers take it there; but what begins as something else is that
        return "application/pdf"
    return _text_type(head)


def _zip_type(head: bytes) -> str:
    if head[30:38] == b"mimetype":
        declared = head[38:138].split(b"PK", 1)[0].decode("ascii", "ignore")
        if declared.startswith(_ODF):
            return declared
    if b"[Content_Types].xml" in head or b"_rels/.rels" in head:
        for member, kind in (
            (b"word/", "wordprocessingml.document"),
            (b"xl/", "spreadsheetml.sheet"),
            (b"ppt/", "presentationml.presentation"),
        ):
            if member in head:
                return _OOXML + kind
    return "application/zip"


def _text_type(head: bytes) -> str:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "text/plain"
    if b"\x00" in head:
        return BYTES
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:512].lower()
    if start.startswith(b"#!"):
        return "text/x-shellscript"
    if start.startswith((b"<?xml", b"<svg")):
        return "text/xml"
    if start.startswith((b"<!doctype html", b"<html")):
        return "text/html"
    if start[:1] in (b"{", b"["):
        return "application/json"
    return "text/plain"


def misfit(name: str, media_type: str) -> Misfit | None:
    """Why a file of this name may not hold this content, or None."""
    _, dot, last = name.rstrip(". ").rpartition(".")  # Windows leaves those at the end off
    extension = last.lower() if dot else ""
    if media_type in PROGRAMS or extension in SCRIPTS:
        return Misfit("program", "This is a program; put programs into an archive if they must be kept.")
    expected = EXTENSIONS.get(extension)
    if expected is None or media_type in expected:
        return None
    if media_type == "application/zip" and extension in (*_OFFICE, "odt", "ods"):
        return None  # its members may come later than what was looked at
    if media_type in _OLE and extension in _OFFICE:
        return None  # one with a password lies encrypted in the older format (MS-OFFCRYPTO)
    return Misfit(
        "type_mismatch",
        f"The name ends in .{extension}, but the content is not that; give it its right name.",
    )


def safe_type(media_type: str) -> str:
    """The type to answer a download with."""
    return BYTES if media_type in _ACTIVE | PROGRAMS else media_type
