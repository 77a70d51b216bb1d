"""Mail comes in by LMTP (RFC 2033): every recipient gets an answer of its own, a 250 only after its
delivery returned. aiosmtpd brings the connection and its timer; commands and answers are here."""

import asyncio
import concurrent.futures
import threading
import traceback
from collections.abc import Callable

import structlog
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP, Envelope

from ewspush.intake.lmtp_syntax import (
    COMMAND_LIMIT,
    IncomingMessage,
    Refused,
    check_characters,
    check_mail_parameters,
    parse_argument,
    parse_parameters,
    split_command,
)
from ewspush.operations.mail import UnknownRecipient

log = structlog.get_logger()

UNKNOWN_COMMANDS_LIMIT = 5  # what a web browser sends to this port is cut off early
READ_SIZE = 64 * 1024

FIXED_REPLIES = {
    "HELO": "500 5.5.1 This is LMTP, say LHLO",  # 500 by RFC 2033 4.1
    "EHLO": "500 5.5.1 This is LMTP, say LHLO",
    "NOOP": "250 2.0.0 Ok",
    "HELP": "214 2.0.0 LHLO MAIL RCPT DATA RSET NOOP VRFY HELP QUIT",
    # Known to aiosmtpd, which would answer without a status code; not offered here.
    "AUTH": "502 5.5.1 Not implemented",
    "STARTTLS": "502 5.5.1 Not implemented",
    "EXPN": "502 5.5.1 Not implemented",
}


