"""Addresses and networks as a setting writes them, and which of them an address belongs to."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
WIDEST = {4: 8, 6: 16}  # bits: 10.0.0.0/8 is the widest network that is anybody's own


@lru_cache(maxsize=64)
def parse_networks(text: str) -> tuple[Network, ...]:
    """Addresses and networks with commas: `127.0.0.1, 10.0.0.0/8`. Raises ValueError, also for one too wide to be one's own."""
    return tuple(_parse_network(one.strip()) for one in text.split(",") if one.strip())


def _parse_network(text: str) -> Network:
    try:
        network = ip_network(text)
    except ValueError as error:
        raise ValueError(
            f"{text!r} is no address and no network; expected one such as 10.0.0.5 or 10.0.0.0/24"
        ) from error
    if network.prefixlen < WIDEST[network.version]:
        raise ValueError(
            f"{text!r} is half the internet: whoever is in it could say to be anybody. Name the proxy alone"
        )
    return network


@lru_cache(maxsize=4_096)
def is_among(host: str, networks: str) -> bool:
    """Whether an address belongs to networks as `parse_networks` reads them; what is no address belongs to none."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in parse_networks(networks))


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own, with or without brackets."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
