"""The people and papers of the examples in the contract: one office, one client, one delivery. All made up."""

from typing import Any

from pydantic import BaseModel, ConfigDict

_ID = "0193d6f0-0000-7000-8000-0000000000{:02}"

OFFICE = _ID.format(1)
TEAM_MEMBER = _ID.format(2)
API_KEY = _ID.format(3)
FOLDER_TEMPLATE = _ID.format(4)
LABEL = _ID.format(5)
PRODUCT = _ID.format(6)
RELATION_KIND = _ID.format(7)
RELATION_GROUP = _ID.format(8)
TEAM_ROLE = _ID.format(9)
DEPUTY = _ID.format(13)
COLLEAGUE = _ID.format(14)
RELATION = _ID.format(10)
CONTACT = _ID.format(11)
LINK = _ID.format(12)
DOSSIER = _ID.format(20)
FOLDER = _ID.format(21)
INBOX = _ID.format(22)
DOSSIER_ITEM = _ID.format(30)
CONVERSATION = _ID.format(40)
MESSAGE = _ID.format(41)
ATTACHMENT = _ID.format(42)
DOCUMENT_REQUEST = _ID.format(50)
REQUEST_LINE = _ID.format(51)
EVENT = _ID.format(60)
IMPORT = _ID.format(70)

MADE = "2026-10-01T08:30:00.000Z"
LATER = "2026-10-02T14:05:12.345Z"
MADE_AND_CHANGED = {"created_at": MADE, "updated_at": LATER, "version": 3}
SHA256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def example(*models: type[BaseModel], **values: Any) -> ConfigDict:
    """The example of a model: what the models show that it is made from, and its own values."""
    shown: dict[str, Any] = {}
    for model in models:
        shown |= shown_of(model)
    return ConfigDict(json_schema_extra={"examples": [shown | values]})


def shown_of(model: type[BaseModel]) -> dict[str, Any]:
    """The first example of a model, for use in that of another."""
    extra: Any = model.model_config["json_schema_extra"]
    shown: dict[str, Any] = extra["examples"][0]
    return shown