class _Connection(LMTP):
    """One client. Where aiosmtpd cancels a conversation (EOF, lost connection), this one goes on to
    its next read or write, so that an answer is not lost to a client that has sent all it had."""

    # For aiosmtpd the limit of a line, and of the reader's buffer; here only of the latter.
    line_length_limit = READ_SIZE

    def __init__(self, server: "LmtpServer") -> None:
        super().__init__(
            None,
            data_size_limit=server.size_limit,
            enable_SMTPUTF8=True,
            hostname=server.hostname,
            timeout=server.idle_timeout_s,
            loop=asyncio.get_running_loop(),
        )
        self._server = server
        self._input = bytearray()
        self._greeted = False
        self._transaction = Envelope()
        self._unknown_commands = 0
        self._past_data = False
        self._farewell: str | None = None  # said as the last thing, once it is set

    def eof_received(self) -> bool | None:
        return super(SMTP, self).eof_received()

    def connection_lost(self, error: Exception | None) -> None:
        super(SMTP, self).connection_lost(error)

    def finish(self) -> None:
        """Close now, or after the answers if DATA was accepted."""
        reply = "421 4.3.2 Shutting down"
        if self.transport is None or self._past_data:
            self._farewell = reply
        else:
            self._hang_up(reply)

    def abort(self) -> None:
        """Close at once, whatever is under way; what was written and not read is lost."""
        if isinstance(self.transport, asyncio.WriteTransport):
            self.transport.abort()

    def _hang_up(self, reply: str) -> None:
        self._writer.write(reply.encode() + b"\r\n")
        self._writer.close()
        if self._writer.transport.get_write_buffer_size():
            self._writer.transport.abort()  # the client does not read

    def _timeout_cb(self) -> None:
        self._hang_up("421 4.4.2 Nothing received for too long")

    async def _handle_client(self) -> None:
        try:
            await self._converse()
        except (EOFError, OSError) as error:
            log.debug("lmtp.client_left", error=type(error).__name__)
        except Exception as error:
            log.error("lmtp.connection_failed", exception=_traceback_without_texts(error))
            self._hang_up("421 4.3.0 Internal error")
        finally:
            await self._close()

    async def _converse(self) -> None:
        await self.push(f"220 {self.hostname} LMTP")
        while self._farewell is None:
            line = await self._read_line()
            try:
                await self._obey(*split_command(line))
            except Refused as refusal:
                await self.push(refusal.reply)
        await self.push(self._farewell)

    async def _close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError as error:
            log.debug("lmtp.client_left", error=type(error).__name__)
        finally:
            if self._timeout_handle is not None:
                self._timeout_handle.cancel()
            self._server.released(self)

    async def _receive(self) -> bytes:
        octets = await self._reader.read(READ_SIZE)
        if not octets:
            raise EOFError
        self._reset_timeout()
        return octets

    async def _read_line(self) -> bytes:
        # Ends at LF, so that a client without CR is told about it instead of waiting for ever.
        while (end := self._input.find(b"\n")) < 0:
            if len(self._input) > READ_SIZE:
                self._farewell = "421 4.7.0 Command line without end"
                return bytes(self._input[:COMMAND_LIMIT]) + b"\r"
            self._input += await self._receive()
        line = bytes(self._input[:end])
        del self._input[: end + 1]
        return line

    async def _obey(self, verb: str, argument: str) -> None:
        if verb in FIXED_REPLIES:
            await self.push(FIXED_REPLIES[verb])
            return
        method = self._smtp_methods.get(verb)
        if method is None:
            self._unknown_commands += 1
            if self._unknown_commands >= UNKNOWN_COMMANDS_LIMIT:
                self._farewell = "421 4.7.0 Too many unknown commands"
            raise Refused("500 5.5.2 Command not recognised")
        await method(argument)

    async def smtp_LHLO(self, arg: str) -> None:
        """Reset, and announce what this server does. RFC 2034 wants no status codes here."""
        if not arg:
            raise Refused("501 5.5.4 Syntax: LHLO hostname")
        self._transaction = Envelope()
        self._greeted = True
        size = f"SIZE {self._server.size_limit}"
        lines = (self.hostname, size, "8BITMIME", "SMTPUTF8", "PIPELINING")
        await self.push("".join(f"250-{line}\r\n" for line in lines) + "250 ENHANCEDSTATUSCODES")

    async def smtp_MAIL(self, arg: str | None) -> None:
        """Begin a transaction; the null sender is as good as any."""
        if not self._greeted:
            raise Refused("503 5.5.1 LHLO first")
        if self._transaction.mail_from is not None:
            raise Refused("503 5.5.1 A transaction is under way")
        address, rest = parse_argument(arg or "", "FROM:", "553 5.1.7 Bad sender address")
        parameters = parse_parameters(rest)
        check_mail_parameters(parameters, self._server.size_limit)
        check_characters(address, "SMTPUTF8" in parameters)
        self._transaction.smtp_utf8 = "SMTPUTF8" in parameters
        self._transaction.mail_from = address
        await self.push("250 2.1.0 Sender ok")

    async def smtp_RCPT(self, arg: str | None) -> None:
        """Add a recipient if there is a mailbox for it."""
        if self._transaction.mail_from is None:
            raise Refused("503 5.5.1 MAIL first")
        if len(self._transaction.rcpt_tos) >= self._server.max_recipients:
            raise Refused("452 4.5.3 Too many recipients")
        address, rest = parse_argument(arg or "", "TO:", "553 5.1.3 Bad recipient address")
        if not address:
            raise Refused("553 5.1.3 Bad recipient address")
        if parse_parameters(rest):
            raise Refused("555 5.5.4 Parameter not supported")
        check_characters(address, self._transaction.smtp_utf8)
        reply = await self._in_thread(self._server.reply_to_rcpt, address)
        if reply.startswith("2"):
            self._transaction.rcpt_tos.append(address)
        await self.push(reply)

    async def smtp_DATA(self, arg: str) -> None:
        """Take the message and answer once for every accepted RCPT, in their order."""
        if arg:
            raise Refused("501 5.5.4 Syntax: DATA")
        recipients = self._transaction.rcpt_tos
        if not recipients:
            raise Refused("503 5.5.1 No valid recipients")  # RFC 2033 4.2
        self._past_data = True
        await self.push("354 End with <CRLF>.<CRLF>")
        message = await self._receive_message()
        await self._deliver(recipients, message)
        self._transaction = Envelope()
        self._past_data = False

    async def _receive_message(self) -> bytes | None:
        incoming = IncomingMessage(self._server.size_limit)
        following = incoming.feed(bytes(self._input))
        self._input.clear()
        while following is None:
            if incoming.received > self._server.drain_limit:
                self._farewell = "421 4.3.4 Message without end"
                return None
            following = incoming.feed(await self._receive())
        self._input += following
        return incoming.message()

    async def _deliver(self, recipients: list[str], message: bytes | None) -> None:
        replies: dict[str, str] = {}
        for address in recipients:
            mailbox = address.casefold()  # as addresses of mailboxes are compared
            if message is None:
                reply = f"552 5.3.4 Message too big, the limit is {self._server.size_limit} octets"
            elif mailbox in replies:
                reply = replies[mailbox]
            else:
                reply = await self._in_thread(self._server.reply_to_data, address, message)
            replies[mailbox] = reply
            await self.push(reply)

    async def _in_thread(self, call: Callable[..., str], *args: object) -> str:
        assert self._timeout_handle is not None, "made with the connection"
        self._timeout_handle.cancel()  # it is the client that waits
        try:
            return await self.loop.run_in_executor(self._server.threads, call, *args)
        finally:
            self._reset_timeout()

    async def smtp_RSET(self, arg: str) -> None:
        """Forget the transaction."""
        if arg:
            raise Refused("501 5.5.4 Syntax: RSET")
        self._transaction = Envelope()
        await self.push("250 2.0.0 Ok")

    async def smtp_VRFY(self, arg: str) -> None:
        """Say neither yes nor no, as RFC 5321 7.3 advises."""
        if not arg:
            raise Refused("501 5.5.4 Syntax: VRFY address")
        await self.push("252 2.0.0 Cannot verify, RCPT will tell")

    async def smtp_QUIT(self, arg: str) -> None:
        """End the conversation."""
        if arg:
            raise Refused("501 5.5.4 Syntax: QUIT")
        self._farewell = "221 2.0.0 Bye"


