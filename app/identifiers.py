"""Dutch identifiers: brought into one form, checked, and explained. Pure functions; none keeps or shows a value.

Each takes what people and packages write (blanks, dots, hyphens, small letters, full-width digits) and returns the
one form that is stored, or raises ``IdentifierError``. What two numbers of one relation say about each other is in
``cross_check``. Facts: Belastingdienst and KvK, as collected in the design (domain.md 5.1 to 5.4).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from stdnum import iban as stdnum_iban
from stdnum.exceptions import InvalidChecksum, ValidationError
from stdnum.iso7064 import mod_97_10
from stdnum.nl import bsn as stdnum_bsn
from stdnum.nl import postcode as stdnum_postcode

from app.legal_forms import NATURAL

_SEPARATORS = re.compile(r"[\s.\-\u2010-\u2015]+")
MAX_TYPED = 200  # characters, with all that people put between them
_OB = re.compile(r"(NL)?([0-9]{9})B([0-9]{2})")
_LH = re.compile(r"([0-9]{9})L([0-9]{2})")


class IdentifierError(ValueError):
    """Not such a number: ``code`` for machines, ``detail`` for people, with the rule it breaks and what is right."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def bsn(text: str) -> str:
    """Burgerservicenummer: nine digits, eleven-test; of eight the leading zero was dropped, and comes back."""
    number = _compact(text)
    if not _are_digits(number) or len(number) not in (8, 9):
        raise IdentifierError("bsn_format", "A BSN has nine digits (or eight, its leading zero dropped): 999990019.")
    return _eleven("bsn", "BSN", number.zfill(9))


def rsin(text: str) -> str:
    """Rechtspersonen en Samenwerkingsverbanden Informatienummer: nine digits, the same eleven-test."""
    number = _compact(text)
    if not _are_digits(number) or len(number) != 9:
        raise IdentifierError("rsin_format", "An RSIN has nine digits: 999990019.")
    return _eleven("rsin", "RSIN", number)


def ob_number(text: str) -> str:
    """Omzetbelastingnummer: BSN or RSIN, the letter B, and a suffix from 01; only for the tax authority."""
    found = _OB.fullmatch(_compact(text))
    if not found or found[3] == "00":
        raise IdentifierError("ob_number_format", "An OB number is nine digits, B and 01 or higher: 999990019B01.")
    nine, number = found[2], f"{found[2]}B{found[3]}"
    if not _passes_eleven(nine) and mod_97_10.is_valid(f"NL{number}"):
        detail = (
            "This is a sole trader's VAT id (btw-id): it belongs in `vat_id`. The OB number stands on the tax letters."
        )
        raise IdentifierError("vat_id_in_ob_number", detail)
    _eleven("ob_number", "OB number", nine)
    return number


def vat_id(text: str) -> str:
    """Btw-identificatienummer: NL, nine digits, B, two digits. Which check it must pass depends on whose it is.

    A sole trader's is random and passes modulo 97 (since 2020); any other holds the RSIN and passes the eleven-test.
    """
    found = _OB.fullmatch(_compact(text))
    if not found or found[3] == "00" or int(found[2]) == 0:
        raise IdentifierError("vat_id_format", "A Dutch VAT id is NL, nine digits, B and two digits: NL999990019B01.")
    number = f"NL{found[2]}B{found[3]}"
    if not (_passes_eleven(found[2]) or mod_97_10.is_valid(number)):
        raise IdentifierError("vat_id_check", "This VAT id passes no check: a digit is wrong, or two are swapped.")
    return number


def lh_number(text: str) -> str:
    """Loonheffingennummer: BSN or RSIN, the letter L, and a suffix from 01; an employer may have several."""
    found = _LH.fullmatch(_compact(text))
    if not found or found[2] == "00":
        raise IdentifierError("lh_number_format", "An LH number is nine digits, L and 01 or higher: 999990019L01.")
    _eleven("lh_number", "LH number", found[1])
    return f"{found[1]}L{found[2]}"


