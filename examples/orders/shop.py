"""What the shop's pages ask."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models import Customer, Item, Order


def newest_orders(session: Session, limit: int) -> list[dict]:
    """The newest orders that are still to be sent, with what each comes to."""
    query = select(Order).where(Order.state == "placed").order_by(Order.placed.desc(), Order.id)
    shown = []
    for order in session.scalars(query.limit(limit)):
        cents = sum(item.count * item.cents for item in order.items)
        shown.append({"id": order.id, "placed": order.placed.isoformat(), "cents": cents})
    return shown


def customers_of(session: Session, city: str) -> list[str]:
    """The names of a city's customers."""
    return list(session.scalars(select(Customer.name).where(Customer.city == city).order_by(Customer.name)))


def best_sellers(session: Session, count: int) -> list[tuple[str, int]]:
    """The products of which most pieces were sold."""
    pieces = func.sum(Item.count)
    rows = session.execute(select(Item.product, pieces).group_by(Item.product).order_by(pieces.desc(), Item.product).limit(count))
    return [(product, sold) for product, sold in rows]
