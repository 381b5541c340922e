"""Which kind of file it really is, by its content; and the sentence for each kind that is no table."""

from typing import BinaryIO

from app.sheets.rows import SheetRefused

HEAD_BYTES = 4096
XLSX, XLS, ODS, CSV = "xlsx", "xls", "ods", "csv"

_SAVE_AS = "Save it as XLSX, XLS, ODS or CSV and upload that."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\x00", b"MM\x00*", b"BM", b"RIFF")
_ARCHIVES = (b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!", b"BZh", b"\xfd7zXZ")
_BARE_BIFF = (b"\x09\x08", b"\x09\x04\x06\x00", b"\x09\x02\x06\x00", b"\x09\x00\x04\x00")
_MARKS = (b"\xff\xfe", b"\xfe\xff")

_SENTENCES = {
    "empty": "The file is empty.",
    "password": "The workbook is protected with a password. Save it without one and upload it again.",
    "pdf": "This is a PDF. Upload the table that it was made from, as XLSX, XLS, ODS or CSV.",
    "image": "This is an image. Upload the table itself, as XLSX, XLS, ODS or CSV.",
    "archive": "This is an archive. Unpack it and upload the table that is in it.",
    "numbers": "This is a document of Apple Numbers. Export it as Excel or CSV and upload that.",
    "xlsb": "This is a binary workbook (XLSB). Open it in Excel and save it as XLSX.",
    "old_xls": "This workbook was written by a version of Excel from before 1997. Save it as XLSX.",
    "html": f"This is a web page, whatever its name says. Open it in Excel and save it as XLSX. {_SAVE_AS}",
    "xml": f"This is XML, whatever its name says. Open it in Excel. {_SAVE_AS}",
    "rtf": f"This is a text document. {_SAVE_AS}",
    "document": f"This is a document, not a table. {_SAVE_AS}",
    "unknown": f"This is no spreadsheet, or a damaged one. {_SAVE_AS}",
    "damaged": "The file is damaged or incomplete. Open it in your own program, save it and upload it again.",
}


def refused(code: str) -> SheetRefused:
    return SheetRefused(code, _SENTENCES[code])


def detect(file: BinaryIO, encoding: str | None = None) -> str:
    """``xls`` or ``csv``; or ``zip``, which only its members can tell. Refuses all else.

    Who says which encoding it has says that it is text.
    """
    file.seek(0)
    head = file.read(HEAD_BYTES)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise refused("empty")
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if head.startswith(_OLE):
        return _ole(file)
    if code := _by_signature(head) or _by_text(head):
        raise refused(code)
    if encoding is None and 0 in head and any(0 < byte < 9 for byte in head) and not head.startswith(_MARKS):
        raise refused("unknown")
    return CSV


def _by_signature(head: bytes) -> str | None:
    if b"%PDF-" in head[:1024]:
        return "pdf"
    if head.startswith(_IMAGES) and _looks_binary(head):
        return "image"
    if head.startswith(_ARCHIVES):
        return "archive"
    if head.startswith(_BARE_BIFF) and _looks_binary(head):
        return "old_xls"
    return "rtf" if head.startswith(b"{\\rtf") else None


def _looks_binary(head: bytes) -> bool:
    return any(byte < 9 for byte in head)


def _by_text(head: bytes) -> str | None:
    encoding = "utf-16" if head.startswith(_MARKS) else "latin-1"
    start = head.decode(encoding, "ignore").removeprefix("\xef\xbb\xbf").lstrip().lower()
    if start.startswith(("<!doctype html", "<html", "<table", "<head", "<meta", "<style", "mime-version:")):
        return "html"
    if start.startswith(("<?xml", "<!--")):
        return "html" if "<html" in start else "xml"
    return None


def _ole(file: BinaryIO) -> str:
    """Excel's old format, or another thing in the same container: its streams are named in UTF-16."""
    file.seek(0)
    content = file.read()
    if _utf16("EncryptedPackage") in content:
        raise refused("password")
    if _utf16("Workbook") in content:
        return XLS
    raise refused("old_xls" if _utf16("Book") in content else "document")


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-le") + b"\x00\x00"


def workbook_format(names: set[str], mimetype: bytes) -> str:
    """What a zip is, by the names of its members."""
    if "xl/workbook.xml" in names:
        return XLSX
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet") and "content.xml" in names:
        return ODS
    if "xl/workbook.bin" in names:
        raise refused("xlsb")
    if any(name.endswith(".iwa") or name == "Index.zip" for name in names):
        raise refused("numbers")
    raise refused("document" if {"word/document.xml", "ppt/presentation.xml", "content.xml"} & names else "archive")
