"""What an operator can set about fetching, checking and storing images."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from pydantic import BaseModel, ConfigDict, Field

from actors.retry import RetryPolicy

MIB = 1 << 20


class ImageSettings(BaseModel):
    """Limits of the image stage. The defaults suit the public internet and trust nobody."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images_in_flight: int = Field(
        384, ge=1, description="images held at once per replica, from the request for one to its stored object"
    )
    fetches_per_host: int = Field(32, ge=1, description="requests open to one host at once per replica")
    requests_per_host_s: float = Field(
        200.0,
        ge=0,
        description="requests begun to one host per second and replica; 0 for no limit. With `fetches_per_host`, about "
        "what a few visitors ask of a shop's CDN: 20,000 images of one host take 100 s",
    )
    own_hosts: tuple[str, ...] = Field(
        (),
        description="image hosts of one's own, or that have agreed, as shell patterns such as `*.cdn.example`: their "
        "only limit is `images_in_flight`",
    )
    urls_per_row: int = Field(32, ge=1, description="URLs tried per row; the ones after that are left alone")

    fetch_s: float = Field(30.0, gt=0, description="deadline of one try of a URL, redirects included, seconds")
    connect_s: float = Field(5.0, gt=0, description="deadline of connecting to one address, seconds")
    read_s: float = Field(10.0, gt=0, description="longest silence of a server in the middle of an answer, seconds")
    min_bytes_per_s: int = Field(
        2048, ge=0, description="a body that comes slower than this on average is given up, bytes per second"
    )
    slow_start_s: float = Field(5.0, ge=0, description="age of a body from which `min_bytes_per_s` is asked, seconds")
    max_redirects: int = Field(3, ge=0, description="redirects followed for one URL; each target is checked anew")
    max_image_bytes: int = Field(16 * MIB, ge=1, description="a longer body is given up, bytes")
    large_image_bytes: int = Field(MIB, ge=1, description="a body longer than this needs one of `large_images`, bytes")
    large_images: int = Field(
        16, ge=1, description="bodies over `large_image_bytes` held at once; bounds the memory of a replica"
    )
    max_header_bytes: int = Field(8190, ge=256, description="longest status or header line of an answer, bytes")
    max_headers: int = Field(128, ge=1, description="most header lines of an answer")
    opt_out_directives: tuple[str, ...] = Field(
        ("noai", "noimageai", "noindex", "noimageindex"),
        description="an image whose X-Robots-Tag has one of these, for everybody or for `dropforge`, is left alone; "
        "empty where the images are one's own",
    )
    contact: str = Field(
        "",
        max_length=200,
        pattern=r"^[\x21-\x7e]*$",
        description="URL or address told to image hosts in the User-Agent, so that they can reach the operator",
    )

    fetch_retry: RetryPolicy = Field(
        RetryPolicy(attempts=3, total_s=20.0, first_delay_s=0.5, longest_delay_s=10.0, jitter_s=0.5),
        description="tries of one URL after failures that may pass",
    )
    host_down_after: int = Field(
        16, ge=1, description="failures in a row, over all its URLs, after which a host is left alone for a while"
    )
    host_down_s: float = Field(
        5.0, gt=0, description="seconds a failing host is left alone before one request tests it"
    )
    host_wait_s: float = Field(
        15.0,
        ge=0,
        description="seconds, from a host's going down, that its requests wait for it; later ones are refused",
    )
    tolerated_passing_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of a shard's rows that may stay without their image for a reason that may pass, such as "
        "a host that does not answer; with more of them the shard fails and is tried again",
    )

    reuse_mb: int = Field(
        32, ge=0, description="MB of images kept for rows of the same run that name the same URL a little later"
    )

    allowed_ports: tuple[int, ...] = Field((80, 443), description="ports an image URL may name")
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks (CIDR) fetched from although they are not public, such as an origin of one's own"
    )
    resolver_threads: int = Field(64, ge=1, description="DNS look-ups at once")
    dns_cache_s: int = Field(300, ge=0, description="seconds a DNS answer is kept")

    max_pixels: int = Field(
        50_000_000, ge=1, le=89_478_485, description="pixels of one frame; the upper bound is where Pillow warns"
    )
    max_frames: int = Field(1000, ge=1, description="frames of one animated image")
    decode_threads: int = Field(2, ge=1, description="images decoded at once; each needs up to 4 bytes a pixel")

    upload_s: int = Field(30, ge=1, description="deadline of one try of storing an image, seconds")
    upload_retry: RetryPolicy = Field(
        RetryPolicy(attempts=5, total_s=60.0), description="tries of one request to Cloud Storage"
    )
