"""The Open Inference Protocol: by hand in JSON, and as unchanged clients of Triton speak it."""

import asyncio
import base64
import json

import numpy as np
import pytest

from command import wait_for
from handgrad.datasets import load
from handgrad.model.shipped import pretrained
from handgrad.reading import read_digit
from handgrad.web.settings import Settings
from web.conftest import MODELS, file_of, listening
from web.test_live import ready
from web.test_predict import problem

INFER = "/v2/models/mlp/infer"


def tensor(data, shape, datatype="UINT8", **more) -> dict:
    return {"inputs": [{"name": "any", "shape": shape, "datatype": datatype, "data": data}], **more}


def outputs(response) -> dict[str, list]:
    assert response.status_code == 200, response.text
    return {each["name"]: each["data"] for each in response.json()["outputs"]}


def test_the_server_and_its_models_are_described(client):
    assert client.get("/v2").json()["name"] == "handgrad"
    assert client.get("/v2/health/live").status_code == client.get("/v2/health/ready").status_code == 200
    for path in ("/v2/models/mlp", "/v2/models/mlp/versions/1"):
        found = client.get(path).json()
        assert found["inputs"] == [{"name": "pixels", "datatype": "UINT8", "shape": [-1, 28, 28, 1]}]
        assert {each["name"] for each in found["outputs"]} == {"digit", "probabilities", "score", "reason"}
        assert client.get(f"{path}/ready").json() == {"name": "mlp", "ready": True}


@pytest.mark.parametrize("shape", [[5, 28, 28, 1], [5, 28, 28], [5, 784]], ids=str)
@pytest.mark.parametrize(("datatype", "scale"), [("UINT8", 1), ("FP32", 1), ("FP32", 255)])
def test_pixels_in_json(client, shape, datatype, scale):
    pixels = load("mnist").train.pixels[-5:]
    values = pixels.ravel().tolist() if datatype == "UINT8" else (pixels.ravel() / scale).tolist()
    wanted = pretrained("mlp").predict_proba(pixels)
    for path in (INFER, INFER.replace("/infer", "/versions/1/infer")):
        found = outputs(client.post(path, json=tensor(values, shape, datatype, id="7")))
        assert np.array_equal(np.reshape(found["probabilities"], (5, 10)).astype(np.float32), wanted)
        assert found["digit"] == [str(k) for k in wanted.argmax(axis=1)]
        assert found["reason"] == [""] * 5


def test_pictures_in_json_and_outputs_asked_for(client, digit):
    picture = file_of(255 - digit)
    asked = tensor([base64.b64encode(picture).decode()] * 2, [2], "BYTES", outputs=[{"name": "digit"}], id="x")
    response = client.post(INFER, json=asked)
    assert outputs(response) == {"digit": [read_digit(picture, "mlp").digit] * 2}
    assert response.json()["id"] == "x" and response.json()["model_version"] == "1"


def test_binary_tensors_by_hand(client, digit):
    described = {"name": "pixels", "shape": [1, 784], "datatype": "UINT8", "parameters": {"binary_data_size": 784}}
    head = json.dumps({"inputs": [described], "parameters": {"binary_data_output": True}}).encode()
    response = client.post(
        INFER, content=head + digit.tobytes(), headers={"Inference-Header-Content-Length": str(len(head))}
    )
    length = int(response.headers["inference-header-content-length"])
    answer = json.loads(response.content[:length])
    sizes = [each["parameters"]["binary_data_size"] for each in answer["outputs"]]
    assert length + sum(sizes) == len(response.content)
    assert response.content[length:].startswith(b"\x01\x00\x00\x009")  # BYTES: the length of "9", then it


WRONG = [
    ({}, "inputs"),
    ([], "inputs"),
    ({"inputs": [{}, {}]}, "inputs"),
    (tensor([0] * 784, [1, 784], "INT64"), "datatype 'INT64'"),
    (tensor([0] * 784, "1x784"), "shape"),
    (tensor([0] * 784, [-1, 784]), "shape"),
    (tensor([0] * 784, [1 << 40, 784]), "shape"),
    (tensor([0] * 784, [2, 784]), "784 elements: expected 1568"),
    (tensor([0] * 784, [784, 1]), "expected (28, 28)"),
    (tensor([300] * 784, [1, 784]), "expected 0 to 255"),
    (tensor([0.5] * 784, [1, 784]), "expected a list of numbers"),
    (tensor(["0"] * 784, [1, 784]), "expected a list of numbers"),
    (tensor(None, [1, 784]), "expected"),
    (tensor([], [0, 784]), "0 images"),
    (tensor(["???"], [1], "BYTES"), "base64"),
    (tensor([7], [1], "BYTES"), "base64"),
    (tensor([], [0], "BYTES"), "0 pictures"),
    (tensor(["AAAA"], [1], "BYTES"), "not a readable picture"),
    (tensor([0] * 784, [1, 784], outputs=[{"name": "logits"}]), "output 'logits'"),
    (tensor([0] * 784, [1, 784], outputs=[{"name": {}}]), "output '{}'"),
    (tensor([0] * 784, [1, 784], outputs={"name": "digit"}), "outputs"),
    (tensor([0] * 784, [1, 784], {}), "datatype '{}'"),
    (tensor([0] * 784, [1, True]), "shape"),
]


