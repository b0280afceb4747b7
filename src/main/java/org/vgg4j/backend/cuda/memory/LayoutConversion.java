package org.vgg4j.backend.cuda.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.Pointer;
import org.vgg4j.backend.cuda.calls.CudaContext;
import org.vgg4j.backend.cuda.kernels.KernelLaunch;
import org.vgg4j.backend.cuda.kernels.Kernels;
import org.vgg4j.tensor.Closing;
import org.vgg4j.tensor.DType;
import org.vgg4j.tensor.MemoryOwner;

/**
 * Copies between row-major buffers on the host and tensors in their own order on the GPU, piece by
 * piece: custom kernels reorder each piece between the tensor and a small buffer on the GPU.
 */
final class LayoutConversion {
  private final CudaContext context;
  private final BlockingTransfers transfers;
  private final DeviceMemory piece; // row-major
  private final KernelLaunch scatter;
  private final KernelLaunch gather;
  private final KernelLaunch apply32;
  private final KernelLaunch apply16;

  LayoutConversion(
      Closing owner, CudaContext context, Kernels kernels, BlockingTransfers transfers) {
    this.context = context;
    this.transfers = transfers;
    piece = owner.own(new DeviceMemory(context, BlockingTransfers.BYTES, MemoryOwner.STAGING));
    scatter = owner.own(kernels.strided("vgg4j_rows_to_channels", BlockingTransfers.BYTES, 4, 8));
    gather = owner.own(kernels.strided("vgg4j_channels_to_rows", BlockingTransfers.BYTES, 4, 8));
    apply32 = owner.own(kernels.strided("vgg4j_norm_apply_f32", Integer.MAX_VALUE, 4, 7));
    apply16 = owner.own(kernels.strided("vgg4j_norm_apply_bf16", Integer.MAX_VALUE, 4, 7));
  }

  /** Enqueues bringing all values, row-major and of the tensor's type on the GPU, into a tensor. */
  void scatter(Pointer rows, CudaTensor target) {
    prepare(target);
    CudaLayout layout = target.layout();
    launch(scatter.set(0, target.pointer()).set(1, rows), layout, 0, layout.shape().elementCount());
  }

  /** Enqueues bringing all stored values of a tensor, row-major, to a place on the GPU. */
  void gather(CudaTensor source, Pointer rows) {
    CudaLayout layout = source.layout();
    launch(gather.set(0, rows).set(1, source.pointer()), layout, 0, layout.shape().elementCount());
  }

  /** Writes what the values do not bring along: zeros between the pixels, a scale and a shift. */
  private void prepare(CudaTensor target) {
    CudaLayout layout = target.layout();
    if (layout.stored() != layout.channels()) {
      context.cuda().cudaMemsetAsync(target.pointer(), 0, layout.bytes(), context.stream());
    }
    if (layout.deferred()) {
      // Deferred values are at least 0, so scaled by 1 and shifted by 0 they stay what they are.
      transfers.upload(ones(layout.stored()), target.at(layout.scaleOffset()));
      context
          .cuda()
          .cudaMemsetAsync(
              target.at(layout.shiftOffset()),
              0,
              (long) layout.stored() * Float.BYTES,
              context.stream());
    }
  }

  /** Copies all values of a buffer to a tensor whose order is not that of the buffer. */
  void upload(ByteBuffer source, CudaTensor target) {
    prepare(target);
    CudaLayout layout = target.layout();
    int size = layout.dtype().bytes();
    for (long at = 0; at < source.remaining(); at += BlockingTransfers.BYTES) {
      int bytes = (int) Math.min(BlockingTransfers.BYTES, source.remaining() - at);
      int from = source.position() + (int) at;
      transfers.upload(source.slice(from, bytes), piece.pointer());
      launch(
          scatter.set(0, target.pointer()).set(1, piece.pointer()),
          layout,
          at / size,
          bytes / size);
    }
    context.synchronize();
  }

  private static ByteBuffer ones(int count) {
    ByteBuffer ones = ByteBuffer.allocate(count * Float.BYTES).order(ByteOrder.nativeOrder());
    while (ones.hasRemaining()) {
      ones.putFloat(1);
    }
    return ones.flip();
  }

  /** Copies all values of a tensor whose order is not that of the buffer. */
  void download(CudaTensor source, ByteBuffer target) {
    CudaLayout layout = source.layout();
    if (layout.deferred()) {
      try (DeviceMemory values =
          new DeviceMemory(context, layout.asValues().bytes(), MemoryOwner.STAGING)) {
        apply(source, layout, values.pointer());
        download(values.pointer(), layout, target);
      }
    } else {
      download(source.pointer(), layout, target);
    }
  }

  private void apply(CudaTensor source, CudaLayout layout, Pointer values) {
    (layout.dtype() == DType.F32 ? apply32 : apply16)
        .set(0, source.pointer())
        .set(1, values)
        .set(2, source.at(layout.scaleOffset()))
        .set(3, source.at(layout.shiftOffset()))
        .set(4, layout.storedElements())
        .set(5, layout.stored())
        .set(6, 1) // with a ReLU
        .launch();
  }

  private void download(Pointer values, CudaLayout layout, ByteBuffer target) {
    int size = layout.dtype().bytes();
    for (long at = 0; at < target.remaining(); at += BlockingTransfers.BYTES) {
      int bytes = (int) Math.min(BlockingTransfers.BYTES, target.remaining() - at);
      int into = target.position() + (int) at;
      launch(gather.set(0, piece.pointer()).set(1, values), layout, at / size, bytes / size);
      transfers.download(piece.pointer(), target.slice(into, bytes));
    }
  }

  private static void launch(KernelLaunch kernel, CudaLayout layout, long first, long count) {
    kernel
        .set(2, first)
        .set(3, count)
        .set(4, layout.channels())
        .set(5, layout.inner())
        .set(6, layout.stored())
        .set(7, layout.dtype().bytes())
        .launch();
  }
}
