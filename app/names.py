"""Names of persons: as they are written, and the key by which Dutch offices sort them."""

from app.text import fold


def person_name(first_names: str | None, initials: str | None, prefix: str | None, surname: str | None) -> str:
    """As it is written: Henk de Vries, or H. de Vries where only the initials are known."""
    return _joined(first_names or initials, prefix, surname)


def person_key(first_names: str | None, initials: str | None, prefix: str | None, surname: str | None) -> str:
    """By surname, then first names or initials, and only then the prefix: De Vries stands at the V."""
    return fold(_joined(surname, first_names or initials, prefix))


def _joined(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)
