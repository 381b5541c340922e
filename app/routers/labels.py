from app.models import Label
from app.routers.named import Words, routes
from app.schemas.labels import LabelCreate, LabelRead, LabelUpdate

router = routes(Label, Words("label", "labels", "label"), LabelCreate, LabelUpdate, LabelRead)
