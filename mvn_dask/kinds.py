"""Tables of the classes that records name by their kinds, one table a family.

Input: the kind in a record. Output: the class that rebuilds an object from arrays; nothing else that a record says is
imported or called. Cost: a look into a dictionary.
"""

from typing import Any, ClassVar, Self, cast

from mvn_dask.errors import ArgumentError


class Registered:
    """Base of families: a subclass with a class attribute `kind` is entered into `kinds` when it is defined.

    The base class of a family gives its name, as ``class Factor(Registered, family="factor")``.
    """

    kind: ClassVar[str]
    """Name of the class, as it stands in records."""
    kinds: ClassVar[dict[str, type[Any]]]
    """Classes of the family by their kinds."""
    family: ClassVar[str]
    """Name of the family, for messages."""

    def __init_subclass__(cls, *, family: str | None = None, **options: Any) -> None:
        super().__init_subclass__(**options)
        if family is not None:
            cls.family, cls.kinds = family, {}
        if "kind" not in cls.__dict__:
            return
        other = cls.kinds.setdefault(cls.kind, cls)
        # The same class may be defined again, where its module is reloaded.
        if (other.__module__, other.__qualname__) != (cls.__module__, cls.__qualname__):
            raise ArgumentError(f"the kind {cls.kind!r} of {cls.__qualname__} is taken by {other.__qualname__}")
        cls.kinds[cls.kind] = cls

    @classmethod
    def of_kind(cls, kind: object) -> type[Self]:
        """The class of that kind; an `ArgumentError` if none has been defined in this process."""
        if not isinstance(kind, str) or kind not in cls.kinds:
            known = ", ".join(sorted(cls.kinds))
            raise ArgumentError(
                f"no {cls.family} of kind {kind!r} is defined (there are {known}): import the module that has it"
            )
        return cast(type[Self], cls.kinds[kind])
