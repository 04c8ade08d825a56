"""The client side of the wire: codec, connection files, registry and the kernel client."""
