"""A server on this machine in place of Zenodo: one record, whose files can be asked for in parts."""

import hashlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from data_scripts.common import zenodo


@contextmanager
def local_record(monkeypatch, number: int, contents: dict[str, bytes]):
    """Let `data_scripts.common.zenodo` find record `number` with these files here; gives the server.

    Its `requests` are pairs (path, Range header or None); `ranges = False` makes it send whole files only,
    `breaks_after = k` cuts every file after k bytes.
    """
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    files = [
        {
            "key": name,
            "size": len(content),
            "checksum": f"md5:{hashlib.md5(content).hexdigest()}",
            "links": {"self": f"{address}/{name}"},
        }
        for name, content in contents.items()
    ]
    server.contents = {f"/{name}": content for name, content in contents.items()}
    server.contents[f"/records/{number}"] = json.dumps({"id": number, "files": files}).encode()
    server.requests, server.ranges, server.breaks_after = [], True, None
    threading.Thread(target=server.serve_forever).start()
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(zenodo, "API", f"{address}/records/")
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.requests.append((self.path, wanted))
        content, status = self.server.contents[self.path], 200
        if wanted and self.server.ranges:
            content, status = content[int(wanted.removeprefix("bytes=").rstrip("-")) :], 206
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        is_file = not self.path.startswith("/records/")
        self.wfile.write(content[: self.server.breaks_after] if is_file else content)

    def log_message(self, *_):
        """Keep the tests' output free of requests."""
