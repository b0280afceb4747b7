package org.vgg4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * The header of a safetensors file.
 *
 * @param entries the tensors, in the order of their data
 * @param metadata the strings under {@code __metadata__}
 * @param hashPosition the byte offset of the hash's first digit in the header, or -1 when there is
 *     no hash or it is not written as 64 plain characters
 */
record SafeTensorsHeader(List<Entry> entries, Map<String, String> metadata, int hashPosition) {
  static final String METADATA_KEY = "__metadata__";

  /** The longest header in bytes, as in the reference implementation of the format. */
  static final int MAX_BYTES = 100_000_000;

  /** The bytes of the header's little-endian length, which precedes it. */
  static final int LENGTH_BYTES = Long.BYTES;

  /** A tensor and the range of its data, in bytes from the end of the header. */
  record Entry(SafeTensorSpec spec, long begin, long end) {}

  SafeTensorsHeader {
    entries = List.copyOf(entries);
    metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Returns the JSON of a header: the tensors in the given order, their data without gaps, the
   * metadata sorted, padded with spaces to a multiple of 8 bytes.
   *
   * @throws IllegalArgumentException when a string cannot be encoded as UTF-8
   */
  static byte[] encode(List<SafeTensorSpec> specs, SortedMap<String, String> metadata) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      json.writeObjectFieldStart(METADATA_KEY);
      for (Map.Entry<String, String> entry : metadata.entrySet()) {
        json.writeStringField(entry.getKey(), entry.getValue());
      }
      json.writeEndObject();
      long begin = 0;
      for (SafeTensorSpec spec : specs) {
        long end = Math.addExact(begin, spec.byteCount());
        writeEntry(json, new Entry(spec, begin, end));
        begin = end;
      }
      json.writeEndObject();
    } catch (IOException e) {
      throw new IllegalArgumentException("invalid name or metadata: " + e.getMessage(), e);
    }
    while (bytes.size() % 8 != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }

  private static void writeEntry(JsonGenerator json, Entry entry) throws IOException {
    json.writeObjectFieldStart(entry.spec().name());
    json.writeStringField("dtype", entry.spec().type().name());
    json.writeArrayFieldStart("shape");
    for (long dimension : entry.spec().shape()) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
    json.writeArrayFieldStart("data_offsets");
    json.writeNumber(entry.begin());
    json.writeNumber(entry.end());
    json.writeEndArray();
    json.writeEndObject();
  }
}
