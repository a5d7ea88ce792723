"""The reverse proxy of docker-compose.yml, started by hand: the system's nginx with the very same rules."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template

from tests.support.ports import free_port
from tests.support.stack import wait_for

_RULES = Path(__file__).parent.parent.parent / "deploy" / "site.conf.template"
_MAIN = """
daemon off; pid $folder/pid; error_log $folder/error.log warn; worker_processes 2; worker_rlimit_nofile 4096;
$user
events { worker_connections 1024; }
http {
    include /etc/nginx/mime.types; access_log off; keepalive_requests 1000000; sendfile on;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy; fastcgi_temp_path $folder/f;
    uwsgi_temp_path $folder/u; scgi_temp_path $folder/s;
    include $folder/site.conf;
    server { listen 127.0.0.1:$static_port; root $folder/static; }
}
"""


@contextmanager
def running_proxy(folder: Path, web_port: int) -> Iterator[tuple[int, int, Path]]:
    """Yields its port, the port of a plain file server beside it, and that server's folder."""
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    port, static_port = free_port(), free_port()
    static = folder / "static"
    static.mkdir(parents=True)
    rules = {
        "CACHE_FOLDER": str(folder / "cache"),
        "WEB_SERVER": f"127.0.0.1:{web_port}",
        "LISTEN": f"127.0.0.1:{port}",
    }
    (folder / "site.conf").write_text(Template(_RULES.read_text("utf-8")).safe_substitute(rules), "utf-8")
    user = "user root;" if Path("/root").owner() == Path(folder).owner() else ""
    main = {"folder": folder, "static_port": static_port, "user": user}
    (folder / "nginx.conf").write_text(Template(_MAIN).substitute(main), "utf-8")
    command = [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    process = subprocess.Popen(command)
    try:
        wait_for(lambda: (folder / "pid").exists())
        yield port, static_port, static
    finally:
        process.terminate()
        process.wait()
