package org.vgg4j.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Writes safetensors files of doubles (F64) and longs (I64), the tensors in the order given.
 *
 * <p>It is apart from vgg4j's own writer, so that a fixture does not come from the code that it
 * tests. Source: the format's page in huggingface/safetensors (8 bytes of header length, the header
 * in JSON padded with spaces, the data).
 */
final class SafeTensorsFile {
  private static final int ELEMENT_BYTES = 8;

  private SafeTensorsFile() {}

  static void write(Path file, Map<String, String> metadata, Map<String, Tensor> tensors)
      throws IOException {
    List<String> fields = new ArrayList<>();
    fields.add("\"__metadata__\":" + metadataObject(metadata));
    long end = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      long begin = end;
      end += tensor.numel() * ELEMENT_BYTES;
      fields.add(
          "%s:{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(quoted(entry.getKey()), typeName(tensor), shape(tensor), begin, end));
    }
    String header = "{" + String.join(",", fields) + "}";
    header += " ".repeat(-header.length() & (ELEMENT_BYTES - 1));

    ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(ELEMENT_BYTES + header.length() + end));
    bytes.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length());
    bytes.put(header.getBytes(StandardCharsets.US_ASCII));
    tensors.values().forEach(tensor -> put(tensor, bytes));
    Files.write(file, bytes.array());
  }

  private static String metadataObject(Map<String, String> metadata) {
    return metadata.entrySet().stream()
        .map(entry -> quoted(entry.getKey()) + ":" + quoted(entry.getValue()))
        .collect(Collectors.joining(",", "{", "}"));
  }

  private static String quoted(String text) {
    if (!text.chars().allMatch(c -> c >= ' ' && c <= '~' && c != '"' && c != '\\')) {
      throw new IllegalArgumentException("needs escaping in JSON: " + text);
    }
    return '"' + text + '"';
  }

  private static String shape(Tensor tensor) {
    return Arrays.toString(tensor.shape()).replace(" ", "");
  }

  private static String typeName(Tensor tensor) {
    ScalarType type = tensor.scalar_type().intern();
    return switch (type) {
      case Double -> "F64";
      case Long -> "I64";
      default -> throw new IllegalArgumentException("no F64 or I64: " + type);
    };
  }

  private static void put(Tensor tensor, ByteBuffer bytes) {
    int count = Math.toIntExact(tensor.numel());
    if (tensor.scalar_type().intern() == ScalarType.Long) {
      long[] longs = new long[count];
      tensor.contiguous().data_ptr_long().get(longs);
      Arrays.stream(longs).forEach(bytes::putLong);
    } else {
      double[] doubles = new double[count];
      tensor.contiguous().data_ptr_double().get(doubles);
      Arrays.stream(doubles).forEach(bytes::putDouble);
    }
  }
}
