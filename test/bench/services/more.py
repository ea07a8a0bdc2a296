"""What the bench's shop keeps beside its orders: a log of events as JSON texts, and the codes of its parcels."""

from sqlalchemy import select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models import Base


class Event(Base):
    __tablename__ = "events"
    id: Mapped[int] = mapped_column(primary_key=True)
    body: Mapped[str]


class Parcel(Base):
    __tablename__ = "parcels"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]


def latest_bodies(session: Session, limit: int) -> list[str]:
    return list(session.scalars(select(Event.body).order_by(Event.id.desc()).limit(limit)))


def parcel_codes(session: Session, limit: int) -> list[str]:
    return list(session.scalars(select(Parcel.code).order_by(Parcel.id).limit(limit)))
