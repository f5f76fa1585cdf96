"""A TCP proxy that can be slow, silent or gone: the network between two processes, for tests of what it does to them."""

import os
import random
import socket
import threading
import time


class Proxy:
    """Passes bytes from a port of 127.0.0.1 to a target, which is (host, port) or the path of a Unix socket."""

    def __init__(self, target):
        self.target = target
        self.latency = 0.0
        self.lock = threading.Lock()
        self.sockets = set()
        # Set while bytes pass.
        self.passing = threading.Event()
        self.passing.set()
        self.isOpen = True
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _connect(self):
        if isinstance(self.target, str):
            upstream = socket.socket(socket.AF_UNIX)
            upstream.settimeout(5)
            upstream.connect(self.target)
        else:
            upstream = socket.create_connection(self.target, timeout=5)
        upstream.settimeout(None)
        return upstream

    def _accept(self):
        while self.isOpen:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        # A partition holds back new connections too: the kernel has taken them, nobody answers.
        self.passing.wait()
        try:
            upstream = self._connect()
        except OSError:
            client.close()
            return
        for end in (client, upstream):
            if end.family != socket.AF_UNIX:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.sockets |= {client, upstream}
        threading.Thread(target=self._pump, args=(client, upstream), daemon=True).start()
        self._pump(upstream, client)

    def _pump(self, source, target):
        try:
            while data := source.recv(1 << 16):
                self.passing.wait()
                if self.latency > 0:
                    time.sleep(self.latency * random.uniform(0.5, 1.5))
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            # Both directions: a process that has died is gone for the other side too.
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        with self.lock:
            self.sockets -= {source, target}

    def partition(self):
        """Nothing passes and nothing is closed, until `heal`."""
        self.passing.clear()

    def heal(self):
        self.latency = 0.0
        self.passing.set()

    def cut(self):
        """Every connection ends, with an error on both sides."""
        with self.lock:
            sockets = list(self.sockets)
        for end in sockets:
            try:
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.isOpen = False
        self.heal()
        self.listener.close()
        self.cut()


def postgres_socket(folder):
    return os.path.join(folder, ".s.PGSQL.5432")