def kvk_number(text: str) -> str:
    """KvK-nummer: eight digits, leading zeros included; there is no check digit."""
    return _digits(text, 8, "kvk_number", "A KvK number has eight digits, leading zeros included: 69599084.")


def branch_number(text: str) -> str:
    """Vestigingsnummer: twelve digits, leading zeros included; there is no check digit."""
    return _digits(
        text, 12, "branch_number", "A branch number has twelve digits, leading zeros included: 000037178598."
    )


def iban(text: str) -> str:
    """IBAN (ISO 13616): the country's form, and modulo 97."""
    try:
        return str(stdnum_iban.validate(_compact(text), check_country=False))
    except InvalidChecksum:
        raise IdentifierError(
            "iban_check", "This IBAN fails its check: a character is wrong, or two are swapped."
        ) from None
    except (ValidationError, ValueError):
        raise IdentifierError("iban_format", "Give an IBAN in its country's form: NL91ABNA0417164300.") from None


@lru_cache(maxsize=256)  # the same one is brought into its form, and checked
def postcode(text: str) -> str:
    """Dutch postcode: four digits without a leading zero, a blank, two letters (never SA, SD or SS)."""
    try:
        return str(stdnum_postcode.validate(_compact(text)))
    except ValidationError:
        detail = "A Dutch postcode is four digits, not beginning with 0, and two letters: 1012 AB."
        raise IdentifierError("postcode_format", detail) from None


# What each kind of number of a relation is read by.
CHECKS: dict[str, Callable[[str], str]] = {
    "bsn": bsn,
    "rsin": rsin,
    "ob_number": ob_number,
    "vat_id": vat_id,
    "lh_number": lh_number,
    "kvk_number": kvk_number,
    "branch_number": branch_number,
    "iban": iban,
}


def readings(text: str, kinds: Iterable[str]) -> tuple[list[tuple[str, str]], list[IdentifierError]]:
    """What the text may be, of these kinds: kind and number; and why it is none of the others."""
    found, refusals = [], []
    for kind in kinds:
        try:
            found.append((kind, CHECKS[kind](text)))
        except IdentifierError as error:
            refusals.append(error)
    return found, refusals


def _compact(text: str) -> str:
    """Without what is only for the eye. NFKC makes ASCII of full-width digits; other scripts' digits stay, and fail."""
    if len(text) > MAX_TYPED:
        return text  # no number of any kind, and not worth the time
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", text)).upper()


def _are_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _digits(text: str, length: int, name: str, detail: str) -> str:
    number = _compact(text)
    if not _are_digits(number) or len(number) != length or int(number) == 0:
        raise IdentifierError(f"{name}_format", detail)
    return number


def _passes_eleven(nine: str) -> bool:
    return int(nine) > 0 and stdnum_bsn.checksum(nine) == 0


def _eleven(name: str, title: str, nine: str) -> str:
    if int(nine) == 0:
        raise IdentifierError(f"{name}_format", f"Zeros stand for an unknown {title}: leave the field empty instead.")
    if not _passes_eleven(nine):
        raise IdentifierError(
            f"{name}_check", f"This {title} fails the eleven-test (elfproef): a digit is wrong, or two are swapped."
        )
    return nine


@dataclass(frozen=True)
class Finding:
    """What is odd about ``field``. An error stops the save, a warning never does."""

    field: str
    code: str
    detail: str
    is_error: bool = False

    @property
    def pointer(self) -> str:
        return f"/{self.field}"


@dataclass(frozen=True)
class Numbers:
    """The numbers of one relation, each in its stored form, and the legal form that decides what they mean.

    ``legal_form`` of a person is ``natural_person``.
    """

    legal_form: str | None
    bsn: str | None = None
    rsin: str | None = None
    ob_number: str | None = None
    vat_id: str | None = None
    lh_numbers: tuple[str, ...] = ()
    kvk_number: str | None = None

    @property
    def is_natural(self) -> bool:
        return self.legal_form in NATURAL

    @property
    def base(self) -> str | None:
        """What OB and LH numbers are made from."""
        return self.bsn if self.is_natural else self.rsin


