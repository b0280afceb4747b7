package org.vgg4j.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.pytorch.global.torch;

/**
 * Writes what libtorch computes, in double precision, for small VGGs: the fixtures of vgg4j's
 * tests. Argument: the folder to write to.
 */
public final class TorchFixtures {
  private static final List<Training> TWO = List.of(Training.ADAM, Training.SGD_DECAY);
  private static final List<Training> THREE =
      List.of(Training.ADAM, Training.ADAM_DECAY, Training.SGD_DECAY);

  private final Path folder;

  private TorchFixtures(Path folder) {
    this.folder = folder;
  }

  /** Writes all fixtures. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println("usage: TorchFixtures FOLDER");
      System.exit(2);
    }
    torch.set_num_threads(1);
    new TorchFixtures(Files.createDirectories(Path.of(arguments[0]))).writeAll();
  }

  private void writeAll() throws IOException {
    write("plain", vgg(1, 8, 6, false, 4, "3", "M", "4", "M"), THREE, 5);
    write("batchnorm", vgg(1, 8, 6, true, 5, "3", "M", "4", "M"), THREE, 4);
    write("mixed1x1", vgg(3, 8, 6, true, 5, "4", "4", "M", "5", "1x1:5", "M"), TWO, 3);
    write("lrn", vgg(3, 6, 8, false, 4, "6", "LRN:5:1e-4:0.75:2", "M", "3", "M"), TWO, 4);
    write("lrn_strong", vgg(1, 6, 8, false, 4, "6", "LRN:5:0.5:0.75:1", "M", "3", "M"), TWO, 4);
  }

  private static VggSpec vgg(
      int inChannels, int height, int width, boolean batchNorm, int classes, String... layout) {
    return new VggSpec(inChannels, height, width, List.of(layout), batchNorm, 7, classes, 0);
  }

  private void write(String name, VggSpec spec, List<Training> trainings, int batch)
      throws IOException {
    Fixture fixture = Fixture.of(spec, trainings, batch);
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put("net", name);
    metadata.putAll(fixture.metadata());
    metadata.put("program", TorchFixtures.class.getName());
    metadata.put(
        "libtorch", "org.bytedeco:pytorch:" + Loader.getVersion("org.bytedeco", "pytorch"));
    Path file = folder.resolve(name + ".safetensors");
    SafeTensorsFile.write(file, metadata, fixture.tensors());
    System.out.printf("%s: %d bytes, %s%n", file, Files.size(file), fixture);
  }
}
