"""Python's classes for Protos/grpc/testing, made anew by grpcio-tools at each start."""
import importlib
import os
import pathlib
import sys
import tempfile

from grpc_tools import protoc

_folder = tempfile.TemporaryDirectory()


def load():
    protos = pathlib.Path(__file__).resolve().parents[3] / "Protos"
    names = ["grpc/testing/%s.proto" % name for name in ("empty", "messages", "test")]
    # Flat names: a folder "grpc" would hide the package of that name.
    flat = pathlib.Path(_folder.name)
    for name in names:
        text = (protos / name).read_text().replace('import "grpc/testing/', 'import "')
        (flat / os.path.basename(name)).write_text(text)
    status = protoc.main(["protoc", "-I%s" % flat, "--python_out=%s" % flat, "--grpc_python_out=%s" % flat]
                         + [os.path.basename(name) for name in names])
    if status != 0:
        raise RuntimeError("protoc: %d" % status)
    sys.path.insert(0, _folder.name)
    return [importlib.import_module(name) for name in ("messages_pb2", "empty_pb2", "test_pb2_grpc")]
