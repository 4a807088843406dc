"""torchrun for processes that meet on loopback: there its store listens on loopback alone.

torch's own store listens on every interface, whatever address it is given, and does what anybody says who connects. Between SageMaker's
hosts the security group decides who may; a laptop has none.
"""

import socket

from torch.distributed import TCPStore  # type: ignore[attr-defined]
from torch.distributed.elastic.rendezvous import RendezvousInfo, static_tcp_rendezvous
from torch.distributed.run import main


class LoopbackRendezvous(static_tcp_rendezvous.StaticTCPRendezvous):
    """torchrun's rendezvous with a listener of ours."""

    def next_rendezvous(self) -> RendezvousInfo:
        """As of the base class, which makes the store only where there is none."""
        if self._store is None and self.rank == 0:
            self._store = TCPStore(
                self.master_addr,
                self.master_port,
                self.world_size,
                is_master=True,
                timeout=self.timeout,
                multi_tenant=True,
                master_listen_fd=socket.create_server((self.master_addr, self.master_port)).detach(),
            )
        return super().next_rendezvous()


if __name__ == "__main__":
    static_tcp_rendezvous.StaticTCPRendezvous = LoopbackRendezvous  # type: ignore[misc]
    main()
