"""A wire between a Kafka client and a real broker, on loopback, that misbehaves as it is told.

Requests and answers pass frame by frame. The broker's own address in its
answers is replaced by the wire's, so that clients never go round it.
"""

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import crc32c

HOST = "127.0.0.1"
PRODUCE = 0
LENGTH = struct.Struct(">i")
PORT = struct.Struct(">i")
RESET = struct.pack("ii", 1, 0)
"""Of SO_LINGER: closing tells the other side at once, and throws away what is on the way."""
# Of a record batch: where its length, magic, checksum, checksummed part and base sequence begin.
BATCH_LENGTH, MAGIC, CHECKSUM, SUMMED, SEQUENCE = 8, 16, 17, 21, 53


class Cut(Exception):
    """Told by a hook: this connection ends now."""


class Wire:
    """One broker's double; hooks see every frame and may change, delay or cut."""

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._server = socket.create_server((HOST, 0))
        self.port = self._server.getsockname()[1]
        self.address = f"{HOST}:{self.port}"
        self.calm()
        threading.Thread(target=self._accept, daemon=True).start()

    def calm(self) -> None:
        """Be a good wire again."""
        self.on_request: Callable[[bytes], bytes] = lambda frame: frame
        self.on_answer: Callable[[int, bytes], bytes] = lambda asked, frame: frame

    def close(self) -> None:
        self._server.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._server.accept()
                broker = socket.socket()
                try:
                    broker.connect((HOST, self._broker_port))
                except OSError:
                    client.close()
                    continue
                asked: dict[int, int] = {}
                for pump in (self._requests, self._answers):
                    threading.Thread(target=pump, args=(client, broker, asked), daemon=True).start()

    def _requests(self, client: socket.socket, broker: socket.socket, asked: dict[int, int]) -> None:
        with ended(client, broker):
            for frame in frames(client):
                key, _, number = struct.unpack_from(">hhi", frame)
                asked[number] = key
                send(broker, self.on_request(frame))

    def _answers(self, client: socket.socket, broker: socket.socket, asked: dict[int, int]) -> None:
        theirs = HOST.encode() + PORT.pack(self._broker_port)
        ours = HOST.encode() + PORT.pack(self.port)
        with ended(client, broker):
            for frame in frames(broker):
                (number,) = struct.unpack_from(">i", frame)
                send(client, self.on_answer(asked.pop(number, -1), frame.replace(theirs, ours)))


class ended:
    """Whatever ends one direction ends both; a cut without a farewell."""

    def __init__(self, *both: socket.socket) -> None:
        self._both = both

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        for side in self._both:
            with suppress(OSError):
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                side.shutdown(socket.SHUT_RDWR)
            side.close()
        return kind is None or issubclass(kind, (OSError, Cut))


def frames(side: socket.socket) -> Iterator[bytes]:
    """What one side says, without the lengths before it."""
    with side.makefile("rb") as stream:
        while len(head := stream.read(LENGTH.size)) == LENGTH.size:
            (size,) = LENGTH.unpack(head)
            frame = stream.read(size)
            if len(frame) < size:
                return
            yield frame


def send(side: socket.socket, frame: bytes) -> None:
    side.sendall(LENGTH.pack(len(frame)) + frame)


def asks(frame: bytes) -> int:
    """What a request is for: its API key."""
    return int(struct.unpack_from(">h", frame)[0])


def batches(frame: bytes) -> Iterator[tuple[int, int]]:
    """Start and end of each record batch in a frame, told by its checksum."""
    at = frame.find(b"\x02", MAGIC)
    while at >= 0:
        start = at - MAGIC
        end = start + BATCH_LENGTH + LENGTH.size + LENGTH.unpack_from(frame, start + BATCH_LENGTH)[0]
        if start + SEQUENCE < end <= len(frame):
            (checksum,) = struct.unpack_from(">I", frame, start + CHECKSUM)
            if crc32c.crc32c(frame[start + SUMMED : end]) == checksum:
                yield start, end
        at = frame.find(b"\x02", at + 1)


def out_of_sequence(frame: bytes, by: int = 1_000) -> bytes:
    """A produce request whose batches claim to follow some that were never sent."""
    changed = bytearray(frame)
    for start, end in batches(frame):
        (sequence,) = struct.unpack_from(">i", frame, start + SEQUENCE)
        struct.pack_into(">i", changed, start + SEQUENCE, sequence + by)
        struct.pack_into(">I", changed, start + CHECKSUM, crc32c.crc32c(bytes(changed[start + SUMMED : end])))
    return bytes(changed)


class Now:
    """Says yes some of the times it is asked, by chance that a seed repeats, and remembers how often."""

    def __init__(self, seed: object, chance: float) -> None:
        self._random, self._chance, self._lock = random.Random(seed), chance, threading.Lock()
        self.times = 0

    def __call__(self) -> bool:
        with self._lock:
            yes = self._random.random() < self._chance
            self.times += yes
            return yes

    def wait(self, seconds: float, spread: float) -> None:
        """Hold a frame for about so long."""
        with self._lock:
            drawn = self._random.uniform(seconds - spread, seconds + spread)
        time.sleep(drawn)
