"""Puts a file into the watched bucket: that alone is a drop."""

from __future__ import annotations

from typing import BinaryIO

import requests
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.cloud.storage.exceptions import InvalidResponse

from actors.model.drop import Drop
from actors.storage.bucket import connect
from serve_app.cli.screen.complaint import Complaint
from serve_app.config.object_names import content_type_of
from serve_app.config.settings import Settings


def upload(settings: Settings, content: BinaryIO, name: str, *, size: int) -> Drop:
    """Writes object `name` from `size` bytes of `content`. Raises `Complaint`."""
    uri = f"gs://{settings.source_bucket}/{name}"
    try:
        blob = connect(settings.project).bucket(settings.source_bucket).blob(name)
        blob.upload_from_file(content, size=size, content_type=content_type_of(name))
    except auth.DefaultCredentialsError as error:
        raise Complaint(
            f"{uri} can't be written: there are no Google credentials here.",
            "`gcloud auth application-default login`, or `dropforge up` for a cloud on this machine",
        ) from error
    except (api.GoogleAPICallError, InvalidResponse) as error:
        status = error.response.status_code if isinstance(error, InvalidResponse) else error.code
        raise _refused(settings, uri, status, error) from error
    except (requests.RequestException, api.RetryError, auth.GoogleAuthError) as error:
        raise Complaint(
            f"{uri} was not written: Cloud Storage can't be reached ({type(error).__name__}).",
            "see the network and, where it is set, STORAGE_EMULATOR_HOST; then drop it again",
        ) from error
    return Drop(settings.source_bucket, name, int(blob.generation))


def _refused(settings: Settings, uri: str, status: int | None, error: Exception) -> Complaint:
    match status:
        case 404:
            return Complaint(
                f"Bucket {settings.source_bucket} is not there.",
                "DROPFORGE_SOURCE_BUCKET=BUCKET, or `dropforge up` in this folder for a cloud on this machine",
            )
        case 401 | 403:
            return Complaint(
                f"Cloud Storage refused {uri}: your account may not write there.",
                "ask for the role roles/storage.objectUser on the bucket, or log in with another account",
            )
    return Complaint(f"Cloud Storage refused {uri}: {error}", "drop it again; if it stays, ask who runs the bucket")
