"""One declaration of an operation, and two ways to call it: it returns from a blocking client, and is awaited of an asynchronous one."""

from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, Generic, ParamSpec, Self, TypeVar, overload

from atelier.drivers import Awaiting, Blocking
from atelier.steps import Steps

P = ParamSpec("P")
T = TypeVar("T")
Driver = TypeVar("Driver", bound=Blocking | Awaiting)


class Group(Generic[Driver]):
    """Operations that one driver runs."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver


class Operation(Generic[P, T]):
    """A method made of the operation's generator function."""

    def __init__(self, steps: Callable[P, Steps[T]]) -> None:
        self._steps = steps
        self.__doc__ = steps.__doc__

    @overload
    def __get__(self, instance: None, owner: object = None) -> Self: ...

    @overload
    def __get__(self, instance: Group[Blocking], owner: object = None) -> Callable[P, T]: ...

    @overload
    def __get__(self, instance: Group[Awaiting], owner: object = None) -> Callable[P, Coroutine[Any, Any, T]]: ...

    def __get__(self, instance: Any, owner: object = None) -> Any:
        if instance is None:
            return self

        @wraps(self._steps)
        def run(*args: P.args, **options: P.kwargs) -> Any:
            return instance._driver.run(self._steps(*args, **options))

        return run
