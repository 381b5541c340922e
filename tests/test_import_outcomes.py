"""Why a row was left out, or stayed: the contract tells each code, and what it means."""

import inspect
import re

from fastapi import FastAPI

from app.schemas.import_outcomes import LEFT_OUT, OTHER_LEFT_OUT, STAYS
from app.services import import_contact_checks, import_relation_checks

CHECKS = (import_relation_checks, import_contact_checks)
STATEMENTS = "".join(inspect.getsource(each) for each in CHECKS)


def test_every_reason_to_leave_a_row_out() -> None:
    codes = set(re.findall(r"(?:THEN|ELSE|SELECT r\.number,) '(\w+)'", STATEMENTS))
    assert codes | {"ring", OTHER_LEFT_OUT} == LEFT_OUT.keys()


def test_every_reason_to_let_it_be() -> None:
    codes = {code for each in CHECKS for code in each.WENT_ON}
    assert codes | set(re.findall(r"stays = '(\w+)'", STATEMENTS)) == STAYS.keys()


def test_the_contract_tells_them(app: FastAPI) -> None:
    told = app.openapi()["components"]["schemas"]["ImportRowRead"]["properties"]
    assert [code for code in LEFT_OUT if f"`{code}`: " not in told["outcome"]["description"]] == []
    assert [code for code in STAYS if f"`{code}`: " not in told["stays"]["description"]] == []
