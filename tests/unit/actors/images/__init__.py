"""URLs, hosts, downloads and pictures, against an origin on loopback that says whatever bytes a test wants."""
