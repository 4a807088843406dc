"""Every stage's templates, synthesized once: the first synth of a process is slow, the rest are not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from bench.gate.stages import REAL_TIME, tabled
from infra.application import Stacks, add_stacks, feature_flags
from infra.config import STAGES
from infra.gate.assembly import Assembly
from infra.gate.placements import as_deployed
from tests.infra.definition import resolve
from tests.infra.plan import plan, variables
from tests.infra.pretraining_plan import pretraining_plan, pretraining_variables


@dataclass(frozen=True, kw_only=True)
class Synthesized:
    """One stage: its stacks, where its assembly lies, and its templates by stack id."""

    name: str
    stacks: Stacks
    folder: str
    templates: Mapping[str, Mapping[str, Any]]

    def resources(self, kind: str, *stacks: str) -> dict[str, dict[str, Any]]:
        """Every resource of a CloudFormation type, by logical id, in the given stacks or in all."""
        chosen = stacks or tuple(self.templates)
        return {
            logical_id: resource
            for stack in chosen
            for logical_id, resource in self.templates[stack]["Resources"].items()
            if resource["Type"] == kind
        }

    def one(self, kind: str, *stacks: str) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (resource,) = self.resources(kind, *stacks).values()
        return dict(resource["Properties"])

    @property
    def key(self) -> dict[str, Any]:
        """The properties of the key that encrypts; another one signs."""
        (found,) = [key for name, key in self.resources("AWS::KMS::Key").items() if name.startswith("Buckets")]
        return dict(found["Properties"])

    @cached_property
    def assembly(self) -> Assembly:
        """As the gate reads it."""
        return Assembly.read(self.name, Path(self.folder))

    @property
    def definition(self) -> dict[str, Any]:
        """The fine-tuning machine, with references replaced by what they could be."""
        return self.machine("Workflow")

    def machine(self, construct: str) -> dict[str, Any]:
        """The definition of one of the two machines, ``Workflow`` or ``Pretraining``."""
        machines = self.resources("AWS::StepFunctions::StateMachine")
        (found,) = [machine for logical_id, machine in machines.items() if logical_id.startswith(construct)]
        return resolve(found["Properties"]["DefinitionString"])


@pytest.fixture(scope="session")
def synthesize(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Synthesized]:
    """Synthesize a stage, once a session."""
    made: dict[str, Synthesized] = {}

    def stage(name: str) -> Synthesized:
        if name not in made:
            made[name] = _synthesize(name, str(tmp_path_factory.mktemp(name)))
        return made[name]

    return stage


@pytest.fixture(scope="session", params=tuple(STAGES))
def stage(request: pytest.FixtureRequest, synthesize: Callable[[str], Synthesized]) -> Synthesized:
    """Each stage in turn."""
    return synthesize(request.param)


@dataclass(frozen=True, kw_only=True)
class Machine:
    """One state machine of one stage, and a plan that its first state could make."""

    stage: Synthesized
    name: str

    @property
    def definition(self) -> dict[str, Any]:
        """Its definition."""
        return self.stage.machine(self.name)

    @property
    def tasks(self) -> dict[str, dict[str, Any]]:
        """Its states that call something."""
        return {name: state for name, state in self.definition["States"].items() if state["Type"] == "Task"}

    @property
    def plan(self) -> dict[str, Any]:
        """What ``Prepare`` gives."""
        return plan() if self.name == "Workflow" else pretraining_plan()

    @property
    def variables(self) -> dict[str, Any]:
        """What its states leave behind."""
        return variables() if self.name == "Workflow" else pretraining_variables()


@pytest.fixture(scope="session", params=("Workflow", "Pretraining"))
def machine(request: pytest.FixtureRequest, stage: Synthesized) -> Machine:
    """Each state machine of each stage in turn."""
    return Machine(stage=stage, name=request.param)


@pytest.fixture(scope="session")
def dev(synthesize: Callable[[str], Synthesized]) -> Synthesized:
    """The stage with the most in it."""
    return synthesize("dev")


@pytest.fixture(scope="session")
def prod(synthesize: Callable[[str], Synthesized]) -> Synthesized:
    """The stage with every switch of production on, pinned to a region with everything that a placement says."""
    return synthesize("prod")


@pytest.fixture(scope="session")
def quick(synthesize: Callable[[str], Synthesized]) -> Synthesized:
    """A stage whose endpoints are real-time, which nobody deploys."""
    return synthesize(REAL_TIME.name)


def _synthesize(name: str, folder: str) -> Synthesized:
    app = App(context=feature_flags(), outdir=folder)
    with tabled(name):
        stacks = add_stacks(app, as_deployed(STAGES[name]))
    assembly = app.synth()
    templates = {artifact.id: artifact.template for artifact in assembly.stacks}
    return Synthesized(name=name, stacks=stacks, folder=folder, templates=templates)
