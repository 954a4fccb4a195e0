"""The execution of one task, from `execution_start` to its history entry."""

from collections.abc import Callable, Iterator

from simulator.cache import CachedNode, Signatures
from simulator.events import DropBlob, DropValues, NodeFinished, NodeRaised, RunNode, ValueRef
from simulator.files import OutsideRoot
from simulator.history import Entry
from simulator.messages import Messages
from simulator.nodes import NodeClass, Pace, declared, inputs_of, link_of, pace_of
from simulator.plan import Plan
from simulator.process import Process
from simulator.queue import Task


class Execution:
    """Runs the nodes of a task one after the other, and reports them to its clients.

    Source: ComfyUI 0.28.1 wire, measured; execution.py, `PromptExecutor.execute_async`.

    Args:
        run_ids: Gives ids that no run of this server had.
        on_end: Called once with the history entry, when the last message has been queued.
    """

    def __init__(
        self, process: Process, task: Task, run_ids: Iterator[int], on_end: Callable[[Entry], None]
    ) -> None:
        self.task = task
        self.shown_node: str | None = None
        self.is_interrupted = False
        self._process = process
        self._run_ids = run_ids
        self._on_end = on_end
        self._messages = Messages(process, task)
        # Inputs that a class doesn't declare were never validated and go nowhere.
        self._nodes = {
            node_id: declared(node, process.classes[str(node["class_type"])])
            for node_id, node in task.workflow.items()
        }
        self._signatures = Signatures(self._nodes, process.classes, process.files)
        self._plan: Plan
        self._outputs: dict[str, object] = {}
        self._meta: dict[str, object] = {}
        self._executed: list[str] = []
        self._node_id = ""
        self._run_id = 0
        self._began = 0.0
        self._pace = Pace()
        self._made: NodeFinished | None = None

    def start(self) -> None:
        """Report the start and what is cached, then start the first node."""
        prompt_id, workflow = self.task.prompt_id, self._nodes
        self._messages.report("execution_start", {"prompt_id": prompt_id})
        signatures = {node_id: self._signatures.of(node_id) for node_id in workflow}
        for run_id in self._process.cache.keep_only(set(signatures.values())):
            self._process.stage.emit(DropValues(run_id))
        cached = [node_id for node_id in workflow if self._cached(node_id) is not None]
        self._messages.report("execution_cached", {"nodes": cached, "prompt_id": prompt_id})
        was_cached = set(cached)
        self._plan = Plan(
            workflow,
            self.task.outputs,
            lambda node_id: self._class_of(node_id).is_output,
            lambda node_id: node_id in was_cached,
        )
        self._advance()

    def is_awaiting(self, run_id: int) -> bool:
        """Tell whether the task waits for a report about this run."""
        return self._run_id == run_id

    def finish_node(self, done: NodeFinished) -> None:
        """Report the steps of the node in their time, then go on to the next."""
        self._made = done
        for text in done.texts:
            self._messages.show_text(self._node_id, text)
        if self._class_of(self._node_id).is_websocket_output:
            for number, picture in enumerate(done.previews):
                self._messages.show_step(self._node_id, number, len(done.previews), picture)
        if self._pace.steps:
            self._step_later(done, 1)
        else:
            due = self._began + self._pace.hold_seconds
            self._when_current(due, lambda: self._complete(done))

    def fail_node(self, failure: NodeRaised) -> None:
        """End the task with the error of its node."""
        self._end(
            "execution_error",
            {
                **self._about_node(),
                "exception_message": f"{failure.message}\n",
                "exception_type": failure.exception_type,
                "traceback": list(failure.traceback),
                "current_inputs": dict(failure.inputs or {}),
                "current_outputs": list(self.task.workflow),
            },
        )

    def abandon(self) -> None:
        """Drop what the current node has made, or is still making."""
        if self._run_id:
            self._process.stage.emit(DropValues(self._run_id))
            for blob in self._made.files if self._made is not None else ():
                self._process.stage.emit(DropBlob(blob.key))
        self._run_id, self._made = 0, None

    def _advance(self) -> None:
        while (node_id := self._plan.pick()) is not None:
            cached = self._cached(node_id)
            if cached is None:
                self._start_node(node_id)
                return
            if cached.output is not None:
                self._outputs[node_id] = cached.output
                self._meta[node_id] = cached.meta
            self._messages.show_output(node_id, cached.output)
            self._messages.finish_node(node_id)
            self._plan.done(node_id)
        end: dict[str, object] = {"prompt_id": self.task.prompt_id}
        self._process.stops.when_open("success", lambda: self._end("execution_success", end))

    def _start_node(self, node_id: str) -> None:
        self._node_id = node_id
        self.shown_node = node_id
        self._messages.begin_node(node_id)
        place = f"before {self._class_of(node_id).name}"
        self._process.stops.when_open(place, lambda: self._run_node(node_id))

    def _run_node(self, node_id: str) -> None:
        if self.is_interrupted:
            self._end("execution_interrupted", self._about_node())
            return
        self._run_id = next(self._run_ids)
        self._began = self._process.stage.now
        node_class = self._class_of(node_id)
        inputs: dict[str, object] = {}
        for name, value in inputs_of(self._nodes[node_id]).items():
            link = link_of(value)
            cached = self._cached(link[0]) if link is not None else None
            if link is None or cached is None:
                inputs[name] = value
            else:
                inputs[name] = ValueRef(cached.run_id, link[1])
        self._pace = pace_of(node_class, inputs, self._process.settings)
        find = self._process.files.find_named
        files = {
            name: file.blob.key
            for name in inputs
            if name == node_class.file_input and (file := find(str(inputs[name]))) is not None
        }
        # Source: ComfyUI, latent_preview.py `set_preview_method`, read.
        is_silenced = self.task.extra_data.get("preview_method") == "none"
        previews = self._pace.steps if self._pace.previews and not is_silenced else 0
        run_id, name, hidden = self._run_id, node_class.name, self.task.hidden
        run = RunNode(run_id, node_id, name, inputs, files, previews, hidden)
        self._process.stage.emit(run)

    def _step_later(self, done: NodeFinished, step: int) -> None:
        due = self._began + step * self._pace.step_seconds
        self._when_current(due, lambda: self._take_step(done, step))

    def _take_step(self, done: NodeFinished, step: int) -> None:
        if self.is_interrupted:
            self._end("execution_interrupted", self._about_node())
            return
        preview = done.previews[step - 1] if step <= len(done.previews) else None
        self._messages.show_step(self._node_id, step, self._pace.steps, preview)
        place = f"step {step} of {self._class_of(self._node_id).name}"
        if step < self._pace.steps:
            self._process.stops.when_open(place, lambda: self._step_later(done, step + 1))
        else:
            self._process.stops.when_open(place, lambda: self._complete(done))

    def _when_current(self, due: float, action: Callable[[], None]) -> None:
        run_id = self._run_id
        self._process.stage.at(due, lambda: action() if self._run_id == run_id else None)

    def _complete(self, done: NodeFinished) -> None:
        if self._class_of(self._node_id).is_output:
            self._process.stops.when_open("executed", lambda: self._keep_output(done))
        else:
            self._keep_output(done)

    def _keep_output(self, done: NodeFinished) -> None:
        node_id = self._node_id
        try:
            output = self._keep_files(self._class_of(node_id), done)
        except OutsideRoot as error:
            message = (
                f"**** ERROR: Saving image outside the output folder is not allowed.\n {error}"
            )
            self.fail_node(NodeRaised(done.run_id, "Exception", message))
            return
        meta: dict[str, object] = {
            "node_id": node_id,
            "display_node": node_id,
            "parent_node": None,
            "real_node_id": node_id,
        }
        if output is not None:
            self._outputs[node_id] = output
            self._meta[node_id] = meta
            self._messages.show_output(node_id, output)
        signature = self._signatures.of(node_id) or f"run {done.run_id}"
        self._process.cache.put(signature, CachedNode(done.run_id, output, meta))
        self._run_id, self._made = 0, None
        self._executed.append(node_id)
        self._messages.finish_node(node_id)
        self._plan.done(node_id)
        self._advance()

    def _keep_files(self, node_class: NodeClass, done: NodeFinished) -> dict[str, object] | None:
        saves = node_class.saves
        if saves is None:
            return None if done.ui is None else dict(done.ui)
        prefix = self._process.temp_prefix
        if saves.root != "temp":
            prefix = str(inputs_of(self._nodes[self._node_id]).get("filename_prefix", ""))
        saved = self._process.files.save_numbered(
            saves.root, prefix, saves.suffix, done.files, done.picture_size
        )
        return {"images": [file.as_output for file in saved], **(saves.marks or {})}

    def _end(self, kind: str, data: dict[str, object]) -> None:
        self.abandon()
        self._messages.report(kind, data)
        entry = Entry(self.task, self._outputs, self._meta, self._messages.kept)

        def close() -> None:
            self.shown_node = None
            self._on_end(entry)

        self._process.stage.later(self._process.settings.success_gap, close)

    def _about_node(self) -> dict[str, object]:
        return {
            "prompt_id": self.task.prompt_id,
            "node_id": self._node_id,
            "node_type": self._class_of(self._node_id).name,
            "executed": list(self._executed),
        }

    def _cached(self, node_id: str) -> CachedNode | None:
        return self._process.cache.get(self._signatures.of(node_id))

    def _class_of(self, node_id: str) -> NodeClass:
        return self._process.classes[str(self.task.workflow[node_id]["class_type"])]
