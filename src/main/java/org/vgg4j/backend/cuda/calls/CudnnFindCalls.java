package org.vgg4j.backend.cuda.calls;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToIntFunction;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionStruct;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * cuDNN's measurements of convolution algorithms, checked as in {@link CudnnCalls}. They wait for
 * the GPU and overwrite the output.
 */
@SuppressWarnings("deprecation") // cuDNN 9 deprecates its whole imperative interface
public final class CudnnFindCalls extends ContextCalls {
  public CudnnFindCalls(CudaContext context) {
    super(context);
  }

  /**
   * The measurement of one algorithm.
   *
   * @param status cuDNN's status; not 0 if the algorithm could not run
   * @param algorithm its number
   * @param mathType the math type used
   * @param workspaceBytes the workspace used
   * @param millis the running time
   */
  public record Measured(
      int status, int algorithm, int mathType, long workspaceBytes, float millis) {}

  /** The addresses of a measurement's tensors. */
  public record Places(Pointer x, Pointer w, Pointer y, Pointer workspace, long workspaceBytes) {}

  /** Measures all algorithms of a direction with its cudnnFindConvolution...AlgorithmEx. */
  public List<Measured> find(ConvDirection direction, ConvDescriptors d, Places at) {
    cudnnContext handle = context.cudnnHandle();
    cudnnConvolutionStruct operation = d.operation(direction);
    Pointer work = at.workspace();
    long bytes = at.workspaceBytes();
    int most = direction.measurements();
    return switch (direction) {
      case FORWARD -> {
        cudnnConvolutionFwdAlgoPerf_t found = new cudnnConvolutionFwdAlgoPerf_t(most);
        yield read(
            "cudnnFindConvolutionForwardAlgorithmEx",
            d,
            found,
            n ->
                cudnn.cudnnFindConvolutionForwardAlgorithmEx(
                    handle, d.x(), at.x(), d.w(), at.w(), operation, d.y(), at.y(), most, n, found,
                    work, bytes),
            e -> new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
      case DATA -> {
        cudnnConvolutionBwdDataAlgoPerf_t found = new cudnnConvolutionBwdDataAlgoPerf_t(most);
        yield read(
            "cudnnFindConvolutionBackwardDataAlgorithmEx",
            d,
            found,
            n ->
                cudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(
                    handle, d.w(), at.w(), d.y(), at.y(), operation, d.x(), at.x(), most, n, found,
                    work, bytes),
            e -> new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
      case FILTER -> {
        cudnnConvolutionBwdFilterAlgoPerf_t found = new cudnnConvolutionBwdFilterAlgoPerf_t(most);
        yield read(
            "cudnnFindConvolutionBackwardFilterAlgorithmEx",
            d,
            found,
            n ->
                cudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(
                    handle, d.x(), at.x(), d.y(), at.y(), operation, d.w(), at.w(), most, n, found,
                    work, bytes),
            e -> new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
    };
  }

  /** Calls cuDNN and reads as many entries as it reports. */
  private <E extends Pointer> List<Measured> read(
      String call,
      ConvDescriptors d,
      E entries,
      ToIntFunction<IntPointer> find,
      Function<E, Measured> entry) {
    try (entries;
        IntPointer count = new IntPointer(1L)) {
      status.cudnn(call, find.applyAsInt(count), d.what());
      List<Measured> found = new ArrayList<>();
      for (int i = 0; i < count.get(); i++) {
        entries.position(i);
        found.add(entry.apply(entries));
      }
      entries.position(0);
      return found;
    }
  }
}
