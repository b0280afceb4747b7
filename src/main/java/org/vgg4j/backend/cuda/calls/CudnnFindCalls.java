package org.vgg4j.backend.cuda.calls;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudnn.cudnnContext;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdDataAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionBwdFilterAlgoPerf_t;
import org.bytedeco.cuda.cudnn.cudnnConvolutionFwdAlgoPerf_t;
import org.bytedeco.cuda.global.cudnn;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.Pointer;

/**
 * cuDNN's measurements of convolution algorithms, checked as in {@link CudnnCalls}. They wait for
 * the GPU and overwrite the output.
 */
@SuppressWarnings("deprecation") // cuDNN 9 calls its whole imperative interface so
public final class CudnnFindCalls {
  private final CudaStatus status;

  /**
   * What was measured of one algorithm.
   *
   * @param status cuDNN's status; others than 0 could not run
   * @param algorithm its number
   * @param mathType the kind of multiplication it was measured with
   * @param workspaceBytes what it took
   * @param millis how long it ran
   */
  public record Measured(
      int status, int algorithm, int mathType, long workspaceBytes, float millis) {}

  /** Where the tensors of a measurement lie. */
  public record Places(Pointer x, Pointer w, Pointer y, Pointer workspace, long workspaceBytes) {}

  public CudnnFindCalls(CudaStatus status) {
    this.status = status;
  }

  public List<Measured> cudnnFindConvolutionForwardAlgorithmEx(
      cudnnContext handle, ConvDescriptors d, Places at) {
    int most = ConvDirection.FORWARD.measurements();
    try (IntPointer count = new IntPointer(1L);
        cudnnConvolutionFwdAlgoPerf_t entries = new cudnnConvolutionFwdAlgoPerf_t(most)) {
      status.cudnn(
          "cudnnFindConvolutionForwardAlgorithmEx",
          cudnn.cudnnFindConvolutionForwardAlgorithmEx(
              handle,
              d.x(),
              at.x(),
              d.w(),
              at.w(),
              d.operation(ConvDirection.FORWARD),
              d.y(),
              at.y(),
              most,
              count,
              entries,
              at.workspace(),
              at.workspaceBytes()),
          d.what());
      List<Measured> found = new ArrayList<>();
      for (int i = 0; i < count.get(); i++) {
        cudnnConvolutionFwdAlgoPerf_t e = entries.position(i);
        found.add(new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
      entries.position(0);
      return found;
    }
  }

  public List<Measured> cudnnFindConvolutionBackwardDataAlgorithmEx(
      cudnnContext handle, ConvDescriptors d, Places at) {
    int most = ConvDirection.DATA.measurements();
    try (IntPointer count = new IntPointer(1L);
        cudnnConvolutionBwdDataAlgoPerf_t entries = new cudnnConvolutionBwdDataAlgoPerf_t(most)) {
      status.cudnn(
          "cudnnFindConvolutionBackwardDataAlgorithmEx",
          cudnn.cudnnFindConvolutionBackwardDataAlgorithmEx(
              handle,
              d.w(),
              at.w(),
              d.y(),
              at.y(),
              d.operation(ConvDirection.DATA),
              d.x(),
              at.x(),
              most,
              count,
              entries,
              at.workspace(),
              at.workspaceBytes()),
          d.what());
      List<Measured> found = new ArrayList<>();
      for (int i = 0; i < count.get(); i++) {
        cudnnConvolutionBwdDataAlgoPerf_t e = entries.position(i);
        found.add(new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
      entries.position(0);
      return found;
    }
  }

  public List<Measured> cudnnFindConvolutionBackwardFilterAlgorithmEx(
      cudnnContext handle, ConvDescriptors d, Places at) {
    int most = ConvDirection.FILTER.measurements();
    try (IntPointer count = new IntPointer(1L);
        cudnnConvolutionBwdFilterAlgoPerf_t entries =
            new cudnnConvolutionBwdFilterAlgoPerf_t(most)) {
      status.cudnn(
          "cudnnFindConvolutionBackwardFilterAlgorithmEx",
          cudnn.cudnnFindConvolutionBackwardFilterAlgorithmEx(
              handle,
              d.x(),
              at.x(),
              d.y(),
              at.y(),
              d.operation(ConvDirection.FILTER),
              d.w(),
              at.w(),
              most,
              count,
              entries,
              at.workspace(),
              at.workspaceBytes()),
          d.what());
      List<Measured> found = new ArrayList<>();
      for (int i = 0; i < count.get(); i++) {
        cudnnConvolutionBwdFilterAlgoPerf_t e = entries.position(i);
        found.add(new Measured(e.status(), e.algo(), e.mathType(), e.memory(), e.time()));
      }
      entries.position(0);
      return found;
    }
  }
}
