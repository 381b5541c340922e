"""The published contract: FastAPI's document, completed with what it does not say.

Problems on every operation, security with its permission, binary files, headers, and an example of every body,
made from the examples of the models. OpenAPI 3.1.0, because most generators do not read 3.2 yet.
"""

import json
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import BaseModel

from app.dependencies import Answer
from app.openapi_parts import (
    BINARY,
    DOWNLOAD_HEADERS,
    JSON,
    PROBLEM,
    PROBLEM_ERROR,
    REF,
    REFUSALS,
    SCHEMAS,
    components,
    headers,
)
from app.openapi_words import DESCRIPTION, FIELD_WORDS, PARAMETER_WORDS, TAGS
from app.routing import permissions_of
from app.schemas.base import Input, Output

__all__ = ["DESCRIPTION", "DOWNLOAD", "PREFIX", "build", "multipart_body"]

Schema = dict[str, Any]

PREFIX = "/v1"
MERGE_PATCH = "application/merge-patch+json"
BYTES = {"application/octet-stream": {"schema": BINARY}}
DOWNLOAD: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole file; its `Content-Type` is what was found in it", "content": BYTES},
    206: {"description": "The range asked for", "content": BYTES},
    304: {"description": "You have it already"},
    307: {"description": "Get it at this signed address of the store, within 5 minutes"},
}
WHAT_CAME = {"200": "As asked", "201": "Made", "202": "Taken on; `Location` tells how far it is", "204": "Done"}


def multipart_body(files: str, *, json: bool = False, **fields: type[BaseModel]) -> dict[str, Any]:
    """The request body of an upload: parts named ``files``, plus JSON parts; ``json``: such a part may be the body."""
    parts: Schema = {files: {"type": "array", "items": BINARY, "description": "each part with a filename"}}
    content: dict[str, Any] = {}
    for name, model in fields.items():
        SCHEMAS[model.__name__] = model
        parts[name] = {"$ref": REF + model.__name__}
        if json:
            content[JSON] = {"schema": parts[name]}
    schema = {"type": "object", "properties": parts, "required": [*fields] or [files]}
    encoding = {name: {"contentType": JSON} for name in fields}
    content["multipart/form-data"] = {"schema": schema, **({"encoding": encoding} if encoding else {})}
    return {"requestBody": {"required": True, "content": content}}


def build(app: FastAPI, routes: list[APIRoute]) -> dict[str, Any]:
    """The document, from the app's own and the operations' markings."""
    document: dict[str, Any] = FastAPI.openapi(app)
    schemas = {**document.get("components", {}).get("schemas", {}), "Problem": PROBLEM, "ProblemError": PROBLEM_ERROR}
    for name, model in SCHEMAS.items():
        made = model.model_json_schema(ref_template=REF + "{model}")
        for each, schema in {**made.pop("$defs", {}), name: made}.items():
            schemas.setdefault(each, schema)
    for name, examples in _examples_of_models().items():
        if name in schemas:
            schemas[name]["examples"] = examples
    document["components"] = {"schemas": schemas, **components()}
    document = _tidied(document)
    _describe_fields(document["components"]["schemas"])
    for route in routes:
        for method in route.methods or ():
            operation = document["paths"][PREFIX + route.path][method.lower()]
            _complete(operation, route, method, document["components"]["schemas"])
    _drop_unused(document)
    document["info"]["contact"] = {"name": "the administrator (beheerder) of your office"}
    document["servers"] = [{"url": "/", "description": "where this document came from"}]
    used = {str(tag) for route in routes for tag in route.tags}
    document["tags"] = [{"name": tag, "description": text} for tag, text in TAGS.items() if tag in used]
    return document


def _examples_of_models() -> dict[str, list[Any]]:
    """As the models give them: FastAPI drops every null, and a null in an example means something."""
    found: dict[str, list[Any]] = {}
    waiting: list[type[BaseModel]] = [Input, Output]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        extra: Any = model.model_config.get("json_schema_extra")
        if extra and "examples" in extra:
            found[model.__name__] = extra["examples"]
    return found


