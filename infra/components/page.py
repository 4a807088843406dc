"""The web page of a stage: its files, and CloudFront before them and the API."""

from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from contracts.page import PageConfig
from infra.components.access import REGION
from infra.components.attributes import bucket_name
from infra.components.distribution import PageDistribution, bucket_origins
from infra.components.page_files import PageFiles
from infra.components.people_pool import PeoplePool
from infra.components.rest_api import RestApi
from infra.settings.page import StagePage
from infra.settings.stage import Stage


class WebPage(Construct):
    """``url`` is its address, which ends in a slash; ``handler`` fills its bucket. ``buckets`` take and give what is presigned.

    ``client_id`` is the page's own client of the pool of ``people``, where these sign in.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        page: StagePage,
        api: RestApi,
        first_key: str,
        people: PeoplePool | None,
        buckets: list[s3.IBucket],
        key: kms.IKey,
        log_bucket: s3.IBucket,
    ) -> None:
        super().__init__(scope, construct_id)
        origins = bucket_origins([bucket_name(bucket) for bucket in buckets])
        files = PageFiles(
            self,
            "Files",
            key_id=first_key if page.hand_over_key else None,
            key=key,
            log_bucket=log_bucket,
            log_days=stage.log_days,
        )
        self.handler = files.handler
        self.distribution = PageDistribution(
            self,
            "Distribution",
            # Names of an account in every region.
            name=f"{stage.prefix}-{REGION}",
            bucket=files.bucket,
            api_host=api.host,
            api_path=api.path,
            origins=origins,
            login=f"https://{people.host}" if people else "",
            own_domain=page.own_domain,
        )
        self.url = f"https://{self.distribution.domain}/"
        self.client_id = people.client(self.url) if people else None
        config = PageConfig(
            stage=stage.name,
            key=None,
            sign_in={"domain": people.host, "client_id": self.client_id} if people and self.client_id else None,
            disclosure=dict(stage.disclosure.texts),
            origins=origins,
        )
        files.fill(config.model_dump(mode="json"))
