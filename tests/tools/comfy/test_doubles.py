"""A POST that came twice, on real sockets: what the lists show, and what a deletion takes."""

from tests.tools.comfy.wire import Client, client_of, run, serving
from tether.core.ids import PromptId
from tether.core.protocol.answers import Found, read_jobs, read_queue
from tether.core.protocol.requests import OPEN_JOBS_PATH

PROMPT = PromptId("3c7ae7a8-54ac-47bd-a113-23db58f8a87d")
WORKFLOW = {
    "1": {
        "class_type": "EmptyImage",
        "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0},
    },
    "2": {
        "class_type": "TetherSlow",
        "inputs": {"image": ["1", 0], "steps": 4, "step_ms": 250, "seed": 0, "previews": False},
    },
    "3": {"class_type": "PreviewImage", "inputs": {"images": ["2", 0]}},
}


async def text(client: Client, path: str) -> str:
    """What a list says."""
    async with client.session.get(path) as response:
        return await response.text()


def test_a_deletion_takes_the_double_and_leaves_the_run() -> None:
    """Three posts of one id: one runs, two wait, and as many deletions take those two."""

    async def story() -> None:
        async with serving() as server, client_of(server) as client:
            for _ in range(3):
                await client.post(WORKFLOW, prompt_id=PROMPT)
            await client.until("execution_start")
            there = {PROMPT: Found(is_running=True, pending=2)}
            assert read_jobs(await text(client, OPEN_JOBS_PATH)) == there
            assert read_queue(await text(client, "/queue")) == there

            body = {"delete": [PROMPT] * 2}
            async with client.session.post("/queue", json=body) as response:
                assert response.status == 200
            left = {PROMPT: Found(is_running=True)}
            assert read_jobs(await text(client, OPEN_JOBS_PATH)) == left
            await client.finish(PROMPT)
            assert read_jobs(await text(client, OPEN_JOBS_PATH)) == {}

    run(story)
