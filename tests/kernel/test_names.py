"""How a person is written, and where he stands in a sorted list."""

import pytest

from app.names import person_key, person_name


@pytest.mark.parametrize(
    ("parts", "written"),
    [
        (("Henk", "H.", "de", "Vries"), "Henk de Vries"),
        ((None, "H.", "de", "Vries"), "H. de Vries"),
        ((None, None, None, "Vries"), "Vries"),
    ],
)
def test_written(parts: tuple[str | None, ...], written: str) -> None:
    assert person_name(*parts) == written


def test_sorted_by_surname_then_first_names_then_prefix() -> None:
    in_order = [
        ("Zoë", None, None, "Aalders"),
        ("Anna", None, "de", "Vries"),
        (None, "H.", "de", "Vries"),
        ("Henk", None, None, "Vries"),
        ("Henk", None, "de", "Vries"),
        ("Anna", None, None, "Vriesman"),
    ]
    keys = [person_key(*parts) for parts in in_order]
    assert keys == sorted(set(keys))


def test_the_key_knows_no_case_and_no_accents() -> None:
    assert person_key("Zoë", None, "VAN", "Čapek") == person_key("zoe", None, "van", "capek")
