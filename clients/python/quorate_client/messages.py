"""The messages of the API, from the descriptor set that is part of this package."""

import functools
import pathlib

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError

__all__ = ["DecodeError", "of"]


@functools.lru_cache(maxsize=None)
def _pool():
    path = pathlib.Path(__file__).with_name("quorate.binpb")
    files = descriptor_pb2.FileDescriptorSet.FromString(path.read_bytes())
    # A pool of its own: an application may have the same files generated.
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return pool


@functools.lru_cache(maxsize=None)
def of(name):
    """The class of a message, for example ``quorate.v1.SignRequest``."""
    descriptor = _pool().FindMessageTypeByName(name)
    if hasattr(message_factory, "GetMessageClass"):
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(_pool()).GetPrototype(descriptor)
