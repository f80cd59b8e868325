"""Every setting of the application, with its default, its unit and a description.

Values come from `serve_config.yaml` (`applications[].args`). An environment variable `DROPFORGE_<NAME>` takes
precedence; `__` separates the levels of a nested setting (`DROPFORGE_IMAGES__FETCHES_PER_HOST=8`).
"""

from __future__ import annotations

import fnmatch
import re
import string
from datetime import UTC, datetime
from functools import lru_cache

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from actors.images.settings import ImageSettings
from actors.model.catalogue import Catalogue
from actors.model.drop import Drop
from actors.model.run import ObjectName, Run
from actors.text.plain.settings import TextSettings

from .catalogues import DEFAULT, NamedCatalogue, check_distinct
from .object_names import MAX_NAME_BYTES, MAX_STEM_BYTES, extension_of, stem_of


class Settings(BaseSettings):
    """The settings of one application. Frozen; `checked_settings` reports faults as `BAD_SETTINGS`."""

    model_config = SettingsConfigDict(
        env_prefix="DROPFORGE_",
        env_nested_delimiter="__",
        frozen=True,
        extra="forbid",
        nested_model_default_partial_update=True,
    )

    project: str = Field("dropforge-local", description="Google Cloud project of the topics and subscriptions")
    source_bucket: str = Field("dropforge-in", description="bucket that is watched for drops")
    watched_prefix: str = Field(
        "in/", description="only objects whose names start with this prefix are drops; empty: all of the bucket"
    )
    object_patterns: tuple[str, ...] = Field(
        ("*.csv", "*.csv.gz", "*.tsv", "*.tsv.gz", "*.txt", "*.txt.gz"),
        min_length=1,
        description="shell patterns; a drop's name below the prefix must match one of them",
    )
    patterns_regard_case: bool = Field(
        False, description="match `object_patterns` with regard to case, so that `Shoes.CSV` is no `*.csv`"
    )
    output_bucket: str = Field("dropforge-out", description="bucket of outputs, rejects and images")
    output_prefix: str = Field("processed/", description="prefix of outputs, which keep the drop's name below it")
    rejects_prefix: str = Field(
        "rejects/", description="prefix of rejects files, which have the drop's name and generation"
    )
    image_folder: str = Field(
        "images/{path}/{generation}",
        description="folder of a run's images: {path} is the drop's name below the watched prefix, without `.csv`, "
        "{generation} its generation and {run} the run's id. Without {generation} and {run}, the runs of all "
        "generations share a folder, where the first image stored under a name is kept",
    )
    work_bucket: str = Field("", description="bucket of run records and parts; empty: the output bucket")
    work_prefix: str = Field("_dropforge/", description="prefix of run records and parts")

    subscription: str = Field("dropforge", description="pull subscription of the bucket's notifications")
    pull: bool = Field(True, description="pull notifications from the subscription; off if Pub/Sub pushes them")
    pull_messages: int = Field(16, ge=1, le=1000, description="notifications that one replica handles at a time")
    stream_silent_s: float = Field(
        600, gt=0, description="a streaming pull without any message for this long is opened again, seconds"
    )
    dead_letter_topic: str = Field("dropforge-dead-letters", description="topic of shards that ran out of retries")
    dead_letter_subscription: str = Field(
        "dropforge-dead-letters", description="subscription of the dead-letter topic that replays read"
    )

    api_token: SecretStr = Field(
        SecretStr(""),
        description="secret that callers of the API send as `Authorization: Bearer`, 16 or more characters; can be set "
        "only by the environment variable DROPFORGE_API_TOKEN",
    )
    iap_audience: str = Field(
        "",
        description="audience of the identity-aware proxy in front of the application, whose users are let in; empty: "
        "there is none",
    )
    open_on_loopback: bool = Field(
        False,
        description="without `api_token` and `iap_audience`, let in everyone who can reach the application; only for "
        "one that is bound to a loopback address, such as that of `dropforge up`",
    )
    drop_from_page: bool = Field(
        False,
        description="let people upload files from the status page; the application then needs storage.objects.create "
        "on the source bucket (roles/storage.objectCreator), which it otherwise only reads",
    )
    push_audience: str = Field(
        "", description="audience in the push subscription's `oidc_token`; empty: pushed notifications are refused"
    )
    push_service_account: str = Field("", description="e-mail address of the service account in `oidc_token`")

    otlp_endpoint: str = Field(
        "", description="OTLP/HTTP address that traces are sent to, such as http://collector:4318; empty: not sent"
    )

    catalogue: Catalogue = Field(
        default_factory=Catalogue,
        description="how to read the CSV, where no pattern of `catalogues` matches the drop's name",
    )
    catalogues: tuple[NamedCatalogue, ...] = Field(
        (),
        description="further catalogues, each with a name, the pattern of its drops' names, a preset and settings over "
        "it; the first one that matches is the drop's",
    )
    fetch_images: bool = Field(True, description="fetch and store images; if off, `image_uri` stays empty")
    images: ImageSettings = Field(ImageSettings(), description="the image fetcher")
    text: TextSettings = Field(TextSettings(), description="the description cleaner")

    rejects_warning_share: float = Field(
        0.1, ge=0, le=1, description="a run with more rejects than this share of its rows carries a warning; 1: never"
    )
    shard_bytes: int = Field(
        1 << 20,
        ge=1,
        description="a shard ends with the record that reaches this size, bytes. A file of more than 1,000 times "
        "that has larger shards, also in rows, up to 8 times as large",
    )
    shard_rows: int = Field(
        400,
        ge=1,
        description="a shard ends after this many records, empty lines not counted, if it has 32 bytes for each",
    )
    scan_chunk_bytes: int = Field(4 << 20, ge=1 << 10, description="bytes read at a time while planning")
    shards_in_flight: int = Field(8, ge=1, description="shards of one run processed at a time")
    runs_in_flight: int = Field(32, ge=1, description="runs that one ingress replica drives at a time")
    slow_dependency_s: float = Field(
        5.0,
        gt=0,
        description="a dependency with a request in the last minute that took longer, or timed out, makes the "
        "application degraded, seconds",
    )
    lease_s: float = Field(
        15.0, gt=1, description="a run whose owner has not renewed its lease for this long gets a new owner, seconds"
    )
    reconcile_every_s: float = Field(
        0,
        ge=0,
        description="interval at which the application looks for uploads whose notification never came, and accepts "
        "them, seconds; 0: never. Each look lists the watched prefix, one request for 1,000 objects, and asks only for "
        "those that are newer than the last look; the first one goes a day back",
    )
    adopt_every_s: float = Field(5.0, gt=0, description="interval of the search for runs without an owner, seconds")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (env_settings, init_settings)

    @field_validator("image_folder")
    @classmethod
    def _image_folder_can_be_filled_in(cls, folder: str) -> str:
        try:
            fields = [field for field in string.Formatter().parse(folder) if field[1] is not None]
        except ValueError:
            fields = [(folder, "", "", None)]
        for _, name, form, conversion in fields:
            if name not in ("path", "generation", "run") or form or conversion:
                raise ValueError(
                    f"{folder!r} is not a valid template: the only fields are {{path}}, {{generation}} and {{run}}."
                )
        return folder

    @field_validator("api_token")
    @classmethod
    def _api_token_can_be_sent(cls, token: SecretStr) -> SecretStr:
        bare = token.get_secret_value().strip()  # secrets made with an editor or `echo` end with a newline
        if bare and not re.fullmatch(r"[\x21-\x7e]{16,}", bare):
            raise ValueError(
                "the token must have 16 or more printable ASCII characters and no spaces: make one with "
                "`openssl rand -hex 32`."
            )
        return SecretStr(bare)

    @model_validator(mode="after")
    def _push_is_checked_in_full(self) -> Settings:
        if bool(self.push_audience) != bool(self.push_service_account):
            raise ValueError(
                "push_audience and push_service_account belong together: set both to the values of the push "
                "subscription's `oidc_token`, or neither."
            )
        return self

    @model_validator(mode="after")
    def _own_output_is_no_drop(self) -> Settings:
        written = {
            "output_prefix": (self.output_bucket, self.output_prefix),
            "rejects_prefix": (self.output_bucket, self.rejects_prefix),
            "image_folder": (self.output_bucket, self.image_folder.partition("{")[0]),
            "work_prefix": (self.work_bucket or self.output_bucket, self.work_prefix),
        }
        for name, (bucket, prefix) in written.items():
            if bucket == self.source_bucket and (
                prefix.startswith(self.watched_prefix) or self.watched_prefix.startswith(prefix)
            ):
                raise ValueError(
                    f"{name} {prefix!r} and watched_prefix {self.watched_prefix!r} overlap in bucket {bucket!r}: the "
                    f"application would process its own output. Set {name} to a prefix outside the watched one, or "
                    "use another bucket."
                )
        return self

    @model_validator(mode="after")
    def _names_fit(self) -> Settings:
        """Checks the longest possible names: the longest drop's, with generation, run id, image's and part's name."""
        stem, generation, run = "s" * MAX_STEM_BYTES, "9" * 19, "f" * 20
        longest = {
            "output_prefix": f"{self.output_prefix}{stem}.csv",
            "rejects_prefix": f"{self.rejects_prefix}{stem}.{generation}.failures.jsonl",
            "image_folder": self.image_folder.format(path=stem, generation=generation, run=run) + "/" + "i" * 180,
            "work_prefix": f"{self.work_prefix}runs/{run}/" + "p" * 60,
        }
        for name, example in longest.items():
            if len(example.encode()) > MAX_NAME_BYTES:
                raise ValueError(
                    f"{name} makes object names of up to {len(example.encode())} bytes, but Cloud Storage allows "
                    f"{MAX_NAME_BYTES}: shorten it."
                )
        return self

    @model_validator(mode="after")
    def _each_catalogue_is_used(self) -> Settings:
        check_distinct(self.catalogues)
        return self

    def watches(self, bucket: str, name: str) -> bool:
        """Whether an object is a drop: in the watched bucket, below the prefix, and its name matches a pattern."""
        if not self.is_upload(bucket, name):
            return False
        path = name.removeprefix(self.watched_prefix)
        return any(_compiled(pattern, self.patterns_regard_case).match(path) for pattern in self.object_patterns)

    def is_upload(self, bucket: str, name: str) -> bool:
        """Whether an object is a file in the watched bucket, below the prefix: one that somebody may mean as a drop.

        A name with a slash at its end is a folder's placeholder.
        """
        return bucket == self.source_bucket and name.startswith(self.watched_prefix) and not name.endswith("/")

    @property
    def extensions(self) -> tuple[str, ...]:
        """What names of drops end with, such as `.csv`; empty where that is not known of every pattern."""
        found = [extension_of(pattern) for pattern in self.object_patterns]
        return tuple(dict.fromkeys(found)) if all(found) else ()

    def catalogue_of(self, name: str) -> tuple[str, Catalogue]:
        """The name and the settings of the catalogue of the object with this name."""
        path = name.removeprefix(self.watched_prefix)
        named = next((one for one in self.catalogues if one.has(path)), None)
        return (DEFAULT, self.catalogue) if named is None else (named.name, named.catalogue)

    def run_for(self, drop: Drop, *, trace: str = "") -> Run:
        """The run of a drop under these settings, accepted at the current time."""
        stem = stem_of(drop.object.removeprefix(self.watched_prefix))
        folder = self.image_folder.format(path=stem, generation=drop.generation, run=drop.run_id)
        name, catalogue = self.catalogue_of(drop.object)
        return Run(
            drop=drop,
            accepted_at=datetime.now(UTC),
            catalogue=catalogue,
            catalogue_name=name,
            output=ObjectName(bucket=self.output_bucket, name=f"{self.output_prefix}{stem}.csv"),
            rejects=ObjectName(bucket=self.output_bucket, name=f"{self.rejects_prefix}{stem}.{drop.generation}.csv"),
            work_bucket=self.work_bucket or self.output_bucket,
            work_prefix=self.work_prefix,
            image_bucket=self.output_bucket,
            image_folder=folder.strip("/"),
            fetch_images=self.fetch_images,
            shard_bytes=self.shard_bytes,
            shard_rows=self.shard_rows,
            rejects_warning_share=self.rejects_warning_share,
            trace=trace,
        )


@lru_cache(256)
def _compiled(pattern: str, regard_case: bool) -> re.Pattern[str]:
    return re.compile(fnmatch.translate(pattern), 0 if regard_case else re.IGNORECASE)