@pytest.mark.parametrize(("content", "said"), WRONG, ids=lambda value: str(value)[-40:])
def test_what_the_protocol_does_not_have(client, content, said):
    response = client.post(INFER, json=content)
    assert said in problem(response)
    assert response.json()["error"] == response.json()["detail"], "clients show this"


def test_binary_tensors_that_are_cut_or_miscounted(client):
    described = {"name": "p", "shape": [1, 784], "datatype": "UINT8", "parameters": {"binary_data_size": 784}}
    head = json.dumps({"inputs": [described]}).encode()
    for body, length in ((head + b"\x00" * 783, len(head)), (head, 10**6), (head, "x"), (head, -1), (head, "9" * 30)):
        problem(client.post(INFER, content=body, headers={"Inference-Header-Content-Length": str(length)}))
    files = {**described, "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": 5}}
    head = json.dumps({"inputs": [files]}).encode()
    said = client.post(
        INFER, content=head + b"\xff\xff\xff\xff\x00", headers={"Inference-Header-Content-Length": str(len(head))}
    )
    assert "cut off" in problem(said)


def test_a_version_that_there_is_not(client):
    assert "there is version 1 alone" in problem(client.get("/v2/models/mlp/versions/2"), 404)


@pytest.mark.process
@pytest.mark.filterwarnings("ignore")  # of the client's own libraries
def test_the_client_of_triton_works_unchanged(digit):
    import tritonclient.http as http
    from tritonclient.utils import InferenceServerException

    pixels, model = load("mnist").train.pixels[-20:].reshape(-1, 28, 28, 1), pretrained("mlp")
    wanted = model.predict_proba(pixels)
    with listening(Settings(MODELS)) as port, http.InferenceServerClient(f"localhost:{port}") as triton:
        wait_for(triton.is_server_ready)
        assert triton.is_server_live() and triton.is_model_ready("mlp") and triton.is_model_ready("mlp", "1")
        assert triton.get_model_metadata("mlp")["inputs"][0]["name"] == "pixels"
        for binary in (True, False):
            given = http.InferInput("pixels", pixels.shape, "UINT8")
            given.set_data_from_numpy(pixels, binary_data=binary)
            asked = [http.InferRequestedOutput(name, binary_data=binary) for name in ("probabilities", "digit")]
            for options in ({}, {"outputs": asked}):
                found = triton.infer("mlp", [given], request_id="1", **options)
                assert np.array_equal(found.as_numpy("probabilities"), wanted)
                digits = wanted.argmax(axis=1).tolist()
                assert [int(each) for each in found.as_numpy("digit")] == digits
        floats = http.InferInput("pixels", pixels.shape, "FP32")
        floats.set_data_from_numpy((pixels / 255).astype(np.float32))
        assert np.array_equal(triton.infer("mlp", [floats]).as_numpy("probabilities"), wanted)
        files = http.InferInput("pixels", [1], "BYTES")
        files.set_data_from_numpy(np.array([file_of(255 - digit)], np.object_))
        assert triton.infer("mlp", [files]).as_numpy("digit").tolist() == [b"9"]
        with pytest.raises(InferenceServerException, match="expected one of tiny, mlp"):
            triton.infer("none", [floats])


@pytest.mark.slow
@pytest.mark.process
@pytest.mark.filterwarnings("ignore")  # of the client's own libraries
@pytest.mark.parametrize("binary", [True, False])
def test_the_client_of_kserve_works_unchanged(binary):
    """It brings half a gigabyte of other libraries along, so it is tested where somebody has installed it."""
    kserve = pytest.importorskip("kserve")
    pixels = load("mnist").train.pixels[-20:].reshape(-1, 28, 28, 1)

    async def asked(url: str) -> list[np.ndarray]:
        client = kserve.InferenceRESTClient(kserve.RESTConfig(protocol="v2"))
        assert await client.is_server_live(url) and await client.is_model_ready(url, "mlp")
        found = []
        for kind, array in (("UINT8", pixels), ("FP32", (pixels / 255).astype(np.float32))):
            given = kserve.InferInput("pixels", [*array.shape], kind)
            given.set_data_from_numpy(array, binary_data=binary)
            request = kserve.InferRequest(model_name="mlp", infer_inputs=[given])
            answer = await client.infer(url, request, model_name="mlp")
            found += [each.as_numpy() for each in answer.outputs if each.name == "probabilities"]
        await client.close()
        return found

    with listening(Settings(MODELS)) as port:
        wait_for(lambda: ready(port))
        for found in asyncio.run(asked(f"http://127.0.0.1:{port}")):
            assert np.allclose(found, pretrained("mlp").predict_proba(pixels), atol=1e-6)
