"""Proves that this library and the service understand each other: decodes every golden record, bare, framed and as
Avro's own JSON, and encodes it again. Prints one line of JSON for each. Usage: SCHEMAS_FOLDER"""

import io
import json
import struct
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import fastavro

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def decode(body, schema):
    stream = io.BytesIO(body)
    record = fastavro.schemaless_reader(stream, schema)
    if stream.read(1):
        raise ValueError("bytes are left over")
    return record


def encode(record, schema):
    stream = io.BytesIO()
    fastavro.schemaless_writer(stream, schema, record, strict=True)
    return stream.getvalue()


def plain(value):
    """As the golden files say it: decimals as shortest strings, times as epoch milliseconds."""
    if isinstance(value, dict):
        return {name: plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, datetime):
        return (value - EPOCH) // timedelta(milliseconds=1)
    return value


def main(folder):
    for file in sorted((folder / "golden").glob("*.json")):
        golden = json.loads(file.read_text(encoding="utf-8"))
        own = json.loads((folder / golden["schema"]).read_text(encoding="utf-8"))
        for record in golden["records"]:
            schema = fastavro.parse_schema(record.get("writer_schema", own))
            framed = bytes.fromhex(record["framed"])
            magic, schema_id = struct.unpack(">bI", framed[:5])
            if magic != 0:
                raise ValueError("a framed record begins with a zero byte")
            bare = decode(bytes.fromhex(record["bare"]), schema)
            line = {
                "file": file.name,
                "name": record["name"],
                "schema_id": schema_id,
                "bare": plain(bare),
                "framed": plain(decode(framed[5:], schema)),
                "avro_json": plain(next(fastavro.json_reader(io.StringIO(record["avro_json"]), schema))),
                "encoded": encode(bare, schema).hex(),
            }
            print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
