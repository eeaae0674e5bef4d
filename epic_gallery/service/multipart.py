"""A multipart body to its files, each as soon as it is complete, and never on a disk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from epic_gallery.service.body import Memory
from epic_gallery.service.refusals import Problem, Refusal
from epic_gallery.service.settings import Limits

_FIELD = b"files"


@dataclass
class Upload:
    """One file of a request.

    Attributes
    ----------
    index : int
        Position in the request.
    name : str
        As the caller calls it.
    content : bytearray
        What there is of it.
    problem : Problem or None
        Why it was not kept.
    """

    index: int
    name: str
    content: bytearray = field(default_factory=bytearray)
    problem: Problem | None = None


class FileParts:
    """Takes a multipart body piece by piece, and hands over every file that is complete.

    Parameters
    ----------
    content_type : bytes
        The header of the request.
    limits : Limits
        Bytes of a picture and number of pictures.
    memory : Memory
        Counts what is kept; who takes an upload over gives its bytes back.
    complete : callable
        Called with each `Upload`.

    Raises
    ------
    Refusal
        The header names no boundary.
    """

    def __init__(
        self,
        content_type: bytes,
        limits: Limits,
        memory: Memory,
        complete: Callable[[Upload], None],
    ) -> None:
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise Refusal("bad_request", "the Content-Type multipart/form-data lacks its boundary")
        self._limits = limits
        self._memory = memory
        self._complete = complete
        self._count = 0
        self._upload: Upload | None = None
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._ended = False
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_header_field": self._more_name,
                "on_header_value": self._more_value,
                "on_header_end": self._header,
                "on_headers_finished": self._open,
                "on_part_data": self._data,
                "on_part_end": self._close,
                "on_end": self._end,
            },
        )

    def feed(self, data: bytes) -> None:
        """Take the next piece of the body.

        Raises
        ------
        Refusal
            It is no multipart body, or has too many files.
        """
        try:
            self._parser.write(data)
        except MultipartParseError as error:
            raise Refusal("bad_request", f"the multipart body is malformed: {error}") from error

    def finish(self) -> None:
        """Note that there is no more.

        Raises
        ------
        Refusal
            The body is cut off, or had no file.
        """
        if not self._ended:
            raise Refusal("bad_request", "the multipart body is cut off; send it again")
        if not self._count:
            raise Refusal("bad_request", "the request has no file; send pictures as fields 'files'")

    def drop(self) -> None:
        """Forget the file that was not complete."""
        if self._upload is not None:
            self._memory.give_back(len(self._upload.content))
            self._upload = None

    def _begin(self) -> None:
        self._headers = {}
        self._name = self._value = b""

    def _more_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _more_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _open(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition"))
        if options.get(b"name") != _FIELD or b"filename" not in options:
            return  # Some other field of a form.
        if self._count == self._limits.max_files:
            raise Refusal(
                "too_many_files",
                f"more than {self._limits.max_files} pictures in one request; send several",
            )
        name = options[b"filename"].decode("utf-8", "replace")
        self._upload = Upload(self._count, name)
        self._count += 1

    def _data(self, data: bytes, start: int, end: int) -> None:
        upload = self._upload
        if upload is None or upload.problem is not None:
            return
        if len(upload.content) + end - start > self._limits.max_bytes:
            limit = f"the limit of {self._limits.max_bytes} bytes"
            self._give_up(
                upload, "too_large", f"{upload.name} exceeds {limit}; send a smaller copy"
            )
            return
        try:
            self._memory.take(end - start)
        except Refusal as refusal:
            self._give_up(upload, refusal.problem.code, f"{upload.name}: {refusal.problem.message}")
            return
        upload.content += data[start:end]

    def _give_up(self, upload: Upload, code: str, message: str) -> None:
        self._memory.give_back(len(upload.content))
        upload.content = bytearray()
        upload.problem = Problem(code, message)

    def _close(self) -> None:
        upload, self._upload = self._upload, None
        if upload is not None:
            self._complete(upload)

    def _end(self) -> None:
        self._ended = True
