package org.vgg4j.backend.cuda.calls;

import java.util.List;
import org.bytedeco.cuda.global.nvrtc;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** NVRTC, checked; each method is named after the function it calls. */
public final class NvrtcCalls {
  private final CudaStatus status;

  public NvrtcCalls(CudaStatus status) {
    this.status = status;
  }

  /** Returns the version as 1000 major + 10 minor. */
  public int nvrtcVersion() {
    int[] major = new int[1];
    int[] minor = new int[1];
    status.nvrtc("nvrtcVersion", nvrtc.nvrtcVersion(major, minor), "");
    return 1000 * major[0] + 10 * minor[0];
  }

  public _nvrtcProgram nvrtcCreateProgram(String source, String name) {
    _nvrtcProgram program = new _nvrtcProgram();
    try (BytePointer text = new BytePointer(source);
        BytePointer title = new BytePointer(name)) {
      status.nvrtc(
          "nvrtcCreateProgram",
          nvrtc.nvrtcCreateProgram(
              program, text, title, 0, (PointerPointer<?>) null, (PointerPointer<?>) null),
          name);
    }
    return program;
  }

  public void nvrtcDestroyProgram(_nvrtcProgram program) {
    status.nvrtc("nvrtcDestroyProgram", nvrtc.nvrtcDestroyProgram(program), "");
  }

  /** Compiles; on failure the message contains the compiler's log. */
  public void nvrtcCompileProgram(_nvrtcProgram program, List<String> options) {
    int result;
    try (PointerPointer<BytePointer> list = new PointerPointer<>(options.toArray(new String[0]))) {
      result = nvrtc.nvrtcCompileProgram(program, options.size(), list);
    }
    if (result != 0) {
      status.nvrtc("nvrtcCompileProgram", result, "vgg4j's kernels\n" + log(program));
    }
  }

  private String log(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      status.nvrtc("nvrtcGetProgramLogSize", nvrtc.nvrtcGetProgramLogSize(program, size), "");
      try (BytePointer text = new BytePointer(size.get() + 1)) {
        status.nvrtc("nvrtcGetProgramLog", nvrtc.nvrtcGetProgramLog(program, text), "");
        return text.position(0).getString();
      }
    } catch (CudaException e) { // must not hide why there should be a log
      return "without a log: " + e.getMessage();
    }
  }

  /** Returns the compiled code for the GPU at hand. */
  public byte[] nvrtcGetCubin(_nvrtcProgram program) {
    try (SizeTPointer size = new SizeTPointer(1)) {
      status.nvrtc("nvrtcGetCUBINSize", nvrtc.nvrtcGetCUBINSize(program, size), "");
      byte[] cubin = new byte[Math.toIntExact(size.get())];
      status.nvrtc("nvrtcGetCUBIN", nvrtc.nvrtcGetCUBIN(program, cubin), "");
      return cubin;
    }
  }
}
