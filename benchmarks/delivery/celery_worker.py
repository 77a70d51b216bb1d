"""A Celery worker whose tasks post the same bytes, each thread with a requests session.

One process with a pool of threads; the broker is Redis; a failed post is retried. A task says what
is posted where. All are queued before the worker starts, so that it shares its core with no
producer. Results, events and gossip are off. Arguments: URL, bytes of the body, tasks, threads, the
socket of Redis. Prints tasks a second and a CPU second, from the start of the first to the end of
the last.
"""

import os
import sys
import threading

import requests
from celery import Celery
from posting import Posting

URL, SIZE, TASKS, THREADS = sys.argv[1], *map(int, sys.argv[2:5])
posting = Posting(TASKS)
app = Celery("posting", broker=f"redis+socket://{sys.argv[5]}")
app.conf.update(
    task_ignore_result=True,
    worker_prefetch_multiplier=16,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
)


@app.task(autoretry_for=(requests.RequestException,), retry_backoff=True)
def post(url: str, body: str) -> None:
    posting.post(url, body)


def report() -> None:
    sys.stdout.write(f"{posting.wait()}\n")
    sys.stdout.flush()
    os._exit(0)  # a worker in the main thread is stopped by signals alone


for _ in range(TASKS):
    post.delay(URL, "x" * SIZE)
threading.Thread(target=report, daemon=True).start()
app.Worker(
    pool="threads",
    concurrency=THREADS,
    loglevel="ERROR",
    quiet=True,
    without_gossip=True,
    without_mingle=True,
    without_heartbeat=True,
).start()
