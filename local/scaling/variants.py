"""The endpoint variants of SageMaker as fleets that can be scaled."""

from collections.abc import Callable

from local.sagemaker.endpoints import EndpointService
from local.scaling.scaler import Fleets


def fleets_of(endpoints: Callable[[], EndpointService]) -> Fleets:
    """Every variant, by its resource id ``endpoint/{name}/variant/{name}``. The service is made after the scaler is."""

    def desired(resource: str) -> int:
        return endpoints().desired(*_names(resource))

    def settled(resource: str) -> bool:
        return endpoints().states.is_settled(_names(resource)[0])

    def resize(resource: str, count: int) -> None:
        endpoints().scale(*_names(resource), count)

    return Fleets(desired=desired, settled=settled, resize=resize)


def _names(resource: str) -> tuple[str, str]:
    _, endpoint, _, variant = resource.split("/")
    return endpoint, variant
