from app.models import RelationKind
from app.routers.named import Words, routes
from app.schemas.relation_kinds import RelationKindCreate, RelationKindRead, RelationKindUpdate

router = routes(
    RelationKind,
    Words("relation kind", "relation kinds", "relatiesoort"),
    RelationKindCreate,
    RelationKindUpdate,
    RelationKindRead,
)