def _describe_fields(schemas: Schema) -> None:
    for schema in schemas.values():
        for name, field in schema.get("properties", {}).items():
            if name in FIELD_WORDS and "$ref" not in field:
                field.setdefault("description", FIELD_WORDS[name])


def _drop_unused(document: dict[str, Any]) -> None:
    """Schemas that nothing points at, such as FastAPI's own validation errors."""
    schemas = document["components"]["schemas"]
    while True:
        text = json.dumps(document)
        unused = [name for name in schemas if f'"{REF}{name}"' not in text]
        if not unused:
            return
        for name in unused:
            del schemas[name]


def _complete(operation: dict[str, Any], route: APIRoute, method: str, schemas: Schema) -> None:
    permissions = permissions_of(route)
    operation["summary"] = route.name.replace("_", " ").capitalize()
    operation["security"] = [{"bearer": []}] if permissions else []
    if permissions:
        operation["x-permission"] = " ".join(permissions)
        shown = ", ".join(f"`{permission}`" for permission in permissions)
        word = "Permission" if len(permissions) == 1 else "Permissions"
        operation["description"] = f"{operation.get('description', '')}\n\n{word}: {shown}."
    if getattr(route.endpoint, "answers_anew", False):
        operation["x-answers-anew"] = True  # it changes nothing: no Idempotency-Key
    body = operation.get("requestBody", {}).get("content", {})
    if method == "PATCH" and JSON in body:
        body[MERGE_PATCH] = dict(body[JSON])
    for media in body.values():
        _show(media, schemas)
    _describe_answers(operation, route, method, schemas)
    wanted = _request_headers(operation, route, method)
    parameters = [_as_parameter(parameter) for parameter in operation.get("parameters", [])]
    parameters += [{"$ref": f"#/components/parameters/{name}"} for name in wanted]
    if parameters:
        operation["parameters"] = parameters
    answers = operation["responses"]
    for status in _refusals(route, method, wanted):
        answers[str(status)] = {"$ref": f"#/components/responses/{REFUSALS[status]}"}
    operation["responses"] = dict(sorted(answers.items()))


def _request_headers(operation: Schema, route: APIRoute, method: str) -> list[str]:
    if method == "POST":
        conditional = ["If-Match"] if 412 in route.responses else []
        return conditional + (["Idempotency-Key"] if _keeps_answers(route) else [])
    if method == "GET":
        conditional = ["If-None-Match"] if "304" in operation["responses"] else []
        return conditional + (["Range", "If-Range"] if "206" in operation["responses"] else [])
    return ["If-Match"] if _has_version(route) else []


def _refusals(route: APIRoute, method: str, wanted: list[str]) -> set[int]:
    statuses = {422, 429, 500, 503}
    if permissions_of(route):
        statuses |= {401, 403}
    elif method != "GET":
        statuses.add(401)
    if "{" in route.path:
        statuses.add(404)
    if method != "GET":
        statuses |= {400, 408, 409, 413, 415}
    if "If-Match" in wanted:
        statuses.add(412)
    if "Range" in wanted:
        statuses |= {410, 416}
    return statuses | {status for status in REFUSALS if status in route.responses}


def _keeps_answers(route: APIRoute) -> bool:
    return bool(permissions_of(route)) and not getattr(route.endpoint, "answers_anew", False)


def _has_version(route: APIRoute) -> bool:
    """Does the route check and show the version of one row?"""
    return Answer in route.endpoint.__annotations__.values()


def _describe_answers(operation: Schema, route: APIRoute, method: str, schemas: Schema) -> None:
    """The headers and examples of what is not a problem, and 304 where a GET knows the version."""
    answers = operation["responses"]
    for status, answer in list(answers.items()):
        if status >= "400":
            continue
        media = answer.get("content", {}).get(JSON)
        if media:
            _show(media, schemas)
        if answer.get("description") == "Successful Response":
            answer["description"] = WHAT_CAME.get(status, "As asked")
        names = _answer_headers(route, method, status, media, schemas)
        answer["headers"] = {**headers(*names), **answer.get("headers", {})}
        if method == "GET" and "ETag" in names and media:
            answers["304"] = {"description": "It is still what you have", "headers": headers("ETag", "X-Request-Id")}


