package org.vgg4j.io;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.vgg4j.io.SafeTensorsHeader.Entry;
import org.vgg4j.tensor.InvalidInputException;

/** Parses a header's JSON; every error is a one-line {@link InvalidInputException}. */
final class HeaderParser {
  private static final JsonFactory JSON =
      JsonFactory.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
          .disable(JsonFactory.Feature.CHARSET_DETECTION) // the format is UTF-8 only
          .build();
  private static final int DECODED_CHARS = 1 << 14;

  private final Path file;
  private final byte[] bytes;
  private final List<Entry> entries = new ArrayList<>();
  private final Map<String, String> metadata = new TreeMap<>();
  private int hashPosition = -1;

  private HeaderParser(Path file, byte[] bytes) {
    this.file = file;
    this.bytes = bytes;
  }

  /**
   * Parses a header. Its entries are in the order of the JSON. Each entry is checked by itself, but
   * not against the others or the file.
   */
  static SafeTensorsHeader parse(Path file, byte[] bytes) {
    return new HeaderParser(file, bytes).parse();
  }

  private SafeTensorsHeader parse() {
    if (bytes.length == 0 || bytes[0] != '{') {
      throw Damage.of(file, "the header does not start with '{'");
    }
    requireUtf8();
    try (JsonParser json = JSON.createParser(bytes)) {
      require(json.nextToken() == JsonToken.START_OBJECT, "the header is not a JSON object");
      while (json.nextToken() == JsonToken.FIELD_NAME) {
        String name = json.currentName();
        if (name.equals(SafeTensorsHeader.METADATA_KEY)) {
          readMetadata(json);
        } else {
          entries.add(readEntry(json, name));
        }
      }
      require(json.nextToken() == null, "text follows the header's JSON object");
    } catch (JsonProcessingException e) {
      throw Damage.of(file, "the header is not valid JSON: " + Damage.line(e.getOriginalMessage()));
    } catch (IOException e) {
      throw new UncheckedIOException("reading from memory", e);
    }
    return new SafeTensorsHeader(entries, metadata, hashPosition);
  }

  /** Stricter than the JSON parser, which lets some malformed UTF-8 through. */
  private void requireUtf8() {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPORT)
            .onUnmappableCharacter(CodingErrorAction.REPORT);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer out = CharBuffer.allocate(Math.min(bytes.length, DECODED_CHARS));
    CoderResult result;
    do {
      result = decoder.decode(in, out.clear(), true);
      require(!result.isError(), "the header is not UTF-8");
    } while (result.isOverflow());
  }

  private void readMetadata(JsonParser json) throws IOException {
    require(json.nextToken() == JsonToken.START_OBJECT, "the metadata are not a JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String key = json.currentName();
      boolean isText = json.nextToken() == JsonToken.VALUE_STRING;
      require(isText, "metadata " + Damage.quote(key) + " is not a string");
      int position = (int) json.currentTokenLocation().getByteOffset() + 1;
      metadata.put(key, json.getText());
      if (key.equals(ContentHash.KEY) && standsPlainlyAt(position, json.getText())) {
        hashPosition = position;
      }
    }
  }

  private boolean standsPlainlyAt(int position, String text) {
    byte[] plain = text.getBytes(StandardCharsets.UTF_8);
    int end = position + plain.length;
    return text.length() == ContentHash.DIGITS
        && end <= bytes.length
        && Arrays.equals(bytes, position, end, plain, 0, plain.length);
  }

  private Entry readEntry(JsonParser json, String name) throws IOException {
    SafeTensorType type = null;
    List<Long> shape = null;
    List<Long> offsets = null;
    require(json.nextToken() == JsonToken.START_OBJECT, name, "its entry is not a JSON object");
    while (json.nextToken() == JsonToken.FIELD_NAME) {
      String field = json.currentName();
      switch (field) {
        case "dtype" -> type = readType(json, name);
        case "shape" -> shape = readNumbers(json, name, field);
        case "data_offsets" -> offsets = readNumbers(json, name, field);
        default -> throw damage(name, "it has an unknown field " + Damage.quote(field));
      }
    }
    require(type != null, name, "it has no dtype");
    require(shape != null, name, "it has no shape");
    require(offsets != null && offsets.size() == 2, name, "it does not have two data_offsets");
    return checked(name, type, shape, offsets);
  }

  private Entry checked(String name, SafeTensorType type, List<Long> shape, List<Long> offsets) {
    SafeTensorSpec spec;
    try {
      spec = new SafeTensorSpec(name, type, shape);
    } catch (IllegalArgumentException e) {
      throw damage(name, Damage.line(e.getMessage()));
    }
    long begin = offsets.get(0);
    long end = offsets.get(1);
    require(begin >= 0 && begin <= end, name, "its data_offsets " + offsets + " are out of range");
    if (end - begin != spec.byteCount()) {
      String need = "its shape %s of %s needs %d bytes, its data_offsets hold %d";
      String text = need.formatted(shape, type, spec.byteCount(), end - begin);
      throw damage(name, Damage.line(text));
    }
    return new Entry(spec, begin, end);
  }

  private SafeTensorType readType(JsonParser json, String name) throws IOException {
    require(json.nextToken() == JsonToken.VALUE_STRING, name, "its dtype is not a string");
    String text = json.getText();
    for (SafeTensorType type : SafeTensorType.values()) {
      if (type.name().equals(text)) {
        return type;
      }
    }
    throw new InvalidInputException(
        "%s: tensor %s: dtype %s is not supported; convert it to one of %s"
            .formatted(
                file,
                Damage.quote(name),
                Damage.quote(text),
                Arrays.toString(SafeTensorType.values())));
  }

  private List<Long> readNumbers(JsonParser json, String name, String field) throws IOException {
    require(json.nextToken() == JsonToken.START_ARRAY, name, "its " + field + " is not a list");
    List<Long> numbers = new ArrayList<>();
    while (json.nextToken() != JsonToken.END_ARRAY) {
      boolean isWhole = json.currentToken() == JsonToken.VALUE_NUMBER_INT;
      boolean fits = isWhole && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
      require(fits, name, "its " + field + " must hold only 64-bit integers");
      numbers.add(json.getLongValue());
    }
    return numbers;
  }

  private void require(boolean condition, String what) {
    if (!condition) {
      throw Damage.of(file, what);
    }
  }

  private void require(boolean condition, String tensor, String what) {
    if (!condition) {
      throw damage(tensor, what);
    }
  }

  private InvalidInputException damage(String tensor, String what) {
    return Damage.of(file, "tensor " + Damage.quote(tensor) + ": " + what);
  }
}
