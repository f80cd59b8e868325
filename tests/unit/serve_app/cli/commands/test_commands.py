"""The command as a person or a script calls it."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from actors.model.drop import Drop
from actors.model.part import Counts
from actors.model.reason import Reason
from infra.local.port import free_port
from serve_app.cli import main
from serve_app.cli.client.endpoint import Endpoint, claim
from serve_app.cli.client.target import GOOGLE, use_endpoint
from serve_app.config.settings import Settings
from serve_app.model.run_state import RunState
from serve_app.model.views import RunView
from tests.support.fake_api import FakeApi, source_at, view_of

HEADER = "uniq_id,product_name,description,brand,image,product_specifications,product_category_tree"
OUTPUT_HEADER = "uniq_id,product_name,description,brand,image,image_uri,attributes,c0_name"
COMMANDS = ("demo", "drop", "runs", "up", "watch")

pytestmark = pytest.mark.usefixtures("folder")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def catalogue(folder: Path) -> Path:
    file = folder / "shop.csv"
    file.write_text(f"{HEADER}\n1,Shirt,A shirt,Tilia,[],{{}},Clothing\n2,Sock,A sock,Tilia,[],{{}},Clothing\n")
    return file


@pytest.fixture
def bucket(client: storage.Client, storage_address: str, prefix: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The object store is that of the tests, and the watched prefix the test's own. Gives that prefix."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{storage_address}")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("DROPFORGE_SOURCE_BUCKET", "work")
    monkeypatch.setenv("DROPFORGE_WATCHED_PREFIX", prefix)
    return prefix


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_examples_and_json(command: str) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output
    assert f"dropforge {command}" in result.output
    assert "--json" in result.output


def test_the_command_starts_without_what_is_slow() -> None:
    slow = {"ray", "spacy", "pandas", "pyarrow", "google.cloud", "requests", "pydantic", "rich"}
    code = f"import sys, serve_app.cli; print(*({slow} & sys.modules.keys()))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.split() == []


def test_runs_are_listed(api: FakeApi) -> None:
    done, open_ = view_of(), view_of(RunState.PROCESSING, name="in/b.csv")
    api.hold(open_, done)
    lines = run("runs", "--url", api.url).stdout.splitlines()
    assert lines[1].split()[:7] == [open_.run_id, "in/b.csv", "processing", "9", "7", "2", "6"]
    assert lines[2].split()[:3] == [done.run_id, "in/a.csv", "done"]
    listed = json.loads(run("runs", "--url", api.url, "--json").stdout)
    assert [view["run_id"] for view in listed["runs"]] == [open_.run_id, done.run_id]
    assert len(json.loads(run("runs", "--url", api.url, "--json", "--limit", "1").stdout)["runs"]) == 1


@pytest.mark.parametrize(
    "name", ["in/\x1b[2J\x1b]0;x\x07a.csv", "in/\x9b2Ja.csv", "in/\u202egnp.csv", "in/a\rb\x08.csv"], ids=ascii
)
def test_a_name_does_nothing_to_the_terminal(api: FakeApi, name: str) -> None:
    view = view_of(name=name)
    api.hold(view)
    for arguments in (["runs"], ["runs", view.run_id], ["runs", view.run_id, "--json"], ["watch", view.run_id]):
        shown = run(*arguments, "--url", api.url)
        assert shown.exit_code == 0, shown.output
        assert shown.output.replace("\n", "").isprintable()
    assert json.loads(run("runs", view.run_id, "--json", "--url", api.url).output)["drop"]["object"] == name


def test_no_runs_yet_is_said(api: FakeApi) -> None:
    assert "No runs yet" in run("runs", "--url", api.url).stdout
    assert json.loads(run("runs", "--url", api.url, "--json").stdout) == {"runs": []}


def test_one_run_is_shown_with_its_sums(api: FakeApi) -> None:
    view = view_of(catalogue_name="shop-a")
    api.hold(view)
    shown = " ".join(run("runs", view.run_id[:5], "--url", api.url).stdout.split())
    assert "catalogue shop-a" in shown
    assert "rows 9 in = 7 out + 2 rejects, and 1 blank" in shown
    assert "rejects 2 = 1 missing_value + 1 wrong_field_count" in shown
    assert "images 7 rows = 6 stored + 1 image_not_found" in shown
    assert "output gs://dropforge-out/processed/a.csv" in shown
    assert "does not add up" not in shown
    assert "specification" not in shown
    assert json.loads(run("runs", "a.csv", "--url", api.url, "--json").stdout) == view.model_dump(mode="json")


FAILED_URL = {
    "row": 4,
    "id": "a[4]",
    "url": "http://h/[red]\x9b2J/4.jpg",
    "code": "image_not_found",
    "detail": "The URL answered with status 404.",
}


@pytest.fixture
def failing(api: FakeApi, bucket: str, client: storage.Client, storage_address: str) -> RunView:
    """A run that is done, with 30 failed URLs and no reject."""
    blob = client.bucket("out").blob(f"{bucket}a.1.failures.jsonl")
    lines = [json.dumps(FAILED_URL | {"row": number}) for number in range(4, 34)]
    blob.upload_from_string("\n".join([*lines, ""]))
    counts = Counts(records=40, rows_out=40, images={"stored": 10, "image_not_found": 30})
    counts = counts.model_copy(update={"image_failures": {"image_not_found": 30}})
    view = view_of(failed_urls=f"gs://out/{blob.name}", counts=counts)
    api.hold(view)
    api.source = source_at(f"http://{storage_address}")
    return view


def test_failed_urls_are_shown(api: FakeApi, failing: RunView) -> None:
    result = run("rejects", failing.run_id[:5], "--images", "--limit", "2", "--url", api.url)
    assert result.exit_code == 0, result.output
    shown = " ".join(result.stdout.split())
    assert "row id url code why" in shown
    assert "4 a[4] http://h/[red]" in shown
    assert shown.count("The URL answered with status 404.") == 2
    assert "and 28 more" in shown
    assert "\x9b" not in result.stdout


def test_failed_urls_are_saved(api: FakeApi, failing: RunView, folder: Path) -> None:
    result = run("rejects", failing.run_id, "--images", "--save", "failed.jsonl", "--json", "--url", api.url)
    assert result.exit_code == 0, result.output
    assert "Wrote 30 failed URLs to failed.jsonl" in result.stderr
    saved = [json.loads(line) for line in (folder / "failed.jsonl").read_text().splitlines()]
    assert saved == [json.loads(line) for line in result.stdout.splitlines()]
    assert (len(saved), saved[0]) == (30, FAILED_URL)


@pytest.mark.parametrize(("images", "what"), [([], "rejects"), (["--images"], "failed URLs")])
def test_a_run_says_that_it_has_none(api: FakeApi, images: list[str], what: str) -> None:
    done, open_ = view_of(), view_of(RunState.PROCESSING, name="in/b.csv")
    api.hold(done, open_)
    assert run("rejects", done.run_id, *images, "--url", api.url).stdout == f"Run {done.run_id} has no {what}.\n"
    early = run("rejects", open_.run_id, *images, "--url", api.url)
    assert early.exit_code == 1
    assert f"its {what} are written when it is done" in early.stderr


@pytest.fixture
def watching(api: FakeApi, bucket: str, storage_address: str, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    """An application whose bucket is in the tests' object store, which no variable of this shell names."""
    for name in ("STORAGE_EMULATOR_HOST", "DROPFORGE_SOURCE_BUCKET", "DROPFORGE_WATCHED_PREFIX"):
        monkeypatch.delenv(name)
    api.source = source_at(f"http://{storage_address}", source_bucket="work", watched_prefix=bucket)
    return api


