"""The bench of the mirror: three helpdesks on a fast server, our connectors and their peers beside the floor."""
