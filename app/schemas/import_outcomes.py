"""Why rows of an import were left out of a commit, or stayed when it was undone: their codes, and what those mean."""

from collections.abc import Mapping

OTHER_LEFT_OUT = "other_row_left_out"
LEFT_OUT = {
    "gone": "What this row is about is gone.",
    "changed": "What this row is about was changed since.",
    "number_taken": "Another one has this number now.",
    "email_taken": "There is another contact with this e-mail address now.",
    "external_id_taken": "Another relation has one of these ids of other packages by now.",
    "parent_gone": "The relation above the one of this row is not there.",
    "parent_archived": "The relation above the one of this row is archived now.",
    "parent_renumbered": "The relation above the one of this row has another number now.",
    "ring": "The relation above the one of this row hangs below it by now.",
    "list_changed": "What this row names of the office's lists was changed, archived or removed since.",
    "citizen_numbers_off": "The office keeps no citizen numbers any more.",
    "relation_archived": "A relation that this row names is archived now, or gone.",
    "relation_renumbered": "A number of a relation that this row names is that of another one now, or of none.",
    "link_changed": "A link of this contact was made, changed or removed since.",
    "preferred_changed": "The preferred contact of a relation that this row names is another one, or was changed.",
    OTHER_LEFT_OUT: "Another row is out of date, and only with it this one makes sense.",
}
STAYS = {
    "gone": "It is there no more.",
    "changed_since": "It was changed since.",
    "has_children": "Other relations hang below it.",
    "has_contacts": "It was linked to contacts.",
    "has_documents": "There are documents in its dossier, or in its bin.",
    "has_folders": "Somebody changed the folders of its dossier.",
    "has_links": "It was linked to other relations.",
    "has_login": "It was invited, or signs in.",
    "has_messages": "There are messages with it.",
    "has_requests": "It was asked for documents.",
    "other_import_needs_it": "The undo of another import puts relations back below it: undo that one first.",
    "other_row_stays": "Another row stays, and only with it this one can go back.",
    "link_changed_since": "One of its links was changed since, or is that of a later import: undo that one first.",
    "preferred_taken": "Somebody else is the preferred contact of its relation by now.",
    "email_taken": "Somebody else has its e-mail address of before.",
    "external_id_taken": "Another relation has one of its ids of before in other packages.",
    "list_changed": "Something that it had of the office's lists is there no more.",
    "parent_gone": "The relation that it was below is there no more.",
    "parent_archived": "The relation that it was below was archived since.",
    "ring": "The relation that it was below hangs below it by now.",
    "relation_archived": "A relation that it is linked to is archived.",
    "citizen_numbers_off": "The office keeps no citizen numbers any more.",
}


def told(codes: Mapping[str, str]) -> str:
    """All of them, for who reads the contract."""
    return "; ".join(f"`{code}`: {words.rstrip('.')}" for code, words in codes.items())
