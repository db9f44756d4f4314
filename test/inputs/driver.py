"""Calls methods with Python's gRPC: a call as JSON on each line of standard input, its answer on a line of standard output."""

import base64
import json
import sys

import grpc

channels = {}


def channel_of(call):
    tls = call["tls"]
    place = json.dumps([call["address"], call["speaks"], tls])
    if place not in channels:
        options = [
            ("grpc.ssl_target_name_override", "localhost"),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_retries", 0),
            ("grpc.enable_http_proxy", 0),
            ("grpc.max_send_message_length", -1),
        ]
        if call["speaks"] == "plain text":
            channels[place] = grpc.insecure_channel(call["address"], options)
        else:
            pem = [tls.get(name) and tls[name].encode() for name in ("ca", "key", "cert")]
            channels[place] = grpc.secure_channel(
                call["address"], grpc.ssl_channel_credentials(*pem), options
            )
    return channels[place]


def bytes_of(text):
    return base64.b64decode(text)


def metadata_of(call):
    return [
        (key, bytes_of(value["bytes"]) if isinstance(value, dict) else value)
        for key, value in call["metadata"]
    ]


def answer(call):
    method = channel_of(call).stream_unary(call["path"])
    messages = (bytes_of(message) for message in call["messages"])
    try:
        response, ended = method.with_call(
            messages,
            timeout=call["timeoutMs"] / 1000,
            metadata=metadata_of(call),
            compression=grpc.Compression.Gzip if call["packed"] else None,
        )
    except grpc.RpcError as error:
        response, ended = None, error
    trailers = [
        [key, base64.b64encode(value if isinstance(value, bytes) else value.encode()).decode()]
        for key, value in ended.trailing_metadata() or ()
    ]
    return {
        "code": ended.code().value[0],
        "message": ended.details() or "",
        "trailers": trailers,
        "response": response and base64.b64encode(response).decode(),
    }


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
