"""A dramatiq worker whose tasks post the same bytes, each thread with a requests session.

One process; the broker is Redis; retries are on, as they are by default. A task says what is posted
where. All are queued before the worker starts, so that it shares its core with no producer.
Arguments: URL, bytes of the body, tasks, threads, the socket of Redis. Prints tasks a second and a
CPU second, from the start of the first to the end of the last.
"""

import sys

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from posting import Posting

URL, SIZE, TASKS, THREADS = sys.argv[1], *map(int, sys.argv[2:5])
posting = Posting(TASKS)
broker = RedisBroker(url=f"unix://{sys.argv[5]}")
dramatiq.set_broker(broker)


@dramatiq.actor
def post(url: str, body: str) -> None:
    posting.post(url, body)


for _ in range(TASKS):
    post.send(URL, "x" * SIZE)
worker = dramatiq.Worker(broker, worker_threads=THREADS)
worker.start()
sys.stdout.write(f"{posting.wait()}\n")
sys.stdout.flush()
worker.stop()
