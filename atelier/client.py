"""Atelier's client: ``Atelier`` blocks, ``AsyncAtelier`` is awaited; both have the same operations.

with Atelier.from_environment() as atelier:
    atelier.style("photo.jpg", "a skirt", "a red skirt").save("red.png")
"""

import json
from pathlib import Path
from typing import Any, Self

import httpx2

from atelier import (
    base_models,
    batches,
    files,
    marks,
    painting,
    people,
    places,
    predictions,
    styles,
    trainings,
    webhooks,
)
from atelier.drivers import Access, Awaiting, Blocking
from atelier.operation import Driver, Group, Operation
from atelier.sending import call, send
from atelier.steps import Steps


class Predictions(Group[Driver]):
    """Pictures that were asked for."""

    create = Operation(predictions.create)
    get = Operation(predictions.get)
    list = Operation(predictions.listing)
    cancel = Operation(predictions.cancel)
    delete = Operation(predictions.delete)
    wait = Operation(predictions.wait)
    pictures = Operation(predictions.pictures)


class CatalogueBatches(Group[Driver]):
    """A picture for each row of a list."""

    create = Operation(batches.create)
    start = Operation(batches.start)
    get = Operation(batches.get)
    list = Operation(batches.listing)
    cancel = Operation(batches.cancel)
    resume = Operation(batches.resume)
    wait = Operation(batches.wait)


class Trainings(Group[Driver]):
    """Styles that are learnt."""

    create = Operation(trainings.create)
    get = Operation(trainings.get)
    list = Operation(trainings.listing)
    cancel = Operation(trainings.cancel)
    resume = Operation(trainings.resume)
    captions = Operation(trainings.captions)
    put_captions = Operation(trainings.put_captions)
    wait = Operation(trainings.wait)
    upload = Operation(trainings.upload)


class Files(Group[Driver]):
    """What was put."""

    upload = Operation(files.upload)
    list = Operation(files.listing)
    get = Operation(files.get)
    delete = Operation(files.delete)


class Styles(Group[Driver]):
    """What was learnt, and its versions."""

    list = Operation(styles.listing)
    get = Operation(styles.get)
    version = Operation(styles.version)
    compare = Operation(styles.compare)
    approve = Operation(styles.approve)
    reject = Operation(styles.reject)
    evaluate = Operation(styles.evaluate)
    promote = Operation(styles.promote)
    roll_back = Operation(styles.roll_back)
    delete = Operation(styles.delete)
    delete_version = Operation(styles.delete_version)
    import_version = Operation(styles.import_version)


class DepictedPeople(Group[Driver]):
    """Whom pictures show."""

    delete = Operation(people.delete)
    get = Operation(people.get)


class Marks(Group[Driver]):
    """What pictures hold that were painted here."""

    find = Operation(marks.find)
    get = Operation(marks.get)


class WebhookSecrets(Group[Driver]):
    """What the API tells by itself."""

    secret = Operation(webhooks.secret)


class BaseModels(Group[Driver]):
    """What styles are learnt on."""

    list = Operation(base_models.listing)
    get = Operation(base_models.get)


def _request(method: str, path: str, body: object = None, **headers: str) -> Steps[dict[str, Any]]:
    """Any request of the API, for what has no operation here: its answer, ``{}`` where that has no body. Raises ApiError."""
    reply = yield from send(call(method, path, body, **headers))
    return dict(json.loads(reply.content)) if reply.content else {}


class _Operations(Group[Driver]):
    """Everything that both clients do."""

    def __init__(self, driver: Driver) -> None:
        super().__init__(driver)
        self.predictions: Predictions[Driver] = Predictions(driver)
        self.batches: CatalogueBatches[Driver] = CatalogueBatches(driver)
        self.trainings: Trainings[Driver] = Trainings(driver)
        self.files: Files[Driver] = Files(driver)
        self.styles: Styles[Driver] = Styles(driver)
        self.base_models: BaseModels[Driver] = BaseModels(driver)
        self.marks: Marks[Driver] = Marks(driver)
        self.people: DepictedPeople[Driver] = DepictedPeople(driver)
        self.webhooks: WebhookSecrets[Driver] = WebhookSecrets(driver)

    @property
    def url(self) -> str:
        """The API's address, without a slash at the end."""
        return self._driver.access.url

    @property
    def key(self) -> str:
        """The API key."""
        return self._driver.access.key

    style = Operation(painting.style)
    generate = Operation(painting.generate)
    edit = Operation(painting.edit)
    upscale = Operation(painting.upscale)
    segment = Operation(painting.segment)
    train = Operation(trainings.train)
    predict = Operation(predictions.predict)
    fetch = Operation(predictions.fetch)
    request = Operation(_request)


class Atelier(_Operations[Blocking]):
    """A client whose operations return. Threads may share it."""

    def __init__(
        self, url: str, key: str, *, auth: httpx2.Auth | None = None, transport: httpx2.BaseTransport | None = None
    ) -> None:
        """``url`` ends in the API's stage. Raises InvalidInputError."""
        super().__init__(Blocking(places.access(url, key, auth), transport))

    @classmethod
    def of(cls, access: Access) -> Self:
        """The client of an API that ``atelier.places`` has found."""
        return cls(access.url, access.key, auth=access.auth)

    @classmethod
    def from_environment(cls) -> Self:
        """The API that ATELIER_API_URL and ATELIER_API_KEY name. Raises InvalidInputError."""
        return cls.of(places.in_environment())

    @classmethod
    def from_local(cls, folder: str | Path = places.LOCAL_FOLDER) -> Self:
        """The API of the local cloud that runs in the folder. Raises NoPlaceError."""
        return cls.of(places.in_local_cloud(folder))

    @classmethod
    def from_stage(cls, stage: str, *, signed: bool = False, region: str = "", profile: str = "") -> Self:
        """The API of a stage in the account of the current credentials. Raises NoPlaceError, and botocore's errors."""
        return cls.of(places.in_account(stage, signed=signed, region=region, profile=profile))

    def close(self) -> None:
        """Close the connections."""
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class AsyncAtelier(_Operations[Awaiting]):
    """A client whose operations are awaited."""

    def __init__(
        self, url: str, key: str, *, auth: httpx2.Auth | None = None, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        """``url`` ends in the API's stage. Raises InvalidInputError."""
        super().__init__(Awaiting(places.access(url, key, auth), transport))

    @classmethod
    def of(cls, access: Access) -> Self:
        """The client of an API that ``atelier.places`` has found."""
        return cls(access.url, access.key, auth=access.auth)

    @classmethod
    def from_environment(cls) -> Self:
        """The API that ATELIER_API_URL and ATELIER_API_KEY name. Raises InvalidInputError."""
        return cls.of(places.in_environment())

    async def close(self) -> None:
        """Close the connections."""
        await self._driver.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
