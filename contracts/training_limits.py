"""Whether a fine-tuning fits its machine, and what to change where it does not: said before anything is paid."""

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.errors import Problem
from contracts.machine_sizes import MachineSize, size_of
from contracts.machines import has_nvme
from contracts.prices import DOLLARS_PER_HOUR
from contracts.training_changes import smaller
from contracts.training_needs import SizedTraining, disk, gpu_memory, host_memory

_NAMED_MACHINES = 3


@dataclass(frozen=True, kw_only=True)
class JobRoom:
    """What a stage gives a training job: the type of its machines, and GiB of disk, which a machine with NVMe has in its stead."""

    instance: str
    volume_gib: int | None = None

    @property
    def size(self) -> MachineSize:
        """Its memory and speed."""
        return size_of(self.instance)


def problems(lesson: SizedTraining, room: JobRoom, *, dataset_bytes: int = 0, base_bytes: int = 0) -> Iterator[Problem]:
    """Everything that the machine has too little of, with numbers. Of what is not known of a type nothing is said."""
    machine = room.size
    if machine.gpu_gib is not None and (need := gpu_memory(lesson, machine)).total > machine.gpu_gib:
        allowed = f"at most {machine.gpu_gib:.1f} GiB, which its GPU has: {_instead(lesson, machine)}"
        yield Problem(f"GPU memory of {room.instance}", str(need), allowed)
    if machine.host_gib is not None and (host := host_memory(lesson, machine)) > machine.host_gib:
        allowed = f"at most {machine.host_gib:.1f} GiB, which its containers have: {_instead(lesson, machine)}"
        yield Problem(f"memory of {room.instance}", f"about {host:.1f} GiB", allowed)
    if room.volume_gib is not None and not has_nvme(room.instance):
        need_gib = disk(lesson, dataset_bytes, base_bytes)
        if need_gib > room.volume_gib:
            allowed = f"at most {room.volume_gib} GiB, the stage's jobs.volume_gib: a larger one, or method lora"
            yield Problem("disk of the training job", f"about {need_gib:.0f} GiB", allowed)


def fits(lesson: SizedTraining, machine: MachineSize) -> bool:
    """Whether GPU and host hold it."""
    gpu = machine.gpu_gib is None or gpu_memory(lesson, machine).total <= machine.gpu_gib
    return gpu and (machine.host_gib is None or host_memory(lesson, machine) <= machine.host_gib)


def _instead(lesson: SizedTraining, machine: MachineSize) -> str:
    """Each change that is enough by itself, else all of them together; and machines that are large enough."""
    changes = list(_changes(lesson))
    enough = [words for words, changed in changes if fits(changed, machine)]
    if not enough:
        together, words = lesson, list[str]()
        for said, _ in changes:
            together = dict(_changes(together)).get(said, together)
            words.append(said)
            if fits(together, machine):
                enough = [" and ".join(words)]
                break
    others = _machines(lesson)
    offered = [f"jobs.training_instance {' | '.join(others)}"] if others else []
    return " or ".join([*enough, *offered]) or "a smaller base model"


def _changes(lesson: SizedTraining) -> Iterator[tuple[str, SizedTraining]]:
    """What makes it smaller, in words and done."""
    for change in smaller(lesson.method, lesson.tuning):
        yield change.words, SizedTraining(shape=lesson.shape, method=change.method, tuning=change.tuning)


def _machines(lesson: SizedTraining) -> list[str]:
    """Those of the price table with a GPU that hold it, the cheapest first."""
    priced = sorted(DOLLARS_PER_HOUR, key=lambda name: DOLLARS_PER_HOUR[name])
    return [name for name in priced if size_of(name).on_gpu and fits(lesson, size_of(name))][:_NAMED_MACHINES]
