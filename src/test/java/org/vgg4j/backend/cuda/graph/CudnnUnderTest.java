package org.vgg4j.backend.cuda.graph;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.vgg4j.backend.cuda.libraries.CudaLibraries;
import org.vgg4j.nn.VggConfig;
import org.vgg4j.nn.VggLayer;
import org.vgg4j.nn.Width;
import org.vgg4j.tensor.DType;

/**
 * The real cuDNN, from the folder of the property {@code vgg4j.cuda.libraries}, and what to ask.
 */
final class CudnnUnderTest {
  private static final Path DRIVER =
      Path.of(System.getProperty("basedir", "."), "target", "standin", "driver").toAbsolutePath();

  /** A precision and whether the same bits come every time. */
  record Mode(String precision, boolean deterministic) {
    /** All of them that a GPU has. */
    static List<Mode> of(DeviceDescription device) {
      List<Mode> modes = new ArrayList<>();
      for (boolean deterministic : new boolean[] {true, false}) {
        modes.add(new Mode("fp32", deterministic));
        modes.add(new Mode("tf32", deterministic));
        if (device.bf16().isPresent()) {
          modes.add(new Mode("bf16", deterministic));
        }
      }
      return modes;
    }

    DType type() {
      return precision.equals("bf16") ? DType.BF16 : DType.F32;
    }

    boolean strict() {
      return precision.equals("fp32");
    }

    ConvPlans plans(DeviceDescription device) {
      return ConvPlans.on(device, policy(device), null);
    }

    PlanPolicy policy(DeviceDescription device) {
      return new PlanPolicy(
          strict(), deterministic, PlanPolicy.workspaceLimit(device.memoryBytes()), Map.of());
    }
  }

  private CudnnUnderTest() {}

  /** Returns why it cannot be asked, null if it can. */
  static String missing() {
    String folder = System.getProperty("vgg4j.cuda.libraries", "");
    if (folder.isEmpty() || !Files.isDirectory(Path.of(folder))) {
      return "no cuDNN to ask in '%s': -Dcuda.libraries=DIR names a folder with NVIDIA's libraries"
          .formatted(folder);
    }
    return Files.exists(DRIVER.resolve("libcuda.so.1"))
        ? null
        : "the driver's library without a GPU was not built: no " + DRIVER;
  }

  static void load() {
    CudaLibraries.loadForPlanning(
        List.of(Path.of(System.getProperty("vgg4j.cuda.libraries")), DRIVER));
  }

  /**
   * Returns the convolutions of every net of the paper, each once.
   *
   * @param stored how many channels the images have in memory
   */
  static Set<ConvShape> shapes(
      List<String> nets,
      List<Integer> sizes,
      List<Width> widths,
      List<Integer> batches,
      int stored) {
    Set<ConvShape> all = new LinkedHashSet<>();
    for (String net : nets) {
      for (int size : sizes) {
        for (Width width : widths) {
          batches.forEach(batch -> all.addAll(shapes(net, size, width, batch, stored)));
        }
      }
    }
    return all;
  }

  private static List<ConvShape> shapes(String net, int size, Width width, int batch, int stored) {
    List<ConvShape> all = new ArrayList<>();
    int channels = stored;
    int side = size;
    for (VggLayer layer : VggLayer.parseList(VggConfig.layersOf(net))) {
      if (layer.kind() == VggLayer.Kind.POOL) {
        side /= 2;
      } else if (layer.kind() == VggLayer.Kind.CONV) {
        int out = width.of(layer.channels());
        int kernel = layer.kernel();
        all.add(new ConvShape(batch, channels, side, side, out, kernel, kernel / 2));
        channels = out;
      }
    }
    return all;
  }

  /** Returns how many channels images of 1 to 4 channels have in memory: 16 bytes of them. */
  static int stored(DType type) {
    return 16 / type.bytes();
  }
}