def _answer_headers(route: APIRoute, method: str, status: str, media: Any, schemas: Schema) -> list[str]:
    if not media and "206" in map(str, route.responses):
        return {
            "206": [*DOWNLOAD_HEADERS, "Content-Range"],
            "304": ["ETag", "X-Request-Id"],
            "307": ["Location", "X-Request-Id"],
        }.get(status, [*DOWNLOAD_HEADERS])
    names = ["X-Request-Id"]
    if media and _has_version(route) and "version" in _properties(media["schema"], schemas):
        names.append("ETag")
    if media and "next_cursor" in _properties(media["schema"], schemas):
        names.append("Link")
    if method == "POST" and status in ("201", "202") and _has_version(route):
        names.append("Location")
    if method == "POST" and _keeps_answers(route):
        names.append("Idempotency-Replayed")
    return names


def _properties(schema: Schema, schemas: Schema) -> set[str]:
    """The names that an answer has in any of its forms."""
    if "$ref" in schema:
        return _properties(schemas[schema["$ref"].removeprefix(REF)], schemas)
    names = set(schema.get("properties", ()))
    return names.union(*(_properties(form, schemas) for form in schema.get("anyOf", ())))


def _show(media: dict[str, Any], schemas: Schema) -> None:
    """Give a body its examples; where a model has none the linter says so."""
    shown: dict[str, Any] = {}
    for form in media["schema"].get("anyOf", [media["schema"]]):
        name = form.get("$ref", "").removeprefix(REF)
        try:
            given = schemas.get(name, {}).get("examples") or [_example(form, schemas)]
        except LookupError:
            return
        for place, value in enumerate(given, 1):
            shown[name if len(given) == 1 else f"{name}_{place}"] = value
    if len(shown) == 1:
        media["example"] = next(iter(shown.values()))
    else:
        media["examples"] = {name: {"value": value} for name, value in shown.items()}


def _example(schema: Schema, schemas: Schema) -> Any:
    """The example of the schema, or one put together from those of its parts. LookupError: there is none."""
    if "$ref" in schema:
        return _example(schemas[schema["$ref"].removeprefix(REF)], schemas)
    if "examples" in schema:
        return schema["examples"][0]
    if {"type": "null"} in schema.get("anyOf", ()):
        return None
    if schema.get("format") == "binary":
        return "(the bytes of a file)"
    if schema.get("type") == "array":
        return [_example(schema["items"], schemas)]
    if "properties" in schema:
        return {name: _example(part, schemas) for name, part in schema["properties"].items()}
    raise LookupError(schema)


def _as_parameter(parameter: Schema) -> Schema:
    """A query has no null: what may be null in the model may be left out in the address."""
    schema = parameter.get("schema", {})
    forms = [form for form in schema.get("anyOf", ()) if form != {"type": "null"}]
    if len(forms) == 1:
        del schema["anyOf"]
        schema |= forms[0]
    if description := schema.pop("description", None):
        parameter.setdefault("description", description)
    if parameter.get("name") in PARAMETER_WORDS:
        parameter.setdefault("description", PARAMETER_WORDS[parameter["name"]])
    return parameter


def _tidied(node: Any) -> Any:
    """Small repairs everywhere but in examples.

    No titles made of names; no `default: null` (absent is not null in a merge patch); `Page_XRead_` is `XReadPage`;
    `x-component` stands for a schema that only the document has.
    """
    if isinstance(node, list):
        return [_tidied(item) for item in node]
    if isinstance(node, str):
        return f"{node.split('Page_')[0]}{node.split('Page_')[1][:-1]}Page" if "/Page_" in node else node
    if not isinstance(node, dict):
        return node
    if "x-component" in node:
        return {"$ref": REF + node["x-component"]}
    is_schema = any(key in node for key in ("type", "anyOf", "$ref", "enum"))
    kept = {}
    for key, value in node.items():
        if (is_schema and key == "title" and isinstance(value, str)) or (key == "default" and value is None):
            continue
        name = f"{key[5:-1]}Page" if key.startswith("Page_") else key
        kept[name] = value if key in ("example", "examples") else _tidied(value)
    return kept
