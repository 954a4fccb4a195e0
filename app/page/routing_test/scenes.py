"""All scenes, in their order."""

from page.routing_test import aiming, identity, ill, keeping, queue, stuck
from page.routing_test.scene import Scene
from tether.core.model.binding import CURED

SCENES = (
    Scene(1, ill.SHARED_ID, identity.client_ids),
    Scene(2, ill.NOT_AIMED, aiming.aimed_connection),
    Scene(3, ill.NOT_CHECKED, aiming.consistency),
    Scene(4, ill.NOT_BOUND, aiming.submission),
    Scene(5, ill.RECONNECTS_ANYWHERE, aiming.reconnect),
    Scene(6, ill.FIRST_WINS, stuck.first_connection),
    Scene(7, ill.ONLY_ONE_MOVES, stuck.scene_of_the_bug),
    Scene(8, ill.ONLY_ONE_MOVES, stuck.two_at_once),
    Scene(9, ill.SHARED_ID, identity.two_windows),
    Scene(10, ill.FIRST_LISTED, queue.least_queue),
    Scene(11, ill.LOCK_FORGOTTEN, keeping.lock),
    Scene(12, CURED, keeping.books, is_cured_by_books=True),
)
