"""HTTP/3 by aioquic: `peer.py serve CERTIFICATE KEY` prints its port and serves, `peer.py get PORT ROOT` asks twice, the
second time in the session of the first, with the request as early data."""

import asyncio
import sys

from aioquic.asyncio import QuicConnectionProtocol, connect
from aioquic.asyncio.server import QuicServer
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import DataReceived, HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ProtocolNegotiated
from aioquic.tls import SessionTicket

LONG = 300_000


class Server(QuicConnectionProtocol):
    http = None

    def quic_event_received(self, event):
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is None:
            return
        for said in self.http.handle_event(event):
            if isinstance(said, HeadersReceived):
                path = dict(said.headers)[b":path"]
                resumed = b"yes" if self._quic.tls.session_resumed else b"no"
                answer = [(b":status", b"200"), (b"asked", path), (b"resumed", resumed)]
                self.http.send_headers(said.stream_id, answer)
                self.http.send_data(said.stream_id, b"x" * LONG, end_stream=True)
                self.transmit()


class Client(QuicConnectionProtocol):
    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.http = H3Connection(self._quic)
        self.length = 0
        self.status = None
        self.answered = asyncio.get_running_loop().create_future()

    def ask(self):
        stream = self._quic.get_next_available_stream_id()
        request = [(b":method", b"GET"), (b":scheme", b"https"), (b":authority", b"localhost"), (b":path", b"/there")]
        self.http.send_headers(stream, request, end_stream=True)
        self.transmit()

    def quic_event_received(self, event):
        for said in self.http.handle_event(event):
            if isinstance(said, HeadersReceived):
                self.status = dict(said.headers)[b":status"]
            if isinstance(said, DataReceived):
                self.length += len(said.data)
                if said.stream_ended and not self.answered.done():
                    self.answered.set_result(None)


class Tickets:
    """A server's, in memory."""

    def __init__(self):
        self.kept: dict[bytes, SessionTicket] = {}

    def add(self, ticket):
        self.kept[ticket.ticket] = ticket

    def take(self, label):
        return self.kept.pop(label, None)


async def serve(certificate, key):
    configuration = QuicConfiguration(is_client=False, alpn_protocols=H3_ALPN)
    configuration.load_cert_chain(certificate, key)
    tickets = Tickets()

    def server():
        return QuicServer(
            configuration=configuration,
            create_protocol=Server,
            session_ticket_fetcher=tickets.take,
            session_ticket_handler=tickets.add,
        )

    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(server, local_addr=("127.0.0.1", 0))
    print(transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Event().wait()


async def get(port, root):
    tickets = []
    for turn in range(2):
        configuration = QuicConfiguration(is_client=True, alpn_protocols=H3_ALPN, server_name="localhost")
        configuration.load_verify_locations(root)
        configuration.session_ticket = tickets[-1] if tickets else None
        resumes = turn == 1
        async with connect(
            "127.0.0.1",
            port,
            configuration=configuration,
            create_protocol=Client,
            session_ticket_handler=tickets.append,
            # The request goes out at once, as early data where there is a session.
            wait_connected=not resumes,
        ) as client:
            client.ask()
            await asyncio.wait_for(client.answered, 20)
            assert client.status == b"200", client.status
            assert client.length == LONG, client.length
            assert client._quic.tls.session_resumed == resumes
            assert client._quic.tls.early_data_accepted == resumes
        assert tickets, "there was no ticket"


match sys.argv[1:]:
    case ["serve", certificate, key]:
        asyncio.run(serve(certificate, key))
    case ["get", port, root]:
        asyncio.run(get(int(port), root))
    case _:
        sys.exit(__doc__)
