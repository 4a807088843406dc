"""A stage's own network: who is in it, what they reach, and that nobody else gets in or out."""

from functools import partial

from bench.gate.changes import drop, put, swap, without
from bench.gate.mutant import Defect

# The stage that has a network.
_prod = partial(Defect, stage="prod")

_HOST_ROLE, _MODEL_ROLE = "Training/JobRoleDefaultPolicy", "Serving/RoleDefaultPolicy"
_SERVICES, _CLIENTS = "Network/NetworkServices", "Network/NetworkClients"
_STATES = "Network/NetworkToStates"
_WORKFLOW, _PRETRAINING = "Training/WorkflowMachine0", "Training/PretrainingMachine7"

MUTANTS = (
    _prod(
        name="the shared endpoint is outside of the network",
        at="Serving/EndpointModel",
        change=drop("Properties.VpcConfig"),
    ),
    _prod(
        name="the endpoint's containers have no security group",
        at="Serving/EndpointModel",
        change=put("Properties.VpcConfig.SecurityGroupIds", []),
    ),
    _prod(
        name="versions' own endpoints are outside of the network",
        at="Training/HandlersDeployEndpointFunction",
        change=swap('"network"', '"networks"'),
    ),
    _prod(
        name="a training job is outside of the network",
        at=_WORKFLOW,
        state="FineTune",
        change=drop("Arguments.VpcConfig"),
    ),
    _prod(
        name="a processing job is outside of the network",
        at=_WORKFLOW,
        state="Segment",
        change=drop("Arguments.NetworkConfig.VpcConfig"),
    ),
    _prod(
        name="hosts that pretrain are outside of the network",
        at=_PRETRAINING,
        state="Train",
        change=drop("Arguments.VpcConfig"),
    ),
    _prod(
        name="a job is in one zone only",
        at=_PRETRAINING,
        state="Shard",
        change=drop("Arguments.NetworkConfig.VpcConfig.Subnets.1"),
    ),
    _prod(name="a handler is outside of the network", at="Api/HandlerFunction", change=drop("Properties.VpcConfig")),
    _prod(
        name="the handler that fetches models has no internet",
        at="Serving/MirrorHandlerFunction",
        change=put("Properties.VpcConfig", {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}),
    ),
    _prod(
        name="a function may make no network interface",
        at="Api/HandlerRoleDefaultPolicy",
        change=without("ec2:CreateNetworkInterface"),
    ),
    _prod(
        name="the hosts of jobs may make no network interface",
        at=_HOST_ROLE,
        change=without("ec2:CreateNetworkInterface"),
    ),
    _prod(
        name="the endpoint's hosts may not hand their interface on",
        at=_MODEL_ROLE,
        change=without("ec2:CreateNetworkInterfacePermission"),
    ),
    _prod(name="handlers cannot reach Step Functions", at=_STATES),
    _prod(name="nothing inside can reach S3", at="Network/NetworkToS3"),
    _prod(
        name="an interface endpoint is for another service",
        at=_STATES,
        change=swap(".states", ".sts"),
    ),
    _prod(name="an interface endpoint is in one zone", at=_STATES, change=drop("Properties.SubnetIds.1")),
    _prod(name="a service's own name leads outside", at=_STATES, change=put("Properties.PrivateDnsEnabled", False)),
    _prod(
        name="names of the network's endpoints are not resolved",
        at="Network/NetworkVpc",
        change=put("Properties.EnableDnsHostnames", False),
    ),
    _prod(
        name="identities of other accounts may use an endpoint",
        at="Network/NetworkToSns",
        change=drop("Properties.PolicyDocument.Statement.0.Condition"),
    ),
    _prod(
        name="the gateway lets nothing through to a bucket",
        at="Network/NetworkToS3",
        change=drop("Properties.PolicyDocument.Statement.0.Resource.5"),
    ),
    _prod(name="a subnet has no route to S3", at="Network/NetworkRouted1"),
    _prod(
        name="handlers are not let in by the interface endpoints",
        at=_SERVICES,
        change=drop("Properties.SecurityGroupIngress.1"),
    ),
    _prod(
        name="the interface endpoints let in on another port",
        at=_SERVICES,
        change=put("Properties.SecurityGroupIngress.0.FromPort", 80),
    ),
    _prod(
        name="the interface endpoints let in whole ranges",
        at=_SERVICES,
        change=put("Properties.SecurityGroupIngress.0.CidrIp", "0.0.0.0/0"),
    ),
    _prod(
        name="a group of the network lets everything out",
        at=_CLIENTS,
        change=drop("Properties.SecurityGroupEgress"),
    ),
    _prod(
        name="a group of the network lets out to other ports",
        at=_CLIENTS,
        change=put("Properties.SecurityGroupEgress.0", {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}),
    ),
    _prod(name="hosts of one job are not let in by each other", at="Network/NetworkHostsFromMembers"),
    _prod(
        name="hosts of one job reach each other on one port only",
        at="Network/NetworkHostsToMembers",
        change=put("Properties.IpProtocol", "tcp"),
    ),
    _prod(
        name="what starts in the network has a public address",
        at="Network/NetworkSubnetA",
        change=put("Properties.MapPublicIpOnLaunch", True),
    ),
    _prod(
        name="both subnets are in one zone",
        at="Network/NetworkSubnetB",
        change=put("Properties.AvailabilityZone", {"Fn::Join": ["", [{"Ref": "AWS::Region"}, "a"]]}),
    ),
    _prod(
        name="two subnets share their addresses",
        at="Network/NetworkSubnetB",
        change=put("Properties.CidrBlock", "10.0.0.0/20"),
    ),
    _prod(
        name="a subnet is outside of its network",
        at="Network/NetworkSubnetB",
        change=put("Properties.CidrBlock", "10.1.0.0/20"),
    ),
    _prod(name="nobody records who speaks in the network", at="Network/NetworkFlows"),
    _prod(
        name="only refused traffic is recorded",
        at="Network/NetworkFlows",
        change=put("Properties.TrafficType", "REJECT"),
    ),
    _prod(
        name="the flow log goes to no log of ours",
        at="Network/NetworkFlows",
        change=put("Properties.LogGroupName", "flows"),
    ),
    _prod(
        name="the flow log's role is for another service",
        at="Network/NetworkFlowRole1",
        change=swap("vpc-flow-logs.amazonaws.com", "logs.amazonaws.com"),
    ),
    _prod(
        name="the flow log may not be written",
        at="Network/NetworkFlowRoleDefaultPolicy",
        change=without("logs:PutLogEvents"),
    ),
)
