"""The published contract is the code's, and its examples work."""

import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from app.access import Permission
from app.main import create_app
from app.settings import Settings
from tests.contract.test_permissions import ROUTES, TABLE
from tests.factories import Tenant

PUBLISHED = Path(__file__).parents[2] / "openapi" / "openapi.json"

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def document(settings: Settings) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(create_app(settings).openapi()))
    return made


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def test_limits_are_json_schema(document: dict[str, Any]) -> None:
    """A limit behind a validator would come out in Pydantic's words, which no reader of the contract knows."""
    assert not [word for word in ("ge", "le", "gt", "lt") if f'"{word}":' in json.dumps(document)]


def test_published_is_what_the_code_says(document: dict[str, Any]) -> None:
    assert json.loads(PUBLISHED.read_text()) == document, "run `make openapi` and look at what changed"


def test_every_operation_is_complete(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {operation["operationId"] for _, _, operation in operations(document)} == set(TABLE)
    for method, path, operation in operations(document):
        where = f"{method} {path}"
        assert operation["description"], where
        assert operation["tags"], where
        assert operation["security"] == ([] if TABLE[operation["operationId"]] == "*" else [{"bearer": []}]), where
        if operation["security"]:
            assert {Permission(each) for each in operation["x-permission"].split()}
        errors = {status for status in operation["responses"] if status >= "400"}
        assert {"422", "500", "503"} <= errors, where
        for status in errors:
            answer = operation["responses"][status]
            if "$ref" in answer:
                answer = document["components"]["responses"][answer["$ref"].rpartition("/")[2]]
            schema = answer["content"]["application/problem+json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/Problem"}, f"{where} {status}"


def test_no_secret_in_a_query(document: dict[str, Any]) -> None:
    """AZ-07."""
    for method, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            if parameter.get("in") == "query":
                assert not {"token", "key", "bsn", "password"} & set(parameter["name"].split("_")), f"{method} {path}"


async def test_examples_are_what_the_api_takes(document: dict[str, Any], office: Tenant) -> None:
    """Each request example is sent as it stands: whatever an unknown id makes of it, its form is never at fault."""
    path_id = "0193d6f0-0000-7000-8000-000000000001"
    for method, path, operation in operations(document):
        body = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if body is None or operation["operationId"] == "send_message":
            continue
        for example in examples(document, body):
            address = path.format(**dict.fromkeys(_names(path), path_id))
            answer = await office.admin.request(method, address, json=example)
            assert answer.status_code in (200, 201, 401, 404, 409, 422), f"{method} {path} {answer.text}"
            if answer.status_code == 422:
                codes = {error["code"] for error in answer.json()["errors"]}
                assert codes <= {"unknown", "no_access"}, f"{method} {path} {answer.text}"


def _names(path: str) -> list[str]:
    return [part.strip("{}") for part in path.split("/") if part.startswith("{")]


def examples(document: dict[str, Any], body: dict[str, Any]) -> list[Any]:
    if "examples" in body:
        return [example["value"] for example in body["examples"].values()]
    if "example" in body:
        return [body["example"]]
    schema = document["components"]["schemas"][body["schema"]["$ref"].rpartition("/")[2]]
    found: list[Any] = schema["examples"]
    return found


async def test_docs_work_without_internet(office: Tenant, app: FastAPI) -> None:
    page = await office.admin.get("/docs")
    assert page.status_code == 200
    assert "http" not in page.text.replace("http-equiv", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css", "start.js", "favicon-32x32.png"):
        assert asset in page.text
        assert (await office.admin.get(f"/docs/{asset}")).status_code == 200
    assert (await office.admin.get("/docs/..%2fmain.py")).status_code == 404
    assert (await office.admin.get("/openapi.json")).json()["paths"].keys() == app.openapi()["paths"].keys()


def test_every_operation_has_its_route(document: dict[str, Any]) -> None:
    assert {path.removeprefix("/v1") for path in document["paths"]} == {route.path for route in ROUTES.values()}
