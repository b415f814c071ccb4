"""Fetched data sets: built by tensorflow-datasets from a server on this machine, no TensorFlow."""

import functools
import hashlib
import http.server
import sys
import threading

import numpy as np
import pytest

from rq_vae_explorer.data import DataError

pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def server(idx_folder):
    handler = functools.partial(_Quiet, directory=str(idx_folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/"
        running.shutdown()


def _source(address, folder, spoil=False):
    from rq_vae_explorer.data.remote import RemoteSource

    files = {}
    for path in folder.glob("*.gz"):
        content = path.read_bytes() + (b"x" if spoil else b"")
        files[path.name] = (path.stat().st_size, hashlib.sha256(content).hexdigest())
    return RemoteSource("tiny", "Tiny digits", address, files)


def test_downloads_prepares_caches_and_reads_back(server, idx_folder, digits, tmp_path):
    from rq_vae_explorer.data.remote import load_source

    lines = []
    loaded = load_source(_source(server, idx_folder), tmp_path, lines.append)
    np.testing.assert_array_equal(np.sort(loaded.train_labels), np.sort(digits.train_labels))
    key = lambda images: sorted(map(bytes, images))  # noqa: E731
    assert key(loaded.train_images) == key(digits.train_images)
    assert key(loaded.test_images) == key(digits.test_images)
    assert lines[0].startswith("Downloading Tiny digits: ")
    assert lines[-1] == "Reading Tiny digits"
    assert "tensorflow" not in sys.modules
    # The second time nothing is asked of the network: this address does not answer.
    again = load_source(_source("http://127.0.0.1:9/", idx_folder), tmp_path, lambda _: None)
    np.testing.assert_array_equal(again.train_images, loaded.train_images)


def test_wrong_checksums_are_refused(server, idx_folder, tmp_path):
    from rq_vae_explorer.data.remote import load_source

    with pytest.raises(DataError, match="Tiny digits could not be prepared") as caught:
        load_source(_source(server, idx_folder, spoil=True), tmp_path, lambda _: None)
    assert "\n" not in str(caught.value)


def test_offline_is_one_line_with_the_remedy(idx_folder, tmp_path, caplog):
    from rq_vae_explorer.data.remote import load_source

    with pytest.raises(DataError, match="--data bundled") as caught:
        load_source(_source("http://127.0.0.1:9/", idx_folder), tmp_path, lambda _: None)
    assert "\n" not in str(caught.value)
    assert not caplog.records  # the library's own remarks would be lines on the terminal


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist", "kmnist"])
def test_known_sources_have_checksums_of_all_four_files(name):
    from rq_vae_explorer.data.remote import remote_source

    source = remote_source(name)
    assert len(source.files) == 4
    assert len(source.classes) == 10
    assert all(size > 1000 and len(checksum) == 64 for size, checksum in source.files.values())
