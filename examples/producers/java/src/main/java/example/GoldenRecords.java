package example;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.apache.avro.Conversions;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.io.JsonDecoder;

/**
 * Proves that this library and the service understand each other: decodes every golden record, bare, framed and
 * as Avro's own JSON, and encodes it again. Prints one line of JSON for each. Usage: SCHEMAS_FOLDER
 */
public final class GoldenRecords {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final GenericData DATA = new GenericData();

  static {
    DATA.addLogicalTypeConversion(new Conversions.DecimalConversion());
    DATA.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
  }

  public static void main(String[] args) throws IOException {
    File[] files = new File(args[0], "golden").listFiles((folder, name) -> name.endsWith(".json"));
    Arrays.sort(files);
    for (File file : files) {
      JsonNode golden = JSON.readTree(file);
      Schema own = new Schema.Parser().parse(new File(args[0], golden.get("schema").asText()));
      for (JsonNode record : golden.get("records")) {
        JsonNode writer = record.get("writer_schema");
        Schema schema = writer == null ? own : new Schema.Parser().parse(writer.toString());
        print(file.getName(), record, schema);
      }
    }
  }

  private static void print(String file, JsonNode record, Schema schema) throws IOException {
    ByteBuffer framed = ByteBuffer.wrap(HexFormat.of().parseHex(record.get("framed").asText()));
    if (framed.get() != 0) throw new IOException("a framed record begins with a zero byte");
    int schemaId = framed.getInt();
    byte[] body = new byte[framed.remaining()];
    framed.get(body);
    GenericRecord fromFramed = decode(body, schema);
    GenericRecord fromBare = decode(HexFormat.of().parseHex(record.get("bare").asText()), schema);

    ObjectNode line = JSON.createObjectNode();
    line.put("file", file);
    line.set("name", record.get("name"));
    line.put("schema_id", schemaId);
    line.set("bare", json(fromBare));
    line.set("framed", json(fromFramed));
    JsonDecoder text = DecoderFactory.get().jsonDecoder(schema, record.get("avro_json").asText());
    line.set("avro_json", json(new GenericDatumReader<GenericRecord>(schema, schema, DATA).read(null, text)));
    line.put("encoded", HexFormat.of().formatHex(encode(fromBare)));
    System.out.println(line);
  }

  private static GenericRecord decode(byte[] body, Schema schema) throws IOException {
    BinaryDecoder decoder = DecoderFactory.get().binaryDecoder(body, null);
    GenericRecord record = new GenericDatumReader<GenericRecord>(schema, schema, DATA).read(null, decoder);
    if (!decoder.isEnd()) throw new IOException("bytes are left over");
    return record;
  }

  private static byte[] encode(GenericRecord record) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<GenericRecord>(record.getSchema(), DATA).write(record, encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  /** As the golden files say it: decimals as shortest strings, times as epoch milliseconds. */
  private static JsonNode json(Object value) {
    if (value == null) return JSON.nullNode();
    if (value instanceof GenericRecord record) {
      ObjectNode node = JSON.createObjectNode();
      for (Schema.Field field : record.getSchema().getFields()) node.set(field.name(), json(record.get(field.pos())));
      return node;
    }
    if (value instanceof List<?> list) {
      ArrayNode node = JSON.createArrayNode();
      for (Object item : list) node.add(json(item));
      return node;
    }
    if (value instanceof BigDecimal decimal) return JSON.valueToTree(shortest(decimal));
    if (value instanceof Instant instant) return JSON.valueToTree(instant.toEpochMilli());
    if (value instanceof Number || value instanceof Boolean) return JSON.valueToTree(value);
    return JSON.valueToTree(value.toString());
  }

  private static String shortest(BigDecimal decimal) {
    return decimal.signum() == 0 ? "0" : decimal.stripTrailingZeros().toPlainString();
  }
}
