"""What citizen numbers are sealed with (BSN-04)."""

import base64
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag
from pydantic import ValidationError

from app.crypto import Sealed, Vault, new_key
from app.settings import Settings

FIRST, SECOND, INDEX = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2, 3))
OFFICES = (UUID(int=1), UUID(int=2))


def test_sealed_twice_looks_different_and_opens() -> None:
    vault = Vault.parse(f"b:{SECOND}, a:{FIRST}", INDEX)
    sealed = [vault.seal("here", "111222333") for _ in range(2)]
    assert sealed[0].secret != sealed[1].secret
    assert {each.key_id for each in sealed} == {"b"}
    assert [vault.open("here", each) for each in sealed] == ["111222333"] * 2
    old = Vault.parse(f"a:{FIRST}", INDEX).seal("here", "1")
    assert vault.open("here", old) == "1"


def test_new_keys_are_keys() -> None:
    assert new_key() != new_key()
    assert Vault.parse(f"a:{new_key()}", new_key()).key_id == "a"


def test_opens_nowhere_else() -> None:
    vault = Vault.parse(f"a:{FIRST}", INDEX)
    sealed = vault.seal("here", "111222333")
    with pytest.raises(InvalidTag):
        vault.open("there", sealed)
    changed = sealed.secret[:-1] + bytes([sealed.secret[-1] ^ 1])
    with pytest.raises(InvalidTag):
        vault.open("here", Sealed("a", changed))
    with pytest.raises(LookupError):
        Vault.parse(f"b:{SECOND}", INDEX).open("here", sealed)


def test_found_by_the_same_hash_in_one_office_only() -> None:
    """BSN-06."""
    one, other = Vault.parse(f"a:{FIRST}", INDEX), Vault.parse(f"b:{SECOND}", INDEX)
    assert one.index(OFFICES[0], "bsn", "1") == other.index(OFFICES[0], "bsn", "1")
    different = {
        one.index(OFFICES[0], "bsn", "1"),
        one.index(OFFICES[1], "bsn", "1"),
        one.index(OFFICES[0], "ob_number", "1"),
        one.index(OFFICES[0], "bsn", "2"),
        Vault.parse(f"a:{FIRST}", SECOND).index(OFFICES[0], "bsn", "1"),
    }
    assert len(different) == 5


@pytest.mark.parametrize(
    ("keys", "index_key"),
    [
        ("", INDEX),
        ("a", INDEX),
        (FIRST, INDEX),
        (f"a:{FIRST[:-4]}", INDEX),
        ("a:" + base64.b64encode(bytes(16)).decode(), INDEX),
        (f"a:{FIRST},a:{SECOND}", INDEX),
        (f"a:{FIRST}", "x"),
    ],
)
def test_keys_that_are_none(keys: str, index_key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Vault.parse(keys, index_key)


def test_settings_want_both_and_show_neither() -> None:
    base = {"database_url": "postgresql://x/x", "s3_endpoint": "http://x", "s3_access_key": "x", "s3_secret_key": "x"}
    for wrong in ({"citizen_keys": f"a:{FIRST}"}, {"citizen_keys": f"a:{FIRST}x", "citizen_index_key": INDEX}):
        with pytest.raises(ValidationError) as error:
            Settings.model_validate({"citizen_index_key": None, **base, **wrong})
        assert FIRST not in str(error.value)
    assert Settings.model_validate({**base, "citizen_keys": None, "citizen_index_key": None}).vault is None
