"""A real SFTP server on this machine, made of paramiko's server side."""

from __future__ import annotations

import os
import socket
import threading
import time
from pathlib import Path

import paramiko

USER, PASSWORD = "me", "p@ss/word"


class _Login(paramiko.ServerInterface):
    def check_auth_password(self, username, password):
        good = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if good else paramiko.AUTH_FAILED

    def get_allowed_auths(self, username):
        return "password"

    def check_channel_request(self, kind, chanid):
        return paramiko.OPEN_SUCCEEDED


class _Handle(paramiko.SFTPHandle):
    def read(self, offset, length):
        while SshServer.stalled.is_set():
            time.sleep(0.05)
        return super().read(offset, length)


class _Files(paramiko.SFTPServerInterface):
    def __init__(self, server, *args, root: Path, **kwargs):
        super().__init__(server, *args, **kwargs)
        self._root = root

    def _real(self, path):
        return self._root / path.lstrip("/")

    def list_folder(self, path):
        try:
            found = []
            for entry in os.scandir(self._real(path)):
                attributes = paramiko.SFTPAttributes.from_stat(entry.stat())
                attributes.filename = entry.name
                found.append(attributes)
            return found
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    def stat(self, path):
        try:
            return paramiko.SFTPAttributes.from_stat(self._real(path).stat())
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)

    lstat = stat

    def open(self, path, flags, attr):
        try:
            file = self._real(path).open("rb")
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno)
        handle = _Handle(flags)
        handle.readfile = file
        handle.filename = path
        return handle


class SshServer:
    """Serves a folder; `drop` ends all connections, and no byte is sent while it is `stalled`."""

    stalled = threading.Event()

    def __init__(self, folder: Path) -> None:
        self.key = paramiko.RSAKey.generate(2048)
        self._root = folder
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._transports: list[paramiko.Transport] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def known_hosts_line(self) -> str:
        host, port = self.host.split(":")
        return f"[{host}]:{port} {self.key.get_name()} {self.key.get_base64()}\n"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            transport = paramiko.Transport(connection)
            transport.add_server_key(self.key)
            transport.set_subsystem_handler("sftp", paramiko.SFTPServer, _Files, root=self._root)
            transport.start_server(server=_Login())
            self._transports.append(transport)

    def drop(self) -> None:
        while self._transports:
            self._transports.pop().close()

    def stop(self) -> None:
        self._listener.close()
        self.drop()
