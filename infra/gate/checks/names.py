"""Names that are made at run time begin with the stage's prefix, in roles, rules and settings alike."""

import re
from collections.abc import Iterator, Mapping

from infra.gate.assembly import Assembly
from infra.gate.finding import Finding
from infra.gate.roles import listed, of_document
from infra.gate.sources import Sources

_NAME = "names"
_NAMES: Mapping[str, str] = {
    "endpoint": "atelier-{stage}-style-*",
    "endpoint-config": "atelier-{stage}-style-*",
    "model": "atelier-{stage}-style-*",
    "model-package": "atelier-{stage}-*",
    "model-package-group": "atelier-{stage}-*",
    "training-job": "atelier-{stage}-*",
    "processing-job": "atelier-{stage}-*",
    "hyper-parameter-tuning-job": "atelier-{stage}-*",
    "alarm": "atelier-{stage}-style-*",
    "rule": "StepFunctionsGetEventsForSageMaker(Training|Processing|HyperParameterTuning)JobsRule",
}
"""What an ARN ends with. https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html names the rules."""

_ARN = re.compile(r"arn:[^:]+:(sagemaker|cloudwatch|events):[^:]*:[^:]*:([a-z-]+)[/:](.+)")
_MACHINE = re.compile(r":(?:stateMachine|execution):([a-zA-Z0-9-]+)")
_TRACKING = "TargetTracking-endpoint/"


def check(assembly: Assembly, sources: Sources) -> Iterator[Finding]:
    """See the module."""
    machines = {
        str(each.properties.get("StateMachineName")) for each in assembly.of("AWS::StepFunctions::StateMachine")
    }
    for policy in assembly.of("AWS::IAM::Policy"):
        for statement in of_document(policy, policy.properties.get("PolicyDocument", {})):
            for arn in statement.resources:
                for wrong, remedy in _wrong(assembly, arn, machines):
                    yield policy.finding(_NAME, f"{', '.join(statement.actions)}: {wrong}", remedy)
            if "iam:PassRole" in statement.actions and "*" in "".join(statement.resources):
                yield policy.finding(
                    _NAME, "iam:PassRole on roles by a pattern", "Name the one role that is handed over"
                )
    for function in assembly.of("AWS::Lambda::Function"):
        prefix = function.properties.get("Environment", {}).get("Variables", {}).get("NAME_PREFIX")
        if prefix not in (None, f"atelier-{assembly.stage}"):
            yield function.finding(_NAME, f"NAME_PREFIX is {prefix}", f"Make it atelier-{assembly.stage}")
    for rule in assembly.of("AWS::Events::Rule"):
        detail = rule.properties.get("EventPattern", {}).get("detail", {})
        for key, wanted in (("EndpointName", "-style-"), ("ModelPackageGroupName", "-")):
            if key in detail and len(detail) > 1:
                others = ", ".join(sorted(set(detail) - {key}))
                yield rule.finding(
                    _NAME, f"it hears only of some {others}, and a run waits for all", "Name no more than what"
                )
            for each in listed(detail.get(key)):
                if each != {"prefix": f"atelier-{assembly.stage}{wanted}"}:
                    yield rule.finding(
                        _NAME, f"{key} is {each}, by which nothing is named", f"Write atelier-{assembly.stage}{wanted}"
                    )
        for target in rule.properties.get("Targets", []):
            changed = {"Input", "InputPath", "InputTransformer"} & set(target)
            if changed and not rule.properties.get("ScheduleExpression"):
                yield rule.finding(
                    _NAME, f"{', '.join(sorted(changed))} changes the event that the handler reads", "Remove it"
                )


def _wrong(assembly: Assembly, arn: str, machines: set[str]) -> Iterator[tuple[str, str]]:
    found = _ARN.fullmatch(arn)
    if found and found[2] in _NAMES and "<" not in found[3]:
        meant = _NAMES[found[2]].format(stage=assembly.stage)
        if found[3].removeprefix(_TRACKING).split("/")[0] != meant and not (
            found[2] == "rule" and re.fullmatch(meant, found[3])
        ):
            yield f"{found[2]} {found[3]}, which is not how ours are named", f"Write {meant}"
    named = _MACHINE.search(arn)
    if named and machines and named[1] not in machines:
        yield f"no state machine is called {named[1]}", f"Name {' or '.join(sorted(machines))}"
