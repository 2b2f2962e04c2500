"""A server that answers for days holds no more memory at the end than it did once it was warm."""

from __future__ import annotations

import http.client
from itertools import cycle

from tests.api.serving_process import served

PLACE = "/api/v1/workspaces/alpha"
WARM, MANY = 1_500, 20_000
BOUND = 15 << 20  # bytes; the server holds some 170 MB


def test_twenty_thousand_requests_leave_the_memory_of_the_server_flat(tmp_path):
    with served(tmp_path) as (server, tokens):
        client = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        sent = {"authorization": f"Bearer {tokens['analyst@alpha']}"}

        def ask(path: str, method: str = "GET", body: str | None = None, **more: str) -> tuple[int, str]:
            client.request(method, PLACE + path, body, {**sent, **more})
            response = client.getresponse()
            response.read()
            return response.status, response.headers.get("etag", "")

        json = {"content-type": "application/json"}
        client.request("POST", f"{PLACE}/comparisons", '{"foreign": "nz-ses"}', {**sent, **json})
        place = client.getresponse()
        place.read()
        comparison = (place.headers["location"] or "").removeprefix(PLACE)
        etag = {"if-none-match": ask(comparison)[1]}
        # Each address with the status it must have; the queries differ, so that none is answered from memory
        # for ever, and what is kept in memory for them reaches its bound.
        each = cycle(
            [
                *[(comparison, etag, 304)] * 10,
                *[(comparison, {}, 200)] * 2,
                *[(f"{comparison}/findings?limit=5&q={number}", {}, 200) for number in range(40)],
                *[(f"/programs?limit={number}", {}, 200) for number in range(1, 20)],
                ("/editions/ctpat-2020/criteria?limit=5", {}, 200),
                (f"{comparison}/findings/6.2", {}, 200),
                ("/comparisons", {}, 200),
                ("/nothing", {}, 404),
            ]
        )

        def go(number: int) -> None:
            for _ in range(number):
                path, headers, status = next(each)
                assert ask(path, **headers)[0] == status, path

        go(WARM)
        before = server.resident()
        go(MANY)
        assert server.resident() - before < BOUND
        client.close()