def test_a_drop_goes_where_the_application_at_the_url_watches(
    watching: FakeApi, catalogue: Path, bucket: str, client: storage.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPFORGE_SOURCE_BUCKET", "of-this-shell")
    result = run("drop", str(catalogue), "--name", "b.TXT", "--no-watch", "--url", watching.url)
    assert result.exit_code == 0, result.output
    assert client.bucket("work").get_blob(f"{bucket}b.TXT") is not None
    ignored = run("drop", str(catalogue), "--dry-run", "--url", watching.url)
    assert f"would ignore gs://work/{bucket}shop.csv: the name does not match *.txt" in ignored.stderr


def test_an_unknown_bucket_gets_no_upload(watching: FakeApi, catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("serve_app.cli.client.upload.upload", None)
    watching.source = None
    silent = f"http://127.0.0.1:{free_port()}"
    for url, why in ((watching.url, "answered 404, but not with"), (silent, "does not answer")):
        result = run("drop", str(catalogue), "--url", url)
        assert result.exit_code == 1
        assert why in result.stderr
        assert "Dropped" not in result.output


def test_an_application_in_google_s_cloud_is_not_mistaken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", "http://127.0.0.1:1")
    use_endpoint(GOOGLE)
    assert "STORAGE_EMULATOR_HOST" not in os.environ
    assert storage.Client("shop", credentials=AnonymousCredentials()).api_endpoint == GOOGLE


@pytest.fixture
def processed(watching: FakeApi, bucket: str, client: storage.Client) -> RunView:
    """A run that is done, whose output has seven rows."""
    blob = client.bucket("out").blob(f"{bucket}a.csv")
    rows = [f"{number},Shoe {number},,NA,[],gs://out/{number}.png,{{}},Shoes" for number in range(7)]
    blob.upload_from_string("\n".join([OUTPUT_HEADER, *rows, ""]))
    view = view_of(output=f"gs://out/{blob.name}", output_generation=blob.generation)
    watching.hold(view)
    return view


@pytest.mark.parametrize(("arguments", "rows"), [(["--head"], 5), (["--head", "2"], 2), (["--head", "100"], 7)])
def test_head_shows_the_first_rows(api: FakeApi, processed: RunView, arguments: list[str], rows: int) -> None:
    result = run("runs", processed.run_id[:5], *arguments, "--url", api.url)
    assert result.exit_code == 0, result.output
    header, *shown, last = result.stdout.splitlines()
    assert header.split() == ["product_name", "description", "image_uri", "attributes", "c0_name"]
    assert [line.split()[:3] for line in shown] == [["Shoe", str(at), f"{at}.png"] for at in range(rows)]
    assert last.startswith(f"{rows} of 7 rows of {processed.output}")


def test_head_as_json_is_records(api: FakeApi, processed: RunView) -> None:
    (first,) = json.loads(run("runs", "a.csv", "--head", "1", "--json", "--url", api.url).stdout)
    assert list(first) == OUTPUT_HEADER.split(",")
    assert (first["uniq_id"], first["description"], first["brand"]) == ("0", "", "NA")


@pytest.mark.parametrize(
    ("state", "attempt"),
    [
        (RunState.PROCESSING, "dropforge watch"),
        (RunState.INCOMPLETE, "dropforge replay --run"),
        (RunState.REFUSED, "dropforge runs"),
    ],
)
def test_head_says_why_a_run_has_no_output(api: FakeApi, state: RunState, attempt: str) -> None:
    view = view_of(state)
    api.hold(view)
    result = run("runs", view.run_id, "--head", "--url", api.url)
    assert (result.exit_code, result.stdout) == (1, "")
    what, tried = result.stderr.splitlines()
    assert what.startswith(f"Error: Run {view.run_id} is {state}, so it has no output")
    assert f"{attempt} {view.run_id}" in tried


def test_head_without_a_run_is_wrong_usage(api: FakeApi) -> None:
    result = run("runs", "--head", "--url", api.url)
    assert result.exit_code == 2
    assert "--head needs a RUN" in result.stderr


def test_what_of_specifications_was_not_read_is_told(api: FakeApi) -> None:
    api.hold(view := view_of(counts=Counts(records=7, rows_out=7, unread_specifications=5, entries_without_key=3)))
    shown = " ".join(run("runs", view.run_id, "--url", api.url).stdout.split())
    assert "5 of 7 rows have none although their specification is not empty: see the catalogue's" in shown
    assert "`specification_format`" in shown
    assert "3 entries of specifications have no key" in shown


def test_sums_that_are_wrong_are_marked(api: FakeApi) -> None:
    view = view_of(counts=Counts(records=10, rows_out=7, images={"stored": 6}))
    api.hold(view)
    shown = run("runs", view.run_id, "--url", api.url).stdout
    assert shown.count("does not add up") == 2


@pytest.mark.parametrize(("state", "code"), [(RunState.DONE, 0), (RunState.REFUSED, 3), (RunState.INCOMPLETE, 3)])
def test_watch_ends_as_the_run_does(api: FakeApi, state: RunState, code: int) -> None:
    reason = Reason(code="missing_column", message="The header lacks [image].")
    end = view_of(state, reason=reason if state is RunState.REFUSED else None)
    going = view_of(RunState.PROCESSING)
    api.script(end.run_id, [None, None, going, going, end])
    result = run("watch", end.run_id, "--url", api.url)
    assert result.exit_code == code
    lines = result.stdout.splitlines()
    assert lines[0] == "waiting for the notification"
    assert lines[1].split()[0] == "processing"
    assert lines[2].split()[0] == state
    assert ("The header lacks [image]." in result.stdout) == (state is RunState.REFUSED)


def test_a_warning_is_shown_and_changes_no_exit_code(api: FakeApi) -> None:
    view = view_of(warnings=[Reason(code="many_rejects", message="2 of 9 rows are rejects.")])
    api.hold(view)
    for command in ("watch", "runs"):
        result = run(command, view.run_id, "--url", api.url)
        assert result.exit_code == 0
        assert "2 of 9 rows are rejects." in result.stdout


def test_watch_as_json_is_a_line_per_change(api: FakeApi) -> None:
    first, again = view_of(RunState.PROCESSING, elapsed_s=1.0), view_of(RunState.PROCESSING, elapsed_s=2.0)
    api.script(first.run_id, [None, first, again, view_of()])
    result = run("watch", first.run_id, "--url", api.url, "--json")
    assert [json.loads(line)["state"] for line in result.stdout.splitlines()] == ["processing", "done"]


def test_without_a_dropforge_two_lines_say_what_to_do() -> None:
    result = run("runs")
    assert result.exit_code == 1
    assert result.stdout == ""
    what, attempt = result.stderr.splitlines()
    assert what.startswith("Error: No running Dropforge was found: `dropforge up` is not running in this folder")
    assert attempt.startswith("Try: start one on this machine with `dropforge up`")


def test_a_dropforge_that_does_not_answer_is_said() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    result = run("runs", "--url", url, "--json")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(f"Error: {url} does not answer")


@pytest.mark.parametrize(
    ("routes", "said"), [({"/": "dropforge"}, "there is no running Dropforge behind it"), (None, "Dropforge's API")]
)
def test_status_is_2_where_no_dropforge_answers(api: FakeApi, routes: dict[str, str] | None, said: str) -> None:
    api.script(FakeApi.ANY, [500])
    api.routes = routes
    result = run("status", "--url", api.url)
    assert result.exit_code == 2
    assert said in result.stderr


def test_wrong_usage_is_exit_code_2() -> None:
    assert run("runs", "--limit", "0").exit_code == 2
    assert run("drop", "not-there.csv").exit_code == 2
    assert run("up", "--replicas", "Cleaner").exit_code == 2


def test_drop_uploads_and_says_which_run(catalogue: Path, bucket: str, client: storage.Client) -> None:
    result = run("drop", str(catalogue), "--json")
    assert result.exit_code == 0, result.output
    blob = client.bucket("work").get_blob(f"{bucket}shop.csv")
    assert blob is not None
    assert blob.download_as_bytes() == catalogue.read_bytes()
    dropped = Drop("work", f"{bucket}shop.csv", int(blob.generation))
    answer = {"drop": dropped.uri, "run_id": dropped.run_id, "bytes": catalogue.stat().st_size}
    assert json.loads(result.stdout) == answer


@pytest.fixture
def system(
    api: FakeApi, folder: Path, bucket: str, storage_address: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeApi]:
    """A system runs in the folder, and no variable says where it is."""
    settings = Settings(source_bucket="work", watched_prefix=bucket).model_dump(mode="json")
    for name in ("STORAGE_EMULATOR_HOST", "DROPFORGE_SOURCE_BUCKET", "DROPFORGE_WATCHED_PREFIX"):
        monkeypatch.delenv(name)
    with claim(folder) as file:
        environment = {"STORAGE_EMULATOR_HOST": f"http://{storage_address}"}
        file.publish(Endpoint(1, api.url, None, environment, settings))
        yield api


@pytest.mark.parametrize(("state", "code"), [(RunState.DONE, 0), (RunState.REFUSED, 3)])
def test_drop_goes_to_the_system_of_the_folder_and_watches(
    system: FakeApi, catalogue: Path, bucket: str, client: storage.Client, state: RunState, code: int
) -> None:
    end = view_of(state)
    system.script(FakeApi.ANY, [None, view_of(RunState.PROCESSING), end])
    result = run("drop", str(catalogue), "--name", "b.csv", "--json")
    assert client.bucket("work").get_blob(f"{bucket}b.csv") is not None
    assert json.loads(result.stdout)["run"] == end.model_dump(mode="json")
    assert [line.split()[0] for line in result.stderr.splitlines()] == ["waiting", "processing", str(state)]
    assert result.exit_code == code


def test_drop_without_watching_asks_nobody(system: FakeApi, catalogue: Path) -> None:
    result = run("drop", str(catalogue), "--no-watch")
    assert result.exit_code == 0
    assert result.stdout.startswith("Dropped gs://work/")


def test_ctrl_c_leaves_the_run_alone(api: FakeApi) -> None:
    view = view_of(RunState.PROCESSING)
    api.hold(view)
    # Tests that a shell runs in its background inherit that Ctrl-C is ignored.
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    program += "from serve_app.cli import main; main()"
    command = [sys.executable, "-c", program, "watch", view.run_id, "--url", api.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as watching:
        try:
            assert watching.stdout is not None
            assert watching.stdout.readline().startswith("processing")
            watching.send_signal(signal.SIGINT)
            _, stderr = watching.communicate(timeout=10)
        finally:
            watching.kill()
    assert watching.returncode == 130
    assert f"the run continues. Watch it again: dropforge watch {view.run_id}" in stderr


def test_merged_rows_are_in_the_sum(api: FakeApi) -> None:
    view = view_of(counts=Counts(records=9, rows_out=3, merged=5, rejects={"missing_value": 1}))
    api.hold(view)
    shown = " ".join(run("runs", view.run_id, "--url", api.url).stdout.split())
    assert "rows 9 in = 3 out + 5 merged + 1 rejects" in shown
    assert "does not add up" not in shown


def test_a_name_that_is_not_watched_is_refused(catalogue: Path, bucket: str, client: storage.Client) -> None:
    result = run("drop", str(catalogue), "--name", "shop.xlsx")
    assert result.exit_code == 1
    assert "Dropforge would ignore gs://work/" in result.stderr
    assert client.bucket("work").get_blob(f"{bucket}shop.xlsx") is None


def test_a_missing_bucket_is_said(catalogue: Path, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DROPFORGE_SOURCE_BUCKET", "elsewhere")
    result = run("drop", str(catalogue))
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == "Error: Bucket elsewhere does not exist."


def test_a_dry_run_tells_and_writes_nothing(catalogue: Path, bucket: str, client: storage.Client) -> None:
    result = run("drop", str(catalogue), "--dry-run", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["object"], told["records"], told["shards"]) == (f"gs://work/{bucket}shop.csv", 2, 1)
    assert told["columns"]["categories"] == "product_category_tree"
    assert client.bucket("work").get_blob(f"{bucket}shop.csv") is None


def test_a_dry_run_reads_by_the_catalogue_of_the_name(
    catalogue: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DROPFORGE_CATALOGUES", '[{"name": "feeds", "pattern": "feeds/*", "preset": "google-merchant"}]')
    catalogue.write_text("id\ttitle\timage_link\n1\tLamp\t\n")
    told = json.loads(run("drop", str(catalogue), "--name", "feeds/a.csv", "--dry-run", "--json").stdout)
    assert (told["catalogue"], told["columns"]["name"]) == ("feeds", "title")
    assert run("drop", str(catalogue), "--dry-run").exit_code == 1


@pytest.mark.parametrize("packed", [gzip.compress, lambda data: ("\ufeff" + data.decode()).encode("utf-16-be")])
def test_a_dry_run_looks_into_a_packed_file(catalogue: Path, bucket: str, packed: Callable[[bytes], bytes]) -> None:
    file = catalogue.with_name("shop.csv.gz")
    file.write_bytes(packed(catalogue.read_bytes()))
    told = json.loads(run("drop", str(file), "--dry-run", "--json").stdout)
    assert (told["object"], told["records"]) == (f"gs://work/{bucket}shop.csv.gz", 2)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"uniq_id,descriptions\n1,a\n", "nearest: 'descriptions'"),
        (b"\x1f\x8b\x08" + HEADER.encode(), "gzip"),
        (b"\n\n", "empty"),
    ],
)
def test_a_dry_run_says_why_a_file_would_be_refused(catalogue: Path, content: bytes, why: str) -> None:
    catalogue.write_bytes(content)
    result = run("drop", str(catalogue), "--dry-run")
    assert result.exit_code == 1
    assert why in result.stderr


def test_up_says_that_its_port_is_in_use(api: FakeApi) -> None:
    port = api.url.rpartition(":")[2]
    result = run("up", "--port", port)
    assert result.exit_code == 1
    assert result.stderr.splitlines()[0] == f"Error: Port {port} is in use."
