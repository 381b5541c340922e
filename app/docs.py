"""The page at ``/docs``: Swagger UI out of a Python package, so that nothing is fetched from elsewhere."""

from collections.abc import Callable
from functools import partial
from importlib.resources import files

from starlette.responses import HTMLResponse, Response

# Swagger UI builds its page with inline styles; scripts come from here alone.
POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
TYPES = {"js": "text/javascript", "css": "text/css", "png": "image/png"}

START = """\
SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  docExpansion: "none",
  persistAuthorization: false,
  displayRequestDuration: true,
});
"""

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ordner API</title>
<link rel="icon" href="/docs/favicon-32x32.png">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""


def page() -> HTMLResponse:
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


def _asset(name: str) -> Response:
    content = files("fastapi_swagger.resources").joinpath(name).read_bytes()
    return Response(
        content, media_type=TYPES[name.rpartition(".")[2]], headers={"Cache-Control": "public, max-age=86400"}
    )


ASSETS: dict[str, Callable[[], Response]] = {
    **{name: partial(_asset, name) for name in ("swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png")},
    "start.js": partial(Response, START, media_type="text/javascript"),
}
