"""The ceiling: pycurl's multi interface posting a constant body, and nothing else.

Arguments: URL, bytes of the body, requests, connections. Prints requests a second and a CPU second.
"""

import sys

import pycurl
from stopwatch import Stopwatch

HEADERS = [
    "Content-Type: text/xml; charset=utf-8",
    'SOAPAction: "http://schemas.microsoft.com/exchange/services/2006/messages/SendNotification"',
    "Expect:",
]


def main(url: str, size: int, requests: int, connections: int) -> None:
    multi, left = pycurl.CurlMulti(), requests
    for _ in range(connections):
        easy = pycurl.Curl()
        easy.setopt(pycurl.URL, url)
        easy.setopt(pycurl.HTTPHEADER, HEADERS)
        easy.setopt(pycurl.POSTFIELDS, b"x" * size)
        easy.setopt(pycurl.WRITEFUNCTION, lambda _: None)
        multi.add_handle(easy)
    watch = Stopwatch()
    while left > 0:
        while multi.perform()[0] == pycurl.E_CALL_MULTI_PERFORM:
            pass
        more = 1
        while more:
            more, complete, failed = multi.info_read()
            if failed:
                raise SystemExit(str(failed[0]))
            for easy in complete:
                left -= 1
                multi.remove_handle(easy)
                multi.add_handle(easy)
        multi.select(1.0)
    sys.stdout.write(f"{watch.rates(requests)}\n")


main(sys.argv[1], *map(int, sys.argv[2:]))
