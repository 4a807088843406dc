"""What the stacks need of Lambda, API Gateway, DynamoDB, S3, SNS and EventBridge, under the synthesized roles."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from local.cloud import LocalCloud
from local.errors import DeploymentError
from local.faults import Fault
from tests.integration import local_toy
from tests.integration.local_toy import allow, arn, role, until

Record = dict[str, Any]
KEY = "a-key-of-at-least-twenty-characters"
UPLOAD = {"Content-Type": "text/plain", "If-None-Match": "*"}

FUNCTION = '''
import json, os, time, urllib.request
import boto3
from botocore.config import Config


class QuotaError(Exception):
    """Its name must reach the caller."""


def api(event, context):
    """An HTTP API's function: stores an item, or gives presigned URLs."""
    body = json.loads(event["body"] or "{}")
    if event["resource"] == "/files":
        s3, target = boto3.client("s3", config=Config(signature_version="s3v4")), {"Bucket": os.environ["BUCKET"], "Key": body["name"]}
        upload = {**target, "ContentType": "text/plain", "ContentLength": 7, "IfNoneMatch": "*"}
        put = s3.generate_presigned_url("put_object", Params=upload, ExpiresIn=60)
        get = s3.generate_presigned_url("get_object", Params=target, ExpiresIn=60)
        return {"statusCode": 201, "headers": {"x-test": "yes"}, "body": json.dumps({"put": put, "get": get})}
    table = boto3.resource("dynamodb").Table(os.environ["TABLE"])
    table.put_item(Item={"pk": body["id"], "kind": "job", "expires_at": int(time.time()) + 60},
                   ConditionExpression="attribute_not_exists(pk)")
    return {"statusCode": 200, "body": json.dumps({"path": event["path"], "id": event["pathParameters"],
                                                "key": event["requestContext"]["identity"]["apiKeyId"]})}


def authorize(event, context):
    """Finds the key in another header than the usual."""
    key = event["headers"].get("authorization", "").removeprefix("Bearer ")
    if key == "broken":
        raise ValueError("no answer")
    statement = {"Action": "execute-api:Invoke", "Effect": "Allow" if key else "Deny", "Resource": event["methodArn"]}
    return {"principalId": "client", "usageIdentifierKey": key,
            "policyDocument": {"Version": "2012-10-17", "Statement": [statement]}}


def talk(event, context):
    """Writes as many lines as the event says; the last has no end."""
    print("".join(f"line {number}\\n" for number in range(event["lines"])) + event["last"], end="")


def remember(event, context):
    """Keeps what an event source delivered."""
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key="seen/" + context.aws_request_id,
                                  Body=json.dumps(event))


def fragile(event, context):
    """Dies on its first call of an event, and on each where the event says so."""
    message = json.loads(event["Records"][0]["Sns"]["Message"])
    s3, place = boto3.client("s3"), {"Bucket": os.environ["BUCKET"], "Key": "died/" + message["name"]}
    died = s3.list_objects_v2(Bucket=place["Bucket"], Prefix=place["Key"])["KeyCount"]
    if message.get("always") or not died:
        s3.put_object(**place, Body=b"")
        os.kill(os.getpid(), 9)
    s3.put_object(Bucket=place["Bucket"], Key="lived/" + message["name"], Body=b"")


def copy(event, context):
    """A custom resource: copies words into the bucket, removes nothing on delete."""
    properties, status, reason = event["ResourceProperties"], "SUCCESS", ""
    if properties["Words"] == "crash":
        raise QuotaError("no room for a model")
    if properties["Words"] == "refuse":
        status, reason = "FAILED", "the licence was not accepted"
    s3 = boto3.client("s3")
    s3.put_object(Bucket=os.environ["BUCKET"], Key="base/last.json", Body=json.dumps(event))
    answer = {"Status": status, "Reason": reason, "PhysicalResourceId": "base/" + properties["Words"],
              "StackId": event["StackId"], "RequestId": event["RequestId"],
              "LogicalResourceId": event["LogicalResourceId"], "Data": {"Prefix": "base/" + properties["Words"]}}
    request = urllib.request.Request(event["ResponseURL"], data=json.dumps(answer).encode(), method="PUT",
                                     headers={"Content-Type": ""})
    urllib.request.urlopen(request, timeout=10).read()
