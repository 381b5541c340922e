"""Which relations or contacts an export holds; what stands in it, the import's own columns say."""

from app.schemas.contacts import ContactFilters
from app.schemas.relations import RelationFilters


class RelationExportQuery(RelationFilters):
    """All filters of the list of relations but `q` and the id in another package."""


class ContactExportQuery(ContactFilters):
    """The filters of the list of contacts but `q`."""
