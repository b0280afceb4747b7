package org.vgg4j.backend.cuda.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.OptionalDouble;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.InvalidInputException;
import org.vgg4j.tensor.Precision;

/**
 * A GPU that is not here: what cuDNN asks of one to plan for it, and its published figures.
 *
 * <p>The files are resources, {@code backend/cuda/devices/NAME.json}; the README beside them has
 * their sources. Rates are without sparsity, at the clock the vendor gives them for.
 *
 * @param name the file's name: h200
 * @param json what cuDNN reads, in UTF-8
 * @param productName NVIDIA's name of the product
 * @param capability compute capability times 10: 90 for 9.0
 * @param multiprocessors the number of streaming multiprocessors
 * @param memoryBytes the memory that CUDA reports
 * @param bytesPerSecond the memory's published bandwidth
 * @param bf16 operations a second in bf16 with sums in fp32; empty where the GPU has no bf16
 * @param tf32 operations a second in TF32; empty where it has none
 * @param fp32 operations a second in fp32, without tensor cores
 */
public record DeviceDescription(
    String name,
    String json,
    String productName,
    int capability,
    int multiprocessors,
    long memoryBytes,
    double bytesPerSecond,
    OptionalDouble bf16,
    OptionalDouble tf32,
    double fp32) {
  private static final String FOLDER = "/org/vgg4j/backend/cuda/devices/";

  private static final List<String> NAMES =
      List.of("a100", "b200", "h100", "h200", "rtx4090", "t4");

  /** cuDNN counts compute capability 9.0 as 900. */
  private static final int CUDNN_CAPABILITY = 10;

  private static final double GIGA = 1e9;
  private static final double TERA = 1e12;

  /** Returns the names of all described GPUs, sorted. */
  public static List<String> names() {
    return NAMES;
  }

  /**
   * Returns the description of a GPU.
   *
   * @param name as in {@link #names}; capitals, blanks and hyphens do not matter
   * @throws InvalidInputException when there is none of that name
   */
  public static DeviceDescription of(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[ _-]", "");
    if (!NAMES.contains(plain)) {
      throw InvalidInputException.of(
          "gpu", "must be one of " + String.join(", ", NAMES) + ", not " + name);
    }
    String file = FOLDER + plain + ".json";
    try (InputStream in = DeviceDescription.class.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException("the jar has no " + file);
      }
      return parse(plain, new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Checks that the GPU computes in a type.
   *
   * @throws InvalidInputException when it does not
   */
  public void require(DType type) {
    PlanTarget.require(type, productName, capability);
  }

  /**
   * Returns the published rate of products in a precision, in operations a second.
   *
   * @throws org.vgg4j.tensor.InvalidInputException when the GPU cannot compute in it
   */
  public double operationsPerSecond(Precision precision) {
    require(precision.types().activation());
    return switch (precision) {
      case FP32 -> fp32;
      case TF32 -> tf32.orElse(fp32); // an older GPU takes them as fp32
      case BF16 -> bf16.orElseThrow();
    };
  }

  private static DeviceDescription parse(String name, String text) throws IOException {
    JsonNode all = new ObjectMapper().readTree(text);
    JsonNode cudnn = all.required("cudnn");
    JsonNode published = all.required("published");
    return new DeviceDescription(
        name,
        cudnn.toString(),
        cudnn.required("deviceName").asText(),
        cudnn.required("deviceVer").asInt() / CUDNN_CAPABILITY,
        cudnn.required("multiProcessorCount").asInt(),
        cudnn.required("totalGlobalMem").asLong(),
        published.required("bandwidthGBs").asDouble() * GIGA,
        rate(published.get("bf16Tflops")),
        rate(published.get("tf32Tflops")),
        published.required("fp32Tflops").asDouble() * TERA);
  }

  private static OptionalDouble rate(JsonNode tera) {
    return tera == null ? OptionalDouble.empty() : OptionalDouble.of(tera.asDouble() * TERA);
  }
}
