"""What a person needs of a deployed stage: its address, its key, where to look in the console, a first command."""

import json as json_text
import os

from cli.account import Client, account_client, api_key, stage_outputs
from cli.terminal import print_json

FIRST = {"input": {"mode": "text_to_image", "prompt": "a red skirt", "seed": 7}}
"""The first request to try: any base model paints it."""

_CONSOLES = {"aws-cn": "console.amazonaws.cn", "aws-us-gov": "console.amazonaws-us-gov.com"}
"""The console's domain in partitions that have their own."""


def run_deployed(stage: str, *, json: bool = False) -> None:
    """Print it; for programs, the outputs of its stacks."""
    if json:
        print_json(dict(sorted(stage_outputs(account_client, stage).items())))
    else:
        print(describe(account_client, stage))


def run_key(stage: str, client: str = "", *, json: bool = False) -> None:
    """Print a client's API key and nothing else, so that a shell can keep it. Raises InvalidInputError for a client that is not there."""
    key = api_key(account_client, stage_outputs(account_client, stage, ["api"]), client)
    if json:
        print_json({"stage": stage, "client": client or None, "key": key})
    else:
        print(key)


def describe(client: Client, stage: str) -> str:
    """The stage's addresses and commands, for people. Raises NotDeployedError."""
    outputs = stage_outputs(client, stage)
    region = outputs["StateMachineArn"].split(":")[3]
    profile = os.environ.get("AWS_PROFILE")
    place = f"REGION={region}" + (f" PROFILE={profile}" if profile else "")
    prediction = '"$API/v1/predictions'
    page = f"\nOpen it\n  {outputs['PageUrl']}\n" if "PageUrl" in outputs else ""
    header = '-H "x-api-key: $KEY"'
    return f"""
Stage {stage} is deployed in {region}, account {outputs["StateMachineArn"].split(":")[4]}.
{page}
Use it
  export API={outputs["ApiUrl"].rstrip("/")}
  export KEY=$(make -s key STAGE={stage} {place})
  curl {prediction}" {header} -H 'content-type: application/json' -d '{json_text.dumps(FIRST)}'
  curl {prediction}/ID" {header}
The first answer takes about 5 to 10 minutes where no instance of the endpoint runs (an estimate).

Look at it
{_links(outputs, region)}
Hear of failed runs and of approvals that wait
  aws sns subscribe --region {region} --topic-arn {outputs["NewsTopicArn"]} --protocol email --notification-endpoint YOU@EXAMPLE.ORG
Fine-tune a style
  aws s3 sync --region {region} YOUR_PICTURES/ s3://{outputs["DataBucketName"]}/datasets/NAME/   (docs/datasets.md says what belongs there)
  aws stepfunctions start-execution --region {region} --state-machine-arn {outputs["StateMachineArn"]} --input file://run.json"""


def _links(outputs: dict[str, str], region: str) -> str:
    """A line a page of the console."""
    domain = _CONSOLES.get(outputs["StateMachineArn"].split(":")[1], "console.aws.amazon.com")
    pages = {
        "fine-tuning": f"states/home?region={region}#/statemachines/view/{outputs['StateMachineArn']}",
        "pretraining": f"states/home?region={region}#/statemachines/view/{outputs['PretrainingMachineArn']}",
        "endpoint": f"sagemaker/home?region={region}#/endpoints/{outputs['EndpointName']}",
        "dashboard": f"cloudwatch/home?region={region}#dashboards/dashboard/{outputs['DashboardName']}",
        "alarms": f"cloudwatch/home?region={region}#alarmsV2:",
        "stacks": f"cloudformation/home?region={region}#/stacks",
    }
    return "".join(f"  {name:<12} https://{region}.{domain}/{page}\n" for name, page in pages.items())
