"""Networks in ONNX files: how they are opened, and made to take inputs of any size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

# Fields of the messages in onnx.proto. All that are needed here are strings or messages.
_GRAPH = 7  # of a model
_INITIALIZER, _INPUT, _OUTPUT, _VALUE_INFO = 5, 11, 12, 13  # of a graph
_NAME, _TYPE = 1, 2  # of an input, output or value
_TENSOR_NAME = 8  # of an initializer
_TENSOR_TYPE = 1  # of a type
_SHAPE = 2  # of the type of a tensor
_LENGTH_DELIMITED = 2
_FIXED_SIZES = {1: 8, 5: 4}


def open_session(model: Path | bytes) -> InferenceSession:
    """Load an ONNX network for one thread; pictures are read in parallel, not parts of them.

    Parameters
    ----------
    model : Path or bytes
        The file, or what is in it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Memory that is given back after every picture costs a fifth of the time to get again. What
    # is kept is what the largest input needs. A plan of it for every shape would double that.
    options.enable_cpu_mem_arena = True
    options.enable_mem_pattern = False
    # Networks work one after another: what one has done with, the next can use.
    _keep_memory_in_common()
    options.add_session_config_entry("session.use_env_allocators", "1")
    return onnxruntime.InferenceSession(
        model if isinstance(model, bytes) else str(model),
        sess_options=options,
        providers=["CPUExecutionProvider"],
    )


@cache
def _keep_memory_in_common() -> None:
    import onnxruntime

    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    memory = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    with suppress(RuntimeError):  # Old versions refuse a second one; any will do.
        onnxruntime.create_and_register_allocator(memory, None)


def with_free_size(model: bytes) -> bytes:
    """Return an ONNX network that takes inputs of any size and knows its weights as constants.

    Old exporters write down the size of their example as if no other was allowed, and list the
    weights among the inputs, so that nothing can be computed beforehand. Both are taken back; the
    computation stays the same.

    Parameters
    ----------
    model : bytes
        An ONNX file whose operators take inputs of any size.
    """
    return b"".join(
        _field(number, _freed_graph(part)) if number == _GRAPH else whole
        for number, part, whole in _fields(model)
    )


def with_outputs(model: bytes, names: Iterable[str]) -> bytes:
    """Return an ONNX network that puts out inner values too, after its own outputs.

    Parameters
    ----------
    model : bytes
        An ONNX file.
    names : iterable of str
        Names of outputs of its nodes.
    """
    # A message that is there twice is merged by every reader of protocol buffers.
    outputs = (_field(_OUTPUT, _field(_NAME, name.encode())) for name in names)
    return model + _field(_GRAPH, b"".join(outputs))


def _freed_graph(graph: bytes) -> bytes:
    weights = {
        _first(part, _TENSOR_NAME) for number, part, _ in _fields(graph) if number == _INITIALIZER
    }
    kept = []
    for number, part, whole in _fields(graph):
        if number == _VALUE_INFO or (number == _INPUT and _first(part, _NAME) in weights):
            continue
        kept.append(_field(number, _unsized(part)) if number in (_INPUT, _OUTPUT) else whole)
    return b"".join(kept)


def _unsized(message: bytes, path: tuple[int, ...] = (_TYPE, _TENSOR_TYPE, _SHAPE)) -> bytes:
    """Make all dimensions in the declaration of an input or output unknown."""
    if not path:
        return b"".join(_field(number, b"") for number, _, _ in _fields(message))
    return b"".join(
        _field(number, _unsized(part, path[1:])) if number == path[0] else whole
        for number, part, whole in _fields(message)
    )


def _first(message: bytes, wanted: int) -> bytes:
    return next((part for number, part, _ in _fields(message) if number == wanted), b"")


def _fields(message: bytes) -> Iterator[tuple[int, bytes, bytes]]:
    """Yield number, content and whole encoding of every field of a protocol buffer message."""
    place = 0
    while place < len(message):
        start = place
        tag, place = _varint(message, place)
        kind = tag & 7
        if kind == _LENGTH_DELIMITED:
            length, place = _varint(message, place)
        elif kind in _FIXED_SIZES:
            length = _FIXED_SIZES[kind]
        else:
            length = _varint(message, place)[1] - place
        yield tag >> 3, message[place : place + length], message[start : place + length]
        place += length


def _field(number: int, content: bytes) -> bytes:
    tag = number << 3 | _LENGTH_DELIMITED
    return _encoded(tag) + _encoded(len(content)) + content


def _varint(message: bytes, place: int) -> tuple[int, int]:
    """Return the number at a place, seven bits a byte, the lowest first; and the place after it."""
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place


def _encoded(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])
