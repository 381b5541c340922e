"""The columns of the three addresses of a relation."""

from app.schemas.import_columns import Column
from app.schemas.import_kinds import country, text
from app.schemas.relation_details import Address

# The field, its Dutch and English word, an example, and other words.
PARTS = (
    ("street", "straat", "street", "Kerkstraat", ("straatnaam", "adres", "address")),
    ("house_number", "huisnummer", "house number", "12", ("huisnr",)),
    ("addition", "toevoeging", "addition", "a", ("huisnummertoevoeging", "huisnummer toevoeging", "toev")),
    ("postcode", "postcode", "postcode", "1012 AB", ("zip", "zip code", "postal code")),
    ("city", "plaats", "city", "Amsterdam", ("woonplaats", "vestigingsplaats", "stad", "town")),
    ("country", "land", "country", "NL", ("landcode", "country code")),
)
KINDS = (
    ("visiting", "Bezoekadres", "Visiting address", ("vestigingsadres", "bezoek", "visiting")),
    ("postal", "Postadres", "Postal address", ("correspondentieadres", "post", "postal")),
    ("invoice", "Factuuradres", "Invoice address", ("factuur", "invoice", "billing address")),
)
EXPLANATION = {
    "street": "Straat, of postbus.",
    "postcode": "Van een Nederlands adres vier cijfers en twee letters.",
    "country": "Als het niet Nederland is.",
}


def _also(kind: str, others: tuple[str, ...], words: tuple[str, ...]) -> tuple[str, ...]:
    """Each word before and behind each name of the address; the bare words mean the visiting address."""
    bare = words if kind == "visiting" else ()
    pairs = [(word, other) for other in others for word in words]
    return (*bare, *(f"{other} {word}" for word, other in pairs), *(f"{word} {other}" for word, other in pairs))


ADDRESSES = tuple(
    Column(
        f"addresses.{kind}.{field}",
        f"{dutch} {word}",
        f"{english} {english_word}",
        country() if field == "country" else text(Address, field),
        EXPLANATION.get(field, f"{word.capitalize()} van het {dutch.lower()}."),
        example,
        _also(kind, (dutch, english, *others), tuple(dict.fromkeys((word, english_word, *words)))),
    )
    for kind, dutch, english, others in KINDS
    for field, word, english_word, example, words in PARTS
)
