"""Dutch identifiers (domain.md 5.1 to 5.3), against rules written down here a second time."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identifiers import (
    Finding,
    IdentifierError,
    Numbers,
    branch_number,
    bsn,
    cross_check,
    iban,
    kvk_number,
    lh_number,
    ob_number,
    postcode,
    rsin,
    vat_id,
)

FULL_WIDTH = "１１１２２２３３３"
ARABIC = "١١١٢٢٢٣٣٣"
RANDOM_VAT = "NL000099998B57"  # modulo 97 only: a sole trader's
BOTH_VAT = "NL111113702B01"  # both checks


def eleven(nine: str) -> bool:
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, nine, strict=True))
    return total % 11 == 0 and int(nine) > 0


def valid_nine() -> st.SearchStrategy[str]:
    return st.integers(1, 99_999_999).map(lambda n: f"{n:08d}").map(_with_check).filter(bool)


def _with_check(eight: str) -> str:
    found = [eight + str(last) for last in range(10) if eleven(eight + str(last))]
    return found[0] if found else ""


@pytest.mark.parametrize(
    ("check", "sent", "stored"),
    [
        (bsn, "111222333", "111222333"),
        (bsn, " 1112.22.333 ", "111222333"),
        (bsn, "111 222-333", "111222333"),
        (bsn, "111\u00a0222\u2013333", "111222333"),
        (bsn, FULL_WIDTH, "111222333"),
        (bsn, "10000008", "010000008"),
        (rsin, "123456782", "123456782"),
        (ob_number, "111222333b01", "111222333B01"),
        (ob_number, "NL 1112.22.333.B.99", "111222333B99"),
        (vat_id, "NL111222333B01", "NL111222333B01"),
        (vat_id, "111222333B01", "NL111222333B01"),
        (vat_id, RANDOM_VAT, RANDOM_VAT),
        (lh_number, "111222333 l 02", "111222333L02"),
        (kvk_number, "6959 9084", "69599084"),
        (kvk_number, "00123456", "00123456"),
        (branch_number, "0000 3717 8598", "000037178598"),
        (iban, "nl91 abna 0417 1643 00", "NL91ABNA0417164300"),
        (iban, "BE68539007547034", "BE68539007547034"),
        (postcode, "1012ab", "1012 AB"),
        (postcode, "1012 AB", "1012 AB"),
    ],
)
def test_one_form(check: Callable[[str], str], sent: str, stored: str) -> None:
    assert check(sent) == stored
    assert check(stored) == stored


@pytest.mark.parametrize(
    ("check", "sent", "code"),
    [
        (bsn, "12", "bsn_format"),
        (bsn, "1234567", "bsn_format"),
        (bsn, "0111222333", "bsn_format"),
        (bsn, "000000000", "bsn_format"),
        (bsn, "00000000", "bsn_format"),
        (bsn, "111222334", "bsn_check"),
        (bsn, "112122333", "bsn_check"),
        (bsn, ARABIC, "bsn_format"),
        (bsn, "111222333.0", "bsn_format"),
        (bsn, "-111222333x", "bsn_format"),
        (bsn, "", "bsn_format"),
        (rsin, "10000008", "rsin_format"),
        (rsin, "111222334", "rsin_check"),
        (ob_number, "111222333", "ob_number_format"),
        (ob_number, "111222333B00", "ob_number_format"),
        (ob_number, "111222333B1", "ob_number_format"),
        (ob_number, "111222333L01", "ob_number_format"),
        (ob_number, "111222334B01", "ob_number_check"),
        (ob_number, RANDOM_VAT, "vat_id_in_ob_number"),
        (ob_number, "000000000B01", "ob_number_format"),
        (vat_id, "NL111222333B00", "vat_id_format"),
        (vat_id, "NL000000000B01", "vat_id_format"),
        (vat_id, "BE0123456749", "vat_id_format"),
        (vat_id, "NL111222334B01", "vat_id_check"),
        (lh_number, "111222333L00", "lh_number_format"),
        (lh_number, "111222333B01", "lh_number_format"),
        (lh_number, "111222334L01", "lh_number_check"),
        (kvk_number, "1234567", "kvk_number_format"),
        (kvk_number, "00000000", "kvk_number_format"),
        (branch_number, "37178598", "branch_number_format"),
        (iban, "NL91ABNA0417164301", "iban_check"),
        (iban, "NL00", "iban_check"),
        (iban, "XX91ABNA0417164300", "iban_check"),
        (iban, "é", "iban_format"),
        (postcode, "0123 AB", "postcode_format"),
        (postcode, "1012 SA", "postcode_format"),
        (postcode, "1012", "postcode_format"),
    ],
)
def test_refused_with_its_reason(check: Callable[[str], str], sent: str, code: str) -> None:
    with pytest.raises(IdentifierError) as error:
        check(sent)
    assert error.value.code == code
    assert len(error.value.detail) > 20


@given(valid_nine(), st.integers(0, 8), st.integers(1, 9))
def test_every_wrong_digit_is_found(nine: str, place: int, by: int) -> None:
    wrong = nine[:place] + str((int(nine[place]) + by) % 10) + nine[place + 1 :]
    for check, form in ((bsn, "{}"), (rsin, "{}"), (ob_number, "{}B01"), (lh_number, "{}L01")):
        assert check(form.format(nine)) == form.format(nine)
        with pytest.raises(IdentifierError):
            check(form.format(wrong))


@given(st.text(max_size=30))
def test_any_text_is_taken_or_refused(text: str) -> None:
    for check in (bsn, rsin, ob_number, vat_id, lh_number, kvk_number, branch_number, iban, postcode):
        with suppress(IdentifierError):
            assert check(check(text)) == check(text)


NATURAL = {"legal_form": "sole_trader", "bsn": "111222333"}
COMPANY = {"legal_form": "bv", "rsin": "123456782"}


@pytest.mark.parametrize(
    ("numbers", "codes"),
    [
        (NATURAL | {"ob_number": "111222333B01", "vat_id": RANDOM_VAT, "lh_numbers": ("111222333L01",)}, []),
        (NATURAL | {"legal_form": "natural_person", "rsin": "123456782"}, ["!rsin_of_natural_person"]),
        (NATURAL | {"rsin": "123456782"}, ["!rsin_of_natural_person"]),
        (NATURAL | {"vat_id": "NL111222333B01"}, ["!ob_number_in_vat_id"]),
        ({"legal_form": "sole_trader", "vat_id": "NL111222333B01"}, ["!ob_number_in_vat_id"]),
        (NATURAL | {"vat_id": BOTH_VAT}, ["vat_id_like_bsn"]),
        (
            NATURAL | {"ob_number": f"{BOTH_VAT[2:11]}B01", "vat_id": BOTH_VAT},
            ["!ob_number_in_vat_id", "ob_number_base"],
        ),
        (NATURAL | {"bsn": BOTH_VAT[2:11], "vat_id": BOTH_VAT}, ["!ob_number_in_vat_id"]),
        (NATURAL | {"ob_number": "123456782B01"}, ["ob_number_base"]),
        (COMPANY | {"ob_number": "123456782B01", "vat_id": "NL123456782B01"}, []),
        (COMPANY | {"bsn": "111222333"}, ["!bsn_of_organisation"]),
        (COMPANY | {"vat_id": RANDOM_VAT}, ["!vat_id_of_sole_trader"]),
        (COMPANY | {"vat_id": "NL111222333B01"}, ["vat_id_base"]),
        (COMPANY | {"lh_numbers": ("123456782L01", "111222333L01")}, ["lh_numbers_base"]),
        (COMPANY | {"kvk_number": "00123456", "bsn": "111222333"}, ["!bsn_of_organisation", "kvk_number_zeros"]),
        ({"legal_form": None, "bsn": "111222333", "vat_id": RANDOM_VAT}, []),
    ],
)
def test_numbers_of_one_relation(numbers: dict[str, object], codes: list[str]) -> None:
    def mark(finding: Finding) -> str:
        return ("!" if finding.is_error else "") + finding.code

    assert [mark(finding) for finding in cross_check(Numbers(**numbers))] == codes  # type: ignore[arg-type]
