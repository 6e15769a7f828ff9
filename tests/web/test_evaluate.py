"""Models judged by MNIST's test images, over HTTP."""

import zlib

import numpy as np

from handgrad.datasets import load
from handgrad.model.shipped import pretrained


def test_the_server_counts_as_python_does(client):
    test, model = load("mnist").test, pretrained("tiny")
    scores = model.scores(test.pixels)
    best, answered = scores.argmax(axis=1), model.answered(scores)
    found = client.get("/api/test?model=tiny").json()
    assert (found["model"], found["images"], found["right"]) == ("tiny", 10_000, int((best == test.labels).sum()))
    assert found["answered"] == int(answered.sum())
    assert found["answered_right"] == int((answered & (best == test.labels)).sum())
    table = np.array(found["confusion"])
    assert table.shape == (10, 11) and table.sum() == 10_000
    assert table[:, 10].sum() == 10_000 - found["answered"] and np.trace(table) == found["answered_right"]
    np.testing.assert_array_equal(table.sum(axis=1), np.bincount(test.labels))
    sent = np.frombuffer(client.get("/models/tiny.test").content, "<f4").reshape(10_000, 10)
    np.testing.assert_array_equal(sent, scores)


def test_the_page_gets_the_images(client):
    test, sent = load("mnist").test, zlib.decompress(client.get("/test.bin").content)
    np.testing.assert_array_equal(np.frombuffer(sent[:8], "<u4"), [10_000, 0])
    np.testing.assert_array_equal(np.frombuffer(sent[8:10_008], np.uint8), test.labels)
    assert sent[10_008:] == test.pixels.tobytes()
