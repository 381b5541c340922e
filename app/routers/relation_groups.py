from app.models import RelationGroup
from app.routers.named import Words, routes
from app.schemas.relation_groups import RelationGroupCreate, RelationGroupRead, RelationGroupUpdate

router = routes(
    RelationGroup,
    Words("relation group", "relation groups", "relatiegroep"),
    RelationGroupCreate,
    RelationGroupUpdate,
    RelationGroupRead,
)
