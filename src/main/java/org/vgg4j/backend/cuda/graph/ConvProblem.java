package org.vgg4j.backend.cuda.graph;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.vgg4j.tensor.DType;

/**
 * What a plan is made for.
 *
 * @param operation what is computed
 * @param shape the convolution's shape
 * @param type the type of images, filters and their gradients: F32 or BF16
 */
public record ConvProblem(ConvOperation operation, ConvShape shape, DType type) {
  private static final Set<String> WRITTEN = Set.of("y", "dx", "dw", "sums", "squares");

  /** Checks the type. */
  public ConvProblem {
    if (type != DType.F32 && type != DType.BF16) {
      throw new IllegalArgumentException("no convolution has the type " + type);
    }
  }

  /** Returns a stable key: forward bf16 x 64x64x224x224 w 64x64x3x3 pad 1. */
  public String text() {
    return operation.text() + " " + type.name().toLowerCase(Locale.ROOT) + " " + shape.text();
  }

  static boolean isWritten(Operand operand) {
    return WRITTEN.contains(operand.name());
  }

  /** Returns the bytes of the operands that are read. */
  public long bytesRead() {
    return operands().stream()
        .filter(operand -> !isWritten(operand))
        .mapToLong(Operand::bytes)
        .sum();
  }

  /** Returns the bytes of the operands that are written. */
  public long bytesWritten() {
    return operands().stream().mapToLong(Operand::bytes).sum() - bytesRead();
  }

  /** Returns the multiply-adds of the products, those with stored zeros included. */
  public long multiplyAdds() {
    return (long) shape.n()
        * shape.outHeight()
        * shape.outWidth()
        * shape.k()
        * shape.c()
        * shape.kernel()
        * shape.kernel();
  }

  /** Returns the operands in order. */
  List<Operand> operands() {
    return switch (operation) {
      case FORWARD -> List.of(x("x"), w("w"), y("y"));
      case DATA -> List.of(w("w"), y("dy"), x("dx"));
      case FILTER -> List.of(x("x"), y("dy"), w("dw"));
      case FORWARD_BIAS, FORWARD_BIAS_RELU ->
          List.of(x("x"), w("w"), new Operand("b", 1, shape.k(), 1, 1, type), y("y"));
      case FORWARD_STATISTICS ->
          List.of(x("x"), w("w"), y("y"), vector("sums", shape.k()), vector("squares", shape.k()));
      case NORM_FORWARD ->
          List.of(x("x"), vector("scale", shape.c()), vector("shift", shape.c()), w("w"), y("y"));
      case NORM_FORWARD_STATISTICS ->
          List.of(
              x("x"),
              vector("scale", shape.c()),
              vector("shift", shape.c()),
              w("w"),
              y("y"),
              vector("sums", shape.k()),
              vector("squares", shape.k()));
    };
  }

  Operand x(String name) {
    return new Operand(name, shape.n(), shape.c(), shape.h(), shape.w(), type);
  }

  Operand w(String name) {
    return new Operand(name, shape.k(), shape.c(), shape.kernel(), shape.kernel(), type);
  }

  Operand y(String name) {
    return new Operand(name, shape.n(), shape.k(), shape.outHeight(), shape.outWidth(), type);
  }

  private static Operand vector(String name, long channels) {
    return new Operand(name, 1, channels, 1, 1, DType.F32);
  }
}
