from app.models import Product
from app.routers.named import Words, routes
from app.schemas.products import ProductCreate, ProductRead, ProductUpdate

router = routes(Product, Words("product", "products", "product"), ProductCreate, ProductUpdate, ProductRead)
