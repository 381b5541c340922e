from app.models.named import Named, unique_name


class RelationKind(Named):
    """What sort of client a relation is to the office (relatiesoort), such as "cliënt (IB)"."""

    __tablename__ = "relation_kinds"
    __table_args__ = (unique_name(),)
