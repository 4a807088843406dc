"""What a stage's page costs: CloudFront, and Cognito where people sign in. Nothing while nobody comes; then little, and much of it is free.

Amounts that are free are the account's, in all regions and for all that is in it.
"""

from collections.abc import Iterator

from infra.settings.stage import Stage

FREE_REQUESTS, FREE_GB = 10_000_000, 1_000
"""A month, without an end; also of requests to the API that come through the page's address. https://aws.amazon.com/cloudfront/pricing/,
read from a stored copy without a date."""
DOLLARS_FOR_10_000_REQUESTS, DOLLARS_PER_GB = 0.01, 0.085
"""HTTPS requests, and what goes out to browsers in North America and Europe; elsewhere up to $0.0220 and $0.120. The price of requests is
from somebody who wrote it down in March 2026."""
FREE_PEOPLE, DOLLARS_A_PERSON = 10_000, 0.015
"""Who signs in at least once in a month, in Cognito's plan Essentials: https://aws.amazon.com/cognito/pricing/ as of September 2026."""
REQUESTS_OF_A_VISIT = 60
"""Of somebody whose browser knows nothing yet: files, and the API's first answers. `make bench-page` counts 53 and one photo's few."""


def page_costs(stage: Stage) -> Iterator[str]:
    """A line for what is paid a request, and one for what is paid a person."""
    if stage.page is None:
        return
    visits = FREE_REQUESTS // REQUESTS_OF_A_VISIT
    yield (
        f"  the page          free up to {FREE_REQUESTS:,} requests ({visits:,} first visits) and {FREE_GB:,} GB a month in the account, "
        f"then ${DOLLARS_FOR_10_000_REQUESTS:.2f} for 10,000 requests and ${DOLLARS_PER_GB:.3f} a GB"
    )
    if stage.page.sign_in:
        yield (
            f"  signing in        free up to {FREE_PEOPLE:,} people a month in the account, then ${DOLLARS_A_PERSON:.3f} a person"
        )


def page_quotas(stage: Stage) -> Iterator[str]:
    """What of the account's limits the page takes. They are CloudFront's, of all regions, and Cognito's: new accounts have room for it."""
    if stage.page is None:
        return
    pool = "; Cognito: 1 user pool of the region" if stage.page.sign_in else ""
    taken = "1 distribution, 1 origin access control and 1 response headers policy of the account"
    yield f"  CloudFront: {taken}{pool}: new accounts have room"
