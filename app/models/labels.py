from app.models.named import Named, unique_name


class Label(Named):
    """A word of the office by which relations are found together (label)."""

    __tablename__ = "labels"
    __table_args__ = (unique_name(),)
