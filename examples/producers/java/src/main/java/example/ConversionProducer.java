package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes one ConversionCreated and waits until all in-sync replicas have it. Usage: CONVERSION_ID WORKSPACE_ID */
public final class ConversionProducer {
  private static final String BROKERS = environment("KAFKA_BROKERS", "localhost:9092");
  private static final String REGISTRY = environment("SCHEMA_REGISTRY_URL", "http://localhost:8081").replaceFirst("/+$", "");
  private static final String TOPIC = environment("TOPIC", "sourceloop.conversions");

  /** A schema and the id under which the registry knows it. */
  private record Registered(int id, Schema schema) {}

  public static void main(String[] args) {
    if (args.length != 2) fail("usage: ConversionProducer CONVERSION_ID WORKSPACE_ID");
    try {
      Registered registered = latestSchema(TOPIC + "-value");
      byte[] value = framed(registered.id(), conversion(registered.schema(), args[0], args[1]));
      RecordMetadata written = send(args[0], value);
      System.out.printf("written: topic=%s partition=%d offset=%d schema=%d%n",
          written.topic(), written.partition(), written.offset(), registered.id());
    } catch (ExecutionException error) {
      fail(TOPIC + " at " + BROKERS + " did not take the record: " + error.getCause().getMessage()
          + " Are the brokers reached, and is the topic there (tiktok-sync topics check)?");
    } catch (Exception error) {
      fail(String.valueOf(error.getMessage()));
    }
  }

  private static GenericRecord conversion(Schema schema, String conversionId, String workspaceId) {
    // The type of an optional field is the second branch of its union.
    Schema touch = schema.getField("last_touch").schema().getTypes().get(1);
    GenericRecord lastTouch = new GenericRecordBuilder(touch)
        .set("ttclid", "E.C.P.v3fQ2RHacdksKfofPmlyuStIIHJ4Af1tKYxF9zz2c2PLx1Oaw15oHpcfl5AH")
        .set("page_url", "https://acme.example/demo?utm_source=tiktok")
        .set("ip", "81.2.69.142")
        .set("user_agent", "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X)")
        .build();
    // Fields that are not set are null. The builder refuses a record without its required ones.
    return new GenericRecordBuilder(schema)
        .set("conversion_id", conversionId) // the id that the browser pixel uses, stable over retries
        .set("workspace_id", workspaceId)
        .set("contact_id", "contact-42")
        .set("event_name", "Book a demo")
        .set("occurred_at", Instant.now()) // timestamp-millis: epoch milliseconds, UTC
        .set("email", "ada@acme.example") // in clear or as SHA-256 hex; the service normalises and hashes
        .set("phone", "+442079460018")
        .set("country", "GB")
        .set("last_touch", lastTouch)
        .set("quote_value", new BigDecimal("1200.50").setScale(4)) // exactly the schema's scale
        .set("currency", "GBP")
        .build();
  }

  /** The Confluent wire format: a zero byte, the schema's id as a big-endian int32, the Avro record. */
  private static byte[] framed(int schemaId, GenericRecord record) throws IOException {
    GenericData data = new GenericData();
    data.addLogicalTypeConversion(new Conversions.DecimalConversion());
    data.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(ByteBuffer.allocate(5).put((byte) 0).putInt(schemaId).array());
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(record.getSchema(), data).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  private static RecordMetadata send(String key, byte[] value) throws ExecutionException, InterruptedException {
    Map<String, Object> settings = Map.of(
        "bootstrap.servers", BROKERS,
        "key.serializer", StringSerializer.class,
        "value.serializer", ByteArraySerializer.class,
        "acks", "all",
        "enable.idempotence", true, // a retry of the client's never writes a record twice
        "compression.type", "zstd",
        "max.block.ms", 10_000, // how long to look for brokers and topic
        "delivery.timeout.ms", 30_000,
        "request.timeout.ms", 10_000);
    try (KafkaProducer<String, byte[]> producer = new KafkaProducer<>(settings)) {
      // The key: all records of one conversion meet in one partition. Nothing counts as sent before the answer is there.
      return producer.send(new ProducerRecord<>(TOPIC, key, value)).get();
    }
  }

  private static Registered latestSchema(String subject) throws IOException, InterruptedException {
    String path = "/subjects/" + URLEncoder.encode(subject, StandardCharsets.UTF_8) + "/versions/latest";
    HttpRequest request = HttpRequest.newBuilder(URI.create(REGISTRY + path)).timeout(Duration.ofSeconds(10)).build();
    HttpClient client = HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(10)).build();
    HttpResponse<String> response;
    try {
      response = client.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException error) {
      throw new IOException("the schema registry at " + REGISTRY + " cannot be reached (" + error + "): SCHEMA_REGISTRY_URL", error);
    }
    if (response.statusCode() != 200) {
      throw new IOException("the schema registry at " + REGISTRY + " answered " + response.statusCode() + " about " + subject
          + ". Is it registered (tiktok-sync schemas register)? Is the address whole (Apicurio: …/apis/ccompat/v7)?");
    }
    JsonNode body = new ObjectMapper().readTree(response.body());
    return new Registered(body.get("id").asInt(), new Schema.Parser().parse(body.get("schema").asText()));
  }

  private static String environment(String name, String fallback) {
    String value = System.getenv(name);
    return value == null || value.isEmpty() ? fallback : value;
  }

  private static void fail(String message) {
    System.err.println("error: " + message);
    System.exit(1);
  }
}
