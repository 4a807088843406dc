"""Closes a connection when its client has: hypercorn keeps it for as long as it would wait for the client's next request.

Clients that open a connection for each request would use up the descriptors that a process may have, 1,024 on many machines.
"""

from hypercorn.asyncio.tcp_server import TCPServer


def close_with_clients() -> None:
    """Let hypercorn stop waiting at the end of a connection's input."""
    read_data = TCPServer._read_data

    async def read_to_the_end(self: TCPServer) -> None:
        await read_data(self)
        await self.idle_task.stop()

    TCPServer._read_data = read_to_the_end  # type: ignore[method-assign]
