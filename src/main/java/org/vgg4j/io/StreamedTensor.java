package org.vgg4j.io;

import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A tensor of a safetensors file that is written piece by piece, since it need not fit into memory.
 *
 * @param spec its name, type and shape
 * @param pieces supplies the elements, row-major and little-endian
 */
public record StreamedTensor(SafeTensorSpec spec, Pieces pieces) {
  /** Supplies a tensor's bytes. */
  public interface Pieces {
    /** Hands over all bytes in order, exactly as many as the tensor has. */
    void writeTo(Sink sink) throws IOException;
  }

  /** Takes a tensor's bytes. */
  public interface Sink {
    /** Takes the remaining bytes of a buffer, which may be used again afterwards. */
    void accept(ByteBuffer bytes) throws IOException;
  }

  /** Returns a tensor that comes in one piece. */
  public static StreamedTensor of(SafeTensor tensor) {
    return new StreamedTensor(tensor.spec(), sink -> sink.accept(tensor.bytes()));
  }
}
