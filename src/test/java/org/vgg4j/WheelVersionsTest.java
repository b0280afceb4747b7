package org.vgg4j;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The versions of NVIDIA's wheels that the tests' expectations were written for. */
final class WheelVersionsTest {
  private static final Pattern PIN = Pattern.compile("nvidia-[a-z0-9-]+==[0-9.]+[0-9]");
  private static final Set<String> PINS =
      Set.of(
          "nvidia-cudnn-cu13==9.24.0.43",
          "nvidia-cublas==13.1.1.3",
          "nvidia-cuda-nvrtc==13.0.88",
          "nvidia-cuda-runtime==13.0.96",
          "nvidia-nccl-cu13==2.30.7");

  @Test
  void continuousIntegrationAndManualNameTheSame() throws IOException {
    assertEquals(new TreeSet<>(PINS), pins(".ci/run"));
    assertEquals(new TreeSet<>(PINS), pins("docs/gpu.md"));
  }

  private static Set<String> pins(String file) throws IOException {
    Path folder = Path.of(System.getProperty("basedir", "."));
    Matcher matcher = PIN.matcher(Files.readString(folder.resolve(file)));
    Set<String> pins = new TreeSet<>();
    while (matcher.find()) {
      pins.add(matcher.group());
    }
    return pins;
  }
}
