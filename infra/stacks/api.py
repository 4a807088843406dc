"""The HTTP API, and the handler that completes predictions when the endpoint has answered."""

import json

from aws_cdk import CfnOutput
from constructs import Construct

from contracts.advice import ADVICE
from contracts.artifact import ADAPTER_WEIGHTS
from contracts.dataset import CAPTIONS
from contracts.job_kinds import JOB_RESOURCES
from contracts.layout import FAILURE, MANIFEST, TAKEN_UP, VALIDATION
from infra.components import batch_names
from infra.components.access import (
    Statement,
    allow,
    arn,
    deleting,
    finding_open,
    finding_own,
    keeping,
    publishing,
    reading,
    writing,
)
from infra.components.answers import AnswerHandlers
from infra.components.attributes import bucket_name, table_name, topic_arn
from infra.components.batches import BatchMachine
from infra.components.clients import ClientKeys
from infra.components.handler import Handler, Spec
from infra.components.key_authorizer import KeyAuthorizer
from infra.components.page import WebPage
from infra.components.people_deletion import PeopleDeletion
from infra.components.people_pool import PeoplePool
from infra.components.rate_policy import costly_rate_policy, rate_policy
from infra.components.rest_api import RestApi
from infra.components.webhooks import Webhooks
from infra.components.workflow.steps.publication import PROMOTED
from infra.settings.page import StagePage
from infra.settings.stage import Stage
from infra.stacks.serving import ServingStack
from infra.stacks.stage_stack import StageStack
from infra.stacks.storage import StorageStack
from infra.stacks.training import TrainingStack

_IMPORTED = (f"styles/*/{ADAPTER_WEIGHTS}", f"styles/*/{MANIFEST}")
"""What the API publishes of an adapter that was trained elsewhere."""

_DECIDING = [f"sagemaker:{call}" for call in ("ListModelPackages", "DescribeModelPackage", "UpdateModelPackage")]
"""How a version is found in the registry, approved and rejected."""


_TRAINING_LOG = "log-group:/aws/sagemaker/TrainingJobs"


def _following(prefix: str) -> list[Statement]:
    """Read what the stage's own training jobs print, out of the group that the whole account shares; and which a search has made."""
    group = [arn("logs", each) for each in (_TRAINING_LOG, f"{_TRAINING_LOG}:*")]
    searches = arn("sagemaker", f"{JOB_RESOURCES['tuning']}/{prefix}-*")
    return [
        allow(["sagemaker:ListTrainingJobsForHyperParameterTuningJob"], [searches]),
        allow(["logs:DescribeLogStreams"], group),
        allow(["logs:GetLogEvents"], [arn("logs", f"{_TRAINING_LOG}:log-stream:{prefix}-*")]),
    ]


