package org.vgg4j;

import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.cuda.global.cudart;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.BorrowedTensor;
import org.vgg4j.backend.cuda.DeviceArray;
import org.vgg4j.backend.cuda.DeviceSharing;
import org.vgg4j.nn.Network;
import org.vgg4j.tensor.Backend;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.Shape;
import org.vgg4j.tensor.Tensor;

/** The code of docs/embedding.md that only the GPU engine runs. */
final class CudaEmbeddingExample {
  private CudaEmbeddingExample() {}

  /**
   * Runs a net on images of other code.
   *
   * @param address of two images in a GPU's memory
   * @param stream of the code that wrote them
   */
  static Tensor borrow(Backend engine, Network net, long address, long stream) {
    // begin borrow
    DeviceSharing sharing = DeviceSharing.of(engine);
    DeviceArray theirs = // floats in the order NCHW on GPU 0, written by work on their stream
        DeviceArray.rowMajor(address, 0, DType.F32, Shape.of(2, 3, 8, 8), stream);
    try (BorrowedTensor images = sharing.borrow(theirs)) {
      net.input(2).copyFrom(images.tensor()); // on the GPU, into the engine's order and type
    } // what their stream is given from here on waits for that copy
    return net.forward(net.input(2), false);
    // end borrow
  }

  /**
   * Copies logits to two places, as kernels of other code would read them.
   *
   * @param stream of that code
   */
  static int lend(Backend engine, Tensor logits, Pointer first, Pointer second, Pointer stream) {
    // begin lend
    DeviceSharing sharing = DeviceSharing.of(engine);
    DeviceArray ours = sharing.lend(logits); // address, GPU, type, shape, strides, stream
    int kind = cudart.cudaMemcpyDeviceToDevice;
    // On the engine's stream your kernel comes after the logits. This copy stands for it.
    int status =
        cudart.cudaMemcpyAsync(first, ours.pointer(), ours.bytes(), kind, ours.cudaStream());
    // A stream of your own waits for the logits first, and the engine for your stream after that.
    sharing.haveWait(stream.address());
    CUstream_st yours = new CUstream_st(stream);
    status |= cudart.cudaMemcpyAsync(second, ours.pointer(), ours.bytes(), kind, yours);
    sharing.waitFor(stream.address());
    return status;
    // end lend
  }

  /** Returns the names of the sections, in the order of the page. */
  static List<String> sections() {
    return List.of("borrow", "lend");
  }
}
