"""The published contract: FastAPI's document, completed with what it does not say.

Problems on every operation, security with its permission, binary files, and the headers that are the same
everywhere. OpenAPI 3.1.0, because most generators do not read 3.2 yet.
"""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.access import Permission
from app.routing import permission_of

BINARY = {"type": "string", "format": "binary", "contentMediaType": "application/octet-stream"}
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file", "content": {"application/octet-stream": {"schema": BINARY}}},
    206: {"description": "The range asked for", "content": {"application/octet-stream": {"schema": BINARY}}},
    304: {"description": "You have it already"},
    307: {"description": "Get it at this signed address of the store, within 5 minutes"},
    416: {"description": "No such bytes"},
}
PREFIX = "/v1"
_schemas: dict[str, type[BaseModel]] = {}

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457. Read `code`; `detail` is for people.",
    "required": ["type", "title", "status", "detail", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "stable name of this kind of problem"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "what is wrong, and what right looks like"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail", "in"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) within `in`"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                    "in": {"type": "string", "enum": ["body", "query", "path", "header"]},
                },
            },
        },
    },
    "example": {
        "type": "urn:ordner:problem:taken",
        "title": "This clashes with what is there",
        "status": 409,
        "detail": "This relation number is in use; choose another.",
        "code": "taken",
        "request_id": "0f1c6d0e7c1c4b6f8d6f2b6b9d2a7a51",
        "errors": [{"pointer": "/number", "code": "taken", "detail": "This relation number is in use; choose another.", "in": "body"}],
    },
}  # fmt: skip

DESCRIPTION = """\
The client dossiers of an accountancy office (accountantskantoor).

Everything lies below `/v1`. Fields, values and operations are added, never removed or renamed: ignore what you do
not know. Lists are paged by `cursor`; changes take `If-Match`; a POST may carry an `Idempotency-Key`, and the same
key with the same request gives the same answer. What is not yours to see is 404.
"""


def multipart_body(files: str, *, json: bool = False, **fields: type[BaseModel]) -> dict[str, Any]:
    """The request body of an upload: parts named ``files``, plus JSON parts; ``json``: one such part may be the body."""
    properties: dict[str, Any] = {files: {"type": "array", "items": BINARY}}
    content: dict[str, Any] = {}
    for name, model in fields.items():
        _schemas[model.__name__] = model
        properties[name] = {"$ref": f"#/components/schemas/{model.__name__}"}
        if json:
            content["application/json"] = {"schema": properties[name]}
    schema = {"type": "object", "properties": properties, "required": [*fields] or [files]}
    encoding = {name: {"contentType": "application/json"} for name in fields}
    content["multipart/form-data"] = {"schema": schema, **({"encoding": encoding} if encoding else {})}
    return {"requestBody": {"required": True, "content": content}}


def build(app: FastAPI, routes: list[APIRoute]) -> dict[str, Any]:
    """The document, from the app's own and the operations' markings."""
    document = FastAPI.openapi(app)
    components = document.setdefault("components", {})
    schemas: dict[str, Any] = components.setdefault("schemas", {})
    for name, model in _schemas.items():
        schemas.setdefault(name, model.model_json_schema(ref_template="#/components/schemas/{model}"))
    for left in ("HTTPValidationError", "ValidationError"):
        schemas.pop(left, None)
    schemas["Problem"] = PROBLEM
    components["responses"] = {
        "Problem": {
            "description": "A problem (RFC 9457)",
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    }
    components["securitySchemes"] = {
        "bearer": {
            "type": "http",
            "scheme": "bearer",
            "description": "a session's token (`ords_...`, from `POST /v1/auth/tokens`) or an API key (`ordk_...`)",
        }
    }
    components["parameters"] = _header_parameters()
    for route in routes:
        for method in route.methods or ():
            _complete(document["paths"][PREFIX + route.path][method.lower()], route, method, permission_of(route))
    _walk(document)
    document["servers"] = [{"url": "/", "description": "where this document came from"}]
    document["tags"] = [{"name": tag} for tag in dict.fromkeys(str(tag) for route in routes for tag in route.tags)]
    return document


def _header_parameters() -> dict[str, Any]:
    def header(name: str, description: str, limit: int) -> dict[str, Any]:
        schema = {"type": "string", "maxLength": limit}
        return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}

    return {
        "IdempotencyKey": header(
            "Idempotency-Key", "send the same request again under the same key for the same answer", 200
        ),
        "IfMatch": header("If-Match", "the ETag that the change builds on; 412 when it is stale", 200),
        "IfNoneMatch": header("If-None-Match", "304 when the ETag is still this", 200),
    }


def _complete(operation: dict[str, Any], route: APIRoute, method: str, permission: Permission | None) -> None:
    operation["security"] = [{"bearer": []}] if permission else []
    statuses = ["400", "413", "415", "422", "429", "500", "503"] if method != "GET" else ["422", "429", "500", "503"]
    if permission:
        operation["x-permission"] = str(permission)
        operation["description"] = f"{operation.get('description', '')}\n\nPermission: `{permission}`."
        statuses += ["401", "403"]
    if "{" in route.path or not permission:
        statuses.append("404")
    if method != "GET":
        statuses.append("409")
    wanted = []
    if method == "POST" and permission:
        wanted.append("IdempotencyKey")
    if method in ("PATCH", "PUT", "DELETE") and "Answer" in str(route.endpoint.__annotations__.values()):
        wanted.append("IfMatch")
    if method in ("PATCH", "PUT", "DELETE"):
        statuses.append("412")
    operation.setdefault("parameters", []).extend({"$ref": f"#/components/parameters/{name}"} for name in wanted)
    if not operation["parameters"]:
        del operation["parameters"]
    for status in sorted(statuses):
        operation["responses"].setdefault(status, {"$ref": "#/components/responses/Problem"})
        if status == "422" and "HTTPValidationError" in str(operation["responses"][status]):
            operation["responses"][status] = {"$ref": "#/components/responses/Problem"}
    operation["responses"] = dict(sorted(operation["responses"].items()))
    body = operation.get("requestBody", {}).get("content", {})
    if method == "PATCH" and "application/json" in body:
        body["application/merge-patch+json"] = body["application/json"]


def _walk(node: Any) -> None:
    """Small repairs everywhere: no `default: null` (absent is not null in a merge patch), no needless titles."""
    if isinstance(node, dict):
        if "default" in node and node["default"] is None:
            del node["default"]
        if isinstance(node.get("title"), str) and ("type" in node or "anyOf" in node or "$ref" in node):
            if re.fullmatch(r"[A-Z0-9][\w ,\[\]]*", node["title"]):
                del node["title"]
        for value in node.values():
            _walk(value)
    elif isinstance(node, list):
        for value in node:
            _walk(value)
