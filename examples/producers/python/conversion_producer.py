"""Writes one ConversionCreated and waits until all in-sync replicas have it. Usage: CONVERSION_ID WORKSPACE_ID"""

import io
import json
import os
import struct
import sys
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timezone
from decimal import Decimal

import fastavro
from confluent_kafka import KafkaException, Producer

BROKERS = os.environ.get("KAFKA_BROKERS", "localhost:9092")
REGISTRY = os.environ.get("SCHEMA_REGISTRY_URL", "http://localhost:8081").rstrip("/")
TOPIC = os.environ.get("TOPIC", "sourceloop.conversions")


def conversion(conversion_id, workspace_id):
    # Fields that are left out are null.
    return {
        "conversion_id": conversion_id,  # the id that the browser pixel uses, stable over retries
        "workspace_id": workspace_id,
        "contact_id": "contact-42",
        "event_name": "Book a demo",
        "occurred_at": datetime.now(timezone.utc),  # aware: a naive datetime is taken for local time
        "email": "ada@acme.example",  # in clear or as SHA-256 hex; the service normalises and hashes
        "phone": "+442079460018",
        "country": "GB",
        "last_touch": {
            "ttclid": "E.C.P.v3fQ2RHacdksKfofPmlyuStIIHJ4Af1tKYxF9zz2c2PLx1Oaw15oHpcfl5AH",
            "page_url": "https://acme.example/demo?utm_source=tiktok",
            "ip": "81.2.69.142",
            "user_agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)",
        },
        "quote_value": Decimal("1200.50"),  # never a float
        "currency": "GBP",
    }


def framed(schema_id, schema, record):
    """The Confluent wire format: a zero byte, the schema's id as a big-endian int32, the Avro record."""
    body = io.BytesIO()
    body.write(struct.pack(">bI", 0, schema_id))
    # strict_allow_default: a field that the schema does not have is an error, one that is left out is its default.
    fastavro.schemaless_writer(body, schema, record, strict_allow_default=True)
    return body.getvalue()


def latest_schema(subject):
    """The id and the parsed schema of the newest version of a subject."""
    url = f"{REGISTRY}/subjects/{urllib.parse.quote(subject, safe='')}/versions/latest"
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            answer = json.load(response)
    except urllib.error.HTTPError as error:
        hint = "Is it registered (tiktok-sync schemas register)? Is the address whole (Apicurio: …/apis/ccompat/v7)?"
        raise RuntimeError(f"the schema registry at {REGISTRY} answered {error.code} about {subject}. {hint}") from error
    except OSError as error:
        raise RuntimeError(f"the schema registry at {REGISTRY} cannot be reached ({error}): SCHEMA_REGISTRY_URL") from error
    return answer["id"], fastavro.parse_schema(json.loads(answer["schema"]))


def send(key, value):
    """Waits for the acknowledgement: nothing counts as sent before the answer is there."""
    producer = Producer(
        {
            "bootstrap.servers": BROKERS,
            "acks": "all",
            "enable.idempotence": True,  # a retry of the client's never writes a record twice
            "partitioner": "murmur2_random",  # as Java's: the same key in the same partition
            "compression.type": "zstd",
            "message.timeout.ms": 30_000,
            "allow.auto.create.topics": False,
            "log_level": 2,
        }
    )
    answers = []
    # The key: all records of one conversion meet in one partition.
    producer.produce(TOPIC, key=key, value=value, on_delivery=lambda error, message: answers.append((error, message)))
    producer.flush(40)
    if not answers:
        raise RuntimeError(f"no answer from Kafka at {BROKERS}")
    error, message = answers[0]
    if error is not None:
        raise KafkaException(error)
    return message


def main(arguments):
    if len(arguments) != 2:
        raise SystemExit("error: usage: CONVERSION_ID WORKSPACE_ID")
    conversion_id, workspace_id = arguments
    try:
        schema_id, schema = latest_schema(f"{TOPIC}-value")
        written = send(conversion_id, framed(schema_id, schema, conversion(conversion_id, workspace_id)))
    except KafkaException as error:
        hint = "Are the brokers reached, and is the topic there (tiktok-sync topics check)?"
        raise SystemExit(f"error: {TOPIC} at {BROKERS} did not take the record: {error.args[0].str()}. {hint}") from error
    except (RuntimeError, ValueError) as error:
        raise SystemExit(f"error: {error}") from error
    print(f"written: topic={TOPIC} partition={written.partition()} offset={written.offset()} schema={schema_id}")


if __name__ == "__main__":
    main(sys.argv[1:])
