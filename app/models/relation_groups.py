from app.models.named import Named, unique_name


class RelationGroup(Named):
    """Relations that belong together (relatiegroep), such as a concern or a family. Gives no access."""

    __tablename__ = "relation_groups"
    __table_args__ = (unique_name(),)