class ApiStack(StageStack):
    """REST API, its handler, and the handler of the endpoint's answers."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        stage: Stage,
        storage: StorageStack,
        serving: ServingStack,
        training: TrainingStack,
    ) -> None:
        about = "HTTP API and page, and the handler of the endpoint's answers"
        super().__init__(scope, construct_id, stage=stage, about=about)
        self._storage = storage
        machine_arn = training.workflow.arn
        self.webhooks = Webhooks(self, "Webhooks", stage=stage, key=storage.key)
        self.answers = AnswerHandlers(
            self,
            "Answers",
            stage=stage,
            key=storage.key,
            table=storage.table,
            media=storage.media_bucket,
            topics=(serving.success, serving.error),
            machine_arn=machine_arn,
            handing_over=serving.handing_over,
            due=self.webhooks.due,
            network=serving.clients,
        )
        clients = ClientKeys(self, "Clients", clients=stage.api.clients)
        spec = self._api(serving, machine_arn, training.resources.machine_names[0], clients.known)
        key, log_days = storage.key, stage.log_days
        self.handler = Handler(self, "Handler", spec=spec, key=key, log_days=log_days, network=serving.clients)
        if stage.webhooks != "none":
            letters = self.answers.dead_letters
            self.webhooks.send(table=storage.table, api=self.handler, machine_arn=machine_arn, dead_letters=letters)
        self.batches = BatchMachine(
            self,
            "Batches",
            use=training.resources,
            api=self.handler,
            known_clients=clients.known,
            network=serving.clients,
            due=self.webhooks.due,
            dead_letters=self.answers.dead_letters,
        )
        PeopleDeletion(
            self,
            "People",
            use=training.resources,
            machine_arn=machine_arn,
            handing_over=serving.handing_over,
            due=self.webhooks.due,
            network=serving.clients,
            dead_letters=self.answers.dead_letters,
        )
        # Nobody waits for these, but for whoever called the API: where they fail, only an alarm tells.
        self.unattended = {self.handler.name: self.handler.function_name, **self.answers.dead_letters.functions}
        self._open(clients, serving)
        CfnOutput(self, "BatchMachineArn", value=self.batches.machine.arn)
        CfnOutput(self, "ApiKeyId", value=clients.ids[stage.api.clients[0].name])
        CfnOutput(self, "ApiKeyIds", value=json.dumps(clients.ids, separators=(",", ":")))

    def _open(self, clients: ClientKeys, serving: ServingStack) -> None:
        """The API itself, in front of the handler."""
        stage, key, log_days = self.stage, self._storage.key, self.stage.log_days
        authorizer, finder, people = None, None, None
        if stage.page and stage.page.sign_in:
            people = PeoplePool(self, "SignIn", sign_in=stage.page.sign_in, keep=stage.keep_data)
        if not stage.api.signed:
            finder = KeyAuthorizer(self, "Keys", people=people, key=key, log_days=log_days, network=serving.clients)
            authorizer = finder.authorizer
            self.unattended[finder.handler.name] = finder.handler.function_name
        api = RestApi(
            self,
            "Rest",
            name=stage.prefix,
            handler=self.handler,
            clients=clients,
            authorizer=authorizer,
            limits=stage.api,
            key=key,
            log_days=log_days,
        )
        CfnOutput(self, "ApiUrl", value=api.url)
        if stage.page:
            page = self._serve_page(stage.page, api, clients, people)
            if finder and people and page.client_id:
                finder.let_in(people, page.client_id, api.plan)

    def _serve_page(self, page: StagePage, api: RestApi, clients: ClientKeys, people: PeoplePool | None) -> WebPage:
        storage = self._storage
        served = WebPage(
            self,
            "Page",
            stage=self.stage,
            page=page,
            api=api,
            people=people,
            first_key=clients.ids[self.stage.api.clients[0].name],
            buckets=[storage.data_bucket, storage.media_bucket, storage.model_bucket],
            key=storage.key,
            log_bucket=storage.log_bucket,
        )
        CfnOutput(self, "PageUrl", value=served.url)
        CfnOutput(self, "PageDistributionId", value=served.distribution.id)
        if page.own_domain:
            CfnOutput(self, "PageTarget", value=served.distribution.target)
        return served

    def _api(self, serving: ServingStack, machine_arn: str, machine_name: str, clients: str) -> Spec:
        storage = self._storage
        return Spec(
            name="api",
            environment={
                "TABLE_NAME": table_name(storage.table),
                "MEDIA_BUCKET": bucket_name(storage.media_bucket),
                "DATA_BUCKET": bucket_name(storage.data_bucket),
                "MODEL_BUCKET": bucket_name(storage.model_bucket),
                "ENDPOINT_NAME": serving.endpoint.name,
                **serving.handing_over.environment,
                "SERVED_BASE": self.stage.default_model.reference,
                "IMAGE_URI": serving.image.uri,
                "NAME_PREFIX": self.stage.prefix,
                "TAGS": ",".join(f"{key}={value}" for key, value in self.stage.tags.items()),
                "STATE_MACHINE_ARN": machine_arn,
                "BATCH_MACHINE_ARN": batch_names.machine_arn(self.stage),
                "RELEASE_RULES": self.stage.release_rules,
                "SAFETY_RULES": self.stage.safety.text,
                "PACE": json.dumps(self.stage.pace.to_json(), sort_keys=True),
                "CONSENT": self.stage.people.consent,
                "MEDIA_DAYS": str(self.stage.media_days),
                "OUTPUTS_DAYS": str(self.stage.outputs_days),
                "MASKS_DAYS": str(self.stage.retention.masks_days or self.stage.outputs_days),
                "STARTUP_SECONDS": str(self.stage.serving.startup_seconds),
                "CLIENTS": clients,
                "WEBHOOKS": self.stage.webhooks,
                "WEBHOOK_TOPIC_ARN": topic_arn(self.webhooks.due),
                "COMMERCIAL": str(self.stage.licences.commercial).lower(),
                "DISCLOSURE": self.stage.disclosure.environment,
                "ORIGINS": ",".join(self.stage.api.origins) or "none",
                "RATE_POLICY": rate_policy(self.stage.api),
                "COSTLY_RATE_POLICY": costly_rate_policy(self.stage.api),
            },
            grants=self._rights(serving, machine_arn, machine_name),
            seconds=29,
            # An adapter of up to 400 MiB is in memory while it is checked.
            memory_mib=1024,
        )

    def _rights(self, serving: ServingStack, machine_arn: str, machine_name: str) -> list[list[Statement]]:
        return [
            *self._predicting(serving),
            *self._keeping_files(),
            *self._training(machine_arn, machine_name),
            *self._batching(),
        ]

    def _predicting(self, serving: ServingStack) -> list[list[Statement]]:
        storage, prefix = self._storage, self.stage.prefix
        folders = ("requests/*", "progress/*", "outputs/*", "responses/*", "failures/*", "uploads/*")
        endpoints = [serving.endpoint.arn, arn("sagemaker", f"endpoint/{prefix}-style-*")]
        return [
            # Where a notification is late, it reads the answer and stores the pictures itself.
            reading(storage.media_bucket, *folders),
            writing(storage.media_bucket, "requests/*", "uploads/*", "outputs/*"),
            deleting(storage.media_bucket, *folders),
            keeping(storage.table),
            finding_own(storage.table),
            finding_open(storage.table),
            serving.handing_over.grants,
            # Whether an endpoint is awake, or there at all.
            [allow(["sagemaker:DescribeEndpoint"], endpoints)],
            publishing(self.webhooks.due),
        ]

    def _batching(self) -> list[list[Statement]]:
        """Batches' rows and reports, their executions, and the tokens of their items, whose predictions a client may cancel."""
        name, media = batch_names.machine_name(self.stage), self._storage.media_bucket
        calls = ["states:DescribeExecution", "states:StopExecution", "states:ListMapRuns"]
        return [
            reading(media, "batches/*"),
            writing(media, "batches/*"),
            [allow(["states:StartExecution"], [batch_names.machine_arn(self.stage)])],
            [allow(calls, [batch_names.executions_arn(self.stage)])],
            [allow(["states:DescribeMapRun"], [arn("states", f"mapRun:{name}/*")])],
            batch_names.answering_items(self.stage),
        ]

    def _keeping_files(self) -> list[list[Statement]]:
        """What clients put and what was made of it. What looks and an evaluation wrote is handed to them by presigned addresses."""
        data, models = self._storage.data_bucket, self._storage.model_bucket
        runs = (
            f"runs/*/{TAKEN_UP}",
            f"runs/*/{FAILURE}",
            f"runs/*/segment/{ADVICE}",
            f"runs/*/segment/{CAPTIONS}",
            "runs/*/evaluate/*",
        )
        return [
            reading(data, "datasets/*", "imports/*", f"checkpoints/*/{VALIDATION}/*", *runs),
            writing(data, "datasets/*", "imports/*"),
            deleting(data, "datasets/*"),
            reading(models, "styles/*", "base/*"),
            writing(models, PROMOTED, *_IMPORTED),
            # What has no manifest is not there; the rest of a version goes with the next sweep.
            deleting(models, f"styles/*/{MANIFEST}"),
        ]

    def _training(self, machine_arn: str, machine_name: str) -> list[list[Statement]]:
        """Executions and what they print, and the registry of what they made."""
        prefix = self.stage.prefix
        group, package = (arn("sagemaker", f"{kind}/{prefix}-*") for kind in ("model-package-group", "model-package"))
        execution_calls = ["states:DescribeExecution", "states:GetExecutionHistory", "states:StopExecution"]
        return [
            [allow(["states:StartExecution", "states:ListExecutions"], [machine_arn])],
            [allow(execution_calls, [arn("states", f"execution:{machine_name}:*")])],
            _following(prefix),
            [
                allow(["sagemaker:CreateModelPackageGroup", "sagemaker:AddTags"], [group]),
                # A version is created in its group: SageMaker checks both names.
                allow(["sagemaker:CreateModelPackage"], [group, package]),
                allow(_DECIDING, [package]),
            ],
        ]