class _TooMany(asyncio.Protocol):
    """Turns a client away because enough others are connected."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport), "a socket's"
        transport.write(b"421 4.3.2 Too many connections, try again later\r\n")
        transport.close()


class LmtpServer:
    """LMTP listener in a thread of its own, with its own asyncio loop.

    `accepts(address)` says whether there is a mailbox; `deliver(address, message)` returns once the
    message is durable, and raises UnknownRecipient if the mailbox is gone. Both are called in
    threads, one for each connection at most, so that a slow one delays its own client alone.
    An address given twice for one message is delivered to once and answered twice. If a client's
    connection is lost, its remaining recipients are not delivered to: it will send them again.

    A message is held in memory, for a moment twice: `max_connections` times twice `size_limit`
    bounds what clients can make the server hold (4/3 of that for messages made of lone dots).
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        accepts: Callable[[str], bool],
        deliver: Callable[[str, bytes], None],
        hostname: str,
        size_limit: int = 25 * 1024 * 1024,
        max_recipients: int = 1_000,
        max_connections: int = 32,
        idle_timeout_s: float = 300.0,  # RFC 5321 4.5.3.2.7
        stop_grace_s: float = 10.0,
    ) -> None:
        self.hostname = hostname
        self.size_limit = size_limit
        self.drain_limit = 4 * size_limit
        self.max_recipients = max_recipients
        self.idle_timeout_s = idle_timeout_s
        self._address = (host, port)
        self._accepts = accepts
        self._deliver = deliver
        self._max_connections = max_connections
        self._stop_grace_s = stop_grace_s
        self._connections: set[_Connection] = set()
        self._thread: threading.Thread | None = None

    def start(self) -> tuple[str, int]:
        """Listen. Returns the bound address; raises OSError if it cannot be had."""
        if self._thread is not None:
            raise RuntimeError("the LMTP server is running already")
        listening: concurrent.futures.Future[tuple[str, int]] = concurrent.futures.Future()
        thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(listening)), name="lmtp", daemon=True
        )
        thread.start()
        try:
            bound = listening.result()
        except Exception:
            thread.join()
            raise
        self._thread = thread
        return bound

    def stop(self) -> None:
        """Accept nothing new, let transactions past DATA end within `stop_grace_s`, close the rest.

        Blocks for that long at most. A call of `deliver` still running then is left to end by
        itself, and its client got no answer. Does nothing if the server is not running.
        """
        if self._thread is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    async def _serve(self, listening: "concurrent.futures.Future[tuple[str, int]]") -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._all_released = asyncio.Event()
        self.threads = concurrent.futures.ThreadPoolExecutor(self._max_connections, "lmtp-call")
        try:
            server = await self._loop.create_server(self._connection, *self._address)
        except Exception as error:
            listening.set_exception(error)  # raised by start()
            return
        host, port, *_ = server.sockets[0].getsockname()
        listening.set_result((host, port))
        await self._stopping.wait()
        server.close()
        await asyncio.sleep(0)  # those that were accepted last are connections from here on
        await self._finish_connections()
        self.threads.shutdown(wait=False, cancel_futures=True)

    async def _finish_connections(self) -> None:
        for connection in tuple(self._connections):
            connection.finish()
        try:
            async with asyncio.timeout(self._stop_grace_s):
                while self._connections:
                    self._all_released.clear()
                    await self._all_released.wait()
        except TimeoutError:
            log.warning("lmtp.stopped_with_transactions", connections=len(self._connections))
            for connection in tuple(self._connections):
                connection.abort()

    def _connection(self) -> asyncio.Protocol:
        if len(self._connections) >= self._max_connections:
            return _TooMany()
        connection = _Connection(self)
        self._connections.add(connection)
        if self._stopping.is_set():  # accepted by the kernel before the listener was closed
            connection.finish()
        return connection

    def released(self, connection: _Connection) -> None:
        """This connection and its last call have ended."""
        self._connections.discard(connection)
        self._all_released.set()

    def reply_to_rcpt(self, address: str) -> str:
        """The answer to RCPT. Blocks."""
        try:
            known = self._accepts(address)
        except Exception as error:
            return _failed("lmtp.lookup_failed", address, error)
        return "250 2.1.5 Recipient ok" if known else "550 5.1.1 No such mailbox"

    def reply_to_data(self, address: str, message: bytes) -> str:
        """The answer for one recipient of a message, after its delivery. Blocks."""
        try:
            self._deliver(address, message)
        except UnknownRecipient:
            return "550 5.1.1 No such mailbox"
        except Exception as error:
            return _failed("lmtp.delivery_failed", address, error)
        log.info("lmtp.delivered", recipient=address, octets=len(message))
        return "250 2.0.0 Delivered"


def _failed(event: str, address: str, error: BaseException) -> str:
    log.error(event, recipient=address, exception=_traceback_without_texts(error))
    return "451 4.3.0 Could not be done now, try again later"


def _traceback_without_texts(error: BaseException) -> str:
    # The text of an error may quote the message: databases put a statement's parameters there.
    cause = error.__cause__ or error.__context__
    before = _traceback_without_texts(cause) if cause is not None else ""
    name = f"{type(error).__module__}.{type(error).__qualname__}"
    return before + "".join(traceback.format_tb(error.__traceback__)) + name + "\n"