def cross_check(numbers: Numbers) -> list[Finding]:
    """Whether the numbers of a relation fit its legal form and each other (domain.md 5.3), errors first."""
    return sorted(_findings(numbers), key=lambda finding: not finding.is_error)


def _findings(numbers: Numbers) -> Iterator[Finding]:
    if numbers.rsin and numbers.is_natural:
        detail = "A natural person and a sole trader have no RSIN; their number is the BSN."
        yield Finding("rsin", "rsin_of_natural_person", detail, is_error=True)
    if numbers.bsn and numbers.legal_form and not numbers.is_natural:
        detail = "An organisation has no BSN; its number is the RSIN."
        yield Finding("bsn", "bsn_of_organisation", detail, is_error=True)
    if numbers.vat_id:
        yield from _vat_findings(numbers, numbers.vat_id)
    yield from _base_findings(numbers)
    if numbers.kvk_number and numbers.kvk_number.startswith("00"):
        detail = "KvK numbers that begin with 00 are not accepted when annual accounts are filed; check it."
        yield Finding("kvk_number", "kvk_number_zeros", detail)


def _vat_findings(numbers: Numbers, found: str) -> Iterator[Finding]:
    nine = found[2:11]
    holds_base = _passes_eleven(nine)
    is_random = mod_97_10.is_valid(found)
    others = (numbers.bsn, numbers.ob_number and numbers.ob_number[:9], *(each[:9] for each in numbers.lh_numbers))
    if numbers.is_natural and (not is_random or nine in others):
        detail = (
            "This number holds a BSN: it is the OB number and belongs in `ob_number`. The VAT id (btw-id) is another."
        )
        yield Finding("vat_id", "ob_number_in_vat_id", detail, is_error=True)
    elif numbers.is_natural and holds_base:  # those that are given out never do (domain.md 5.1), so it is masked too
        detail = "This VAT id may hold a BSN: it passes the eleven-test. Check that it is not the OB number."
        yield Finding("vat_id", "vat_id_like_bsn", detail)
    elif not numbers.is_natural and numbers.legal_form and not holds_base:
        detail = "The VAT id of this legal form is NL, its RSIN, B and two digits; this one is a sole trader's."
        yield Finding("vat_id", "vat_id_of_sole_trader", detail, is_error=True)
    elif not numbers.is_natural and numbers.rsin and nine != numbers.rsin:
        yield _other_base("vat_id", "VAT id", "RSIN")


def _base_findings(numbers: Numbers) -> Iterator[Finding]:
    """OB and LH numbers begin with the BSN or RSIN; a fiscal unity (fiscale eenheid) is the normal exception."""
    base, name = numbers.base, "BSN" if numbers.is_natural else "RSIN"
    if base and numbers.ob_number and not numbers.ob_number.startswith(base):
        yield _other_base("ob_number", "OB number", name)
    if base and any(not found.startswith(base) for found in numbers.lh_numbers):
        yield _other_base("lh_numbers", "LH number", name)


def _other_base(field: str, title: str, base: str) -> Finding:
    detail = f"This {title} does not begin with the relation's {base}; right only in a fiscal unity (fiscale eenheid)."
    return Finding(field, f"{field}_base", detail)


def holds_bsn(kind: str, number: str) -> bool:
    """Of a natural person's or sole trader's numbers: can a BSN be read from it? Not from a VAT id of the new form."""
    return kind != "vat_id" or _passes_eleven(number[2:11])


def base_of(number: str) -> str:
    """The nine digits, BSN or RSIN, that a BSN, RSIN, OB, VAT or LH number is made from."""
    return number.removeprefix("NL")[:9]


def mask(number: str, digits: int) -> str:
    """With stars for all but the last ``digits`` of its nine: ``******333``, ``******333B01``."""
    start = 2 if number.startswith("NL") else 0
    end = start + 9
    return number[:start] + "*" * (9 - digits) + number[end - digits :]
