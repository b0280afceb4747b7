package org.vgg4j.benchmarks;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Reads the safetensors file of a first step (cpu/FirstStep.java): tensors of F32 and I64. */
final class StepFile {
  private static final Pattern ENTRY =
      Pattern.compile(
          "\"([^\"]+)\":\\{\"dtype\":\"(F32|I64)\",\"shape\":\\[([0-9,]*)],"
              + "\"data_offsets\":\\[([0-9]+),([0-9]+)]}");

  /** Keeps the file mapped: a tensor does not, and reads what is no longer there. */
  private static final List<BytePointer> MAPPED = new ArrayList<>();

  private StepFile() {}

  /**
   * Returns the tensors by name, in the file's order; they lie in the mapped file and cannot be
   * written.
   */
  static Map<String, Tensor> read(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer length = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
      channel.read(length, 0);
      ByteBuffer header = ByteBuffer.allocate(Math.toIntExact(length.getLong(0)));
      channel.read(header, Long.BYTES);
      long data = Long.BYTES + (long) header.capacity();
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      Matcher entry = ENTRY.matcher(new String(header.array(), StandardCharsets.UTF_8));
      while (entry.find()) {
        tensors.put(entry.group(1), tensor(channel, data, entry));
      }
      return tensors;
    }
  }

  private static Tensor tensor(FileChannel channel, long data, Matcher entry) throws IOException {
    long begin = Long.parseLong(entry.group(4));
    long bytes = Long.parseLong(entry.group(5)) - begin;
    BytePointer values = new BytePointer(channel.map(MapMode.READ_ONLY, data + begin, bytes));
    MAPPED.add(values);
    ScalarType type = entry.group(2).equals("F32") ? ScalarType.Float : ScalarType.Long;
    String[] sides = entry.group(3).isEmpty() ? new String[0] : entry.group(3).split(",");
    long[] shape = Arrays.stream(sides).mapToLong(Long::parseLong).toArray();
    return torch.from_blob(values, shape, new TensorOptions(type));
  }
}
