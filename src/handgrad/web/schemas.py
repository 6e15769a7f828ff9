"""JSON Schemas of what the server answers."""

from typing import Any

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """Return a reference to one of `SCHEMAS`.

    Parameters
    ----------
    name : str
        Which.

    Returns
    -------
    dict
        A schema.
    """
    return {"$ref": f"#/components/schemas/{name}"}


def record(required: Schema, **optional: Any) -> Schema:
    """Return the schema of an object.

    Parameters
    ----------
    required : dict of str to schema
        What is always there.
    **optional : schema
        What may be there.

    Returns
    -------
    dict
        A schema.
    """
    return {"type": "object", "properties": {**required, **optional}, "required": [*required]}


def many(items: Schema) -> Schema:
    """Return the schema of a list.

    Parameters
    ----------
    items : dict
        The schema of its items.

    Returns
    -------
    dict
        A schema.
    """
    return {"type": "array", "items": items}


TEXT: Schema = {"type": "string"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
SHARE: Schema = {"type": ["number", "null"], "minimum": 0, "maximum": 1.00001}  # as float32 rounds it
BOX: Schema = {**many({"type": "integer"}), "minItems": 4, "maxItems": 4}
BEFORE_AFTER: Schema = {**many(SHARE), "minItems": 2, "maxItems": 2}
NESTED: Schema = {**many({}), "description": "Rows of numbers; of lists of three where there is colour."}

ANSWER = record(
    {
        "digit": TEXT, "probability": SHARE, "reason": {"type": ["string", "null"]}, "score": SHARE, "text": TEXT,
        "box": BOX, "probabilities": many(SHARE), "sign": TEXT,
    }
)  # fmt: skip
MODEL = record(
    {
        "name": TEXT, "recipe": {"type": ["string", "null"]}, "classes": many(TEXT), "input": many(COUNT),
        "parameters": COUNT, "pictures": TEXT, "version": TEXT,
    }
)  # fmt: skip
TENSOR = record(
    {"name": TEXT, "datatype": {"enum": ["UINT8", "FP32", "BYTES"]}, "shape": many(COUNT)},
    data=many({}), parameters={"type": "object"},
)  # fmt: skip
SCHEMAS: dict[str, Schema] = {
    "Problem": record({"type": TEXT, "title": TEXT, "status": {"type": "integer"}, "detail": TEXT}, error=TEXT),
    "Answer": ANSWER,
    "Answers": record({"model": TEXT, "answers": many(ref("Answer"))}),
    "Pixels": {
        **record({"pixels": {**many({}), "description": "Grey levels from 0 to 255, bright ink on dark."}}),
        "examples": [{"pixels": [0] * 400 + [255] * 9 + [0] * 375}],
    },
    "Page": record(
        {
            "model": TEXT, "page": COUNT, "pages": COUNT, "width": COUNT, "height": COUNT, "text": TEXT,
            "full_text": TEXT, "lines": many(many(ref("Answer"))), "words": many(BOX),
        }
    ),
    "Explanation": record(
        {
            "model": TEXT, "class": TEXT, "logit": NUMBER, "score": SHARE, "pixels": NESTED, "gradient": NESTED,
            "patch": COUNT, "occlusion": NESTED,
        }
    ),
    "OwnDigits": record({"pixels": many(NESTED), "labels": many(TEXT)}),
    "Tuning": record(
        {"state": {"enum": ["none", "running", "done", "failed", "stopped"]}},
        model=TEXT, digits=COUNT, done=SHARE, tuned=TEXT, detail=TEXT, learnt_from=COUNT, held=COUNT,
        own=BEFORE_AFTER, mnist=BEFORE_AFTER,
    ),
    "TestResult": record(
        {
            "model": TEXT, "images": COUNT, "right": COUNT, "answered": COUNT, "answered_right": COUNT,
            "confusion": many(many(COUNT)),
        }
    ),
    "Model": MODEL,
    "Models": record({"models": many(ref("Model"))}),
    "Live": record({"status": TEXT}),
    "Health": record({"status": TEXT, "version": TEXT, "models": {"type": "object"}, "waiting": COUNT}),
    "Tensor": TENSOR,
    "Server": record({"name": TEXT, "version": TEXT, "extensions": many(TEXT)}),
    "ServerLive": record({"live": {"type": "boolean"}}),
    "ServerReady": record({"ready": {"type": "boolean"}}),
    "ModelReady": record({"name": TEXT, "ready": {"type": "boolean"}}),
    "ModelMetadata": record(
        {"name": TEXT, "versions": many(TEXT), "platform": TEXT, "inputs": many({}), "outputs": many({})}
    ),
    "InferenceRequest": {
        **record(
            {"inputs": {**many(ref("Tensor")), "minItems": 1, "maxItems": 1}},
            id=TEXT, outputs=many(record({"name": TEXT})), parameters={"type": "object"},
        ),
        "examples": [{"inputs": [{"name": "pixels", "datatype": "UINT8", "shape": [1, 784], "data": [0] * 784}]}],
    },
    "InferenceResponse": record(
        {"model_name": TEXT, "model_version": TEXT, "outputs": many(ref("Tensor"))}, id=TEXT
    ),
}  # fmt: skip
