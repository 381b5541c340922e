"""The type is found in the content; a known extension must fit it (FI-04, FI-07, F40)."""

import io
import zipfile

import pytest

from app.demo import pdf
from app.file_types import BYTES, EXTENSIONS, PROGRAMS, SNIFF_BYTES, detect, misfit, safe_type

OOXML = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."


def archive(*members: str, content: bytes = b"<x/>", method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as made:
        for member in members:
            stored = zipfile.ZIP_STORED if member == "mimetype" else method
            made.writestr(member, (ODF + "text").encode() if member == "mimetype" else content, stored)
    return out.getvalue()


DOCX = archive("[Content_Types].xml", "_rels/.rels", "word/document.xml")
XLSX = archive("[Content_Types].xml", "_rels/.rels", "docProps/app.xml", "xl/workbook.xml")
PPTX = archive("_rels/.rels", "[Content_Types].xml", "ppt/presentation.xml")
ODT = archive("mimetype", "content.xml")
ZIP = archive("bon.txt")
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (pdf("een"), "application/pdf"),
        (b"\xef\xbb\xbf\n%PDF-1.7", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"\x00\x00\x00\x18ftypheic", "image/heic"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (DOCX, OOXML + "wordprocessingml.document"),
        (XLSX, OOXML + "spreadsheetml.sheet"),
        (PPTX, OOXML + "presentationml.presentation"),
        (ODT, ODF + "text"),
        (ZIP, "application/zip"),
        (archive(), "application/zip"),
        (archive("a.pdf", content=pdf("a"), method=zipfile.ZIP_STORED), "application/zip"),
        (OLE, "application/x-ole-storage"),
        (b"{\\rtf1", "application/rtf"),
        (b"MZ\x90\x00", "application/x-msdownload"),
        (b"MZ%PDF-1.7", "application/x-msdownload"),
        (b"\x7fELF\x02%PDF-1.4", "application/x-elf"),
        (b"#!/bin/sh\n", "text/x-shellscript"),
        (b"<!DOCTYPE html><script>", "text/html"),
        (b"  <HTML>", "text/html"),
        (b"<?xml version='1.0'?>", "text/xml"),
        (b"<svg onload=alert(1)>", "text/xml"),
        (b'{"a": 1}', "application/json"),
        ("Bonnen café".encode(), "text/plain"),
        ("Bonnen".encode("utf-16"), "text/plain"),
        (b"a;b;c\n1;2;3", "text/plain"),
        (b"\x01\x02\x00\x03", BYTES),
    ],
)
def test_detected(content: bytes, media_type: str) -> None:
    assert detect(content[:SNIFF_BYTES]) == media_type


@pytest.mark.parametrize("length", range(64))
def test_a_beginning_of_any_length_is_something(length: int) -> None:
    for content in (DOCX, ODT, OLE, pdf("x"), bytes(64), b"PK\x03\x04" * 16):
        assert detect(content[:length])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("stuk.pdf", pdf("x")),
        ("STUK.PDF", pdf("x")),
        ("brief.docx", DOCX),
        ("cijfers.xlsx", XLSX),
        ("brief.odt", ODT),
        ("groot.docx", archive("media/a.bin", "word/document.xml")),
        ("oud.xls", OLE),
        ("export.xls", b"<html><table>"),
        ("bericht.msg", OLE),
        ("auditfile.xaf", b"<?xml version='1.0'?>"),
        ("export.csv", b"a;b\n"),
        ("zonder extensie", b"\x01\x00"),
        ("reg", b"tekst"),
        ("Factuur bol.com", b"tekst"),
        ("bundel.zip", ZIP),
        ("met wachtwoord.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        ("pdfs.zip", archive("a.pdf", content=pdf("a"), method=zipfile.ZIP_STORED)),
    ],
)
def test_fits(name: str, content: bytes) -> None:
    assert misfit(name, detect(content)) is None


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("stuk.pdf", b"<html><script>", "type_mismatch"),
        ("stuk.pdf", ZIP, "type_mismatch"),
        ("foto.jpg", b"GIF89a", "type_mismatch"),
        ("brief.docx", pdf("x"), "type_mismatch"),
        ("brief.docx", XLSX, "type_mismatch"),
        ("foto.png", b"<svg onload=alert(1)>", "type_mismatch"),
        ("factuur.exe", b"MZ\x90\x00", "program"),
        ("factuur.pdf", b"MZ\x90\x00", "program"),
        ("factuur.pdf", b"MZ%PDF-1.7", "program"),
        ("zonder", b"\x7fELF", "program"),
        ("factuur.url", b"[InternetShortcut]", "program"),
        ("start.bat", b"@echo off", "program"),
        ("Factuur.pdf.JS. ", b"alert(1)", "program"),
        ("start.txt", b"#!/bin/sh\nrm -rf /", "program"),
    ],
)
def test_does_not_fit(name: str, content: bytes, code: str) -> None:
    found = misfit(name, detect(content))
    assert found is not None
    assert found.code == code


def test_what_a_browser_may_run_goes_out_as_bytes() -> None:
    """FI-07."""
    for content in (b"<html>", b"<svg>", b"<?xml?>", b'{"a":1}', b"#!/bin/sh"):
        assert safe_type(detect(content)) == BYTES
    assert safe_type(detect(pdf("x"))) == "application/pdf"


def test_no_extension_admits_a_program() -> None:
    assert not any(types & PROGRAMS for types in EXTENSIONS.values())
