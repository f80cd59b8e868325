"""Settings for fetching, checking and storing images."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from actors.retry import RetryPolicy

from .own_headers import checked_headers

MIB = 1 << 20


class ImageSettings(BaseModel):
    """Settings of the image stage. The defaults are for untrusted hosts on the public internet."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    images_in_flight: int = Field(
        384, ge=1, description="images in process at a time per replica, from the request to the stored object"
    )
    uploads_in_flight: int = Field(
        64,
        ge=1,
        description="images being stored at a time per replica, 640 a second if each takes 100 ms; when the store is "
        "slow, everything else that is written waits behind them, such as parts and the renewal of a lease",
    )
    fetches_per_host: int = Field(32, ge=1, description="concurrent requests to one host per replica")
    requests_per_host_s: float = Field(
        200.0,
        ge=0,
        description="requests started per second to one host, per replica; 0: no limit. With `fetches_per_host`, about "
        "the load of a few visitors on a shop's CDN: 20,000 images of one host take 100 s",
    )
    own_hosts: tuple[str, ...] = Field(
        (),
        description="image hosts that are yours or have agreed, as shell patterns such as `*.cdn.example`: their only "
        "limit is `images_in_flight`",
    )
    own_host_headers: Annotated[dict[str, str], AfterValidator(checked_headers)] = Field(
        {},
        description="headers of requests to `own_hosts`, and to no other host, such as `Accept`, `Referer` or "
        "`Authorization`; `$NAME` in a value is an environment variable of the image fetchers, for a secret",
    )
    urls_per_row: int = Field(32, ge=1, description="URLs tried per row; further ones are ignored")

    fetch_s: float = Field(30.0, gt=0, description="timeout of one attempt at a URL, with its redirects, seconds")
    connect_s: float = Field(5.0, gt=0, description="timeout of connecting to one address, seconds")
    read_s: float = Field(10.0, gt=0, description="timeout of waiting for more data of an answer, seconds")
    min_bytes_per_s: int = Field(
        2048, ge=0, description="a download whose average rate is lower is aborted, bytes per second"
    )
    slow_start_s: float = Field(5.0, ge=0, description="`min_bytes_per_s` applies from this time on, seconds")
    max_redirects: int = Field(3, ge=0, description="redirects followed for one URL; each target is checked")
    max_image_bytes: int = Field(16 * MIB, ge=1, description="a larger image is not downloaded, bytes")
    large_image_bytes: int = Field(MIB, ge=1, description="a larger image counts for `large_images`, bytes")
    large_images: int = Field(
        16, ge=1, description="images over `large_image_bytes` at a time; limits the memory of a replica"
    )
    max_header_bytes: int = Field(8190, ge=256, description="maximum size of an answer's status or header line, bytes")
    max_headers: int = Field(128, ge=1, description="maximum number of an answer's header lines")
    opt_out_directives: tuple[str, ...] = Field(
        ("noai", "noimageai", "noindex", "noimageindex"),
        description="an image whose X-Robots-Tag has one of these, for everyone or for `dropforge`, is not stored; "
        "empty if the images are yours",
    )
    contact: str = Field(
        "",
        max_length=200,
        pattern=r"^[\x21-\x7e]*$",
        description="URL or e-mail address for the User-Agent, so that image hosts can reach you",
    )

    fetch_retry: RetryPolicy = Field(
        RetryPolicy(attempts=3, total_s=20.0, first_delay_s=0.5, longest_delay_s=10.0, jitter_s=0.5),
        description="retries of one URL after transient failures",
    )
    host_down_after: int = Field(
        16, ge=1, description="failures in a row, over all its URLs, after which a host is considered down"
    )
    host_down_s: float = Field(5.0, gt=0, description="time without requests until one tests a host, seconds")
    host_wait_s: float = Field(
        15.0, ge=0, description="time from the start of an outage during which requests wait for the host, seconds"
    )
    tolerated_passing_share: float = Field(
        0.05,
        ge=0,
        le=1,
        description="share of a shard's rows that may have no image because of transient failures, such as a host that "
        "does not answer; with a greater share the shard fails and is retried",
    )
    tolerated_passing_rows: int = Field(
        1,
        ge=0,
        description="rows of a shard that may in any case have no image because of transient failures, unless they are "
        "all of its rows: one bad URL in a file of ten rows is an empty cell, and no dead letter",
    )

    reuse_mb: int = Field(32, ge=0, description="cache of images for later rows of the same run with the same URL, MB")

    allowed_ports: tuple[int, ...] = Field((80, 443), description="ports that an image URL may have")
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="networks (CIDR) that are not public but may be fetched from, such as your own image server's"
    )
    resolver_threads: int = Field(64, ge=1, description="concurrent DNS look-ups")
    dns_cache_s: int = Field(300, ge=0, description="time that a DNS answer is cached, seconds")

    max_pixels: int = Field(
        50_000_000, ge=1, le=89_478_485, description="maximum pixels of a frame; above the upper bound, Pillow warns"
    )
    max_frames: int = Field(1000, ge=1, description="maximum frames of an animated image")
    decode_threads: int = Field(2, ge=1, description="images decoded at a time; each needs up to 4 bytes per pixel")

    upload_s: int = Field(30, ge=1, description="timeout of one attempt to store an image, seconds")
    upload_retry: RetryPolicy = Field(
        RetryPolicy(attempts=5, total_s=60.0), description="retries of one request to Cloud Storage"
    )
