"""Chains of tasks: what each takes of the one before, and its way into the store."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeAlias

from tether.core.errors import BadInput
from tether.core.ids import Digest, NodeId, TaskId
from tether.core.protocol.handover import ResultSource, UploadPlace, may_feed, places_of
from tether.core.protocol.workflow import Workflow
from tether.runtime.describer import Describer
from tether.runtime.intake import NewTask
from tether.runtime.ports import Files

Bring: TypeAlias = Callable[[ResultSource], Awaitable[Any | None]]
"""As `World.bring`."""


async def hand_over(
    bring: Bring, files: Files, task_id: TaskId, source: ResultSource
) -> tuple[Digest, int] | None:
    """Store a result for a task; returns its digest and bytes, None where it is gone for good.

    Done twice, as after a crash in between, it is the same.

    Raises:
        OSError: It can't be had now.
    """
    content = await bring(source)
    if content is None:
        return None
    digest = await files.digest(content)
    await files.keep(task_id, {digest: content})
    return digest, int(content.size)


async def places_in(workflow: Workflow, describer: Describer) -> tuple[UploadPlace, ...]:
    """Return the inputs of a workflow that take a file, those that only servers know too."""
    found = workflow.upload_inputs()
    if not found:
        names = sorted({node["class_type"] for node in workflow.nodes.values()})
        found = workflow.upload_inputs(await describer.describe(names))
    return places_of(found)


async def steps_of(
    workflows: Sequence[Workflow],
    files: Mapping[tuple[NodeId, str], tuple[str, Any]],
    title: str,
    describer: Describer,
) -> list[NewTask]:
    """Return the steps of a chain; `files` are for the first, and titles are numbered.

    Raises:
        BadInput: There is no workflow, or one takes nothing of what the one before may give.
    """
    if not workflows:
        raise BadInput("workflow_not_workflow")
    steps = [NewTask(workflows[0], title, files)]
    for number, workflow in enumerate(workflows[1:], 2):
        takes = await places_in(workflow, describer)
        if not may_feed(steps[-1].workflow, takes):
            raise BadInput("chain_unfit", number=number)
        steps.append(NewTask(workflow, f"{title} {number}".strip(), {}, takes))
    return steps