'''


def template(words: str = "tiny") -> Record:
    """An API with a key over a table and a bucket, a custom resource, an alarm topic, a rule."""
    bucket = {"Ref": "Bucket"}
    data = [
        allow("s3:GetObject", "s3:PutObject", on=local_toy.below("Bucket")),
        allow("dynamodb:PutItem", on=arn("Table")),
        allow("s3:ListBucket", on=arn("Bucket")),
        allow("sqs:SendMessage", on=arn("Lost")),
    ]
    function = local_toy.lambda_function
    base = local_toy.base_template()
    base["Resources"] |= {
        "Policy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": bucket,
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": [arn("Bucket"), local_toy.below("Bucket")],
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
        "Table": {
            "Type": "AWS::DynamoDB::Table",
            "Properties": {
                "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}],
                "AttributeDefinitions": [
                    {"AttributeName": "pk", "AttributeType": "S"},
                    {"AttributeName": "kind", "AttributeType": "S"},
                ],
                "GlobalSecondaryIndexes": [
                    {
                        "IndexName": "by-kind",
                        "KeySchema": [{"AttributeName": "kind", "KeyType": "HASH"}],
                        "Projection": {"ProjectionType": "ALL"},
                    }
                ],
                "BillingMode": "PAY_PER_REQUEST",
                "TimeToLiveSpecification": {"AttributeName": "expires_at", "Enabled": True},
            },
        },
        "FunctionRole": role("lambda.amazonaws.com", data),
        "ApiFunction": function("code", "functions.api", "FunctionRole", TABLE={"Ref": "Table"}, BUCKET=bucket),
        "Talk": function("code", "functions.talk", "FunctionRole"),
        "Remember": function("code", "functions.remember", "FunctionRole", BUCKET=bucket),
        "Fragile": function("code", "functions.fragile", "FunctionRole", BUCKET=bucket),
        "Lost": {"Type": "AWS::SQS::Queue"},
        "OnceMore": {
            "Type": "AWS::Lambda::EventInvokeConfig",
            "Properties": {
                "FunctionName": {"Ref": "Fragile"},
                "Qualifier": "$LATEST",
                "MaximumRetryAttempts": 1,
                "DestinationConfig": {"OnFailure": {"Destination": arn("Lost")}},
            },
        },
        "Bursts": {"Type": "AWS::SNS::Topic"},
        "ToFragile": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Bursts"}, "Protocol": "lambda", "Endpoint": arn("Fragile")},
        },
        "BurstsMayCall": permission("Fragile", "sns.amazonaws.com", {"Ref": "Bursts"}),
        "Copier": function("code", "functions.copy", "FunctionRole", BUCKET=bucket),
        "Base": {
            "Type": "Custom::BaseModel",
            "DependsOn": ["FunctionRole", "Policy"],
            "Properties": {"ServiceToken": arn("Copier"), "Words": words, "Count": 3},
        },
        "Topic": {"Type": "AWS::SNS::Topic"},
        "Subscription": {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": {"Ref": "Topic"}, "Protocol": "lambda", "Endpoint": arn("Remember")},
        },
        "TopicMayCall": permission("Remember", "sns.amazonaws.com", {"Ref": "Topic"}),
        "Rule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "EventPattern": {"source": ["atelier.test"], "detail": {"status": ["done"]}},
                "Targets": [{"Id": "remember", "Arn": arn("Remember")}],
            },
        },
        "RuleMayCall": permission("Remember", "events.amazonaws.com", arn("Rule")),
        "Clean": {
            "Type": "Custom::S3AutoDeleteObjects",
            "DependsOn": ["Policy"],
            "Properties": {"ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:none", "BucketName": bucket},
        },
        "Authorize": function("code", "functions.authorize", "FunctionRole"),
        **rest_api(),
        **guarded_api(),
    }
    stages = base["Resources"]["Plan"]["Properties"]["ApiStages"]
    stages.append({"ApiId": {"Ref": "GuardedRest"}, "Stage": {"Ref": "GuardedStage"}})
    base["Outputs"] |= {
        "Api": {"Value": {"Ref": "Rest"}},
        "GuardedApi": {"Value": {"Ref": "GuardedRest"}},
        "Table": {"Value": {"Ref": "Table"}},
        "Topic": {"Value": {"Ref": "Topic"}},
        "Bursts": {"Value": {"Ref": "Bursts"}},
        "Lost": {"Value": {"Ref": "Lost"}},
        "Base": {"Value": {"Ref": "Base"}},
        "Prefix": {"Value": {"Fn::GetAtt": ["Base", "Prefix"]}},
        "ApiFunction": {"Value": {"Ref": "ApiFunction"}},
        "Talk": {"Value": {"Ref": "Talk"}},
    }
    return base


def permission(function: str, service: str, source: Any) -> Record:
    """Let a service invoke a function."""
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "Action": "lambda:InvokeFunction",
            "FunctionName": arn(function),
            "Principal": service,
            "SourceArn": source,
        },
    }


def rest_api() -> Record:
    """`POST /items/{id}` and `POST /files` with a Lambda proxy behind an API key, as the CDK writes it."""
    rest, methods = {"Ref": "Rest"}, {}
    uri = {
        "Fn::Join": [
            "",
            ["arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/", arn("ApiFunction"), "/invocations"],
        ]
    }
    for name, resource in (("PostItem", "Item"), ("PostFile", "Files")):
        methods[name] = {
            "Type": "AWS::ApiGateway::Method",
            "Properties": {
                "RestApiId": rest,
                "ResourceId": {"Ref": resource},
                "HttpMethod": "POST",
                "AuthorizationType": "NONE",
                "ApiKeyRequired": True,
                "RequestValidatorId": {"Ref": "Validator"},
                "RequestModels": {"application/json": {"Ref": "Body"}} if resource == "Item" else {},
                "Integration": {"Type": "AWS_PROXY", "IntegrationHttpMethod": "POST", "Uri": uri},
            },
        }
    part = {"Type": "AWS::ApiGateway::Resource"}
    return {
        "Rest": {"Type": "AWS::ApiGateway::RestApi", "Properties": {"Name": "api"}},
        "Items": {
            **part,
            "Properties": {
                "RestApiId": rest,
                "ParentId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
                "PathPart": "items",
            },
        },
        "Item": {**part, "Properties": {"RestApiId": rest, "ParentId": {"Ref": "Items"}, "PathPart": "{id}"}},
        "Files": {
            **part,
            "Properties": {
                "RestApiId": rest,
                "ParentId": {"Fn::GetAtt": ["Rest", "RootResourceId"]},
                "PathPart": "files",
            },
        },
        "Body": {
            "Type": "AWS::ApiGateway::Model",
            "Properties": {
                "RestApiId": rest,
                "Name": "Body",
                "ContentType": "application/json",
                "Schema": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
            },
        },
        "Validator": {
            "Type": "AWS::ApiGateway::RequestValidator",
            "Properties": {"RestApiId": rest, "Name": "body", "ValidateRequestBody": True},
        },
        **methods,
        "Busy": {
            "Type": "AWS::ApiGateway::GatewayResponse",
            "Properties": {
                "RestApiId": rest,
                "ResponseType": "DEFAULT_5XX",
                "StatusCode": "503",
                "ResponseParameters": {"gatewayresponse.header.Retry-After": "'5'"},
                "ResponseTemplates": {"application/json": '{"status": 503, "detail": $context.error.messageString}'},
            },
        },
        "Deployment": {
            "Type": "AWS::ApiGateway::Deployment",
            "DependsOn": ["PostItem", "PostFile", "Busy"],
            "Properties": {"RestApiId": rest},
        },
        "Stage": {
            "Type": "AWS::ApiGateway::Stage",
            "Properties": {"RestApiId": rest, "DeploymentId": {"Ref": "Deployment"}, "StageName": "v"},
        },
        "Key": {"Type": "AWS::ApiGateway::ApiKey", "Properties": {"Enabled": True, "Value": KEY}},
        "Plan": {
            "Type": "AWS::ApiGateway::UsagePlan",
            "Properties": {
                "ApiStages": [{"ApiId": rest, "Stage": {"Ref": "Stage"}}],
                "Throttle": {"RateLimit": 1000, "BurstLimit": 1000},
            },
        },
        "PlanKey": {
            "Type": "AWS::ApiGateway::UsagePlanKey",
            "Properties": {"KeyId": {"Ref": "Key"}, "KeyType": "API_KEY", "UsagePlanId": {"Ref": "Plan"}},
        },
        "ApiMayCall": permission(
            "ApiFunction", "apigateway.amazonaws.com", {"Fn::Sub": "arn:aws:execute-api:*:*:${Rest}/*"}
        ),
    }


def guarded_api() -> Record:
    """`POST /files` once more, of an API whose authorizer finds the key."""
    names = ("Files", "Validator", "PostFile", "Deployment", "Stage", "Busy", "ApiMayCall")
    text = json.dumps({name: part for name, part in rest_api().items() if name in names})
    for name in (*names, "Rest"):
        text = text.replace(f'"{name}"', f'"Guarded{name}"').replace(f"${{{name}}}", f"${{Guarded{name}}}")
    found: Record = json.loads(text)
    found["GuardedDeployment"]["DependsOn"] = ["GuardedPostFile", "GuardedBusy"]
    uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${Authorize.Arn}/invocations"
    found["GuardedPostFile"]["Properties"] |= {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}}
    rest = {"Ref": "GuardedRest"}
    return {
        **found,
        "GuardedRest": {
            "Type": "AWS::ApiGateway::RestApi",
            "Properties": {"Name": "guarded", "ApiKeySourceType": "AUTHORIZER"},
        },
        "Authorizer": {
            "Type": "AWS::ApiGateway::Authorizer",
            "Properties": {
                "RestApiId": rest,
                "Name": "keys",
                "Type": "REQUEST",
                "AuthorizerUri": {"Fn::Sub": uri},
                "AuthorizerResultTtlInSeconds": 0,
            },
        },
        "AuthorizerMayBeAsked": permission(
            "Authorize", "apigateway.amazonaws.com", {"Fn::Sub": "arn:aws:execute-api:*:*:${GuardedRest}/authorizers/*"}
        ),
    }


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The functions' folder."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "functions.py").write_text(FUNCTION, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory, code: Path) -> Iterator[LocalCloud]:
    """A local cloud with the template above."""
    folder = tmp_path_factory.mktemp("services")
    with LocalCloud(folder / "run") as started:
        started.faults.set_clock(0)  # what starts from now on can be set
        started.deploy(local_toy.write_assembly(folder / "out", {"Toy": template()}, lambdas={"code": code}))
        yield started


def post(cloud: LocalCloud, path: str, body: Record, key: str | None = KEY) -> tuple[int, Record]:
    """POST to the API; the status and the answer."""
    headers = {"Content-Type": "application/json", **({"x-api-key": key} if key else {})}
    url = f"{cloud.api_url(cloud.outputs('Toy')['Api'], 'v')}{path}"
    request = urllib.request.Request(url, data=json.dumps(body).encode(), headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as found:
            return found.status, json.loads(found.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def seen(cloud: LocalCloud) -> list[Record]:
    """The events the remembering function got."""
    s3, bucket = cloud.client("s3"), cloud.outputs("Toy")["Bucket"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket, Prefix="seen/").get("Contents", [])]
    return [json.loads(s3.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]


def test_the_api_wants_its_key_and_calls_its_function(cloud: LocalCloud) -> None:
    assert post(cloud, "/items/7", {"id": "seven"}, key=None)[0] == 403
    assert post(cloud, "/items/7", {"id": "seven"}, key="wrong")[0] == 403
    gateway = cloud.client("apigateway")
    (key,) = gateway.get_api_keys()["items"]
    for enabled, status in (("false", 403), ("true", 200)):
        change = {"op": "replace", "path": "/enabled", "value": enabled}
        gateway.update_api_key(apiKey=key["id"], patchOperations=[change])
        assert post(cloud, "/items/7", {"id": f"enabled-{enabled}"})[0] == status
    (plan,) = gateway.get_usage_plans(keyId=key["id"])["items"]
    for key_id, refusal in ((key["id"], "already contains"), ("unknown", "Invalid API Key")):
        with pytest.raises(ClientError, match=refusal):
            gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key_id, keyType="API_KEY")
    assert post(cloud, "/items/7", {"other": 1})[0] == 400
    # API Gateway would carry it, the function's event would not.
    assert post(cloud, "/items/7", {"id": "x" * 6 * 2**20}) == (413, {"message": "Request Too Long"})
    assert post(cloud, "/items/7", {"id": "seven"}) == (200, {"path": "/items/7", "id": {"id": "7"}, "key": key["id"]})


def test_what_a_function_wrote_is_in_the_log_of_its_own_invocation(cloud: LocalCloud) -> None:
    def log_of(lines: int, last: str) -> list[str]:
        answer = cloud.client("lambda").invoke(
            FunctionName=cloud.outputs("Toy")["Talk"],
            LogType="Tail",
            Payload=json.dumps({"lines": lines, "last": last}),
        )
        return base64.b64decode(answer["LogResult"]).decode().splitlines() if "LogResult" in answer else []

    assert log_of(0, "") == []
    assert log_of(2, "the end") == ["line 0", "line 1", "the end"]
    assert log_of(200_000, "the end")[-2:] == ["line 199999", "the end"]
    assert log_of(0, "") == []


def test_an_api_takes_the_key_that_its_authorizer_finds_and_no_other(cloud: LocalCloud) -> None:
    url = f"{cloud.api_url(cloud.outputs('Toy')['GuardedApi'], 'v')}/files"

    def ask(headers: dict[str, str]) -> tuple[int, Record]:
        named = {"content-type": "application/json", **headers}
        answer = urllib3.request("POST", url, body=json.dumps({"name": "a"}), headers=named)
        return answer.status, answer.json()

    assert ask({"authorization": f"Bearer {KEY}"})[0] == 201
    status, denied = ask({"x-api-key": KEY})
    assert (status, denied["Message"].partition(" with ")[0]) == (403, "User is not authorized to access this resource")
    assert ask({"authorization": "Bearer another", "x-api-key": KEY}) == (403, {"message": "Forbidden"})
    # The authorizer fails, of which API Gateway tells as of everything that is its owner's.
    assert ask({"authorization": "Bearer broken"}) == (500, {"status": 503, "detail": None})


def test_the_table_keeps_conditions_its_index_and_its_time_to_live(cloud: LocalCloud) -> None:
    dynamodb, table = cloud.client("dynamodb"), cloud.outputs("Toy")["Table"]
    post(cloud, "/items/8", {"id": "eight"})

    # The condition fails and the function raises, of which API Gateway tells as the API's owner wants it.
    assert post(cloud, "/items/8", {"id": "eight"}) == (503, {"status": 503, "detail": "Internal server error"})
    found = dynamodb.query(
        TableName=table,
        IndexName="by-kind",
        KeyConditionExpression="kind = :kind",
        ExpressionAttributeValues={":kind": {"S": "job"}},
    )
    assert "eight" in [item["pk"]["S"] for item in found["Items"]]
    ttl = dynamodb.describe_time_to_live(TableName=table)["TimeToLiveDescription"]
    assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires_at")


def test_presigned_addresses_work_with_plain_http(cloud: LocalCloud) -> None:
    status, urls = post(cloud, "/files", {"name": "uploads/a photo.txt"})
    assert status == 201

    def put(body: Any, **changes: str | None) -> int:
        headers = UPLOAD | {name.replace("_", "-"): value for name, value in changes.items()}
        sent = {name: value for name, value in headers.items() if value is not None}
        return int(urllib3.request("PUT", urls["put"], body=body, headers=sent).status)

    assert put(b"a larger one") == put(b"small") == put(b"") == put(iter([b"pic", b"ture"])) == 403
    assert put(b"picture", Content_Type="image/png") == put(b"picture", If_None_Match=None) == 403
    assert put(b"picture") == 200
    assert put(b"another") == 412
    with urllib.request.urlopen(urls["get"], timeout=10) as found:
        assert found.read() == b"picture"
    forged = urls["get"].replace("photo", "secret")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(forged, timeout=10)
    assert refused.value.code == 403
    refused.value.close()


def test_what_a_function_presigns_is_as_old_as_its_clock_says(cloud: LocalCloud) -> None:
    for ahead, status in ((-3_600, 403), (0, 200)):
        cloud.faults.set_clock(ahead)
        address = post(cloud, "/files", {"name": f"uploads/{ahead}"})[1]["put"]
        put = urllib3.request("PUT", address, body=b"picture", headers=UPLOAD)
        assert put.status == status, put.data


def test_calls_fail_as_they_do_on_aws_and_an_answer_gets_lost(cloud: LocalCloud) -> None:
    """Calls of a user, as it were; a function's own SDK tries again, which hides one fault in five."""
    table, bucket = cloud.outputs("Toy")["Table"], cloud.outputs("Toy")["Bucket"]
    dynamodb, s3 = clients_of_a_user(cloud, "dynamodb", "s3")

    def code(fault: Fault, action: str, call: Callable[[], object]) -> tuple[str, int]:
        cloud.faults.switch_on(fault, action)
        with pytest.raises(ClientError) as refused:
            call()
        return refused.value.response["Error"]["Code"], refused.value.response["ResponseMetadata"]["HTTPStatusCode"]

    def write() -> object:
        return s3.put_object(Bucket=bucket, Key="lost/answer", Body=b"here")

    def read() -> object:
        return dynamodb.get_item(TableName=table, Key={"pk": {"S": "x"}}, ConsistentRead=True)

    assert code(Fault.THROTTLED, "dynamodb:GetItem", read) == ("ThrottlingException", 400)
    assert code(Fault.FAILED, "dynamodb:GetItem", read) == ("InternalServerError", 500)
    assert read()
    assert code(Fault.THROTTLED, "s3:PutObject", write) == ("SlowDown", 503)
    assert code(Fault.UNAVAILABLE, "s3:PutObject", write) == ("ServiceUnavailable", 503)
    assert cloud.client("s3").list_objects_v2(Bucket=bucket, Prefix="lost/")["KeyCount"] == 0
    assert code(Fault.LOST_ANSWER, "s3:PutObject", write) == ("InternalError", 500)
    assert cloud.client("s3").get_object(Bucket=bucket, Key="lost/answer")["Body"].read() == b"here"
    cloud.faults.switch_on(Fault.THROTTLED, "dynamodb:PutItem")
    assert post(cloud, "/items/12", {"id": "twelve"})[0] == 200


def clients_of_a_user(cloud: LocalCloud, *services: str) -> list[Any]:
    """Clients that may do everything and never try again."""
    iam, policy = cloud.client("iam"), {"Version": "2012-10-17", "Statement": [allow("s3:*", "dynamodb:*")]}
    iam.create_user(UserName="user")
    iam.put_user_policy(UserName="user", PolicyName="all", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="user")["AccessKey"]
    session = boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name=cloud.region)
    once = Config(retries={"total_max_attempts": 1})
    return [session.client(name, endpoint_url=cloud.url, config=once) for name in services]  # type: ignore[call-overload]


def test_a_topic_and_a_rule_reach_their_function(cloud: LocalCloud) -> None:
    cloud.client("sns").publish(TopicArn=cloud.outputs("Toy")["Topic"], Message='{"a": 1}')
    cloud.client("events").put_events(
        Entries=[
            {"Source": "atelier.test", "DetailType": "t", "Detail": '{"status": "started"}'},
            {"Source": "atelier.test", "DetailType": "t", "Detail": '{"status": "done"}'},
        ]
    )

    events = until(lambda: found if len(found := seen(cloud)) >= 2 else None, cloud)

    messages = [event["Records"][0]["Sns"]["Message"] for event in events if "Records" in event]
    details = [event["detail"] for event in events if "detail" in event]
    assert messages == ['{"a": 1}']
    assert details == [{"status": "done"}]


def test_an_event_whose_function_is_killed_comes_again_and_at_last_goes_to_the_destination(cloud: LocalCloud) -> None:
    sns, s3, outputs = cloud.client("sns"), cloud.client("s3"), cloud.outputs("Toy")
    for name in ("one", "two"):
        sns.publish(TopicArn=outputs["Bursts"], Message=json.dumps({"name": name}))
    sns.publish(TopicArn=outputs["Bursts"], Message=json.dumps({"name": "cursed", "always": True}))

    def lived() -> int:
        return int(s3.list_objects_v2(Bucket=outputs["Bucket"], Prefix="lived/")["KeyCount"])

    until(lambda: lived() == 2, cloud)
    (lost,) = until(lambda: cloud.client("sqs").receive_message(QueueUrl=outputs["Lost"]).get("Messages"), cloud)
    record = json.loads(lost["Body"])
    event = record["requestPayload"]
    assert record["responsePayload"]["errorType"] == "Runtime.ExitError"
    assert json.loads(event["Records"][0]["Sns"]["Message"])["name"] == "cursed"
    until(lambda: len(list((cloud.run_dir / "tmp").iterdir())) <= len(workers(cloud)), cloud)  # the dead leave nothing


def workers(cloud: LocalCloud) -> list[psutil.Process]:
    """The processes of functions."""
    assert cloud._supervisor is not None
    below = psutil.Process(cloud._supervisor.pid).children(recursive=True)
    return [process for process in below if any("_worker.py" in word for word in process.cmdline())]


def test_above_its_reserved_concurrency_a_function_is_not_called(cloud: LocalCloud) -> None:
    functions, function = cloud.client("lambda"), cloud.outputs("Toy")["ApiFunction"]
    functions.put_function_concurrency(FunctionName=function, ReservedConcurrentExecutions=0)
    try:
        with pytest.raises(functions.exceptions.TooManyRequestsException):
            functions.invoke(FunctionName=function, Payload=b"{}")
        assert post(cloud, "/items/20", {"id": "twenty"})[0] == 503
    finally:
        functions.delete_function_concurrency(FunctionName=function)
    assert post(cloud, "/items/20", {"id": "twenty"})[0] == 200


def test_a_service_calls_a_function_only_with_its_permission(cloud: LocalCloud) -> None:
    functions, topic, before = cloud.client("lambda"), cloud.outputs("Toy")["Topic"], len(seen(cloud))
    event = {"Source": "atelier.test", "DetailType": "t", "Detail": '{"status": "done"}'}

    def call() -> int:
        cloud.client("sns").publish(TopicArn=topic, Message='{"a": 1}')
        cloud.client("events").put_events(Entries=[event])
        return post(cloud, "/items/9", {"id": "nine"})[0]

    def ask() -> int:
        url = f"{cloud.api_url(cloud.outputs('Toy')['GuardedApi'], 'v')}/files"
        named = {"content-type": "application/json", "authorization": f"Bearer {KEY}"}
        return int(urllib3.request("POST", url, body=b'{"name": "a"}', headers=named).status)

    names = [each["FunctionName"] for each in functions.list_functions()["Functions"]]
    permissions = [(name, each) for name in names for each in statements(functions, name)]
    for name, statement in permissions:
        functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
    assert (call(), ask()) == (500, 500)
    for name, statement in permissions:
        functions.add_permission(
            FunctionName=name,
            StatementId=statement["Sid"],
            Action=statement["Action"],
            Principal=statement["Principal"]["Service"],
            SourceArn=statement["Condition"]["ArnLike"]["AWS:SourceArn"],
        )
    assert (call(), ask()) == (200, 201)
    until(lambda: len(seen(cloud)) - before >= 2, cloud)
    assert len(seen(cloud)) - before == 2


def statements(functions: Any, name: str) -> list[Record]:
    """The statements of a function's policy; none where it has no policy."""
    try:
        found: list[Record] = json.loads(functions.get_policy(FunctionName=name)["Policy"])["Statement"]
    except functions.exceptions.ResourceNotFoundException:
        return []
    return found


def test_a_function_is_held_to_its_role(cloud: LocalCloud) -> None:
    iam = cloud.client("iam")
    name = next(r["RoleName"] for r in iam.list_roles()["Roles"] if "FunctionRole" in r["RoleName"])
    policy = iam.get_role_policy(RoleName=name, PolicyName="all")["PolicyDocument"]
    kept = [s for s in policy["Statement"] if "dynamodb:PutItem" not in s["Action"]]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps({**policy, "Statement": kept}))
    event = {"resource": "/items/{id}", "path": "/items/9", "pathParameters": {"id": "9"}, "body": '{"id": "nine"}'}
    try:
        answer = cloud.client("lambda").invoke(
            FunctionName=cloud.outputs("Toy")["ApiFunction"], Payload=json.dumps(event).encode()
        )
    finally:
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(policy))

    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "ClientError"
    assert "AccessDenied" in error["errorMessage"]
    assert "dynamodb:PutItem on resource: arn:aws:dynamodb:us-east-1:123456789012:table/" in error["errorMessage"]


def test_a_custom_resource_is_created_updated_and_deleted(cloud: LocalCloud, code: Path, tmp_path: Path) -> None:
    first = last_event(cloud)
    assert (first["RequestType"], first["ResourceProperties"]["Count"]) == ("Create", "3")
    assert cloud.outputs("Toy")["Base"] == cloud.outputs("Toy")["Prefix"] == "base/tiny"

    cloud.deploy(local_toy.write_assembly(tmp_path / "out", {"Toy": template("small")}, lambdas={"code": code}))

    assert cloud.outputs("Toy")["Prefix"] == "base/small"
    assert last_event(cloud)["RequestType"] == "Delete"  # of the old physical id, after the update
    assert last_event(cloud)["PhysicalResourceId"] == "base/tiny"


def last_event(cloud: LocalCloud) -> Record:
    """What the custom resource's function got last."""
    bucket = cloud.outputs("Toy")["Bucket"]
    event: Record = json.loads(cloud.client("s3").get_object(Bucket=bucket, Key="base/last.json")["Body"].read())
    return event


@pytest.mark.parametrize(
    ("words", "problem"),
    [("refuse", "the licence was not accepted"), ("crash", "QuotaError: no room for a model")],
)
def test_a_failing_custom_resource_fails_its_stack_at_once(
    cloud: LocalCloud, code: Path, tmp_path: Path, words: str, problem: str
) -> None:
    assembly = local_toy.write_assembly(tmp_path / "out", {"Toy": template(words)}, lambdas={"code": code})

    with pytest.raises(DeploymentError, match=r"Base \(Custom::BaseModel\): ") as failed:
        cloud.deploy(assembly)

    assert problem in str(failed.value)


def test_a_deleted_stack_empties_its_bucket(cloud: LocalCloud, code: Path, tmp_path: Path) -> None:
    s3, name = cloud.client("s3"), "Short"
    cloud.deploy(local_toy.write_assembly(tmp_path / "out", {name: template()}, lambdas={"code": code}))
    bucket = cloud.outputs(name)["Bucket"]

    cloud.client("cloudformation").delete_stack(StackName=name)

    def gone() -> bool:
        try:
            s3.head_bucket(Bucket=bucket)
        except ClientError:
            return True
        return False

    until(gone, cloud)
